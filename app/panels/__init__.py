"""One package a panel of the main window."""
