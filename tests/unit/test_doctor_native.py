"""What addresses, library files and records of distributions mean."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsa110_contimg.doctor.examination import NativeFrame
from dsa110_contimg.doctor.native.demangling import demangle, shorten_symbol
from dsa110_contimg.doctor.native.distributions import Distributions
from dsa110_contimg.doctor.native.elf import Library
from dsa110_contimg.doctor.native.frames import FrameReader
from dsa110_contimg.doctor.native.mappings import read_mappings
from dsa110_contimg.doctor.native.roles import is_interpreter, is_loader, is_system
from dsa110_contimg.doctor.native.stages import find_stage

linux = pytest.mark.skipif(sys.platform != "linux", reason="ELF files are Linux's")
MAPS = """\
55d0-55e0 r-xp 00001000 fe:00 1   /usr/bin/python3.11
7f10-7f20 r--p 00000000 fe:00 2   /opt/a b/libx.so (deleted)
7f20-7f30 r-xp 00000010 fe:00 2   /opt/a b/libx.so (deleted)
7f30-7f40 rw-p 00000000 00:00 0
7f40-7f50 r-xp 00000000 00:00 0   [vdso]
7f50-7f60 r-xp 00000000 fe:00 3   /opt/line\\012feed.so
7f60-7f7"""


# ---------------------------------------------------------------------- the memory map
def test_the_memory_map() -> None:
    mappings = read_mappings(MAPS)
    assert mappings.libraries() == ("/usr/bin/python3.11", "/opt/a b/libx.so (deleted)", "/opt/line\nfeed.so")
    found = mappings.find(0x7F25)
    assert found is not None
    assert (found.start, found.offset, found.permissions) == (0x7F20, 0x10, "r-xp")
    assert [mappings.find(address) for address in (0, 0x55E0, 0x7F70)] == [None, None, None]


@given(st.text())
def test_any_text_is_a_memory_map_as_far_as_it_goes(text: str) -> None:
    assert read_mappings(text + "\n" + MAPS).find(0x55D5) is not None or "55d" in text


# ---------------------------------------------------------------------- library files
SOURCE = """
int first(int x) { return x + 1; }
static int hidden(int x) { return x + 2; }
int (*use)(int) = hidden;
int data_is_no_function = 3;
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("cc"):
        pytest.skip("there is no C compiler")
    folder = tmp_path_factory.mktemp("library")
    (folder / "x.c").write_text(SOURCE)
    path = folder / "libx.so"
    command = ["cc", "-shared", "-fPIC", "-O0", "-Wl,-soname,libx.so.1", "-Wl,--no-as-needed", "-lm"]
    subprocess.run([*command, folder / "x.c", "-o", path], check=True)
    return path


def find_addresses(path: Path) -> dict[str, int]:
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        return {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}


@linux
def test_a_library_tells_its_names_and_symbols(library: Path) -> None:
    found, addresses = Library(str(library)), find_addresses(library)
    assert (found.fault, found.soname) == (None, "libx.so.1")
    assert {name.split(".")[0] for name in found.needed} == {"libm", "libc"}
    assert [found.find_symbol(addresses[name] + 2) for name in ("first", "hidden")] == ["first", "hidden"]
    assert found.find_symbol(addresses["data_is_no_function"]) is None
    assert found.find_symbol(0xFFFFFF) is None
    assert [found.defines(name) for name in ("first", "hidden", "data_is_no_function", "printf")] == [
        *(True, False, True, False),
    ]
    assert found.unique == frozenset()


@linux
def test_without_its_symbol_table_a_library_claims_only_what_it_exports(library: Path, tmp_path: Path) -> None:
    if not shutil.which("strip"):
        pytest.skip("there is no strip")
    stripped = tmp_path / "libx.so"
    shutil.copy(library, stripped)
    addresses = find_addresses(library)
    subprocess.run(["strip", "-s", stripped], check=True)
    found = Library(str(stripped))
    assert found.find_symbol(addresses["first"] + 2) == "first"
    assert found.find_symbol(addresses["hidden"] + 2) is None, "the nearest symbol is not the right one"


@linux
def test_a_damaged_library_says_so_and_never_raises(library: Path, tmp_path: Path) -> None:
    whole, damaged = library.read_bytes(), tmp_path / "libx.so"
    faults = 0
    for length in [*range(0, 200, 7), *range(200, len(whole), 509)]:
        damaged.write_bytes(whole[:length])
        found = Library(str(damaged))
        found.find_symbol(0x1100)
        found.defines("first")
        faults += found.fault is not None
    assert faults > 20
    for position in range(0, 4096, 13):
        damaged.write_bytes(whole[:position] + b"\xff\xff\xff\xff" + whole[position + 4 :])
        found = Library(str(damaged))
        found.find_symbol(0x1100)
        found.defines("first")
    assert Library(str(tmp_path / "absent.so")).fault == "No such file or directory"
    assert Library(str(tmp_path)).fault == "Is a directory"
    damaged.write_bytes(b"no library at all, but longer than a header of sixty-four bytes is")
    assert Library(str(damaged)).fault == "it is no ELF file of 64 bits, little-endian"


