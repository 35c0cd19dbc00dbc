"""Sweeps: any study over one or two of its parameters."""
