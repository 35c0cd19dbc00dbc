"""Isomorph: everything that computes or stores; importable without a display."""
