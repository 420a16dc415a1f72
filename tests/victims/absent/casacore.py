"""Makes casacore absent, whatever is installed."""

raise ModuleNotFoundError("No module named 'casacore'", name="casacore")
