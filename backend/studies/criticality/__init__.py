"""Pieces of the study of paper 13: critical dynamics and functional connectivity."""
