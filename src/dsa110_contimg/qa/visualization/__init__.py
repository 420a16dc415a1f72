"""Tables to look at."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .casatable import CasaTable as CasaTable
else:
    from dsa110_contimg._lazy import door

    __getattr__, __dir__, __all__ = door(__name__, casatable="CasaTable")