# ---------------------------------------------------------------------- names
@linux
def test_the_names_of_cpp() -> None:
    assert demangle("_ZN8casacore7TabPathD1Ev") == "casacore::TabPath::~TabPath()"
    assert demangle("_GLOBAL__sub_I_Name2Table.cc") == "static constructors of Name2Table.cc"
    assert [demangle(name) for name in ("PyInit_x", "_Znothing", "_Z", "")] == ["PyInit_x", "_Znothing", "_Z", ""]


@given(st.text())
def test_any_name_can_be_shortened(name: str) -> None:
    assert len(shorten_symbol(name)) <= len(name)


@pytest.mark.parametrize(
    ("name", "interpreter", "loader", "system"),
    [
        ("/usr/bin/python3.11", True, False, False),
        ("/opt/lib/libpython3.13t.so.1.0", True, False, False),
        ("/lib64/ld-linux-x86-64.so.2", False, True, True),
        ("/lib/ld-2.31.so", False, True, True),
        ("/lib/libc.so.6", False, False, True),
        ("/lib/libc-2.31.so", False, False, True),
        ("/usr/lib/libstdc++.so.6.0.30", False, False, True),
        ("/x/libcasa_casa.so.8", False, False, False),
        ("/x/libldap.so.2", False, False, False),
        ("/x/libpython_helper.so", False, False, False),
    ],
)
def test_the_parts_that_libraries_play(name: str, interpreter: bool, loader: bool, system: bool) -> None:
    assert (is_interpreter(name), is_loader(name), is_system(name)) == (interpreter, loader, system)


# ---------------------------------------------------------------------- distributions
def test_records_of_pip_and_conda(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "site-packages"
    info = site / "Some_Name-1.5.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some.name\nVersion: 1.5\n\nName: not this\n")
    (info / "RECORD").write_text('some/__init__.py,,\n"some/with,comma.so",,\n../../bin/tool,,\nsome.libs/liba.so,,\n')
    bare = site / "bare-0.2.dist-info"
    bare.mkdir()
    (bare / "RECORD").write_text("bare.py,,\n")
    egg = site / "old.egg-info"
    egg.mkdir()
    (egg / "PKG-INFO").write_text("Name: old\nVersion: 3\n")
    (egg / "installed-files.txt").write_text("../old.py\n")
    (site / "without_record-1.dist-info").mkdir()
    conda = tmp_path / "conda-meta"
    conda.mkdir()
    (conda / "libz.json").write_text(json.dumps({"name": "libz", "version": "9", "files": ["lib/libz.so"]}))
    (conda / "damaged.json").write_text("{")
    found = Distributions([str(site), str(tmp_path / "absent"), ""], str(tmp_path))
    for file, owner in {
        site / "some" / "__init__.py": ("some.name", "1.5"),
        site / "some" / "with,comma.so": ("some.name", "1.5"),
        site / "some.libs" / "liba.so": ("some.name", "1.5"),
        tmp_path / "bin" / "tool": ("some.name", "1.5"),
        site / "bare.py": ("bare", "0.2"),
        site / "old.py": ("old", "3"),
        tmp_path / "lib" / "libz.so": ("libz", "9"),
        site / "nobodys.so": (None, None),
    }.items():
        origin = found.find(str(file))
        assert (origin.distribution, origin.version) == owner, file
    assert found.versions == {"some.name": "1.5", "bare": "0.2", "old": "3", "without_record": "1", "libz": "9"}


# ---------------------------------------------------------------------- stages
LOADER, LIBC, PYTHON = "/lib/ld-linux-x86-64.so.2", "/lib/libc.so.6", "/usr/bin/python3.11"
A, B = "/site/a.so", "/site/b.so"


@pytest.mark.parametrize(
    ("stack", "phase", "stage"),
    [
        ([(A, "f"), (A, "PyInit_a"), (PYTHON, "import")], "create", "module-init"),
        ([(A, None), (PYTHON, "_PyImport_LoadDynamicModuleWithSpec")], "create", "module-init"),
        ([(A, "f"), (LOADER, None), (LIBC, "dlopen"), (PYTHON, "load")], "create", "static-constructor"),
        ([(B, "f"), (LOADER, None), (LIBC, "dlopen"), (A, "PyInit_a")], "create", "static-constructor"),
        ([(LIBC, "abort"), (LOADER, None), (PYTHON, "load")], "create", "static-constructor"),
        ([(LOADER, None), (LIBC, "dlopen"), (PYTHON, "load")], "create", None),
        ([(PYTHON, "PyErr"), (A, "PyInit_a"), (PYTHON, "load")], "create", "module-init"),
        ([(None, None), (A, "PyInit_a")], "create", "module-init"),
        ([(A, "f"), (PYTHON, "PyModule_ExecDef")], "execute", "module-exec"),
        ([(PYTHON, "eval")], "python", "python"),
        ([(A, "f"), (PYTHON, "eval")], "python", "python"),
        ([], "create", None),
    ],
)
def test_the_stage_of_a_stack(stack: list[tuple[str | None, str | None]], phase: str, stage: str | None) -> None:
    reader = FrameReader(read_mappings(""), Distributions([], None), PYTHON)
    frames = [NativeFrame(library, None, symbol, 0) for library, symbol in stack]
    assert find_stage(frames, reader, phase) == stage
