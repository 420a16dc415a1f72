from __future__ import annotations

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from casacore.tables import table

from casa_tables import make_table, snapshot
from dsa110_contimg import errors
from dsa110_contimg.casa import open_table
from dsa110_contimg.casa.native import backends
from dsa110_contimg.casa.native.backends import choose_backend, open_native
from dsa110_contimg.casa.native.parents import rename_parents
from dsa110_contimg.casa.native.row_selections import write_selection
from dsa110_contimg.casa.native.stored_keywords import read_keywords
from support import ROOT, run_python

needs_arcae = pytest.mark.skipif(find_spec("arcae") is None, reason="arcae is not installed")


@pytest.mark.parametrize(
    ("installed", "chosen"), [({"casacore", "arcae"}, "casacore"), ({"casacore"}, "casacore"), ({"arcae"}, "arcae")]
)
def test_the_first_that_is_installed_is_chosen(
    monkeypatch: pytest.MonkeyPatch, installed: set[str], chosen: str
) -> None:
    monkeypatch.setattr(backends, "find_spec", lambda name: name if name in installed else None)
    assert choose_backend() == chosen
    assert choose_backend("arcae") == "arcae"


def test_what_to_install_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    with pytest.raises(errors.MissingDependencyError, match="Neither python-casacore nor arcae") as caught:
        choose_backend()
    assert '"python-casacore>=3.8.1"' in caught.value.hint
    assert '"dsa110-contimg[arcae]"' in caught.value.hint


def test_an_unknown_backend_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    for ask in (choose_backend, lambda name: open_native(tmp_path, name)):
        with pytest.raises(ValueError, match="no backend 'casatools'; the backends are 'casacore' and 'arcae'"):
            ask("casatools")


def test_beside_casatools_nothing_is_read_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_table(tmp_path / "t", {"A": np.arange(3)})
    monkeypatch.setitem(sys.modules, "casatools", ModuleType("casatools"))
    with pytest.raises(errors.ClashingLibrariesError, match="casatools is loaded in this process"):
        open_table(path, isolated=False)
    assert open_table(path).read("A").tolist() == [0, 1, 2]


def test_to_choose_imports_nothing() -> None:
    code = "from dsa110_contimg.casa.native.backends import choose_backend; choose_backend()"
    child = run_python(f"import sys; {code}; print(*sys.modules)")
    assert child.returncode == 0, child.stderr
    assert not {"casacore", "arcae", "numpy", "pyarrow"} & set(child.stdout.split())


def test_without_arcae_the_pip_line_is_said(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from dsa110_contimg.casa.native.backends import open_native\n"
        "open_native(Path(sys.argv[1]), 'arcae')"
    )
    path = os.pathsep.join([str(ROOT / "tests/victims/absent"), *filter(None, [os.environ.get("PYTHONPATH")])])
    folder = make_table(tmp_path / "t", {"A": np.arange(3)})
    child = run_python(code, str(folder), env={**os.environ, "PYTHONPATH": path})
    *_, message, hint = child.stderr.splitlines()
    assert message.endswith("MissingDependencyError: arcae is not installed.")
    assert hint == 'Run: pip install "dsa110-contimg[arcae]"'


@needs_arcae
def test_arcae_leaves_no_trace(tmp_path: Path) -> None:
    """Nor a folder of links, nor a table that TaQL made, nor a line on the terminal."""
    values = np.arange(12.0).reshape(6, 2)
    folder = make_table(tmp_path / "data" / "t", {"DATA": values, "FREE": [values[0], None] * 3})
    (folder / "table.lock").unlink()
    (tmp_path / "scratch").mkdir()
    before = snapshot(tmp_path)
    child = run_python(USE, str(folder), cwd=tmp_path, env={**os.environ, "TMPDIR": str(tmp_path / "scratch")})
    assert (child.returncode, child.stderr) == (0, "")
    told = json.loads(child.stdout)
    assert told["selected"] == values[[4, 1, 1]][1:].tolist()
    assert told["queried"] == values[3:].tolist()
    assert told["shapes"] == [[2], None, [2], None, [2], None]
    assert told["path"] == str(folder)
    assert told["closed"].startswith(f"DATA of {folder} cannot be read: ")
    assert "\nIf it was closed, open it again." in told["closed"]
    assert not told["casacore"]
    after = snapshot(tmp_path)
    assert {path: found[1] for path, found in after.items()} == {path: found[1] for path, found in before.items()}
    assert snapshot(folder) == {path: found for path, found in before.items() if path.startswith(str(folder))}


