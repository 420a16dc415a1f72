"""What does not go together in an environment is found from its files, and ranked by what is known."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dsa110_contimg.doctor.environment.builds import NUMPY_1, NUMPY_2, find_builds
from dsa110_contimg.doctor.environment.facts import ask_facts
from dsa110_contimg.doctor.environment.hazards import Environment, Hazard
from dsa110_contimg.doctor.environment.libraries import Collection, name_family
from dsa110_contimg.doctor.environment.pairs import find_known_pair, matches_version, read_known_pairs
from dsa110_contimg.doctor.environment.report import draw_environment
from dsa110_contimg.doctor.environment.survey import survey_environment
from dsa110_contimg.doctor.errors import BadInterpreterError
from dsa110_contimg.doctor.examination import Finding, Interpreter, LibraryOrigin
from dsa110_contimg.doctor.native.elf import Library
from dsa110_contimg.doctor.report.sheet import Sheet
from site_packages import MODULE, SUFFIX, Site, clean_environment

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="ELF files are Linux's"),
    pytest.mark.skipif(not (shutil.which("cc") and shutil.which("c++")), reason="there is no C compiler"),
]
SHARED = """
#include <string>
namespace tables {{
template <class T> T &keep() {{ static T kept; return kept; }}
std::string &name() {{ return keep<std::string>(); }}
int &number() {{ return keep<int>(); }}
int version() {{ return {number}; }}
}}
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "environment")


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "LD_LIBRARY_PATH", "LD_PRELOAD"):
        monkeypatch.delenv(name, raising=False)


def survey(site: Site, **env: str) -> tuple[Hazard, ...]:
    return survey_environment(python=site.python, env=env, cwd=site.folder).hazards


def sum_up(hazards: tuple[Hazard, ...]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(hazard.risk, hazard.kind, hazard.distributions) for hazard in hazards]


def read_elf(path: Path, option: str) -> str:
    if not shutil.which("readelf"):
        pytest.skip("there is no readelf")
    return subprocess.run(["readelf", option, path], check=True, capture_output=True, text=True).stdout


# ---------------------------------------------------------------------- library files
def test_what_a_library_file_tells_is_what_readelf_tells(site: Site) -> None:
    path = site.compile("libx.so", SHARED.format(number=1), "-Wl,--build-id", "-Wl,-rpath,$ORIGIN/a:/b", is_cpp=True)
    found = Library(str(path))
    assert found.build_id == re.search(r"Build ID: (\w+)", read_elf(path, "-n"))[1]  # type: ignore[index]
    assert found.runpath == ("$ORIGIN/a", "/b")
    assert found.rpath == ()
    unique = {line.split()[-1] for line in read_elf(path, "-Ws").splitlines() if " UNIQUE " in line}
    assert unique
    assert found.unique == unique
    old = site.compile("liby.so", SHARED.format(number=1), "-Wl,--disable-new-dtags", "-Wl,-rpath,/c", is_cpp=True)
    assert (Library(str(old)).rpath, Library(str(old)).runpath) == (("/c",), ())


def test_the_form_of_strings(site: Site) -> None:
    new = site.compile("new.so", SHARED.format(number=1), is_cpp=True)
    old = site.compile("old.so", SHARED.format(number=1), "-D_GLIBCXX_USE_CXX11_ABI=0", is_cpp=True)
    plain = site.compile("plain.so", "int x;")
    assert [Library(str(path)).string_abis for path in (new, old, plain)] == [{"new"}, {"old"}, set()]


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("libgfortran-040039e1.so.5.0.0", "libgfortran.so.5"),
        ("libgfortran-040039e1-0352e75f.so.5.0.0", "libgfortran.so.5"),
        ("libgfortran.so.5", "libgfortran.so.5"),
        ("libscipy_openblas64_-32a4b2a6.so", "libscipy_openblas64_.so"),
        ("libarrow.so.2300", "libarrow.so.2300"),
        ("libavcodec-c4204469.so.62.28.101", "libavcodec.so.62"),
        ("nothing", "nothing"),
    ],
)
def test_the_family_of_a_library(name: str, family: str) -> None:
    assert name_family(name) == family


