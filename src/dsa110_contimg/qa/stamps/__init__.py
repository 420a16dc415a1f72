"""Stamps: one or a million cut around positions, their stacks, files, sheets and numbers."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .cutout import Cutout as Cutout
    from .stack import CutoutStack as CutoutStack
else:
    from dsa110_contimg._lazy import door

    __getattr__, __dir__, __all__ = door(__name__, cutout="Cutout", stack="CutoutStack")
