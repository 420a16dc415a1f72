"""Whatever is wrong with the bytes of an image: a stamp or an error of ours, never anything else."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from pathlib import Path

import pytest

from dsa110_contimg.simulate import simulate_image
from support import run_python

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


@pytest.mark.parametrize("kind", ["plain", "gz", "RICE_1", "GZIP_2", "HCOMPRESS_1"])
def test_damaged_bytes(kind: str, tmp_path: Path) -> None:
    compression = None if kind in {"plain", "gz"} else kind
    made = simulate_image(tmp_path / "sound.fits", shape=(64, 64), ra_deg=150, dec_deg=30, compression=compression)
    sound = made.path.read_bytes()
    if kind == "gz":
        sound = gzip.compress(sound, mtime=0)
    chance = random.Random(f"{kind} 110")
    for number in range(DAMAGES):
        (tmp_path / f"{number}.fits").write_bytes(damage(sound, chance))
    # In a process of their own: a decoder that dies must be a red test, not a dead test run.
    child = run_python(CUT_ALL, str(tmp_path), str(DAMAGES))
    assert child.returncode == 0, child.stderr
    tally = Counter(child.stdout.split())
    assert tally.total() == DAMAGES
    assert tally["UnreadableImageError"] > 50
    # gzip's checksum sees every flipped bit; elsewhere much damage touches other pixels than those of the stamp.
    assert tally["stamp"] > 10 or kind == "gz"


CUT_ALL = """
import sys, warnings
from dsa110_contimg.errors import ContimgError
from dsa110_contimg.qa import create_cutout

warnings.simplefilter("ignore")
for number in range(int(sys.argv[2])):
    try:
        create_cutout(f"{sys.argv[1]}/{number}.fits", 150.0, 30.0, 0.5)
        print("stamp")
    except ContimgError as error:
        print(type(error).__name__)
"""