# ---------------------------------------------------------------------- duplicates
def test_an_environment_without_libraries_has_no_hazards(site: Site) -> None:
    found = survey_environment(python=site.python, cwd=site.folder)
    assert (found.hazards, found.libraries, found.is_bad) == ((), 0, False)
    assert found.site_packages == (str(site.packages),)


def add_copies(site: Site, *, is_hashed: bool, is_same: bool = False) -> None:
    for owner, mark, number in (("alpha", "12345678", 1), ("beta", "9abcdef0", 2)):
        name = f"libx-{mark}.so.1" if is_hashed else "libx.so.1"
        source = f"int version(void) {{ return {1 if is_same else number}; }}"
        site.compile(f"{owner}.libs/{name}", source, f"-Wl,-soname,{name}", "-Wl,--build-id")
        site.add(owner, "1.0", f"{owner}.libs/{name}")


def test_copies_under_auditwheels_names_are_only_worth_knowing(site: Site) -> None:
    add_copies(site, is_hashed=True)
    (found,) = survey(site)
    assert (found.risk, found.kind, found.title) == ("low", "duplicate-library", "copies of libx.so.1")
    assert found.distributions == ("alpha 1.0", "beta 1.0")
    assert [Path(library.path).name for library in found.libraries] == ["libx-12345678.so.1", "libx-9abcdef0.so.1"]


def test_different_copies_under_one_name_are_a_risk(site: Site) -> None:
    add_copies(site, is_hashed=False)
    (found,) = survey(site)
    assert found.risk == "medium"
    assert "whichever is loaded first" in found.evidence[1]


def test_copies_of_one_build_can_stand_in_for_each_other(site: Site) -> None:
    add_copies(site, is_hashed=False, is_same=True)
    first, second = (Library(str(site.packages / f"{owner}.libs/libx.so.1")) for owner in ("alpha", "beta"))
    assert first.build_id == second.build_id
    (found,) = survey(site)
    assert (found.risk, "the same build" in found.evidence[1]) == ("low", True)


def test_one_build_under_two_names_is_found(site: Site) -> None:
    path = site.compile("alpha.libs/libx.so.1", "int version(void) { return 1; }", "-Wl,--build-id")
    site.copy(path, "beta.libs/libother.so")
    site.add("alpha", "1.0", "alpha.libs/libx.so.1")
    site.add("beta", "1.0", "beta.libs/libother.so")
    assert sum_up(survey(site)) == [("low", "duplicate-library", ("alpha 1.0", "beta 1.0"))]


def test_libraries_that_export_the_same_are_copies_whatever_their_names(site: Site) -> None:
    source = "".join(f"int solve_{number}(void) {{ return 0; }}\n" for number in range(40))
    for owner, more in (("alpha", ""), ("beta", "int one_more;")):
        site.compile(f"{owner}.libs/lib{owner}.so", source + more)
        site.add(owner, "1.0", f"{owner}.libs/lib{owner}.so")
    (found,) = survey(site)
    assert (found.risk, found.title) == ("low", "copies of libalpha.so and libbeta.so")
    assert "40 exported symbols" in found.evidence[0]


def add_unique(site: Site, *, old: bool, same_name: bool = True) -> None:
    for owner, number in (("alpha", 1), ("beta", 2)):
        name = f"{owner}.libs/lib{'tables' if same_name else owner}.so.{number}"
        abi = ["-D_GLIBCXX_USE_CXX11_ABI=0"] if old and owner == "alpha" else []
        site.compile(name, SHARED.format(number=number), *abi, is_cpp=True)
        site.add(owner, "1.0", name)


def test_symbols_of_which_a_process_keeps_one_are_a_risk_and_no_proof(site: Site) -> None:
    add_unique(site, old=False, same_name=False)
    found = survey_environment(python=site.python, cwd=site.folder)
    assert not found.is_bad
    (hazard,) = found.hazards
    assert (hazard.risk, hazard.distributions) == ("medium", ("alpha 1.0", "beta 1.0"))
    assert "tables::keep<" in hazard.evidence[0]
    assert "a risk, not a proof" in hazard.evidence[-1]
    one = Library(str(site.packages / "alpha.libs/libalpha.so.1")).unique
    other = Library(str(site.packages / "beta.libs/libbeta.so.2")).unique
    assert hazard.evidence[0].startswith(f"{len(one & other)} symbols ")


