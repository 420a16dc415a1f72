"""The crash that this project began with, from the published wheels, and packages that must stay healthy."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from dsa110_contimg.doctor import examine
from environments import configure_casatools
from support import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="casatools is for Linux"),
    pytest.mark.skipif(
        sys.version_info[:2] not in ((3, 10), (3, 11)), reason="the wheels are for Python 3.10 and 3.11"
    ),
]


def test_the_crash_of_casacore_and_casatools(crashing: Path, tmp_path: Path) -> None:
    env = configure_casatools(crashing, tmp_path)
    found = examine("import casacore.tables; import casatools", python=crashing, env=env, cwd=tmp_path)
    assert (found.verdict, found.exit.signal, found.exit.address) == ("crashed", "SIGSEGV", 1)
    culprit = found.culprit
    assert culprit is not None
    assert culprit.library is not None
    assert "/casatools/" in culprit.library
    assert Path(culprit.library).name.startswith("libcasa")
    assert (culprit.distribution, culprit.stage) == ("casatools", "static-constructor")
    assert [(hop.module, hop.file, hop.line, hop.statement) for hop in found.chain[:1]] == [
        ("casatools", "<target>", 2, "import casatools")
    ]
    assert found.chain[-1].module.startswith("casatools.__casac__._")
    (conflict,) = found.conflicts
    assert [(origin.distribution, origin.version) for origin in conflict.libraries] == [
        ("casatools", "6.7.0.31"),
        ("python-casacore", "3.7.1"),
    ]
    assert conflict.symbol is not None
    assert "BulkAllocatorImpl" in conflict.symbol
    assert any("static constructors of Name2Table" in (frame.symbol or "") for frame in found.native_frames)


def test_the_package_of_the_original_crash(crashing: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tests" / "victims" / "original", tmp_path / "package")
    table = tmp_path / "package" / "contimg" / "qa" / "visualization" / "casatable.py"
    table.write_text(table.read_text().replace("\n\nclass", "\nimport casatools\n\n\nclass", 1))
    env = {**configure_casatools(crashing, tmp_path), "PYTHONPATH": str(tmp_path / "package")}
    found = examine("from contimg.qa import create_cutout", python=crashing, env=env, cwd=tmp_path)
    assert found.verdict == "crashed"
    assert [hop.module for hop in found.chain[:4]] == [
        *("contimg.qa", "contimg.qa.visualization", "contimg.qa.visualization.casatable", "casatools"),
    ]
    assert [found.chain[3].file, found.chain[3].statement, found.chain[3].level] == [
        *(str(table), "import casatools", "module"),
    ]
    assert found.conflicts


@pytest.mark.parametrize(
    "target",
    [
        *("numpy", "astropy.nddata", "matplotlib.pyplot", "pandas", "scipy.linalg", "h5py", "pyarrow"),
        *("casacore.tables", "casatools", "import casacore.tables; import casatools"),
        "import casatools; import casacore.tables",
        "import numpy, scipy.linalg, astropy.table, matplotlib.pyplot, pandas, h5py, pyarrow.parquet",
    ],
)
def test_what_is_healthy_stays_healthy(target: str, healthy: Path, tmp_path: Path) -> None:
    env = configure_casatools(healthy, tmp_path)
    found = examine(target, python=healthy, env=env, cwd=tmp_path, timeout=120)
    assert (found.verdict, found.exit.code, found.conflicts, found.chain) == ("healthy", 0, (), ())
    assert found.culprit is None
    owners = {library.distribution for library in found.loaded.native}
    assert owners & {"numpy", "scipy", "pandas", "h5py", "pyarrow", "casatools", "python-casacore"}
