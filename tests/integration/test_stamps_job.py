"""``dsa110-qa stamps`` as a job in a folder: what it holds to be finished, and what stopping it leaves behind."""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from astropy.io import fits
from click.testing import CliRunner, Result
from PIL import Image

from dsa110_contimg.cli.app import verbs
from dsa110_contimg.cli.stamps import command as stamps_command
from dsa110_contimg.qa import iter_cutouts
from dsa110_contimg.qa.stamps import job
from dsa110_contimg.qa.stamps.records import fingerprint, remove_files
from dsa110_contimg.simulate import SimulatedEpochs, simulate_epochs


@pytest.fixture(autouse=True)
def _verb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(verbs.commands, "stamps", stamps_command)


@pytest.fixture
def field(tmp_path: Path) -> SimulatedEpochs:
    return simulate_epochs(tmp_path / "field", n_epochs=2, n_sources=4, n_variables=1, shape=(256, 256), seed=5)


def cut(field: SimulatedEpochs, out: Path, *more: object) -> Result:
    return CliRunner().invoke(verbs, ["stamps", *map(str, (field.catalogue, *field.images, "-o", out, *more))])


def shapes(out: Path) -> set[tuple[int, ...]]:
    """Shapes of all stamps in a folder of results."""
    found = set()
    for path in out.glob("fits/*.fits"):
        with fits.open(path) as hdus:
            found |= {hdu.shape for hdu in hdus[1:]}
    return found


