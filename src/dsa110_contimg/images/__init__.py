"""A radio image: its pixels, axes, beam and sky. Knows FITS and CASA images."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .beam import Beam as Beam
    from .opening import open_image as open_image
    from .radio_images import RadioImage as RadioImage
else:
    from dsa110_contimg._lazy import door

    __getattr__, __dir__, __all__ = door(__name__, beam="Beam", opening="open_image", radio_images="RadioImage")
