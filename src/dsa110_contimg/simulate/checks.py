"""What every simulation asks of its arguments before it writes anything."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from dsa110_contimg.errors import BadSimulationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def is_whole(number: object) -> bool:
    """Tell whether something is a whole number, of Python's or of numpy's."""
    return isinstance(number, int | np.integer)


def require(holds: bool, message: str, hint: str) -> None:
    """Raise `BadSimulationError` unless the condition holds."""
    if not holds:
        raise BadSimulationError(message, hint=hint)


def require_at_least(least: int, **counts: int) -> None:
    """Raise `BadSimulationError` for the first count that is no whole number, or below the least one allowed."""
    for name, count in counts.items():
        require(
            is_whole(count) and count >= least, f"{name} is {count!r}.", f"Give a whole number of at least {least}."
        )


def require_positive(**numbers: float) -> None:
    """Raise `BadSimulationError` for the first number that is zero, negative, infinite or NaN."""
    for name, number in numbers.items():
        require(math.isfinite(number) and number > 0, f"{name} is {number}.", "Give a number above zero.")


def require_not_negative(**numbers: float) -> None:
    """Raise `BadSimulationError` for the first number that is negative, infinite or NaN."""
    for name, number in numbers.items():
        require(math.isfinite(number) and number >= 0, f"{name} is {number}.", "Give zero or a number above it.")


def require_among(what: str, choice: object, choices: Iterable[object]) -> None:
    """Raise `BadSimulationError` if the choice is none of those offered."""
    offered = tuple(choices)
    require(choice in offered, f"{choice!r} is no {what}.", f"Choose one of {', '.join(map(str, offered))}.")


def require_each_below(end: int, what: str, numbers: Sequence[int]) -> None:
    """Raise `BadSimulationError` for the first number that does not count something from 0 to below the end."""
    for number in numbers:
        require(
            is_whole(number) and 0 <= number < end,
            f"{what.capitalize()} {number} does not exist.",
            f"Count from 0 to {end - 1}.",
        )


def require_position(ra_deg: float, dec_deg: float) -> None:
    """Raise `BadSimulationError` if the position is not on the sky."""
    require(
        math.isfinite(ra_deg) and abs(dec_deg) <= 90,
        f"RA {ra_deg}, Dec {dec_deg} degrees is no position on the sky.",
        "Give finite degrees, with a declination between -90 and 90.",
    )


def start_chance(seed: int | Sequence[int]) -> np.random.Generator:
    """Start a random generator, or raise `BadSimulationError` if the seed is negative or no whole number."""
    for number in seed if isinstance(seed, Iterable) else (seed,):
        require_at_least(0, seed=number)
    return np.random.default_rng(seed)
