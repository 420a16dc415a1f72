"""What people look at."""

from .casatable import CasaTable
