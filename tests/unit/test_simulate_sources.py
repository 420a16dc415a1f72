"""Names of positions."""

from __future__ import annotations

import pytest

from dsa110_contimg.simulate import Source


@pytest.mark.parametrize(
    ("ra_deg", "dec_deg", "name"),
    [
        (0.0, 0.0, "J000000.0+000000"),
        (360.0, -0.0001, "J000000.0-000000"),
        (359.99999, 89.99999, "J235959.9+895959"),
        (83.633083, 22.0145, "J053431.9+220052"),
        (15.0, -30.5, "J010000.0-303000"),
    ],
)
def test_names_are_truncated_and_never_overflow(ra_deg: float, dec_deg: float, name: str) -> None:
    assert Source(ra_deg, dec_deg, 1.0).name == name


def test_a_name_that_is_given_stays() -> None:
    assert Source(1.0, 2.0, 1.0, name="3C 48").name == "3C 48"
