"""The report of a night: what was measured of everything, put on one page."""
