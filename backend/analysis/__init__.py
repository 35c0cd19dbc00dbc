"""Analyses shared by several studies."""
