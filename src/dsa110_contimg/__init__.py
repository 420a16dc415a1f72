"""Quality assurance for radio continuum images and Measurement Sets that no CASA crash can take down.

PYTEST_DONT_REWRITE: the import doctor brings a plugin, and pytest warns of packages of plugins that it finds imported.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name: str) -> str:
        if name == "__version__":
            from importlib.metadata import version

            return version("dsa110-contimg")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
