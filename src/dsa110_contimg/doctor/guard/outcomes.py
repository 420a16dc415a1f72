"""What became of a contract."""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.doctor.examination import Examination, Road
    from dsa110_contimg.doctor.guard.contracts import Contract


@dataclass(frozen=True)
class Breach:
    """A key of a contract that is not kept."""

    key: str
    """The key, such as ``forbid``; ``import`` where the import itself came to no good end."""
    message: str
    """What was found, in a sentence."""
    roads: tuple[Road, ...] = ()
    """How what should not be there is reached, the road that was taken first."""


@dataclass(frozen=True)
class Outcome:
    """What became of one contract."""

    contract: Contract
    """The contract."""
    breaches: tuple[Breach, ...] = ()
    """What of it is not kept; empty when all is well."""
    unchecked: tuple[str, ...] = ()
    """The keys that this kind of check cannot tell about."""
    notes: tuple[str, ...] = ()
    """What could not be seen, a sentence each."""
    examination: Examination | None = None
    """What running it showed; nothing where nothing was run."""

    @property
    def is_kept(self) -> bool:
        """Whether all that was checked is kept."""
        return not self.breaches
