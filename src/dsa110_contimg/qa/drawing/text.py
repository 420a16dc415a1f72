"""Text in pictures, in the one font that Pillow carries along."""

from __future__ import annotations

import unicodedata
from functools import cache

from PIL import ImageFont

TYPE_CHECKING = False
if TYPE_CHECKING:
    from PIL import ImageDraw

# Pillow's own font knows ASCII and a few more; anything else would be drawn as an empty box.
_MORE_GLYPHS = "©«°±´·»‘’“”…‹›"
_NEAREST = str.maketrans({"µ": "u", "μ": "u", "×": "x", "−": "-", "–": "-", "—": "-", "′": "'", "″": '"'})


@cache
def load_font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Load Pillow's own font in a size given in pixels."""
    return ImageFont.load_default(size)


def make_drawable(text: str) -> str:
    """Replace the characters that Pillow's own font lacks by the nearest that it has, else by a question mark.

    Examples
    --------
    >>> make_drawable("µJy, Châtelet, 星")
    'uJy, Chatelet, ?'
    """
    plain = unicodedata.normalize("NFD", text.translate(_NEAREST)).translate(_NEAREST)
    letters = (c for c in plain if not unicodedata.combining(c))
    return "".join(c if " " <= c <= "~" or c in _MORE_GLYPHS else "?" for c in letters)


def measure_text(text: str, size: int) -> float:
    """Measure how wide a text is, in pixels."""
    return load_font(size).getlength(make_drawable(text))


def shorten_text(text: str, size: int, width: float) -> str:
    """Take as much out of the middle of a text as makes it fit a width in pixels."""
    if measure_text(text, size) <= width:
        return text
    for kept in range(len(text) - 1, 1, -1):
        shorter = text[: (kept + 1) // 2] + "…" + text[len(text) - kept // 2 :]
        if measure_text(shorter, size) <= width:
            return shorter
    return "…"


def draw_text(
    pen: ImageDraw.ImageDraw,
    where: tuple[float, float],
    text: str,
    size: int,
    ink: tuple[int, int, int],
    anchor: str = "la",
) -> None:
    """Draw one line of text; `anchor` is Pillow's: left, middle, right; ascender, middle, baseline."""
    pen.text(where, make_drawable(text), ink, load_font(size), anchor)
