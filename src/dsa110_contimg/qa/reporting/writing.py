"""Writing a report: measured first, then each file under a hidden name, then all in their places."""

from __future__ import annotations

import platform
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version

from dsa110_contimg._files import claimed, make_folder, replacing
from dsa110_contimg._lazy import needs
from dsa110_contimg.errors import ImageError
from dsa110_contimg.qa.report import LIGHT_CURVES, NUMBERS, PAGE, Report
from dsa110_contimg.qa.reporting.measuring import measure_night
from dsa110_contimg.qa.reporting.numbers import write_numbers
from dsa110_contimg.qa.reporting.page import Provenance, write_page
from dsa110_contimg.qa.reporting.plots import drawing
from dsa110_contimg.qa.reporting.source_table import order_sources
from dsa110_contimg.qa.reporting.strips import draw_strips

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dsa110_contimg.qa.reporting.findings import Findings
    from dsa110_contimg.qa.reporting.measuring import Known, Night, Progress
    from dsa110_contimg.qa.reporting.strips import Strip

_DISTRIBUTIONS = ("dsa110-contimg", "astropy", "numpy", "matplotlib", "python-casacore")


def write_report(
    night: Night, folder: Path, command: str | None, progress: Progress, known: dict[str, Known] | None = None
) -> Report:
    """Measure a night and write its report.

    Parameters
    ----------
    night : Night
        What is there.
    folder : Path
        Where to write; made if absent.
    command : str or None
        What makes the report again.
    progress : callable
        Wraps each sequence of things to do, given what to call them.
    known : dict, optional
        What earlier reports found of images, as `measure_night` takes it.

    Returns
    -------
    Report
        Where it is, and what was found; errors as of `create_report`.
    """
    _require_libraries()
    make_folder(folder)
    with claimed(folder):
        findings = measure_night(night, progress, known)
        provenance = Provenance(
            command=_write_call(night, folder) if command is None else command,
            made=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
            versions=(("Python", platform.python_version()), *_list_versions()),
        )
        curves = findings.light_curves
        # All are complete before the first takes its place.
        with ExitStack() as files:
            page, numbers = (files.enter_context(replacing(folder / name)) for name in (PAGE, NUMBERS))
            if curves is not None:
                curves.write(files.enter_context(replacing(folder / LIGHT_CURVES)))
            write_numbers(numbers, findings, provenance)
            with drawing():
                strips = _draw_strips(findings, night, progress)
                write_page(page, findings, strips, provenance, size_arcmin=night.size_arcmin)
        if curves is None:  # that of an earlier report would be taken for one of this
            (folder / LIGHT_CURVES).unlink(missing_ok=True)
    return Report(folder / PAGE, folder / NUMBERS, None if curves is None else folder / LIGHT_CURVES, findings)


def _draw_strips(findings: Findings, night: Night, progress: Progress) -> Iterator[Strip | None]:
    """Yield the stamps of each source; None for all if the images give none, for example because they are too small."""
    curves = findings.light_curves
    if curves is None:
        return
    order = order_sources(curves)
    names = [curves.names[k] for k in order.tolist()]
    strips = draw_strips(curves, order, night.size_arcmin, night.plane, night.addresses)
    try:
        first = next(strips, None)
    except ImageError:
        yield from (None for _ in names)
        return
    for place, _ in enumerate(progress(names, "Sources")):
        yield next(strips) if place else first


def _require_libraries() -> None:
    """See that everything can be drawn and written, before time is spent on measuring."""
    with needs("report"):
        import matplotlib.figure  # noqa: F401
        import pyarrow.parquet  # noqa: F401


def _list_versions() -> Iterator[tuple[str, str]]:
    from importlib.metadata import PackageNotFoundError

    for name in _DISTRIBUTIONS:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, "absent"


def _write_call(night: Night, folder: Path) -> str:
    """Write the call of `create_report`."""
    given = {
        "measurement_sets": list(night.measurement_sets) or None,
        "caltables": list(night.caltables) or None,
        "sources": night.sources,
        "reference": night.reference,
        "size_arcmin": night.size_arcmin if night.size_arcmin != 2.0 else None,
        **night.plane,
    }
    named = "".join(f", {name}={value!r}" for name, value in given.items() if value is not None)
    return f"create_report({list(night.addresses)!r}, {str(folder)!r}{named})"