USE = """
import json, sys
import numpy as np
from dsa110_contimg.casa import open_table
from dsa110_contimg.errors import UnreadableTableError

reader = open_table(sys.argv[1], backend="arcae", isolated=False)
told = {
    "selected": reader.select(np.array([4, 1, 1])).select(np.array([1, 2])).read("DATA").tolist(),
    "queried": reader.query("DATA[0] > 5").read("DATA").tolist(),
    "shapes": reader._table.list_shapes("FREE", range(6)),
    "path": reader.path,
    "casacore": "casacore" in sys.modules,
}
reader.close()
try:
    reader.read("DATA")
except UnreadableTableError as error:
    told["closed"] = str(error)
print(json.dumps(told))
"""


@needs_arcae
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("(folder / 'table.f0').unlink(); open()", "table.f0"),
        (
            "(folder / 'table.dat').write_bytes(whole[:200]); open()",
            "cannot be opened as a CASA table",
        ),
        (
            "(folder / 'table.dat').write_bytes(whole.replace(b'Mueller', b'M\\xfcller ')); open().keywords",
            "no UTF-8 text",
        ),
        ("os.environ.pop('HOME'); open()", "Set HOME to a folder"),
        (
            "opened = open(); opened.close(); opened.keywords; opened.select(np.array([0]))",
            "closed",
        ),
    ],
)
def test_what_arcae_cannot_read_is_our_error(tmp_path: Path, code: str, message: str) -> None:
    folder = make_table(tmp_path / "t", {"A": np.arange(3)}, keywords={"PI": "Mueller"})
    start = (
        "import os, sys; import numpy as np; from pathlib import Path\n"
        "from dsa110_contimg.casa.native.backends import open_native; open = lambda: open_native(folder, 'arcae')\n"
        "folder = Path(sys.argv[1]); whole = (folder / 'table.dat').read_bytes()\n"
    )
    child = run_python(start + code, str(folder))
    last = child.stderr[child.stderr.rindex("\ndsa110_contimg.errors.") :]
    assert last.startswith("\ndsa110_contimg.errors.UnreadableTableError: ")
    assert message in last


def test_a_selection_is_written_as_casacore_writes_it(tmp_path: Path) -> None:
    folder = make_table(tmp_path / "t", {"zeta": np.arange(9), "A": np.ones((9, 2)), "ö": np.arange(9)})
    rng = np.random.default_rng(1)
    for number, rows in enumerate([[3, 1, 1], [], [8], rng.integers(0, 9, 1_100_000).tolist()]):
        with table(str(folder), ack=False) as whole:
            names = whole.colnames()
            chosen = whole.selectrows(rows)
            chosen.renamecol("A", "B")
            chosen.copy(str(tmp_path / f"their{number}"))
        columns = {"B" if name == "A" else name: name for name in names}
        (tmp_path / f"our{number}").mkdir()
        write_selection(tmp_path / f"our{number}", folder, columns, 9, np.array(rows, int))
        ours, theirs = ((tmp_path / f"{whose}{number}/table.dat").read_bytes() for whose in ("our", "their"))
        assert ours == rename_parents(theirs, [folder])  # casacore names a table beside it by a relative path


@pytest.mark.parametrize("seed", range(3))
def test_keywords_of_a_damaged_file_are_read_or_refused(tmp_path: Path, seed: int) -> None:
    keywords = {"a": np.arange(4.0), "b": {"c": "text", "d": [True, False]}, "e": ["x", "y"], "f": 1 + 2j}
    folder = make_table(tmp_path / "t", {"A": np.arange(3), "B": np.ones((3, 2))}, keywords=keywords)
    whole = (folder / "table.dat").read_bytes()
    rng = np.random.default_rng(seed)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole[: rng.integers(8, len(whole))] if rng.random() < 0.3 else whole)
        for place in rng.integers(4, len(damaged), 3):
            damaged[place] = rng.integers(0, 256)
        (folder / "table.dat").write_bytes(damaged)
        try:
            read_keywords(folder)
        except (RuntimeError, UnicodeDecodeError):
            refused += 1
    assert refused > 100
