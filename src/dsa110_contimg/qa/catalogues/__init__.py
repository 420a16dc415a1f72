"""Catalogues of sources: names, positions and fluxes, from whatever table they come in."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .catalogue import Catalogue as Catalogue
    from .catalogue import extract_catalogue as extract_catalogue
    from .catalogue import find_catalogue as find_catalogue
    from .catalogue import read_catalogue as read_catalogue
    from .names import name_files as name_files
    from .names import name_positions as name_positions
else:
    from dsa110_contimg._lazy import door

    __getattr__, __dir__, __all__ = door(
        __name__,
        catalogue="Catalogue extract_catalogue find_catalogue read_catalogue",
        names="name_files name_positions",
    )
