"""The report of a night: images, tables and sources on one page, with a verdict.

Importing this module loads no numpy, which would start threads: `create_report` imports what it needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from os import PathLike

    from dsa110_contimg.qa.gates import Verdict
    from dsa110_contimg.qa.reporting.findings import Findings
    from dsa110_contimg.qa.stamps.inputs import Images

PAGE, NUMBERS, LIGHT_CURVES = "index.html", "report.json", "light_curves.parquet"
"""The files of a report."""


@dataclass(frozen=True, eq=False)
class Report:
    """A report on disk, and what is in it."""

    page: Path
    """The page, which a browser opens from disk."""
    numbers: Path
    """Every number as JSON."""
    light_curves: Path | None
    """Every measurement of every source as Parquet; None without sources."""
    findings: Findings
    """What was found."""

    @property
    def verdict(self) -> Verdict:
        """The worst that is said of anything in it."""
        return self.findings.verdict


def create_report(
    images: Images,
    folder: str | PathLike[str],
    *,
    measurement_sets: Sequence[str | PathLike[str]] = (),
    caltables: Sequence[str | PathLike[str]] = (),
    sources: str | PathLike[str] | None = None,
    reference: str | PathLike[str] | None = None,
    size_arcmin: float = 2.0,
    hdu: int | str | None = None,
    stokes: str | None = None,
    channel: int | None = None,
    command: str | None = None,
    progress: Callable[[Sequence[str], str], Iterable[str]] | None = None,
) -> Report:
    """Measure images, tables and sources, and put what was found on one page.

    Parameters
    ----------
    images : path-like, iterable of path-like, or table
        As in `create_cutouts`.
    folder : path-like
        Where to write; made if absent. A report that is there is replaced, each file once the new one is complete.
    measurement_sets, caltables : sequence of path-like
        What else there is of that night.
    sources : path-like, optional
        A catalogue of sources to follow over the images.
    reference : path-like, optional
        A catalogue to hold positions and fluxes of each image against.
    size_arcmin : float
        Length of a stamp's side in arcminutes.
    hdu, stokes, channel : optional
        Which image of a file and which plane of a cube, as in `create_cutout`.
    command : str, optional
        What makes this report again, as the page shall say it; this call by default.
    progress : callable, optional
        Wraps each sequence of things to do, given what to call them.

    Returns
    -------
    Report
        Where it is, and what was found. What could not be read is left out, and `Findings.left_out` says why.

    Raises
    ------
    CatalogueError
        If a catalogue is not there, or has no positions.
    ImageNotFoundError
        If no image is given, or a pattern fits none.
    UnwritableOutputError, OutputExistsError
        If nothing can be written to the folder, or another run is writing to it.
    MissingDependencyError
        If matplotlib or pyarrow is not installed (extra ``report``), or python-casacore where there are tables.

    Notes
    -----
    The noise of each image is held against the median over all images in the same unit, if there are three or more:
    what one of them does not share with the others is what went wrong in it.

    Examples
    --------
    >>> import tempfile
    >>> from dsa110_contimg.simulate import simulate_epochs
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     field = simulate_epochs(folder, 4, 6, n_variables=1, shape=(256, 256), bad_epoch=2, seed=1)
    ...     report = create_report(field.images, f"{folder}/report", sources=field.catalogue)
    ...     sorted(path.name for path in report.page.parent.iterdir() if path.name[0] != ".")
    ['index.html', 'light_curves.parquet', 'report.json']
    >>> report.verdict
    <Verdict.FAIL: 'FAIL'>
    """
    from dsa110_contimg.qa.reporting.measuring import list_night
    from dsa110_contimg.qa.reporting.writing import write_report

    night = list_night(
        images,
        measurement_sets=measurement_sets,
        caltables=caltables,
        sources=sources,
        reference=reference,
        size_arcmin=size_arcmin,
        hdu=hdu,
        stokes=stokes,
        channel=channel,
    )
    return write_report(night, Path(folder), command, progress or (lambda things, _: things))
