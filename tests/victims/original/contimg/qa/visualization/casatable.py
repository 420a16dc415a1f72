"""Browse tables."""

from casacore.tables import table


class CasaTable:
    """A table."""

    def __init__(self, path):
        self.table = table(path)
