"""Stands in for casatools."""

import casacore
