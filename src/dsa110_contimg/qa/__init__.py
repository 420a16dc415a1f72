"""What an astronomer asks for: stamps, sheets and tables.

Every name arrives on first use, so that importing one of them never loads what another one needs.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .postage_stamps import Cutout as Cutout
    from .postage_stamps import create_cutout as create_cutout
    from .visualization import CasaTable as CasaTable
else:
    from dsa110_contimg._lazy import door

    __getattr__, __dir__, __all__ = door(
        __name__,
        postage_stamps="Cutout create_cutout",
        visualization="CasaTable",
    )
