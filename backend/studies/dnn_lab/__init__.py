"""The parts of study 05, deep networks beside brains."""
