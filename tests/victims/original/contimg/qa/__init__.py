"""Stamps and tables."""

from .postage_stamps import create_cutout
from .visualization import CasaTable
