"""A radio image: its pixels, axes, beam and sky. Knows FITS and CASA images."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .beam import Beam as Beam
    from .radio_images import RadioImage as RadioImage
    from .radio_images import open_image as open_image
else:
    from dsa110_contimg._lazy import door

    __getattr__, __dir__, __all__ = door(__name__, beam="Beam", radio_images="RadioImage open_image")
