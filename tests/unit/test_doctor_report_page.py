"""The page of a report: one file, harmless, written whole or not at all."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from dsa110_contimg.doctor.errors import UnwritableFolderError
from dsa110_contimg.doctor.report import page as page_module
from dsa110_contimg.doctor.report.page import draw_page, write_page
from dsa110_contimg.doctor.report.picture import draw_picture
from dsa110_contimg.doctor.report.wording import make_harmless
from examinations import ALL, FORBIDDEN, HEALTHY, HOSTILE, ORIGINAL

VOID = {"meta", "link", "br", "img", "input", "hr"}


class _Reader(HTMLParser):
    """Check that every element is closed, and note what a browser would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", ALL)
def test_a_page_is_whole_loads_nothing_and_runs_nothing(name: str) -> None:
    text = draw_page(ALL[name])
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    assert not reader.tags & {"script", "img", "link", "iframe", "object", "b", "i"}
    assert not {
        attribute for attribute in reader.attributes if attribute.startswith("on") or attribute in ("src", "href")
    }
    assert "http" not in re.sub(r'http-equiv|xmlns="[^"]*"', "", text)
    text.encode("utf-8")
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text) is None


def test_hostile_texts_are_shown_and_not_obeyed() -> None:
    text = draw_page(HOSTILE)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "{{ 7*7 }}" in text
    assert "49" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("name", ALL)
def test_the_picture_is_whole(name: str) -> None:
    drawn = draw_picture(make_harmless(ALL[name]))
    if not ALL[name].chain and not ALL[name].roads:
        assert drawn == ""
        return
    root = ET.fromstring(drawn)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert make_harmless(ALL[name]).chain[-1].module in texts
    high = float(root.attrib["height"])
    for box in root.iter("{http://www.w3.org/2000/svg}rect"):
        assert 0 <= float(box.attrib["y"]) <= high - float(box.attrib["height"])


def test_roads_are_merged_into_one_graph() -> None:
    drawn = draw_picture(FORBIDDEN)
    assert drawn.count('class="box end"') == 1
    assert drawn.count('class="arrow"') == 7
    assert drawn.count('class="mark"') == 2
    assert drawn.count('class="name"') == 7


def test_it_is_written_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "report.html"
    write_page(ORIGINAL, place)
    assert place.read_text().startswith("<!DOCTYPE html>")
    assert place.stat().st_mode & 0o400
    write_page(HEALTHY, str(place))
    assert "Healthy" in place.read_text()

    def fail(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(UnwritableFolderError, match="No space left"):
        write_page(ORIGINAL, place)
    assert "Healthy" in place.read_text()
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("where", ["absent/report.html", ".", "file/report.html"])
def test_an_unwritable_place_is_an_error_with_a_hint(where: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnwritableFolderError) as caught:
        write_page(ORIGINAL, tmp_path / where)
    assert caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_template_stands_beside_the_module() -> None:
    assert Path(page_module.__file__).with_name("page.html.jinja").is_file()
