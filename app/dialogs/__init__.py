"""Dialogs: preferences, about, keys."""
