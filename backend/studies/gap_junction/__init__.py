"""Parts of the study of paper 02: parameters, declarations, the live run and the batches."""
