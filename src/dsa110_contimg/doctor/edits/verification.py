"""Proof of an edit: it is made in a copy, and the copy is examined and compared with what was."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dsa110_contimg.doctor.edits.comparison import Told, compare
from dsa110_contimg.doctor.edits.sources import find_root
from dsa110_contimg.doctor.errors import UnwritableFolderError
from dsa110_contimg.doctor.interpreters import ask_interpreter
from dsa110_contimg.doctor.targets import read_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from dsa110_contimg.doctor.edits.plan import Plan
    from dsa110_contimg.doctor.examination import Examination

WITNESS = Path(__file__).parents[1] / "witness" / "names.py"
LARGEST_COPIED = 1 << 20
"""Files above this many bytes are linked into the copy, unless they are Python."""


@dataclass(frozen=True)
class Verification:
    """What became of the target, and of the modules' names, once an edit was made in a copy."""

    examination: Examination
    """The examination of the target in the copy."""
    failures: tuple[str, ...] = ()
    """What the edit does not cure, or breaks, a sentence each."""
    remarks: tuple[str, ...] = ()
    """What could not be compared, and why, a sentence each."""

    @property
    def is_cure(self) -> bool:
        """Whether the target is healthy now, loads nothing forbidden, and no name is lost or another."""
        return not self.failures


def verify(
    plan: Plan,
    target: str,
    *,
    forbid: Sequence[str] = (),
    python: str | os.PathLike[str] = sys.executable,
    timeout: float = 60.0,
    env: Mapping[str, str] | None = None,
    args: Sequence[str] = (),
) -> Verification:
    r"""Make a plan's edits in a copy, and find out whether they cure the target and break nothing.

    Parameters
    ----------
    plan : Plan
        The edits.
    target : str
        What was examined: statements, the name of a module, or the path of a script.
    forbid : sequence of str
        What must not be loaded.
    python : str or os.PathLike, default: this interpreter
        CPython 3.8 or newer.
    timeout : float, default: 60
        Seconds after which a child is taken to hang.
    env : mapping, optional
        Environment variables for the children.
    args : sequence of str
        What a script finds in ``sys.argv[1:]``.

    Returns
    -------
    Verification
        What still fails, if anything does.

    Notes
    -----
    The packages of the edited modules are copied to a folder of their own, which stands ahead of all others on the
    path of the child. The edited modules are imported there too, before and after the edit.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from dsa110_contimg.doctor.edits.planner import plan_edits
    >>> from dsa110_contimg.doctor.imports.graph import Statement
    >>> file = pathlib.Path(tempfile.mkdtemp(), "tools.py")
    >>> _ = file.write_text("import wave\n\n\ndef read(path):\n    return wave.open(path)\n")
    >>> plan = plan_edits([Statement("tools", str(file), 1, 1, "import wave")])
    >>> verify(plan, "import tools", forbid=["wave"]).is_cure
    True
    """
    try:
        with tempfile.TemporaryDirectory(prefix="import-doctor-") as scratch:
            interpreter = ask_interpreter(python, {**os.environ, **(env or {})}, Path.cwd()).executable
            room = _Room(Path(scratch).resolve(), plan, interpreter, float(timeout), dict(env or {}))
            return room.verify(target, tuple(forbid), tuple(args))
    except OSError as error:
        if isinstance(error, (ValueError, UnwritableFolderError)):
            raise
        raise UnwritableFolderError(
            f"The edit is proven in a copy, which could not be made: {error.strerror or error}.",
            hint="Set TMPDIR to a folder that can be written and has room for a copy of the package.",
        ) from error


