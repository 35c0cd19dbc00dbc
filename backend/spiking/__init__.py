"""Simulation kernels of spiking networks."""
