"""Parts of the study ei-balanced-network that load only when it runs."""
