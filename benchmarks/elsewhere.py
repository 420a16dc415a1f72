"""A contender that runs in a process of its own, because its native libraries must not meet those of another one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_LOOP = """
import sys
print("ready", flush=True)
for line in sys.stdin:
    print(call(), flush=True)
"""


class Elsewhere:
    """Calls a function in another interpreter, which waits in between.

    Parameters
    ----------
    script : str
        Python that defines ``call()``. What that returns is what a call of this object returns, as text.
    python : Path, optional
        The interpreter; this one unless given.
    """

    def __init__(self, script: str, python: Path = Path(sys.executable)) -> None:
        self._process = subprocess.Popen(
            [python, "-W", "ignore", "-c", script + _LOOP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._listen("ready")

    def __call__(self) -> str:
        """Call the function."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._listen()

    def close(self) -> None:
        """End the other process."""
        self._process.kill()
        self._process.communicate()

    def _listen(self, wanted: str | None = None) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if wanted is None or line.strip() == wanted:
                return line.strip()
        raise RuntimeError(f"the contender ended with status {self._process.wait()}")
