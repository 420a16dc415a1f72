"""The table of what was cut: a row a stamp, as CSV and as Parquet."""

from __future__ import annotations

import csv
from dataclasses import asdict, fields

from dsa110_contimg._files import replacing
from dsa110_contimg.qa.stamps.records import StampRecord

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from dsa110_contimg.qa.stamps.records import SourceRecord

COLUMNS = ("name", "ra_deg", "dec_deg", *(field.name for field in fields(StampRecord)), "sheet")
"""Columns of the table, in their order."""


def write_tables(sources: Iterable[SourceRecord], folder: Path) -> list[str]:
    """Write ``stamps.csv``, and ``stamps.parquet`` where pyarrow is installed.

    Parameters
    ----------
    sources : iterable of SourceRecord
        In the order of the rows.
    folder : Path
        Where to write.

    Returns
    -------
    list of str
        Names of the files that were written.

    Raises
    ------
    UnwritableOutputError
        If they cannot be written.
    """
    rows = [row for source in sources for row in _list_rows(source)]
    with replacing(folder / "stamps.csv") as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return ["stamps.csv", *_write_parquet(rows, folder)]


def _list_rows(source: SourceRecord) -> Iterator[dict[str, object]]:
    for stamp in source.stamps:
        yield {
            "name": source.name,
            "ra_deg": source.ra_deg,
            "dec_deg": source.dec_deg,
            **asdict(stamp),
            "sheet": source.sheet,
        }


def _write_parquet(rows: list[dict[str, object]], folder: Path) -> list[str]:
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ImportError:  # the CSV has the same rows; the caller says which files there are
        return []
    texts = {"name", "image", "status", "unit", "fits", "sheet"}
    schema = pa.schema([(column, pa.string() if column in texts else pa.float64()) for column in COLUMNS])
    with replacing(folder / "stamps.parquet") as unfinished:
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows, schema), unfinished)
    return ["stamps.parquet"]
