"""The brain: surfaces with overlays."""