def test_with_two_forms_of_strings_shared_symbols_are_a_high_risk(site: Site) -> None:
    source = SHARED.format(number=1) + "".join(f"int filler_{number};\n" for number in range(60))
    for owner, abi in (("alpha", "0"), ("beta", "1")):
        name = f"{owner}.libs/libtables-{'12345678' if owner == 'alpha' else '9abcdef0'}.so.8"
        site.compile(name, source, f"-D_GLIBCXX_USE_CXX11_ABI={abi}", is_cpp=True)
        site.add(owner, "1.0", name)
    found = survey_environment(python=site.python, cwd=site.folder)
    assert found.is_bad
    (hazard,) = found.hazards
    assert (hazard.risk, hazard.kind) == ("high", "duplicate-library")
    assert "libtables.so.8" in hazard.evidence[1]
    assert "alpha's for the old one" in hazard.evidence[2]


def test_symbols_of_the_standard_library_are_everybodys(site: Site) -> None:
    source = "#include <memory>\n#include <regex>\nstd::shared_ptr<int> f() { return std::make_shared<int>(1); }\n"
    source += "bool g(const std::string &s) { return std::regex_match(s, std::regex(s)); }\n"
    for owner in ("alpha", "beta"):
        path = site.compile(f"{owner}/lib{owner}.so", source + f"int {owner};\n", is_cpp=True)
        site.add(owner, "1.0", f"{owner}/lib{owner}.so")
        assert any("St" in symbol for symbol in Library(str(path)).unique)
    assert [hazard.risk for hazard in survey(site)] in ([], ["low"]), "at most that they export the same"


def test_whoever_links_to_another_distribution_shares_its_symbols_on_purpose(site: Site) -> None:
    site.compile("alpha/libtables.so", SHARED.format(number=1), "-Wl,-soname,libtables.so", is_cpp=True)
    site.add("alpha", "1.0", "alpha/libtables.so")
    links = ["-Wl,--no-as-needed", f"-L{site.packages}/alpha", "-ltables", "-Wl,-rpath,$ORIGIN/../alpha"]
    user = SHARED.format(number=1).replace("version", "user")
    site.compile(f"beta/_user{SUFFIX}", user, *links, is_cpp=True)
    site.add("beta", "1.0", f"beta/_user{SUFFIX}")
    assert survey(site) == ()


# ---------------------------------------------------------------------- runtimes
@pytest.mark.parametrize(
    ("first", "second", "risks"),
    [
        ("libiomp5.so", "libiomp5.so", ["high"]),
        ("libiomp5.so", "libomp-12345678.so.5", ["high"]),
        ("libgomp-12345678.so.1", "libgomp-9abcdef0.so.1.0.0", ["low"]),
        ("libgomp-12345678.so.1", "libiomp5.so", ["low"]),
        ("libmkl_core.so.2", "libmkl_core.so.2", ["medium"]),
        ("libprotobuf.so.32", "libprotobuf-12345678.so.25", ["medium"]),
        ("libompi.so", "libompi.so", ["low"]),
    ],
)
def test_runtimes_of_which_a_process_should_hold_one(first: str, second: str, risks: list[str], site: Site) -> None:
    for owner, name in (("alpha", first), ("beta", second)):
        site.compile(f"{owner}.libs/{name}", f"int {owner};", f"-Wl,-soname,{name}" if "ompi" not in name else "-s")
        site.add(owner, "1.0", f"{owner}.libs/{name}")
    found = survey(site)
    assert [hazard.risk for hazard in found] == risks
    assert {hazard.kind for hazard in found} == {"duplicate-library" if "ompi" in first else "duplicate-runtime"}
    assert all(hazard.source for hazard in found if hazard.risk == "high")


def test_protobuf_inside_of_another_library_is_found(site: Site) -> None:
    source = (
        "namespace google { namespace protobuf { struct DescriptorPool { static int *internal_generated_pool(); };\n"
    )
    source += "int *DescriptorPool::internal_generated_pool() { return 0; } } }\n"
    for owner in ("alpha", "beta"):
        site.compile(f"{owner}/lib{owner}.so", source, is_cpp=True)
        site.add(owner, "1.0", f"{owner}/lib{owner}.so")
    assert ("medium", "duplicate-runtime", ("alpha 1.0", "beta 1.0")) in sum_up(survey(site))


