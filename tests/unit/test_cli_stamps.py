"""``dsa110-qa stamps`` on small fields made here."""

from __future__ import annotations

import csv
import json
import os
import warnings
from pathlib import Path

import pytest
from astropy.io import fits
from click.testing import CliRunner, Result
from PIL import Image

from dsa110_contimg import errors
from dsa110_contimg.cli.app import verbs
from dsa110_contimg.cli.stamps import command
from dsa110_contimg.qa import create_cutout
from dsa110_contimg.qa.stamps import job
from dsa110_contimg.simulate import Source, simulate_image

CATALOGUE = "name,ra,dec\nA,150,-30\nB/2,150.06,-30\nfar,10,80\n"


@pytest.fixture(autouse=True)
def _verb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(verbs.commands, "stamps", command)


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """Two images, of which the second one does not reach source B/2, and a catalogue."""
    (tmp_path / "catalogue.csv").write_text(CATALOGUE)
    where = {"ra_deg": 150.0, "dec_deg": -30.0, "pixel_arcsec": 2.0, "noise_is_correlated": False}
    for name, side, mjd in (("one", 300, 59064.0), ("two", 100, 59074.0)):
        simulate_image(tmp_path / f"{name}.fits", [Source(150.0, -30.0, 0.01)], shape=(side, side), mjd=mjd, **where)
    return tmp_path


def run(*args: object) -> Result:
    return CliRunner().invoke(verbs, ["stamps", *map(str, args)])


def cut(night: Path, *more: object) -> Result:
    return run(night / "catalogue.csv", night / "one.fits", night / "two.fits", "-o", night / "deep" / "out", *more)


def test_what_there_is_afterwards(night: Path) -> None:
    result = cut(night)
    out = night / "deep" / "out"
    sheets = [out / "sheets" / name for name in ("A.png", "B_2.png")]
    assert result.stdout.splitlines() == [str(sheet) for sheet in sheets]
    assert sorted(path.name for path in out.iterdir() if path.name != "stamps.parquet") == [
        *(".lock", ".records", "fits", "index.html", "sheets", "stamps.csv")
    ]
    assert sorted((out / "sheets").iterdir()) == sheets
    for sheet in sheets:
        with Image.open(sheet) as picture:
            assert picture.format == "PNG"
    with fits.open(out / "fits" / "A.fits") as hdus:
        hdus.verify("exception")
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "one", "two"]
        assert hdus[0].header["OBJECT"] == "A"
    with fits.open(out / "fits" / "B_2.fits") as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "one"]
    assert result.exit_code == 1  # a finding: one source is on no image
    assert "3 sources, 2 images: 2 sheets" in result.stderr
    assert "On no image: far." in result.stderr


def test_a_file_each_stamp(night: Path) -> None:
    cut(night, "--fits", "each")
    out = night / "deep" / "out"
    found = sorted(str(path.relative_to(out)) for path in (out / "fits").rglob("*.fits"))
    assert found == ["fits/A/one.fits", "fits/A/two.fits", "fits/B_2/one.fits"]
    for path in found:
        with fits.open(out / path) as hdus:
            hdus.verify("exception")
            assert hdus[0].data.shape == (60, 60)


def test_the_table_says_what_became_of_every_stamp(night: Path) -> None:
    cut(night)
    out = night / "deep" / "out"
    with (out / "stamps.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], Path(row["image"]).name, row["status"]) for row in rows] == [
        *(("A", "one.fits", "full"), ("A", "two.fits", "full")),
        *(("B/2", "one.fits", "full"), ("B/2", "two.fits", "off-image")),
        *(("far", "one.fits", "off-image"), ("far", "two.fits", "off-image")),
    ]
    assert float(rows[0]["peak"]) == create_cutout(night / "one.fits", 150.0, -30.0).data.max()
    assert float(rows[0]["peak_snr"]) == pytest.approx(float(rows[0]["peak"]) / float(rows[0]["rms"]))
    assert abs(float(rows[0]["peak_east_arcsec"])) < 4
    assert rows[0]["unit"] == "Jy/beam"
    assert float(rows[1]["mjd"]) == float(rows[3]["mjd"]) == 59074.0  # known, although B/2 is not on it
    assert rows[3]["peak"] == rows[3]["fits"] == ""
    assert (out / rows[0]["fits"]).is_file()
    assert (out / rows[0]["sheet"]).is_file()


