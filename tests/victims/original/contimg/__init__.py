"""A package laid out like the one whose import killed Python."""