# ---------------------------------------------------------------------- builds
def add_module(site: Site, file: str, *, more: str = "", owner: str = "alpha") -> None:
    name = Path(file).name.partition(".")[0]
    site.compile(file, MODULE.format(name=name) + more)
    site.add(owner, "1.0", file)


def test_modules_for_another_python_only(site: Site) -> None:
    add_module(site, "alpha/_core.cpython-27-x86_64-linux-gnu.so")
    (found,) = survey(site)
    assert (found.risk, found.kind, found.distributions) == ("certain", "other-python", ("alpha 1.0",))
    assert "cpython-27-x86_64-linux-gnu" in found.evidence[0]
    python = subprocess.run([site.python, "-c", "import alpha._core"], capture_output=True, text=True, check=False)
    assert "ModuleNotFoundError" in python.stderr
    add_module(site, f"alpha/_other{SUFFIX}")
    assert [hazard.risk for hazard in survey(site)] == ["medium"], "others of its modules fit"


@pytest.mark.parametrize("sibling", [f"_core{SUFFIX}", "_core.abi3.so", "_core.so", "_core.py", "_core/__init__.py"])
def test_modules_with_a_file_that_fits_are_well(sibling: str, site: Site) -> None:
    add_module(site, "alpha/_core.cpython-27-x86_64-linux-gnu.so")
    if sibling.endswith(".so"):
        add_module(site, f"alpha/{sibling}")
    else:
        (site.packages / "alpha" / sibling).parent.mkdir(exist_ok=True)
        (site.packages / "alpha" / sibling).write_text("")
    assert survey(site) == ()


def test_a_debug_build_of_a_module_is_told_as_one(site: Site) -> None:
    add_module(site, "alpha/_core.cpython-{}{}d-x86_64-linux-gnu.so".format(*sys.version_info[:2]))
    assert sum_up(survey(site)) == [("certain", "debug-build", ("alpha 1.0",))]


def test_a_debug_build_beside_a_release(site: Site) -> None:
    for owner, name in (("alpha", "libtbb.so.2"), ("beta", "libtbb_debug.so.2")):
        site.compile(f"{owner}/{name}", f"int {owner};")
        site.add(owner, "1.0", f"{owner}/{name}")
    assert sum_up(survey(site)) == [("medium", "debug-build", ("alpha 1.0", "beta 1.0"))]


@pytest.mark.parametrize(
    ("numpy", "text", "told"),
    [
        ("2.1.0", NUMPY_1 + b"%x", "built for numpy 1"),
        ("2.1.0", NUMPY_2 + b"1.25) but", None),
        ("2.1.0", NUMPY_2 + b"2.3) but", "built for numpy 2.3 or later"),
        ("1.26.4", NUMPY_1 + b"%x", None),
        ("1.26.4", NUMPY_2 + b"1.25) but", None),
        ("1.22.0", NUMPY_2 + b"1.25) but", "built for numpy 1.25 or later"),
        ("2.1.0", b"nothing of numpy", None),
        (None, NUMPY_1 + b"%x", None),
    ],
)
def test_modules_for_another_numpy(numpy: str | None, text: bytes, told: str | None, site: Site) -> None:
    if numpy is not None:
        site.add("numpy", numpy)
    add_module(site, f"alpha/_core{SUFFIX}", more=f'const char *check = "{text.decode()}";\n')
    found = survey(site)
    if told is None:
        assert found == ()
    else:
        assert sum_up(found) == [("certain", "other-numpy", ("alpha 1.0",))]
        assert told in found[0].title


def test_this_numpys_headers_hold_the_check_that_is_looked_for() -> None:
    import numpy as np

    header = (Path(np.get_include()) / "numpy" / "__multiarray_api.h").read_text()
    joined = re.sub(r'"\s*\\?\n?\s*"', "", header).replace('" NPY_FEATURE_VERSION_STRING "', "1.23")
    assert NUMPY_2.decode() in joined


