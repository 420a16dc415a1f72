"""Photometry at known positions: peaks, forced fluxes and noise of many sources in many images, and what varies."""
