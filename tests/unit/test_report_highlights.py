"""What stands on top of a report."""

from __future__ import annotations

from types import SimpleNamespace

from dsa110_contimg.errors import UnreadableImageError
from dsa110_contimg.qa.gates import Gate, Verdict, judge
from dsa110_contimg.qa.reporting.findings import Findings, ImageFinding, LeftOut, TableFinding
from dsa110_contimg.qa.reporting.highlights import find_highlights


def image(name: str, *gates: Gate) -> ImageFinding:
    return ImageFinding(f"night/{name}", SimpleNamespace(gates=gates), None, None)  # type: ignore[arg-type]


def night(*images: ImageFinding, tables: tuple[TableFinding, ...] = (), left_out: tuple[LeftOut, ...] = ()) -> Findings:
    return Findings(images, tables, None, None, None, left_out, ())


def noise(value: float) -> Gate:
    return judge("noise", value, warn_above=1.5, fail_above=3.0, n_samples=100, reason=f"It is {value:g}.")


def depth(value: float) -> Gate:
    return judge("dynamic range", value, warn_below=100, fail_below=30, n_samples=1, reason="It is low.")


def test_failures_come_first_and_the_worst_of_each_is_told() -> None:
    found = find_highlights(
        night(
            image("a.fits", noise(1.0), depth(500)),
            image("b.fits", noise(2.0), depth(90)),
            image("c.fits", noise(2.5), depth(20)),
            image("d.fits", noise(9.0), depth(60)),
        )
    )
    assert [(one.verdict, one.gate, one.value, one.names, one.reason) for one in found] == [
        (Verdict.FAIL, "dynamic range", "20", ("c.fits",), "It is low."),
        (Verdict.FAIL, "noise", "9", ("d.fits",), "It is 9."),
        (Verdict.WARN, "noise", "2.5", ("c.fits", "b.fits"), "It is 2.5."),
        (Verdict.WARN, "dynamic range", "60", ("d.fits", "b.fits"), "It is low."),
    ]
    assert found[0].threshold == "WARN below 100, FAIL below 30"


def test_what_passed_or_was_skipped_is_not_told() -> None:
    skipped = judge("noise", None, warn_above=1, n_samples=0, reason="Nothing was expected.")
    assert find_highlights(night(image("a.fits", skipped, depth(500)))) == []


def test_many_names_are_shortened() -> None:
    (one,) = find_highlights(night(*(image(f"{k}.fits", noise(2 + k / 100)) for k in range(10))))
    assert one.whom == "9.fits, 8.fits, 7.fits, 6.fits, 5.fits, 4.fits and 4 more"


def test_what_could_not_be_read_fails_each_by_itself() -> None:
    error = UnreadableImageError("It is truncated.", hint="Write it anew.")
    broken = [ImageFinding(f"{name}.fits", None, None, error) for name in "ab"]
    findings = night(image("c.fits", noise(1.0)), *broken, left_out=(LeftOut("a.fits", "It is truncated."),))
    assert findings.verdict == "FAIL"
    assert [(one.gate, one.names, one.reason) for one in find_highlights(findings)] == [
        ("readable", (f"{name}.fits",), "It could not be read: It is truncated.") for name in "ab"
    ]


def test_tables_are_told_one_by_one() -> None:
    quality = SimpleNamespace(gates=(judge("dead antennas", 1.0, warn_above=0, n_samples=9, reason="DSA-003."),))
    tables = tuple(TableFinding("Measurement Set", f"{name}.ms", quality, (), None) for name in "ab")  # type: ignore[arg-type]
    assert [one.names for one in find_highlights(night(tables=tables))] == [("a.ms",), ("b.ms",)]


def test_what_is_left_out_is_a_warning_at_least() -> None:
    good = image("a.fits", noise(1.0))
    assert night(good).verdict == "PASS"
    assert night(good, left_out=(LeftOut("b.fits", "It has another unit."),)).verdict == "WARN"
    assert night(image("a.fits", noise(9.0)), left_out=(LeftOut("b.fits", "x"),)).verdict == "FAIL"
    assert night().verdict == "SKIP"
