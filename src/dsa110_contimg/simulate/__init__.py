"""Images, epochs, Measurement Sets and caltables of which the truth is known, made from a seed.

The same arguments and the same seed give the same data. Importing a name loads numpy and nothing heavier.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .caltables import SimulatedCaltable as SimulatedCaltable
    from .caltables import simulate_caltable as simulate_caltable
    from .epochs import SimulatedEpochs as SimulatedEpochs
    from .epochs import simulate_epochs as simulate_epochs
    from .measurement_sets import SimulatedMeasurementSet as SimulatedMeasurementSet
    from .measurement_sets import simulate_measurement_set as simulate_measurement_set
    from .sky_images import SimulatedImage as SimulatedImage
    from .sky_images import simulate_image as simulate_image
    from .sources import Source as Source
else:
    from dsa110_contimg._lazy import door

    __getattr__, __dir__, __all__ = door(
        __name__,
        caltables="SimulatedCaltable simulate_caltable",
        epochs="SimulatedEpochs simulate_epochs",
        measurement_sets="SimulatedMeasurementSet simulate_measurement_set",
        sky_images="SimulatedImage simulate_image",
        sources="Source",
    )
