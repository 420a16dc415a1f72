"""Stands in for python-casacore."""

from . import _measures
