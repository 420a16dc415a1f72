"""Makes casatools absent, whatever is installed."""

raise ModuleNotFoundError("No module named 'casatools'", name="casatools")
