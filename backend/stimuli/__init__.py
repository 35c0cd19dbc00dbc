"""Generators and importers of stimuli."""
