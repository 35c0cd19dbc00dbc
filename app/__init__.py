"""Isomorph: the program."""
