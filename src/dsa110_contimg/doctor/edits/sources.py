"""Source files as they are: their bytes, their text, and how the one is the other."""

from __future__ import annotations

import ast
import codecs
import io
import tokenize
import warnings
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Source:
    """A source file."""

    file: str
    """The file."""
    data: bytes
    """Its bytes."""
    text: str
    """What they say, with the line endings that they have, and without a byte order mark."""
    encoding: str
    """The encoding that Python reads it in."""

    def encode(self, text: str) -> bytes:
        """Return another text as bytes of this file; UnicodeEncodeError where its encoding has no such characters."""
        mark = codecs.BOM_UTF8 if self.data.startswith(codecs.BOM_UTF8) else b""
        return mark + text.encode(self.encoding)


def read_source(file: str) -> Source:
    """Read a source file.

    Parameters
    ----------
    file : str
        Its path.

    Returns
    -------
    Source
        The file; OSError, SyntaxError (an unknown encoding) and UnicodeDecodeError are the caller's.
    """
    data = Path(file).read_bytes()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    return Source(file, data, data.removeprefix(codecs.BOM_UTF8).decode(encoding), encoding)


def parse(text: str) -> ast.Module:
    """Parse source that is somebody else's: what Python would warn of is not our reader's business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def find_root(file: str, module: str) -> Path:
    """Return the folder that holds the top-level package, or module, of a module's file."""
    path = Path(file)
    depth = module.count(".") + (path.name == "__init__.py")
    return path.parents[min(depth, len(path.parents) - 1)]


def find_project(root: Path) -> Path:
    """Return the folder of the project whose packages a folder holds; the folder itself if it is no project's."""
    if root.name in ("site-packages", "dist-packages"):
        return root
    for folder in (root, *root.parents[:2]):
        if any(folder.joinpath(name).exists() for name in ("pyproject.toml", "setup.py", "setup.cfg", ".git")):
            return folder
    return root
