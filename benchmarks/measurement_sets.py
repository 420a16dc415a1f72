"""Judging a Measurement Set of 1.37 GB, beside three plots of shadeMS, which show the same amplitudes."""

from __future__ import annotations

import subprocess
import sys
import tempfile

from benchmarks.race import cache_folder, judge, race_processes, show
from benchmarks.tables import make_measurement_set

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

SHADEMS = "shadems==0.5.5"
"""It wants an older dask than everything else here, and so an environment of its own."""


def main() -> None:
    """Print the race."""
    path = make_measurement_set()
    with tempfile.TemporaryDirectory() as folder:
        plots = ["--xaxis", "uv,TIME,CHAN", "--yaxis", "amp,amp,amp", "--col", "DATA", "--no-lim-save", "--dir", folder]
        command = [str(find_shadems()), str(path), *plots]
        column = f"table = CasaTable({str(path)!r})\nfor rows, values in table.DATA.chunks(): pass"
        results = race_processes(
            {
                "measure_ms": f"from dsa110_contimg.qa import measure_ms; quality = measure_ms({str(path)!r})",
                "dsa110-qa ms --plots": f"import subprocess; subprocess.run({_ours(path, folder)!r}, check=True)",
                "shadeMS, three plots": f"import subprocess; subprocess.run({command!r}, cwd={folder!r}, check=True)",
                "limit: reading DATA once": f"from dsa110_contimg.qa import CasaTable\n{column}",
            },
            3,
            "Judging a Measurement Set",
        )
    ratio = results["shadeMS, three plots"].seconds / results["measure_ms"].seconds
    goals = [
        judge("times faster than three plots of shadeMS", ratio, 5, at_least=True),
        "the memory of dsa110-qa ms and of shadeMS is not counted, only that of what starts them",
    ]
    show("Judging a Measurement Set of 1.37 GB, fresh process", results, "measure_ms", goals)


def find_shadems() -> Path:
    """Install shadeMS, unless an earlier run did."""
    folder = cache_folder() / "shadems"
    if not (folder / "bin" / "shadems").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", SHADEMS], check=True)
    return folder / "bin" / "shadems"


def _ours(path: Path, folder: str) -> list[str]:
    return [sys.executable, "-m", "dsa110_contimg", "ms", str(path), "--plots", f"{folder}/ours"]


if __name__ == "__main__":
    main()
