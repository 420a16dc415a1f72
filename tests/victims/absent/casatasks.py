"""Makes casatasks absent, whatever is installed."""

raise ModuleNotFoundError("No module named 'casatasks'", name="casatasks")