@dataclass(frozen=True)
class _Room:
    """A copy of packages, and how children are run in it."""

    scratch: Path
    plan: Plan
    python: str
    timeout: float
    env: Mapping[str, str]

    @property
    def copy(self) -> Path:
        return self.scratch / "copy"

    def verify(self, target: str, forbid: tuple[str, ...], args: tuple[str, ...]) -> Verification:
        from dsa110_contimg.doctor.examiner import examine

        self.copy.mkdir()
        for root, top in {
            (find_root(edit.file, edit.module), edit.module.partition(".")[0]) for edit in self.plan.edits
        }:
            _copy_package(root, top, self.copy)
        before = {edit.module: self._ask(edit.module) for edit in self.plan.edits}
        for edit in self.plan.edits:
            new = self.copy / Path(edit.file).relative_to(find_root(edit.file, edit.module))
            new.write_bytes(edit.after)
        found = examine(
            self._place(target),
            python=self.python,
            forbid=forbid,
            timeout=self.timeout,
            env=self._environment,
            cwd=self._choose_folder(target),
            args=args,
        )
        failures, remarks = list(_judge(found)), []
        loaded = {module.name: module.file for module in found.loaded.modules}
        for edit in self.plan.edits:
            file = loaded.get(edit.module)
            if file is not None and not Path(file).resolve().is_relative_to(self.copy):
                failures.append(f"{edit.module} was not loaded from the copy but from {file}, so nothing is proven.")
        for edit in self.plan.edits:
            after = self._ask(edit.module)
            if before[edit.module].ending is not None:
                remarks.append(
                    f"The names of {edit.module} could not all be compared: before the edit, "
                    f"{before[edit.module].ending}."
                )
                if after.ending is not None:
                    remarks.append(f"With the edit, {after.ending}.")
            failures += compare(edit, before[edit.module], after)
        return Verification(
            found, tuple(map(self._name_originals, failures)), tuple(map(self._name_originals, remarks))
        )

    def _name_originals(self, text: str) -> str:
        """Return a sentence with the files that a person knows in place of those of the copy."""
        for edit in self.plan.edits:
            top = edit.module.partition(".")[0]
            text = text.replace(str(self.copy / top), str(find_root(edit.file, edit.module) / top))
        return text

    @property
    def _environment(self) -> dict[str, str]:
        """The variables for a child: the copy first, then the working directory, where Python would look."""
        others = self.env.get("PYTHONPATH", os.environ.get("PYTHONPATH", "")).split(os.pathsep)
        folders = [str(self.copy), str(Path.cwd()), *(str(Path(other).absolute()) for other in others if other)]
        path = os.pathsep.join(folders)
        return {**self.env, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}

    def _choose_folder(self, target: str) -> Path:
        """Return the working directory: the copy, where Python would else find the package itself in it first."""
        here = Path.cwd()
        is_script = read_target(target, here).kind == "script"
        is_beside = any(here.joinpath(entry.name).exists() for entry in self.copy.iterdir())
        return self.copy if is_beside and not is_script else here

    def _place(self, target: str) -> str:
        """Return the target as it is to be asked from within the copy: a script beside its package goes with it."""
        patient = read_target(target, Path.cwd())
        if patient.kind != "script":
            return target
        script = Path.cwd() / patient.text
        if script.parent.resolve() in {find_root(edit.file, edit.module).resolve() for edit in self.plan.edits}:
            return str(shutil.copy(script, self.copy / script.name))
        return str(script)

    def _ask(self, module: str) -> Told:
        """Ask a child what a module gives."""
        names, ending = self._run(module, "names")
        star, ending_of_star = self._run(module, "star")
        first = names[0] if names else {}
        return Told(
            ending or ending_of_star,
            bool(names),
            tuple(first.get("dir", ())),
            tuple(first["all"]) if first.get("all") is not None else None,
            tuple(star[0]["star"]) if star and "star" in star[0] else None,
            {one["name"]: one for one in names if "name" in one},
        )

    def _run(self, module: str, way: str) -> tuple[list[dict[str, Any]], str | None]:
        paper = self.scratch / "told"
        paper.write_bytes(b"")
        command = [self.python, str(WITNESS), module, way, str(paper)]
        environment = {**os.environ, **self._environment}
        ending = None
        try:
            done = subprocess.run(
                command,
                cwd=self.copy,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self.timeout,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            ending = f"it was not done within {self.timeout:g} s"
        else:
            if done.returncode:
                ending = _describe_end(done.returncode, done.stderr)
        told = [json.loads(line) for line in paper.read_text("ascii").splitlines() if line.endswith("}")]
        if ending is None and not (told and "done" in told[-1]):
            ending = "it left before it was done"
        asked = told[-1].get("asked") if told else None
        what = (
            f"`from {module} import *`" if way == "star" else f"`{module}.{asked}`" if asked else f"`import {module}`"
        )
        return told, f"{what} failed: {ending}" if ending else None


def _copy_package(root: Path, top: str, copy: Path) -> None:
    """Copy a package; what it does not look at as Python is linked where it is large."""

    def copy_one(source: str, target: str) -> str:
        if source.endswith(".py") or Path(source).stat().st_size <= LARGEST_COPIED:
            return str(shutil.copy2(source, target))
        Path(target).symlink_to(Path(source).resolve())
        return target

    folder = root / top
    if folder.is_dir():
        ignored = shutil.ignore_patterns("__pycache__", ".git")
        shutil.copytree(folder, copy / top, ignore=ignored, copy_function=copy_one, ignore_dangling_symlinks=True)
        for writable in [copy / top, *(path for path in (copy / top).rglob("*") if not path.is_symlink())]:
            writable.chmod(writable.stat().st_mode | 0o200)
    else:
        copy_one(str(root / f"{top}.py"), str(copy / f"{top}.py"))
        copy.joinpath(f"{top}.py").chmod(0o600)
    for libraries in root.glob("*.libs"):  # auditwheel's, found from the extension modules by a relative path
        if not copy.joinpath(libraries.name).exists():
            copy.joinpath(libraries.name).symlink_to(libraries.resolve())


def _describe_end(code: int, stderr: bytes) -> str:
    if code < 0:
        try:
            return f"it ended with {signal.Signals(-code).name}"
        except ValueError:
            return f"it ended with signal {-code}"
    lines = stderr.decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else f"it ended with exit code {code}"


def _judge(found: Examination) -> Iterable[str]:
    """Yield what is still wrong with the target."""
    if found.verdict == "forbidden":
        for road in found.roads:
            last = road.chain[-1] if road.chain else None
            where = f" by {last.file}, line {last.line}" if last is not None else ""
            yield f"{road.forbidden} is still loaded{where}."
    elif found.verdict != "healthy":
        told = found.exception or found.exit.signal or found.state or f"exit code {found.exit.code}"
        yield f"With the edit the target is not healthy but {found.verdict}: {told}."
