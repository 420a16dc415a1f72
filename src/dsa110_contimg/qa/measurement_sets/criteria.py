"""What makes a Measurement Set good: its gates."""

from __future__ import annotations

from dsa110_contimg.qa.gates import Gate, judge
from dsa110_contimg.qa.notation import list_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsa110_contimg.qa.measurement_sets.quality import MSQuality


def judge_measurement_set(quality: MSQuality) -> tuple[Gate, ...]:
    """Hold what was measured against the thresholds.

    Parameters
    ----------
    quality : MSQuality
        What was measured.

    Returns
    -------
    tuple of Gate
        Every gate: structure first, then flags, then values.
    """
    return (*_judge_structure(quality), *_judge_flags(quality), *_judge_values(quality))


def _judge_structure(quality: MSQuality) -> list[Gate]:
    n_named = len(quality.subtables)
    return [
        judge("rows", quality.n_rows, fail_below=1, n_samples=quality.n_rows, reason="The set has no rows."),
        _judge_names("missing columns", quality.missing_columns, len(quality.columns), "Absent or not usable"),
        _judge_names("missing subtables", quality.missing_subtables, n_named, "Not named by the main table"),
        _judge_names("unreadable subtables", quality.unreadable_subtables, n_named, "There, and not readable"),
        judge(
            "dangling subtables",
            len(quality.dangling_subtables),
            warn_above=0,
            n_samples=n_named,
            reason=f"Named, and not there: {list_names(quality.dangling_subtables)}.",
        ),
        judge(
            "rows that do not fit",
            quality.n_empty_cells + quality.n_unfitting_rows,
            warn_above=0,
            n_samples=quality.n_rows,
            reason=f"{quality.n_empty_cells} rows without a value, "
            f"{quality.n_unfitting_rows} whose FLAG has another shape than the data.",
        ),
    ]


def _judge_names(name: str, found: Sequence[str], n_samples: int, what: str) -> Gate:
    return judge(name, len(found), fail_above=0, n_samples=n_samples, reason=f"{what}: {list_names(found)}.")


def _judge_flags(quality: MSQuality) -> list[Gate]:
    thresholds = quality.thresholds
    used = [antenna for antenna in quality.antennas if antenna.total]
    living = [antenna.flagged / antenna.total for antenna in used if quality.mark(antenna) != "dead"]
    return [
        judge(
            "flag fraction",
            quality.flag_fraction,
            warn_above=thresholds.flag_fraction,
            n_samples=quality.n_flags,
            reason=_choose(quality.flag_fraction, "Much of the set is flagged.", "There are no flags."),
        ),
        judge(
            "unflagged visibilities",
            quality.n_unflagged if quality.n_visibilities else None,
            fail_below=1,
            n_samples=quality.n_visibilities,
            reason="All visibilities are flagged." if quality.n_visibilities else "There are no visibilities.",
        ),
        judge(
            "dead antennas",
            len(quality.dead_antennas) if used else None,
            warn_above=0,
            n_samples=len(used),
            reason=f"Flagged in all rows: {list_names(quality.dead_antennas)}." if used else "No antenna has flags.",
        ),
        judge(
            "worst living antenna",
            max(living, default=None),
            warn_above=thresholds.antenna_flag_fraction,
            n_samples=len(living),
            reason=f"Flagged more than that: {list_names(quality.marked_antennas)}."
            if living
            else "No antenna is alive.",
        ),
    ]


def _judge_values(quality: MSQuality) -> list[Gate]:
    thresholds = quality.thresholds
    nothing = "No visibility is unflagged."
    zero_uvw = quality.n_zero_uvw / quality.n_cross_rows if quality.n_cross_rows else None
    return [
        judge(
            "zeros",
            quality.zero_fraction,
            warn_above=thresholds.zero_fraction,
            n_samples=quality.n_unflagged,
            reason=_choose(quality.zero_fraction, "Many unflagged visibilities are exactly zero.", nothing),
        ),
        judge(
            "NaN or infinite",
            quality.nonfinite_fraction,
            warn_above=thresholds.nonfinite_fraction,
            n_samples=quality.n_unflagged,
            reason=_choose(
                quality.nonfinite_fraction,
                f"{quality.n_nonfinite_unflagged} unflagged visibilities are no numbers: flag them.",
                nothing,
            ),
        ),
        judge(
            "UVW zero",
            zero_uvw,
            warn_above=0,
            fail_above=thresholds.zero_uvw_fraction,
            n_samples=quality.n_cross_rows,
            reason=_choose(
                zero_uvw,
                f"{quality.n_zero_uvw} rows of two different antennas have no baseline.",
                "No row tells a baseline of two different antennas.",
            ),
        ),
    ]


def _choose(value: float | None, outside: str, skipped: str) -> str:
    return skipped if value is None else outside
