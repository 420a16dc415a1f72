"""Nobody ever sees half a file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from dsa110_contimg._files import replacing
from dsa110_contimg.errors import OutputExistsError, UnwritableOutputError


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    path.write_text("old")
    with replacing(path) as hidden:
        hidden.write_text("new")
        assert path.read_text() == "old"
        assert (hidden.parent, hidden.suffix) == (tmp_path, ".fits")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("x")])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.fits"
    path.write_text("old")
    expected = UnwritableOutputError if isinstance(error, OSError) else type(error)

    def write_half() -> None:
        with replacing(path) as hidden:
            hidden.write_text("half")
            raise error

    with pytest.raises(expected):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_absent_or_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(UnwritableOutputError, match="absent"), replacing(tmp_path / "absent" / "a.fits"):
        pass
    (tmp_path / "a.fits").mkdir()
    with pytest.raises(OutputExistsError, match="folder"), replacing(tmp_path / "a.fits"):
        pass
    assert list(tmp_path.iterdir()) == [tmp_path / "a.fits"]


def test_a_device_or_a_pipe_stays(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/null"), Path()):
        kind = stat.S_IFMT(path.stat().st_mode)
        with pytest.raises(OutputExistsError), replacing(path):
            pytest.fail("nothing may be written for it")
        assert stat.S_IFMT(path.stat().st_mode) == kind


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "file")
    with replacing(tmp_path / "link") as hidden:
        hidden.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "elsewhere" / "file").read_text() == "new"


def test_the_umask_decides_who_may_read(tmp_path: Path) -> None:
    with replacing(tmp_path / "ours") as hidden:
        hidden.write_text("")
    (tmp_path / "theirs").write_text("")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "theirs").stat().st_mode
