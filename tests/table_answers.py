"""Ask one backend about tables, in a process that holds no other: questions come as pickles, and so do the answers."""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple


class Told(NamedTuple):
    """An error as an answer."""

    kind: str
    message: str
    hint: str


class Answerer:
    """A child that answers with one backend."""

    def __init__(self, backend: str) -> None:
        code = "import sys; sys.path.insert(0, sys.argv[1]); from table_answers import serve; serve(sys.argv[2])"
        command = [sys.executable, "-c", code, str(Path(__file__).parent), backend]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, path: Path, *questions: tuple[Any, ...]) -> list[Any]:
        """Ask a reader for attributes and methods by name; "query" and "select" go on with the selection."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        _send(self._child.stdin, (path, questions))
        answers = _receive(self._child.stdout)
        assert answers is not None, f"died with {self._child.wait()} when asked about {path}: {questions}"
        return answers

    def close(self) -> None:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.close()
        self._child.wait(60)
        self._child.stdout.close()


def _send(pipe: BinaryIO, what: object) -> None:
    content = pickle.dumps(what)
    pipe.write(struct.pack(">Q", len(content)) + content)
    pipe.flush()


def _receive(pipe: BinaryIO) -> Any:
    head = pipe.read(8)
    return pickle.loads(pipe.read(*struct.unpack(">Q", head))) if head else None


def _answer(backend: str, path: Path, questions: list[tuple[Any, ...]]) -> list[Any]:
    from dsa110_contimg.casa.backends import open_native
    from dsa110_contimg.casa.in_place import InPlaceReader
    from dsa110_contimg.errors import ContimgError

    answers: list[Any] = []
    reader = None
    for name, *arguments in [("open",), *questions]:
        try:
            if name == "open":
                reader = InPlaceReader(open_native(path, backend))
                answer: Any = reader.path
            elif name in {"query", "select"}:
                reader = getattr(reader, name)(*arguments)
                answer = reader.nrows
            else:
                answer = getattr(reader, name)
                answer = answer(*arguments) if callable(answer) else answer
        except ContimgError as error:
            answer = Told(type(error).__name__, error.message, error.hint)
            if name == "open":
                return [answer]
        answers.append(answer)
    return answers


def serve(backend: str) -> None:
    """Answer until there are no more questions."""
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # what a library prints is no answer
        while (asked := _receive(sys.stdin.buffer)) is not None:
            _send(answers, _answer(backend, *asked))
