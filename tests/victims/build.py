"""Compile the victims: ``python build.py all|original FOLDER [PYTHON]``. Needs a compiler, and nothing of ours."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
FLAGS = ["-shared", "-fPIC", "-O0"]
DISTRIBUTIONS = {"alpha": ("alpha-measures", "1.0", 1), "beta": ("beta-tools", "2.0", 2)}


def find_include(python: str) -> str:
    """Ask an interpreter for the folder of its headers."""
    question = "import sysconfig; print(sysconfig.get_paths()['include'])"
    return subprocess.run([python, "-c", question], check=True, capture_output=True, text=True).stdout.strip()


def compile_one(source: Path, target: Path, *options: str) -> None:
    """Compile one library."""
    compiler = "c++" if source.suffix == ".cpp" else "cc"
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [compiler, *FLAGS, str(source), "-o", str(target), *options]
    subprocess.run(command, check=True, capture_output=True, text=True)


def build_distribution(name: str, folder: Path, include: str) -> None:
    """Build a package that bundles a library of its own, with the record that pip would leave."""
    distribution, version, number = DISTRIBUTIONS[name]
    library = folder / name / "libs" / f"libtables_{name}.so"
    compile_one(HERE / "native" / "tables.cpp", library, f"-DVERSION={number}")
    extension = folder / name / "_tables.so"
    links = [f"-I{include}", f"-L{library.parent}", f"-ltables_{name}", "-Wl,-rpath,$ORIGIN/libs"]
    compile_one(HERE / "native" / "uses_tables.cpp", extension, *links)
    (folder / name / "__init__.py").write_text("from ._tables import *\n")
    record = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
    record.mkdir(exist_ok=True)
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
    files = [f"{name}/__init__.py", f"{name}/_tables.so", f"{name}/libs/{library.name}"]
    (record / "RECORD").write_text("".join(f"{file},,\n" for file in files))


def build_original(folder: Path, python: str = sys.executable) -> Path:
    """Build the package laid out like the original, on top of a casacore that dies as the original's did."""
    shutil.copytree(HERE / "original", folder, dirs_exist_ok=True)
    shutil.copytree(HERE / "fatal" / "casacore", folder / "casacore", dirs_exist_ok=True)
    compile_one(HERE / "fatal" / "measures.c", folder / "casacore" / "_measures.so", f"-I{find_include(python)}")
    return folder


def build_victims(folder: Path, python: str = sys.executable) -> Path:
    """Compile every victim into a folder, two at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    include = find_include(python)
    jobs = [
        partial(compile_one, source, folder / f"{source.stem}.so", f"-I{include}", "-lpthread", "-ldl")
        for source in sorted((HERE / "native").glob("*.c*"))
        if source.stem not in ("tables", "uses_tables")
    ]
    jobs += [partial(build_distribution, name, folder, include) for name in DISTRIBUTIONS]
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(job) for job in jobs]:
            done.result()
    whole = (folder / "harmless.so").read_bytes()
    (folder / "truncated.so").write_bytes(whole[: len(whole) // 3])
    return folder


if __name__ == "__main__":
    {"all": build_victims, "original": build_original}[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:4])