def test_csv_and_parquet_agree(night: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    assert "Tables: stamps.csv, stamps.parquet." in cut(night).stderr
    out = night / "deep" / "out"
    with (out / "stamps.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    table = parquet.read_table(out / "stamps.parquet").to_pylist()
    assert [{key: "" if value is None else str(value) for key, value in row.items()} for row in table] == rows


def test_json_says_it_too(night: Path) -> None:
    found = json.loads(cut(night, "--json").stdout)
    assert [source["name"] for source in found] == ["A", "B/2", "far"]
    assert found[0]["sheet"] == str(night / "deep" / "out" / "sheets" / "A.png")
    assert found[2]["sheet"] is None
    assert [stamp["status"] for stamp in found[1]["stamps"]] == ["full", "off-image"]


def test_an_unreadable_image_stops_nothing(night: Path) -> None:
    (night / "two.fits").write_bytes(b"junk")
    result = cut(night)
    assert result.exit_code == 4
    assert result.stderr.count("Unreadable: ") == 1
    assert "two.fits is no FITS file" in result.stderr
    assert len(result.stdout.splitlines()) == 2


def tree(out: Path) -> dict[str, tuple[int, int]]:
    """Note time and inode of everything that belongs to one source."""
    return {
        str(path.relative_to(out)): (path.stat().st_mtime_ns, path.stat().st_ino)
        for path in out.rglob("*")
        if path.is_file() and path.parent != out
    }


def test_what_is_finished_is_not_done_again(night: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = cut(night)
    before = tree(night / "deep" / "out")

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("cut again")

    with monkeypatch.context() as patch:
        patch.setattr(job, "iter_cutouts", refuse)
        patch.setattr(job, "draw_sheet", refuse)
        again = cut(night)
    assert again.exit_code == first.exit_code == 1
    assert again.stdout == first.stdout
    assert tree(night / "deep" / "out") == before
    cut(night, "--force")
    forced = tree(night / "deep" / "out")
    assert forced.keys() == before.keys()
    assert all(forced[path] != before[path] for path in before)


@pytest.mark.parametrize("change", ["image", "option", "position", "sheet"])
def test_what_has_changed_is_done_again(night: Path, change: str) -> None:
    cut(night)
    out = night / "deep" / "out"
    before = tree(out)
    more: list[str] = []
    if change == "image":
        os.utime(night / "two.fits", ns=(1, 1))
    elif change == "option":
        more = ["--size", "1arcmin"]
    elif change == "position":
        (night / "catalogue.csv").write_text(CATALOGUE.replace("A,150,", "A,150.001,"))
    else:
        (out / "sheets" / "A.png").unlink()
    cut(night, *more)
    after = tree(out)
    assert after["sheets/A.png"] != before["sheets/A.png"]
    is_for_all = change in {"image", "option"}
    assert (after["sheets/B_2.png"] != before["sheets/B_2.png"]) == is_for_all


def test_a_repaired_image_is_read(night: Path) -> None:
    content = (night / "two.fits").read_bytes()
    (night / "two.fits").write_bytes(b"junk")
    assert cut(night).exit_code == 4
    again = cut(night)
    assert again.exit_code == 4  # nothing is done again, and it is still said
    assert "Unreadable, as an earlier run found" in again.stderr
    (night / "two.fits").write_bytes(content)
    assert cut(night).exit_code == 1


def test_what_a_killed_run_left_is_removed(night: Path) -> None:
    cut(night)
    out = night / "deep" / "out"
    left = out / "sheets" / ".0123abcd.A.png"
    left.write_text("half")
    kept = out / "sheets" / ".mine"
    kept.write_text("not ours")
    cut(night)
    assert not left.exists()
    assert kept.exists()


def test_two_runs_in_one_folder_are_refused(night: Path) -> None:
    from dsa110_contimg._files import claimed

    (night / "deep" / "out").mkdir(parents=True)
    with claimed(night / "deep" / "out"):
        result = cut(night)
    assert result.exit_code == 2
    assert "Another run is writing" in result.stderr
    assert cut(night).exit_code == 1


def test_a_full_disk_loses_nothing(night: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, seen = job.write_fits_series, []

    def fail(cutouts: object, path: Path, *, name: str) -> None:
        seen.append(name)
        if len(seen) > 1:
            raise errors.UnwritableOutputError("No space left on device.", hint="Make room.")
        write(cutouts, path, name=name)  # type: ignore[arg-type]

    monkeypatch.setattr(job, "count_threads", lambda threads: 1)
    with monkeypatch.context() as patch:
        patch.setattr(job, "write_fits_series", fail)
        result = cut(night)
    assert result.exit_code == 2
    assert "No space left" in result.stderr
    assert "Traceback" not in result.output
    done = result.stdout.splitlines()
    assert len(done) == 1
    before = Path(done[0]).stat()
    assert cut(night).exit_code == 1
    assert Path(done[0]).stat().st_ino == before.st_ino


def test_batches_give_the_same(night: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut(night)
    whole = (night / "deep" / "out" / "stamps.csv").read_text()
    monkeypatch.setattr(job, "_BATCH_BYTES", 1)
    cut(night, "--force")
    assert (night / "deep" / "out" / "stamps.csv").read_text() == whole


def test_pixels_of_different_size(night: Path) -> None:
    simulate_image(night / "two.fits".replace("two", "coarse"), ra_deg=150.0, dec_deg=-30.0, pixel_arcsec=5.0)
    result = run(night / "catalogue.csv", night / "one.fits", night / "coarse.fits", "-o", night / "out")
    assert result.exit_code == 1
    with fits.open(night / "out" / "fits" / "A.fits") as hdus:
        assert [hdu.shape for hdu in hdus[1:]] == [(60, 60), (24, 24)]


def test_hostile_names_are_escaped(night: Path) -> None:
    (night / "catalogue.csv").write_text('name,ra,dec\n"<script>alert(1)</script>&""x",150,-30\n../../etc,150,-30\n')
    cut(night)
    out = night / "deep" / "out"
    page = (out / "index.html").read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#34;x" in page
    assert sorted(path.name for path in (out / "sheets").iterdir()) == ["_.._etc.png", "_script_alert_1_script_x.png"]
    assert 'href="sheets/_script_alert_1_script_x.png"' in page
    assert page.count("<article") == 2
    assert page.count('loading="lazy"') == 2
    assert "http" not in page.replace("http-equiv", "")


def test_warnings_are_said_once(night: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = job.iter_cutouts

    def warn(*args: object, **kwargs: object) -> object:
        for stamp in stream(*args, **kwargs):  # type: ignore[arg-type]
            warnings.warn("No beam.", errors.ContimgWarning, stacklevel=2)
            yield stamp

    monkeypatch.setattr(job, "iter_cutouts", warn)
    assert cut(night).stderr.count("Warning: No beam.") == 1


def test_left_out_rows_are_said(night: Path) -> None:
    (night / "catalogue.csv").write_text("name,ra,dec\nA,150,-30\nB,,\n")
    result = cut(night)
    assert result.exit_code == 0, result.output
    assert "rows 2." in result.stderr
    assert "On no image" not in result.stderr


@pytest.mark.parametrize(
    ("content", "says"),
    [("", "could not be read"), ("x,y\n1,2\n", "It has: x, y"), ("ra,dec\n,\n", "None of the 1 rows")],
)
def test_a_bad_catalogue_is_said(night: Path, content: str, says: str) -> None:
    (night / "catalogue.csv").write_text(content)
    result = cut(night)
    assert result.exit_code == 4
    assert says in result.stderr
    assert not (night / "deep").exists()


def test_usage(night: Path) -> None:
    catalogue, image = night / "catalogue.csv", night / "one.fits"
    assert run(catalogue, image).exit_code == 2
    assert run(catalogue, "-o", night).exit_code == 2
    assert run(catalogue, image, "-o", catalogue).exit_code == 2
    assert run(catalogue, image, "-o", catalogue / "below").exit_code == 2
    assert run(catalogue, image, "-o", night / "out", "--fits", "none").exit_code == 2
    assert not (night / "out").exists()
