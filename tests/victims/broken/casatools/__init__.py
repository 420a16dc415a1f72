"""Stands in for a casatools whose libraries do not fit."""

raise ImportError("libcasa_casa.so.8: undefined symbol: _ZN8casacore5ArrayIfED2Ev")