def test_an_executable_stack(site: Site) -> None:
    path = site.compile("alpha/libx.so", "int x;", "-Wl,-z,execstack")
    site.add("alpha", "1.0", "alpha/libx.so")
    assert re.search(r"GNU_STACK(\s+0x\w+){5}\s+RWE", read_elf(path, "-lW"))
    facts = ask_facts(site.python, clean_environment(), site.folder)
    for libc, risk in (((2, 36), "medium"), ((2, 41), "certain"), ((), "medium")):
        (found,) = find_builds(Collection(replace(facts, libc=libc)))
        assert (found.kind, found.risk) == ("executable-stack", risk)
    site.compile("alpha/libx.so", "int x;", "-Wl,-z,noexecstack")
    assert survey(site) == ()


def test_a_truncated_module_is_told(site: Site) -> None:
    add_module(site, f"alpha/_core{SUFFIX}")
    path = site.packages / f"alpha/_core{SUFFIX}"
    path.write_bytes(path.read_bytes()[:100])
    (site.packages / "alpha" / "script.so").write_text("INPUT(libx.so)")
    found = survey(site)
    assert [(hazard.risk, hazard.kind) for hazard in found] == [("high", "unreadable"), ("low", "unreadable")]


# ---------------------------------------------------------------------- missing libraries
def add_needing(site: Site, file: str, *options: str) -> Path:
    """Add a file that needs alpha's libgone.so, which is made for it to link to."""
    library = site.compile("alpha/libgone.so", "int gone;", "-Wl,-soname,libgone.so")
    name = Path(file).name.partition(".")[0]
    links = [f"-L{library.parent}", "-Wl,--no-as-needed", "-lgone", *options]
    site.compile(file, MODULE.format(name=name) + "extern int gone; int *use = &gone;\n", *links)
    site.add("beta", "1.0", file)
    return library


def test_a_library_that_nobody_provides(site: Site) -> None:
    add_needing(site, f"beta/_core{SUFFIX}").unlink()
    (found,) = survey(site)
    assert (found.risk, found.kind, found.title) == ("high", "missing-library", "beta 1.0 needs libgone.so")
    source = f"import sys; sys.path.insert(0, {str(site.packages / 'beta')!r}); import _core"
    python = subprocess.run([site.python, "-c", source], capture_output=True, text=True, check=False)
    assert "libgone.so: cannot open shared object file" in python.stderr


def test_a_library_that_only_few_of_many_modules_need_may_be_for_an_optional_part(site: Site) -> None:
    add_needing(site, f"beta/_optional{SUFFIX}").unlink()
    for number in range(3):
        add_module(site, f"beta/_core{number}{SUFFIX}", owner="beta")
    (found,) = survey(site)
    assert (found.risk, found.kind) == ("medium", "missing-library")
    assert found.evidence[1].endswith("3 others beside them do without: it may be for an optional part.")


def test_a_library_that_only_a_plugin_needs(site: Site) -> None:
    add_needing(site, "beta/libplugin.so").unlink()
    assert sum_up(survey(site)) == [("medium", "missing-library", ("beta 1.0",))]


def test_modules_of_another_distribution_fail_of_it_too(site: Site) -> None:
    add_needing(site, "beta/libmiddle.so").unlink()
    links = [f"-L{site.packages}/beta", "-Wl,--no-as-needed", "-Wl,--allow-shlib-undefined", "-lmiddle"]
    site.compile(f"gamma/_core{SUFFIX}", MODULE.format(name="_core"), *links, "-Wl,-rpath,$ORIGIN/../beta")
    site.add("gamma", "1.0", f"gamma/_core{SUFFIX}")
    (found,) = survey(site)
    assert (found.risk, found.distributions) == ("high", ("beta 1.0",))
    assert f"The import of _core{SUFFIX} raises" in found.evidence[1]


def test_a_library_that_an_extension_module_needs_by_way_of_another(site: Site) -> None:
    add_needing(site, "beta/libmiddle.so").unlink()
    links = [f"-L{site.packages}/beta", "-Wl,--no-as-needed", "-Wl,--allow-shlib-undefined", "-lmiddle"]
    site.compile(f"beta/_core{SUFFIX}", MODULE.format(name="_core"), *links, "-Wl,-rpath,$ORIGIN")
    site.add("beta", "1.0", f"beta/_core{SUFFIX}")
    assert sum_up(survey(site)) == [("high", "missing-library", ("beta 1.0",))]


