"""The report on an environment for a terminal."""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import fields, replace

from dsa110_contimg.doctor.environment.duplicates import COPIES
from dsa110_contimg.doctor.report.wording import clean, count, shorten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dsa110_contimg.doctor.environment.hazards import Environment, Hazard
    from dsa110_contimg.doctor.examination import Finding
    from dsa110_contimg.doctor.report.sheet import Sheet

_HEADINGS = {
    "certain": "Will fail",
    "high": "Known to fail, or every sign of it",
    "medium": "A risk, without proof that it fails",
}
_MOST_LIBRARIES = 4


def draw_environment(environment: Environment, sheet: Sheet) -> str:
    """Draw what was found in an environment.

    Parameters
    ----------
    environment : Environment
        What was found.
    sheet : Sheet
        Where to draw.

    Returns
    -------
    str
        The report, with a line end at its end.
    """
    _draw_headline(environment, sheet)
    rows = [("python", f"{environment.python.version}, {clean(shorten(environment.python.executable))}")]
    rows += [("packages in", clean(folder)) for folder in environment.site_packages]
    read = f"{count(environment.libraries, 'native library')} read in {environment.elapsed_s:.1f} s; nothing imported"
    sheet.pairs([*rows, ("read", read)], style="dim")
    for risk, heading in _HEADINGS.items():
        hazards = [hazard for hazard in environment.hazards if hazard.risk == risk]
        if hazards:
            sheet.heading(heading)
        for number, hazard in enumerate(hazards):
            if number:
                sheet.line("")
            _draw_hazard(hazard, sheet)
    _draw_low(environment, sheet)
    _draw_surroundings(environment.surroundings, sheet)
    sheet.heading("What this rests on")
    sheet.prose(
        "The files alone, their symbols and versions. Two copies of a library, or a symbol that both define, are "
        "a risk: whether they meet depends on what is imported together, and in which order. Examine that with "
        "`import-doctor 'import one; import other'`. Modules that check numpy in ways of their own do not tell for "
        "which numpy they were built.",
        style="dim",
    )
    if sys.platform != "linux":
        sheet.prose(
            "Symbols are read from Linux's library files only; here names and versions are all there is.", "dim"
        )
    return sheet.finish()


def _draw_headline(environment: Environment, sheet: Sheet) -> None:
    bad = sum(hazard.risk in ("certain", "high") for hazard in environment.hazards)
    risks = sum(hazard.risk == "medium" for hazard in environment.hazards)
    if bad:
        told = "fails, or is known to" if bad == 1 else "fail, or are known to"
        sheet.headline(f"{count(bad, 'thing')} in this environment {told}", is_good=False)
    elif risks:
        sheet.headline(f"Nothing known to fail; {count(risks, 'risk')} to know of", is_good=True)
    else:
        sheet.headline("Nothing known to fail", is_good=True)


def _draw_hazard(hazard: Hazard, sheet: Sheet) -> None:
    hazard = _clean(hazard)
    sheet.line(hazard.title)
    for sentence in hazard.evidence:
        sheet.item(sentence)
    rows = [("do", hazard.advice)]
    if hazard.source:
        rows.append(("source", hazard.source))
    paths = [shorten(library.path) for library in hazard.libraries]
    rows += [("file" if number == 0 else "", path) for number, path in enumerate(paths[:_MOST_LIBRARIES])]
    if len(paths) > _MOST_LIBRARIES:
        rows.append(("", f"and {len(paths) - _MOST_LIBRARIES} more; `--json` has them all"))
    sheet.pairs(rows)


def _draw_low(environment: Environment, sheet: Sheet) -> None:
    """Draw what is only worth knowing, a line for each group of distributions."""
    groups: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for hazard in environment.hazards:
        if hazard.risk == "low":
            groups[hazard.distributions].append(hazard.title)
    if groups:
        sheet.heading("Only worth knowing")
    for distributions, titles in groups.items():
        copies = sorted(title.removeprefix(COPIES) for title in titles if title.startswith(COPIES))
        told = [title for title in titles if not title.startswith(COPIES)]
        told += [f"{COPIES}{', '.join(copies)}"] if copies else []
        sheet.item(clean(f"{', '.join(distributions)}: {'; '.join(told)}"))


def _draw_surroundings(findings: tuple[Finding, ...], sheet: Sheet) -> None:
    if findings:
        sheet.heading("Surroundings that can matter")
    for finding in map(_clean, findings):
        sheet.pairs([(finding.name, f"{finding.value} ({finding.observed})")])
        if finding.advice:
            sheet.pairs([("", finding.advice)], style="dim")


def _clean(value: Any) -> Any:
    """Return a result in whose texts every control character is written out."""
    texts = {field.name: getattr(value, field.name) for field in fields(value)}
    changed: dict[str, Any] = {name: clean(text) for name, text in texts.items() if isinstance(text, str)}
    changed |= {
        name: tuple(clean(one) if isinstance(one, str) else _clean(one) for one in many)
        for name, many in texts.items()
        if isinstance(many, tuple)
    }
    return replace(value, **changed)