def test_no_image_is_opened_where_all_is_finished(
    field: SimulatedEpochs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cut(field, tmp_path / "out")
    assert first.exit_code == 0, first.output

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("an image was opened")

    monkeypatch.setattr(job, "open_plane", refuse)
    monkeypatch.setattr(job, "iter_cutouts", refuse)
    again = cut(field, tmp_path / "out")
    assert again.exit_code == 0
    assert sorted(again.stdout.split()) == sorted(first.stdout.split())


@pytest.mark.parametrize("moment", ["draw_sheet", "write_record"])
def test_stopped_while_redoing_and_then_asked_for_the_first_again(
    field: SimulatedEpochs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The record of the first run must not vouch for files that the second one replaced."""
    out = tmp_path / "out"
    cut(field, out)
    wanted = shapes(out)
    assert wanted

    def stop(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(job, moment, stop)
        assert cut(field, out, "--size", "1arcmin").exit_code == 130
    assert shapes(out) != wanted
    cut(field, out)
    assert shapes(out) == wanted


def test_files_of_a_source_that_is_on_no_image_any_more_go(field: SimulatedEpochs, tmp_path: Path) -> None:
    out = tmp_path / "out"
    cut(field, out)
    lines = field.catalogue.read_text().splitlines()
    columns = next(csv.reader(lines[:1]))
    rows = list(csv.DictReader(lines))
    name, dec = (next(c for c in columns if c.startswith(start)) for start in ("name", "dec"))
    rows[0][dec] = "-80"
    with field.catalogue.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    sheet = out / "sheets" / f"{rows[0][name]}.png"
    assert sheet.is_file()
    assert cut(field, out).exit_code == 1
    assert not sheet.exists()
    assert not (out / "fits" / f"{rows[0][name]}.fits").exists()
    assert len(list(out.glob("sheets/*.png"))) == len(rows) - 1


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[]", b"{}", b"", b"null"])
def test_a_damaged_record_is_none(field: SimulatedEpochs, tmp_path: Path, content: bytes) -> None:
    out = tmp_path / "out"
    first = cut(field, out)
    victim = sorted((out / ".records").glob("*.json"))[0]
    victim.write_bytes(content)
    again = cut(field, out)
    assert again.exit_code == first.exit_code, again.exception
    assert sorted(again.stdout.split()) == sorted(first.stdout.split())
    assert json.loads(victim.read_text())["stamps"]


def test_a_renamed_source_gets_its_name(field: SimulatedEpochs, tmp_path: Path) -> None:
    out = tmp_path / "out"
    field.catalogue.write_text("name,ra,dec\nA/B,180,37\n")
    cut(field, out)
    field.catalogue.write_text("name,ra,dec\nA B,180,37\n")
    cut(field, out)
    with (out / "stamps.csv").open(newline="") as file:
        assert {row["name"] for row in csv.DictReader(file)} == {"A B"}


def test_an_image_that_is_a_folder_has_changed_when_a_file_in_it_has(tmp_path: Path) -> None:
    image = tmp_path / "casa.image"
    (image / "table").mkdir(parents=True)
    (image / "table" / "f0").write_bytes(b"12")
    before = fingerprint([str(image)])
    assert fingerprint([str(image)]) == before
    (image / "table.lock").write_bytes(b"")  # as every reader leaves it
    times = image.stat()
    lock_seen = fingerprint([str(image)])
    with (image / "table" / "f0").open("r+b") as file:
        file.write(b"34")
    os.utime(image / "table" / "f0", ns=(9, 9))
    os.utime(image, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert fingerprint([str(image)]) != lock_seen
    assert lock_seen == before


def test_an_image_has_changed_when_it_may_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = tmp_path / "a.fits"
    image.write_bytes(b"12")
    allowed = fingerprint([str(image)])
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may read everything
    assert fingerprint([str(image)]) != allowed


def test_a_record_removes_nothing_outside(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    other = tmp_path / "other.png"
    other.write_text("not of this job")
    remove_files(tmp_path / "out", {"../other.png", str(other)})
    assert other.exists()


def test_an_address_that_was_unreadable_is_tried_again(
    field: SimulatedEpochs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing about an address tells whether its server answers by now."""
    with_address = [*map(str, field.images), "https://localhost:1/gone.fits"]
    arguments = ["stamps", str(field.catalogue), *with_address, "-o", str(tmp_path / "out")]
    assert CliRunner().invoke(verbs, arguments).exit_code == 4
    seen: list[int] = []
    finish = job.StampJob._finish

    def note(self: job.StampJob, k: int, *rest: Any) -> Any:
        seen.append(k)
        return finish(self, k, *rest)

    monkeypatch.setattr(job.StampJob, "_finish", note)
    assert CliRunner().invoke(verbs, arguments).exit_code == 4
    assert sorted(seen) == [0, 1, 2, 3]


def test_hidden_files_of_others_below_the_folder_stay(field: SimulatedEpochs, tmp_path: Path) -> None:
    out = tmp_path / "out"
    other = out / "notes" / ".0123abcd.mine"
    other.parent.mkdir(parents=True)
    other.write_text("not of this job")
    assert cut(field, out).exit_code == 0
    assert other.exists()


def test_memory_of_a_batch_is_bounded_for_cubes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plane that must be chosen is chosen before its pixels are counted."""
    field = simulate_epochs(tmp_path / "field", n_epochs=1, n_sources=3, n_variables=0, shape=(128, 128), seed=5)
    with fits.open(field.images[0]) as hdus:
        header, plane = hdus[0].header, hdus[0].data.squeeze()
    for key in [key for key in header if key[-1] in "34" and key[:5] in ("CTYPE", "CRVAL", "CRPIX", "CDELT", "CUNIT")]:
        del header[key]
    header.update(CTYPE3="STOKES", CRVAL3=1.0, CRPIX3=1.0, CDELT3=1.0)
    fits.writeto(tmp_path / "cube.fits", data=[plane, plane], header=header)
    monkeypatch.setattr(job, "_BATCH_BYTES", 4 * 48 * 48)
    batches: list[int] = []

    def note(images: Any, ra_deg: Any, *rest: Any, **how: Any) -> Any:
        batches.append(len(ra_deg))
        return iter_cutouts(images, ra_deg, *rest, **how)

    monkeypatch.setattr(job, "iter_cutouts", note)
    arguments = ["stamps", field.catalogue, tmp_path / "cube.fits", "-o", tmp_path / "out", "--stokes", "I"]
    result = CliRunner().invoke(verbs, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    assert batches == [1, 1, 1]


def start(field: SimulatedEpochs, out: Path, limit: int | None = None) -> subprocess.Popen[str]:
    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # what a shell starts in the background ignores it
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [sys.executable, "-m", "dsa110_contimg", "stamps", *map(str, (field.catalogue, *field.images))]
    return subprocess.Popen(
        [*command, "-o", str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=prepare
    )


def leftovers(out: Path) -> list[Path]:
    return [path for path in out.rglob(".*") if path.is_file() and path.name != ".lock"]


def test_no_room_for_a_file(field: SimulatedEpochs, tmp_path: Path) -> None:
    """The kernel refuses what is longer than a sheet may be: the error of a full disk, from a real write."""
    out = tmp_path / "out"
    assert cut(field, out).exit_code == 0
    sizes = sorted(path.stat().st_size for path in out.glob("*s/*.[pf]*"))
    table = (out / "stamps.csv").read_text()
    shutil.rmtree(out)
    process = start(field, out, limit=sizes[-1] // 2)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 2, stderr
    assert "was to be written to" in stderr
    assert "Traceback" not in stderr
    assert all(Path(line).is_file() for line in stdout.split())
    assert leftovers(out) == []
    assert cut(field, out).exit_code == 0
    assert (out / "stamps.csv").read_text() == table


def test_ctrl_c(tmp_path: Path) -> None:
    field = simulate_epochs(tmp_path / "field", n_epochs=3, n_sources=80, n_variables=1, shape=(512, 512), seed=5)
    out = tmp_path / "out"
    process = start(field, out)
    assert process.stdout is not None
    first = process.stdout.readline().strip()
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    done = [first, *stdout.split()]
    assert len(done) < 80
    inodes = {path: Path(path).stat().st_ino for path in done}
    for path in done:
        with Image.open(path) as picture:
            picture.load()
    assert leftovers(out) == []
    assert cut(field, out).exit_code == 0
    assert {path: Path(path).stat().st_ino for path in done} == inodes


def test_a_second_run_is_refused_while_the_first_one_works(tmp_path: Path) -> None:
    field = simulate_epochs(tmp_path / "field", n_epochs=3, n_sources=80, n_variables=1, shape=(512, 512), seed=5)
    out = tmp_path / "out"
    process = start(field, out)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGSTOP)
    try:
        second = cut(field, out)
    finally:
        process.kill()
        process.communicate()
    assert second.exit_code == 2
    assert "Another run is writing" in second.stderr
    assert cut(field, out).exit_code == 0  # the kernel has let go of the claim
