"""The parts of study 06, sparse coding in deep networks."""
