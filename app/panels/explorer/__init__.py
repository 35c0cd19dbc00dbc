"""The network explorer."""
