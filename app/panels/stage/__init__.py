"""The stage: design an experiment, check the screen, run a participant, watch the result."""
