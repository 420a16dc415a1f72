"""Old addresses that people still import."""
