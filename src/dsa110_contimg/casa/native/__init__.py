"""Tables as native libraries have them open: python-casacore and arcae, and what guards against their weaknesses."""
