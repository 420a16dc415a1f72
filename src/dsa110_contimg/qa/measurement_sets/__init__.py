"""Measurement Sets: what is in them, what is flagged, and how loud it is, in one pass over the data."""
