"""Makes arcae absent, whatever is installed."""

raise ModuleNotFoundError("No module named 'arcae'", name="arcae")
