"""Measure the quality of a Measurement Set.

Importing this module loads neither casacore nor numpy, which would start threads: its functions import what they need.
"""

from __future__ import annotations

from dsa110_contimg.qa.measurement_sets.quality import MSQuality
from dsa110_contimg.qa.thresholds import Thresholds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike

__all__ = ["MSQuality", "measure_ms"]


def measure_ms(path: str | PathLike[str], *, thresholds: Thresholds | None = None) -> MSQuality:
    """Measure what is in a Measurement Set, what is flagged, and how loud it is.

    Parameters
    ----------
    path : str or path-like
        The Measurement Set's folder.
    thresholds : Thresholds, optional
        What the gates are held against; the usual ones unless given.

    Returns
    -------
    MSQuality
        Everything that was counted, and the gates.

    Raises
    ------
    TableNotFoundError
        When nothing is there.
    UnreadableTableError
        When it is no table, a damaged one, or a table of another kind.
    MissingDependencyError
        When python-casacore is not installed.

    Notes
    -----
    The data are read once, in parts of 16 MiB, so that memory does not grow with the set. The visibilities are those
    of DATA, else of CORRECTED_DATA, else of FLOAT_DATA. A row with FLAG_ROW counts as flagged in all its values, as
    the definition of the Measurement Set has it. Rows of different cell shape are read apart.

    References
    ----------
    .. [1] A. J. Kemball and M. H. Wieringa, "MeasurementSet definition version 2.0", CASA note 229, 2000.

    Examples
    --------
    >>> import tempfile
    >>> from dsa110_contimg.simulate import simulate_measurement_set
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     truth = simulate_measurement_set(f"{folder}/night.ms", 8, 4, dead_antennas=[3], seed=1)
    ...     quality = measure_ms(truth.path)
    >>> quality.flag_fraction
    0.25
    >>> quality.dead_antennas
    ('DSA-004',)
    >>> quality.verdict
    <Verdict.WARN: 'WARN'>
    """
    from dsa110_contimg.qa.measurement_sets.measuring import measure

    return measure(path, Thresholds() if thresholds is None else thresholds)
