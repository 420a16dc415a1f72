"""Names of sources: from their positions, and fit to be names of files."""

from __future__ import annotations

import re

from dsa110_contimg.qa.notation import format_position

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

_LONGEST_FILE_NAME = 120


def name_positions(ra_deg: npt.NDArray[np.float64], dec_deg: npt.NDArray[np.float64]) -> tuple[str, ...]:
    """Name sources by their positions.

    Parameters
    ----------
    ra_deg, dec_deg : ndarray
        Positions in degrees, shape (n,).

    Returns
    -------
    tuple of str
        In the form J100004.93-300058.0.
    """
    return tuple(
        "J" + format_position(*at).replace(":", "").replace(" ", "")
        for at in zip(ra_deg.tolist(), dec_deg.tolist(), strict=True)
    )


def name_files(names: Sequence[str]) -> list[str]:
    """Make names of sources fit to be names of files, each of its own.

    Parameters
    ----------
    names : sequence of str
        Names of sources.

    Returns
    -------
    list of str
        Without ending. Letters, digits and ``+-._`` stay, anything else becomes an underscore. A name that came
        before, in whatever case, gets a number: ``-2``, ``-3``.

    Examples
    --------
    >>> name_files(["NGC 925", "ngc 925", "../etc", "J1000-30"])
    ['NGC_925', 'ngc_925-2', '_etc', 'J1000-30']
    """
    files: list[str] = []
    taken: set[str] = set()
    counts: dict[str, int] = {}
    for name in names:
        # No leading dot or dash: such a file would be hidden, or taken for an option.
        stem = re.sub(r"[^\w+.-]+", "_", name.strip(), flags=re.ASCII).lstrip(".-")[:_LONGEST_FILE_NAME] or "source"
        file = stem
        while file.lower() in taken:  # Macs do not tell A from a
            counts[stem.lower()] = counts.get(stem.lower(), 1) + 1
            file = f"{stem}-{counts[stem.lower()]}"
        taken.add(file.lower())
        files.append(file)
    return files
