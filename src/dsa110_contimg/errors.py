"""The whole family of errors and warnings.

Every error says what was asked, what was found and, as its hint, what to do now. Every leaf also derives from
the builtin that a caller would catch without knowing this package.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class ContimgError(Exception):
    """Report something that this package could not do.

    Parameters
    ----------
    message : str
        What was asked and what was found.
    hint : str
        What to do now.
    """

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        """What was asked and what was found."""
        self.hint = hint
        """What to do now."""

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}"

    def __reduce__(self) -> "tuple[Callable[..., ContimgError], tuple[Any, ...], dict[str, Any]]":
        return _revive, (type(self), self.message, self.hint), self.__dict__


def _revive(kind: type[ContimgError], message: str, hint: str) -> ContimgError:
    return kind(message, hint=hint)


class MissingDependencyError(ContimgError, ImportError):
    """A library that this call needs is not installed, or cannot be imported."""


class ImageError(ContimgError):
    """Something about an image."""


class ImageNotFoundError(ImageError, FileNotFoundError):
    """There is nothing at the path of the image."""


class UnreadableImageError(ImageError, ValueError):
    """The file is no image: not FITS, truncated, or without two sky axes."""


class AmbiguousPlaneError(ImageError, ValueError):
    """No single plane of a cube answers to what was asked."""


class BadPositionError(ImageError, ValueError):
    """The position or the size is impossible: NaN, a declination beyond the poles, a size of zero."""


class NoOverlapError(ImageError, ValueError):
    """The position is not on the image."""


class MixedScalesError(ImageError, ValueError):
    """Images have pixels of different size, so that their stamps do not fit into one array."""


class NoiseMapError(ImageError, ValueError):
    """A noise map cannot be read, or does not belong to its image."""


class MixedUnitsError(ImageError, ValueError):
    """An image has another unit of brightness than the others, so that its values do not compare with theirs."""


class TableError(ContimgError):
    """Something about a CASA table."""


class TableNotFoundError(TableError, FileNotFoundError):
    """There is nothing at the path of the table."""


class UnreadableTableError(TableError, ValueError):
    """The folder is no CASA table, or a damaged one."""


class WrongTableError(TableError, ValueError):
    """The table is sound, but of another kind than was asked for; the hint says what it is good for."""


class ColumnNotFoundError(TableError, KeyError, AttributeError):
    """The table has no such column; the hint lists near names.

    It is a KeyError for ``table["NAME"]`` and an AttributeError for ``table.NAME``, so that `hasattr` answers.
    """


class RaggedColumnError(TableError, ValueError):
    """The cells have different shapes, or none, so that they are no array; the hint says how to select."""


class TableTooLargeError(TableError, MemoryError):
    """The answer would take more memory than it may; nothing was read. The hint says how to read it in parts."""


class BadQueryError(TableError, ValueError):
    """The TaQL expression does not parse, names an unknown column, or would write."""


class CasaError(ContimgError):
    """Something about CASA itself: its data, its processes."""


class CasaCrashError(CasaError, RuntimeError):
    """The process that read for us died; the next call starts a new one. Arrays that were returned stay valid.

    Parameters
    ----------
    message : str
        What was asked, and what the process died of.
    hint : str
        What to do now.
    signal_name : str, optional
        The signal that it died of, such as ``"SIGSEGV"``; None if it ended by itself.
    path : str, optional
        The table that it was reading; None if it died while it started.
    column : str, optional
        The column that it was reading.
    rows : range, optional
        The rows that it was reading.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str,
        signal_name: str | None = None,
        path: str | None = None,
        column: str | None = None,
        rows: range | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.signal_name = signal_name
        """The signal that it died of; None if it ended by itself."""
        self.path = path
        """The table that it was reading; None if it died while it started."""
        self.column = column
        """The column that it was reading; None if it was no column."""
        self.rows = rows
        """The rows that it was reading; None if it was none in particular."""


class CasaTimeoutError(CasaError, TimeoutError):
    """The process that read for us stood still for too long, and was ended; the next call starts a new one."""


class ClashingLibrariesError(CasaError, RuntimeError):
    """A library is loaded in this process beside which another one must not be: each brings its own casacore."""


class CasaDataNotFoundError(CasaError, FileNotFoundError):
    """The folder that was named as CASA's data holds no such data."""


class OutputExistsError(ContimgError, FileExistsError):
    """Something already stands where a result would be written; it is left as it is."""


class UnwritableOutputError(ContimgError, OSError):
    """The folder for a result is absent, or nothing can be written to it."""


class BadSimulationError(ContimgError, ValueError):
    """What was asked to be simulated cannot be: no pixels, an unknown projection, more variables than sources."""


class CatalogueError(ContimgError):
    """Something about a catalogue of sources."""


class CatalogueNotFoundError(CatalogueError, FileNotFoundError):
    """There is nothing at the path of the catalogue."""


class UnreadableCatalogueError(CatalogueError, ValueError):
    """The file is no table, or none of its rows has a position."""


class NoPositionColumnsError(CatalogueError, ValueError):
    """No pair of columns is known to be a position; the message lists the columns found."""


class ContimgWarning(UserWarning):
    """Something that a user of this package should know, and that is no error."""
