"""The report of an examination: why it died and what to do next, for a terminal and as a page."""