@pytest.mark.parametrize("option", ["-Wl,-rpath,$ORIGIN/../alpha", "-Wl,--disable-new-dtags,-rpath,${ORIGIN}/../alpha"])
def test_a_library_on_a_search_path_is_found(option: str, site: Site) -> None:
    add_needing(site, f"beta/_core{SUFFIX}", option)
    site.add("alpha", "1.0", "alpha/libgone.so")
    assert survey(site) == ()


def test_a_library_of_another_distribution_must_be_loaded_first(site: Site) -> None:
    library = add_needing(site, f"beta/_core{SUFFIX}")
    site.add("alpha", "1.0", "alpha/libgone.so")
    assert sum_up(survey(site)) == [("low", "missing-library", ("beta 1.0", "alpha 1.0"))]
    assert survey(site, LD_LIBRARY_PATH=str(library.parent)) == ()


# ---------------------------------------------------------------------- what is known
def test_each_known_pair_has_words_and_a_public_source() -> None:
    pairs = read_known_pairs()
    assert len(pairs) >= 6
    for pair in pairs:
        assert len(pair.versions) == 2
        assert pair.risk in ("high", "medium")
        assert pair.source.startswith("https://")
        assert pair.what.endswith(".")
        assert pair.advice.endswith(".")
        assert all(re.fullmatch(r"((<=|>=|==|<|>)[\d.]+,?)*", conditions) for conditions in pair.versions.values())


@pytest.mark.parametrize(
    ("version", "conditions", "fits"),
    [
        *(
            ("3.8", "<3.8.1", True),
            ("3.8.1", "<3.8.1", False),
            ("3.10", "<3.9", False),
            ("1.7.1.post2", "==1.7.1", True),
        ),
        *(("1.7.2", "==1.7.1", False), ("2", ">=2.0.0", True), ("2.0rc1", ">=2.0", True), (None, "<3", False)),
        *(("unknown", "<3", False), (None, "", True), ("2.10", ">=2.9,<3.0", True)),
    ],
)
def test_versions(version: str | None, conditions: str, fits: bool) -> None:
    assert matches_version(version, conditions) is fits


def test_the_pair_that_this_project_began_with() -> None:
    bad = find_known_pair({"python_casacore": "3.7.1", "casatools": "6.7.0.31"})
    note = find_known_pair({"casatools": "6.7.0.31", "python-casacore": "3.8.1"})
    assert bad is not None
    assert note is not None
    assert (bad.risk, note.risk) == ("high", "medium")


@pytest.mark.parametrize("version", ["3.5.2", "3.7.1", "3.8.0", "3.8.1", "4.0"])
def test_the_inventory_of_casa_and_the_doctor_agree(version: str) -> None:
    from dsa110_contimg.casa.inventory import find_combinations

    known = find_known_pair({"python-casacore": version, "casatools": "6.7.0.31"})
    numbers = tuple(map(int, version.split(".")))
    both = find_combinations({"python-casacore": numbers, "casatools": (6, 7, 0, 31)})
    (told,) = [combination for combination in both if len(combination.libraries) == 2]
    assert known is not None
    assert known.risk == {"bad": "high", "note": "medium"}[told.severity]


def test_a_known_pair_is_told_without_any_library(site: Site) -> None:
    site.add("PyQt5", "5.15.11")
    site.add("opencv_python", "4.10.0")
    (found,) = survey(site)
    assert (found.risk, found.kind) == ("medium", "known-pair")
    assert found.source == "https://github.com/opencv/opencv-python/issues/736"


