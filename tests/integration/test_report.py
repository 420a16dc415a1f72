"""A report of a night: what is in it, and what happens to a night that is not as it should be."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from click.testing import CliRunner

from dsa110_contimg.cli import report as report_command
from dsa110_contimg.cli.app import verbs
from dsa110_contimg.errors import (
    CatalogueNotFoundError,
    ImageNotFoundError,
    MissingDependencyError,
    NoPositionColumnsError,
    OutputExistsError,
)
from dsa110_contimg.qa import create_report
from dsa110_contimg.simulate import (
    SimulatedEpochs,
    Source,
    simulate_caltable,
    simulate_epochs,
    simulate_image,
    simulate_measurement_set,
)

verbs.add_command(report_command.command)
FILES = {"index.html", "light_curves.parquet", "report.json"}


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> SimulatedEpochs:
    return simulate_epochs(tmp_path_factory.mktemp("field"), 5, 8, n_variables=2, shape=(300, 300), bad_epoch=2, seed=5)


def read(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return told


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(verbs, ["report", *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def visible(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != ".lock"}


def test_everything_of_a_night_is_in_its_report(field: SimulatedEpochs, tmp_path: Path) -> None:
    measured = simulate_measurement_set(tmp_path / "night.ms", 6, 3, dead_antennas=[2], seed=1)
    solved = simulate_caltable(tmp_path / "night.bcal", "B", 6, dead_antennas=[4], seed=1)
    folder = tmp_path / "report"
    report = create_report(
        field.images,
        folder,
        measurement_sets=[measured.path],
        caltables=[solved.path],
        sources=field.catalogue,
        reference=field.catalogue,
    )
    assert visible(folder) == FILES
    told, page = read(folder), report.page.read_text()
    assert told["verdict"] == report.verdict == "FAIL"
    assert [image["verdict"] == "FAIL" for image in told["images"]] == [False, False, True, False, False]
    # Numbers are those of the truth.
    noise = [image["quality"]["rms"] for image in told["images"]]
    assert np.delete(noise, 2) == pytest.approx(np.delete(field.noise_jy_per_beam, 2), rel=0.05)
    fluxes = np.array([source["flux"] for source in told["sources"]])
    errors = np.array([source["flux_error"] for source in told["sources"]])
    pulls = np.delete((fluxes - field.fluxes_jy.T) / errors, 2, axis=1)
    assert np.abs(pulls).max() < 5
    table = Table.read(folder / "light_curves.parquet")
    assert len(table) == 5 * 8
    assert np.sort(table["flux"]) == pytest.approx(np.sort(fluxes.ravel()))
    # What stands in the numbers stands on the page.
    assert "DSA-003" in page
    assert "DSA-005" in page
    for source in field.sources:
        assert source.name in page
    assert page.count('class="plot"') == 1 + 8
    assert len(re.findall(r'data-strip="p\d+"', page)) == 5 * 8
    assert page.count("data:image/png;base64") >= 5
    assert "://" not in re.sub(r'xmlns(:xlink)?="http[^"]*"', "", page)
    for kind in ("completeness", "position offset", "flux ratio"):
        assert any(kind in gate["name"] for gate in told["images"][0]["gates"]), kind


def test_variables_come_first(field: SimulatedEpochs, tmp_path: Path) -> None:
    turned = tmp_path / "turned.csv"  # the simulator's catalogue begins with those that vary
    Table.read(field.catalogue)[::-1].write(turned)
    create_report(field.images, tmp_path, sources=turned)
    told, page = read(tmp_path), (tmp_path / "index.html").read_text()
    found = {source["name"] for source in told["sources"] if source["is_variable"]}
    assert found == {field.sources[k].name for k in field.variables}
    order = re.findall(r'<article id="s\d+".*?<h3>([^<]*?)(?: <span|</h3>)', page, re.DOTALL)
    assert set(order[:2]) == found


def test_noise_is_held_against_that_of_the_others(field: SimulatedEpochs, tmp_path: Path) -> None:
    def judge(images: list[Path]) -> list[tuple[str, str]]:
        create_report(images, tmp_path)
        gates = [(image["path"], gate) for image in read(tmp_path)["images"] for gate in image["gates"]]
        return [(Path(path).name, gate["verdict"]) for path, gate in gates if gate["name"] == "noise against expected"]

    good, bad = list(field.images[:2]), field.images[2]
    # In the order of time, whatever the order in which they were given.
    assert judge([bad, *good[::-1]]) == [
        ("epoch_01.fits", "PASS"),
        ("epoch_02.fits", "PASS"),
        ("epoch_03.fits", "FAIL"),
    ]
    assert judge([bad, good[0]]) == [("epoch_01.fits", "SKIP"), ("epoch_03.fits", "SKIP")]


def test_images_alone_are_enough(field: SimulatedEpochs, tmp_path: Path) -> None:
    report = create_report(field.images, tmp_path)
    assert visible(tmp_path) == {"index.html", "report.json"}
    assert report.light_curves is None
    assert read(tmp_path)["sources"] == []


def test_light_curves_of_an_earlier_report_do_not_stay(field: SimulatedEpochs, tmp_path: Path) -> None:
    create_report(field.images, tmp_path, sources=field.catalogue)
    create_report(field.images, tmp_path)
    assert visible(tmp_path) == {"index.html", "report.json"}


def test_the_command_on_the_page_makes_the_report_again(field: SimulatedEpochs, tmp_path: Path) -> None:
    odd = tmp_path / "it's a folder"
    shutil.copytree(field.folder, odd)
    images = sorted(odd.glob("epoch_*.fits"))
    code, said, _ = run(*images, "--sources", odd / "catalogue.csv", "--size", "1arcmin", "-o", tmp_path / "out")
    assert code == 1
    assert said.rstrip().endswith(str(tmp_path / "out" / "index.html"))
    first = read(tmp_path / "out")
    import shlex

    words = shlex.split(first["command"])
    assert words[:2] == ["dsa110-qa", "report"]
    assert run(*words[2:])[0] == 1
    second = read(tmp_path / "out")
    assert second | {"made": ""} == first | {"made": ""}


def test_one_corrupt_file_among_many(field: SimulatedEpochs, tmp_path: Path) -> None:
    corrupt = tmp_path / "corrupt.fits"
    corrupt.write_bytes(field.images[0].read_bytes()[:20000])
    (tmp_path / "no.ms").mkdir()
    gone = tmp_path / "gone.fits"
    out = tmp_path / "out"
    code, said, talk = run(
        *field.images, corrupt, gone, "--ms", tmp_path / "no.ms", "--sources", field.catalogue, "-o", out
    )
    assert code == 4
    told = read(out)
    assert {one["what"] for one in told["left_out"]} == {str(corrupt), str(gone), str(tmp_path / "no.ms")}
    assert len(told["sources"][0]["flux"]) == 5
    page = (out / "index.html").read_text()
    for path in (corrupt, gone, tmp_path / "no.ms"):
        assert path.name in page
        assert str(path) in talk
    assert "FAIL" in said
    assert "Traceback" not in said + talk


def test_nothing_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.fits").write_bytes(b"no image")
    out = tmp_path / "out"
    assert run(tmp_path / "a.fits", "-o", out)[0] == 4
    assert read(out)["verdict"] == "FAIL"
    assert visible(out) == {"index.html", "report.json"}


def test_no_overlap_at_all(field: SimulatedEpochs, tmp_path: Path) -> None:
    (tmp_path / "far.csv").write_text("name,ra_deg,dec_deg\nfar,10.0,-50.0\nfarther,11.0,-50.0\n")
    code, _, talk = run(field.images[0], "--sources", tmp_path / "far.csv", "-o", tmp_path / "out")
    assert code == 1
    assert "2 of 2 sources are on none of the images" in talk
    page = (tmp_path / "out" / "index.html").read_text()
    assert "off image" in page
    assert [source["n_epochs"] for source in read(tmp_path / "out")["sources"]] == [0, 0]


def test_images_of_different_fields(field: SimulatedEpochs, tmp_path: Path) -> None:
    other = simulate_image(tmp_path / "other.fits", (), 2e-4, ra_deg=20.0, dec_deg=5.0, mjd=60200.0)
    create_report([*field.images, other.path], tmp_path / "out", sources=field.catalogue)
    told = read(tmp_path / "out")
    assert told["epochs"][0] == str(other.path)
    assert all(source["flags"][0] == ["OFF_IMAGE"] for source in told["sources"])
    assert {source["name"] for source in told["sources"] if source["is_variable"]} == {
        field.sources[k].name for k in field.variables
    }


def test_epochs_without_a_date_come_last_by_name(field: SimulatedEpochs, tmp_path: Path) -> None:
    for name, path in zip("dcb", field.images, strict=False):
        shutil.copy(path, tmp_path / f"{name}.fits")
        if name != "b":
            with fits.open(tmp_path / f"{name}.fits", mode="update") as hdus:
                for keyword in ("DATE-OBS", "MJD-OBS"):
                    hdus[0].header.remove(keyword, ignore_missing=True)
    out = tmp_path / "out"
    code, _, talk = run(*sorted(tmp_path.glob("*.fits")), "--sources", field.catalogue, "-o", out)
    assert code == 1
    assert [Path(path).name for path in read(out)["epochs"]] == ["b.fits", "c.fits", "d.fits"]
    assert "no date; what has none stands last, in the order of names: c.fits, d.fits." in talk
    assert "no date" in (out / "index.html").read_text()


def test_an_image_of_pure_nan_and_one_without_unit(field: SimulatedEpochs, tmp_path: Path) -> None:
    for name, change in (("nan", "pixels"), ("unit", "unit")):
        shutil.copy(field.images[1], tmp_path / f"{name}.fits")
        with fits.open(tmp_path / f"{name}.fits", mode="update") as hdus:
            if change == "pixels":
                hdus[0].data[:] = np.nan
            else:
                del hdus[0].header["BUNIT"]
    out = tmp_path / "out"
    images = [*field.images, tmp_path / "nan.fits", tmp_path / "unit.fits"]
    assert run(*images, "--sources", field.catalogue, "-o", out)[0] == 4  # one cannot be held beside the others
    told = read(out)
    by_name = {Path(image["path"]).name: image for image in told["images"]}
    assert by_name["nan.fits"]["verdict"] == "FAIL"
    assert by_name["nan.fits"]["quality"]["rms"] is None
    assert [Path(one["what"]).name for one in told["left_out"]] == ["unit.fits"]
    page = (out / "index.html").read_text()
    assert "NaN" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r">\s*nan\b", re.sub(r"nan\.fits|<script.*?</script>", "", page, flags=re.DOTALL))


def test_what_a_reference_lacks_is_said_once(field: SimulatedEpochs, tmp_path: Path) -> None:
    bare = tmp_path / "bare.csv"
    Table.read(field.catalogue)["name", "ra_deg", "dec_deg"].write(bare)
    code, _, talk = run(*field.images, "--reference", bare, "-o", tmp_path / "out")
    assert code == 1
    told = read(tmp_path / "out")
    assert len(told["remarks"]) == len(set(told["remarks"])) > 0
    assert any("flux" in remark for remark in told["remarks"])
    assert talk.count("Reference") == len(told["remarks"])
    ratios = [gate for image in told["images"] for gate in image["gates"] if gate["name"] == "flux ratio"]
    assert {gate["verdict"] for gate in ratios} == {"SKIP"}


def test_images_without_noise_or_beam(tmp_path: Path) -> None:
    for name, noise in (("silent", 0.0), ("beamless", 1e-3)):
        simulate_image(tmp_path / f"{name}.fits", [Source(180.0, 37.0, 0.1)], noise, shape=(128, 128))
    with fits.open(tmp_path / "silent.fits", mode="update") as hdus:
        hdus[0].data[hdus[0].data < 1e-3] = 0.0  # the faint rim of the source would be noise
    with fits.open(tmp_path / "beamless.fits", mode="update") as hdus:
        for keyword in ("BMAJ", "BMIN", "BPA"):
            del hdus[0].header[keyword]
    (tmp_path / "one.csv").write_text("name,ra_deg,dec_deg,flux_jy\none,180.0,37.0,0.1\n")
    catalogue = tmp_path / "one.csv"
    create_report(sorted(tmp_path.glob("*.fits")), tmp_path / "out", sources=catalogue, reference=catalogue)
    page = (tmp_path / "out" / "index.html").read_text()
    assert "error unknown" in page
    assert "no flux" in page
    assert "± nan" not in page
    (source,) = read(tmp_path / "out")["sources"]
    assert {"NO_BEAM", "NO_NOISE"} <= {flag for flags in source["flags"] for flag in flags}


def test_names_from_outside_are_text(field: SimulatedEpochs, tmp_path: Path) -> None:
    hostile = "<script>alert('x')</script>\"&"
    ra, dec = field.sources[0].ra_deg, field.sources[0].dec_deg
    Table({"name": [hostile], "ra": [ra], "dec": [dec]}).write(tmp_path / "odd <b>.ecsv")
    image = tmp_path / "<img src=x onerror=alert(1)>.fits"
    shutil.copy(field.images[0], image)
    create_report([image], tmp_path / "out", sources=tmp_path / "odd <b>.ecsv")
    page = (tmp_path / "out" / "index.html").read_text()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "<b>.ecsv" not in page
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&#34;&amp;" in page


@pytest.mark.parametrize(("text", "error"), [(None, CatalogueNotFoundError), ("x,y\n1,2\n", NoPositionColumnsError)])
def test_a_catalogue_that_is_none(
    field: SimulatedEpochs, tmp_path: Path, text: str | None, error: type[Exception]
) -> None:
    if text is not None:
        (tmp_path / "a.csv").write_text(text)
    for option in ("sources", "reference"):
        with pytest.raises(error):
            create_report(field.images, tmp_path / "out", **{option: tmp_path / "a.csv"})
    assert not (tmp_path / "out").exists() or visible(tmp_path / "out") == set()
    assert run(*field.images, "--sources", tmp_path / "a.csv", "-o", tmp_path / "out")[0] == 4


def test_no_image_at_all(tmp_path: Path) -> None:
    with pytest.raises(ImageNotFoundError):
        create_report(tmp_path / "*.fits", tmp_path / "out")
    assert run("-o", tmp_path / "out")[0] == 2


def test_a_report_that_fails_half_way_leaves_the_earlier_one(
    field: SimulatedEpochs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dsa110_contimg.qa.reporting import writing

    create_report(field.images[:2], tmp_path, sources=field.catalogue)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fail(*args: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "write_page", fail)
    with pytest.raises(KeyboardInterrupt):
        create_report(field.images, tmp_path, sources=field.catalogue)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("missing", ["matplotlib.figure", "pyarrow.parquet"])
def test_a_missing_library_is_told_before_anything_is_measured(
    field: SimulatedEpochs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    from dsa110_contimg.qa.reporting import writing

    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.setattr(writing, "measure_night", lambda *_: pytest.fail("it was measured"))
    with pytest.raises(MissingDependencyError) as caught:
        create_report(field.images, tmp_path / "out")
    assert "dsa110-contimg[report]" in caught.value.hint
    assert not (tmp_path / "out").exists()


def test_two_runs_do_not_write_to_one_folder(field: SimulatedEpochs, tmp_path: Path) -> None:
    from dsa110_contimg._files import claimed

    with claimed(tmp_path), pytest.raises(OutputExistsError, match="Another run"):
        create_report(field.images[:1], tmp_path)
