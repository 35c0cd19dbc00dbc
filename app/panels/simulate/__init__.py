"""The Simulate panel: spiking studies, live."""