def test_what_is_known_ranks_what_was_found(site: Site) -> None:
    for owner, version in (("python-casacore", "3.8.1"), ("casatools", "6.7.0.31")):
        abi = int(owner == "casatools")
        name = f"{owner}.libs/libcasa_tables-{'12345678' if abi else '9abcdef0'}.so.8"
        site.compile(name, SHARED.format(number=abi), f"-D_GLIBCXX_USE_CXX11_ABI={abi}", is_cpp=True)
        site.add(owner, version, name)
    add_module(site, "other/_core.cpython-27-x86_64-linux-gnu.so", owner="other")
    found = survey(site)
    assert [(hazard.risk, hazard.kind) for hazard in found] == [("certain", "other-python"), ("medium", "known-pair")]
    assert len(found[1].libraries) == 2
    assert any("STB_GNU_UNIQUE" in sentence for sentence in found[1].evidence)


# ---------------------------------------------------------------------- asking and telling
def test_an_interpreter_that_does_not_answer(tmp_path: Path) -> None:
    with pytest.raises(BadInterpreterError, match="no such program"):
        survey_environment(python=tmp_path / "python")
    site = Site(tmp_path / "environment")
    (site.packages / "sitecustomize.py").write_text("import os\nos._exit(5)\n")
    with pytest.raises(BadInterpreterError, match="ended with code 5"):
        survey_environment(python=site.python)


def test_what_is_written_while_python_starts_is_no_answer(site: Site) -> None:
    (site.packages / "sitecustomize.py").write_text(
        "print('import-doctor:{}')\nimport atexit\natexit.register(print, 'x')\n"
    )
    assert survey_environment(python=site.python, cwd=site.folder).site_packages == (str(site.packages),)


def test_files_in_the_working_directory_do_not_stand_in_for_what_is_asked_with(site: Site) -> None:
    for name in ("json", "ast", "_imp", "subprocess", "random"):
        (site.folder / f"{name}.py").write_text("raise RuntimeError\n")
    assert survey_environment(python=site.python, cwd=site.folder).libraries == 0


HOSTILE = Environment(
    Interpreter("/env/bin/python", "3.11.7"),
    ("/env/\x1b[31m/site-packages",),
    2,
    (
        Hazard(
            *("other-python", "certain", "red \x1b[31m title", ("a 1",)),
            (LibraryOrigin("/x/\x07.so", "a", "1"),) * 9,
            ("what [bold]was[/bold] \x1b seen",),
            "`do` this",
            "https://example.org",
        ),
        Hazard("duplicate-library", "low", "copies of low \x1b", ("a 1", "b 2"), (), (), "Nothing."),
        Hazard("duplicate-library", "low", "copies of libz.so.1", ("a 1", "b 2"), (), (), "Nothing."),
    ),
    (Finding("LD_PRELOAD", "\x1b]0;x\x07", "set", advice="unset it"),),
    0.1,
)


@pytest.mark.parametrize("width", [30, 80, 120])
@pytest.mark.parametrize("is_ascii", [False, True])
def test_the_report_fits_and_does_no_harm(width: int, is_ascii: bool) -> None:
    text = draw_environment(HOSTILE, Sheet(width, colour=False, is_ascii=is_ascii))
    assert all(len(line) <= width for line in text.splitlines())
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)
    assert text.isascii() or not is_ascii
    assert "[bold]was[/bold]" in re.sub(r"\s+", " ", text)
    assert "a 1, b 2: copies of libz.so.1, low \\x1b" in re.sub(r"\s+", " ", text)
    assert text.endswith("\n")


def test_the_json_survives_the_way_there_and_back() -> None:
    told = HOSTILE.to_json()
    again = json.loads(json.dumps(told, allow_nan=False))
    assert again == told
    assert list(again) == ["schema", *vars(HOSTILE)]
    assert again["hazards"][0]["libraries"][0] == {"path": "/x/\x07.so", "distribution": "a", "version": "1"}


def test_the_command_prints_and_returns_the_exit_code(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    from dsa110_contimg.doctor.environment.command import print_environment

    assert print_environment(python=str(site.python)) == 0
    assert capsys.readouterr().out.startswith("Nothing known to fail\n")
    add_module(site, "alpha/_core.cpython-27-x86_64-linux-gnu.so")
    assert print_environment(python=str(site.python), as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert [hazard["risk"] for hazard in told["hazards"]] == ["certain"]
    assert print_environment(python=str(site.python)) == 1
    assert capsys.readouterr().out.startswith("1 thing in this environment fails, or is known to\n")
