"""Brain data: simulated cortex and, in the brain room, files and surfaces."""
