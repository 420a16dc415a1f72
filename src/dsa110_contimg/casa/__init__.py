"""The only room that names casacore, casatools, casatasks and arcae.

Nothing native is loaded by importing it: the libraries are imported inside the functions that need them.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .environment import ensure_casa_path as ensure_casa_path
    from .reader import TableReader as TableReader
    from .tables import open_table as open_table
else:
    from dsa110_contimg._lazy import door

    __getattr__, __dir__, __all__ = door(
        __name__,
        environment="ensure_casa_path",
        reader="TableReader",
        tables="open_table",
    )
