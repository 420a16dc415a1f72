"""What was found of each thing that was given, and what had to be left out."""

from __future__ import annotations

from dataclasses import dataclass

from dsa110_contimg.qa.gates import Gate, Verdict, worst
from dsa110_contimg.qa.photometry.flags import Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from dsa110_contimg.errors import ContimgError
    from dsa110_contimg.qa.caltable_quality import CaltableQuality
    from dsa110_contimg.qa.catalogue_check import CatalogueCheck
    from dsa110_contimg.qa.image_quality import ImageQuality
    from dsa110_contimg.qa.light_curves import LightCurves
    from dsa110_contimg.qa.ms_quality import MSQuality


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that was given and is not in the report, or not as a whole."""

    what: str
    """The path."""
    why: str
    """What was found."""


@dataclass(frozen=True, eq=False, slots=True)
class ImageFinding:
    """One image."""

    path: str
    """Where it is."""
    quality: ImageQuality | None
    """What was measured; None where it could not be read."""
    check: CatalogueCheck | None
    """How it agrees with the reference catalogue; None where there is none, or it could not be held against it."""
    error: ContimgError | None
    """Why it could not be read."""

    @property
    def gates(self) -> tuple[Gate, ...]:
        """All of its gates; an image that could not be read has one, which fails."""
        if self.quality is None:
            return (_refuse(self.error),)
        return self.quality.gates + (() if self.check is None else self.check.gates)

    @property
    def verdict(self) -> Verdict:
        """The worst that a gate says."""
        return worst(self.gates)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a table."""

    title: str
    """What it shows."""
    png: bytes
    """The file."""


@dataclass(frozen=True, eq=False, slots=True)
class TableFinding:
    """One Measurement Set or caltable."""

    kind: Literal["Measurement Set", "caltable"]
    """What it was given as."""
    path: str
    """Where it is."""
    quality: MSQuality | CaltableQuality | None
    """What was measured; None where it could not be read."""
    pictures: tuple[Picture, ...]
    """Its plots."""
    error: ContimgError | None
    """Why it could not be read."""

    @property
    def gates(self) -> tuple[Gate, ...]:
        """All of its gates; a table that could not be read has one, which fails."""
        return (_refuse(self.error),) if self.quality is None else self.quality.gates

    @property
    def verdict(self) -> Verdict:
        """The worst that a gate says."""
        return worst(self.gates)


@dataclass(frozen=True, eq=False, slots=True)
class Findings:
    """Everything that a report tells."""

    images: tuple[ImageFinding, ...]
    """The images in the order of their dates; those without a date come last, by name."""
    tables: tuple[TableFinding, ...]
    """Measurement Sets and caltables, as they were given."""
    light_curves: LightCurves | None
    """What the sources did; None where no sources were given, or none could be measured."""
    sources: str | None
    """The catalogue of the sources."""
    reference: str | None
    """The catalogue that images were held against."""
    left_out: tuple[LeftOut, ...]
    """What is missing, and why."""
    remarks: tuple[str, ...]
    """What a reader has to know besides, in sentences."""

    @property
    def verdict(self) -> Verdict:
        """The worst that is said of anything; what had to be left out is a warning at least."""
        found: list[ImageFinding | TableFinding] = [*self.images, *self.tables]
        said = worst(gate for finding in found for gate in finding.gates)
        return Verdict.WARN if self.left_out and said != Verdict.FAIL else said

    @property
    def lost_sources(self) -> tuple[str, ...]:
        """The names of the sources that are on no image."""
        curves = self.light_curves
        if curves is None:
            return ()
        off = (curves.flags & Flag.OFF_IMAGE != 0).all(axis=1)
        return tuple(curves.names[k] for k in off.nonzero()[0].tolist())

    @property
    def variables(self) -> tuple[int, ...]:
        """Which sources vary, counted from zero, those with the largest η first."""
        curves = self.light_curves
        if curves is None:
            return ()
        found = curves.variability
        return tuple(sorted(found.is_variable.nonzero()[0].tolist(), key=lambda k: -float(found.eta[k])))


def _refuse(error: ContimgError | None) -> Gate:
    reason = "It could not be read." if error is None else f"It could not be read: {error.message}"
    return Gate("readable", Verdict.FAIL, None, "", 0, reason)
