"""Stimulus studio: generators, live preview, contact sheet, the user's sets."""
