"""Whatever is wrong with the bytes of an image: a stamp or an error of ours, never anything else."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from pathlib import Path

import pytest

from dsa110_contimg.errors import ContimgError
from dsa110_contimg.qa import create_cutout
from dsa110_contimg.simulate import simulate_image

DAMAGES = 400


def damage(content: bytes, chance: random.Random) -> bytes:
    """Cut off, zero, flip, replace, or write other letters into the header."""
    changed = bytearray(content)
    at, length = chance.randrange(len(changed)), chance.randrange(1, 4000)
    match chance.choice(["cut", "zero", "flip", "garbage", "header"]):
        case "cut":
            del changed[at:]
        case "zero":
            changed[at : at + length] = bytes(len(changed[at : at + length]))
        case "flip":
            for _ in range(chance.randrange(1, 30)):
                changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        case "garbage":
            changed[at : at + length] = chance.randbytes(length)
        case "header":
            for _ in range(chance.randrange(1, 6)):
                changed[chance.randrange(min(len(changed), 8640))] = chance.randrange(32, 127)
    return bytes(changed)


# Said by astropy about a column of tiles, beside the error or the pixels.
@pytest.mark.filterwarnings("ignore::astropy.io.fits.verify.VerifyWarning")
@pytest.mark.parametrize("kind", ["plain", "gz", "RICE_1", "GZIP_2", "HCOMPRESS_1"])
def test_damaged_bytes(kind: str, tmp_path: Path) -> None:
    compression = None if kind in {"plain", "gz"} else kind
    made = simulate_image(tmp_path / "sound.fits", shape=(64, 64), ra_deg=150, dec_deg=30, compression=compression)
    sound = made.path.read_bytes()
    if kind == "gz":
        sound = gzip.compress(sound)
    chance, tally = random.Random(f"{kind} 110"), Counter[str]()
    path = tmp_path / "damaged.fits"
    for _ in range(DAMAGES):
        path.write_bytes(damage(sound, chance))
        try:
            create_cutout(path, 150.0, 30.0, 0.5)
            tally["a stamp"] += 1
        except ContimgError as error:
            tally[type(error).__name__] += 1
    # Both ends of the scale must have been reached, or the damage was none, or all too great.
    assert tally["UnreadableImageError"] > 50
    assert tally["a stamp"] > (0 if kind == "gz" else 10)
