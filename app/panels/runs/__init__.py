"""The Runs panel: everything done so far."""
