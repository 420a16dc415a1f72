"""Needs nothing of CASA."""


def create_cutout():
    """Cut a stamp."""
