"""The chain, or the roads to what is forbidden, as a picture: one self-contained SVG."""

from __future__ import annotations

from dataclasses import dataclass, field

from dsa110_contimg.doctor.report.wording import find_blamed, is_own, shorten, write_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from markupsafe import Markup

    from dsa110_contimg.doctor.examination import Examination, Hop

_LETTER, _ROW, _HEAD, _PAD = 7.3, 20, 44, 12
_GAP_X, _GAP_Y = 28, 46
_NARROWEST, _MOST_LETTERS, _MOST_PASSES = 200, 92, 40

_STYLE = """
.box{fill:#fff;stroke:#8a94a3}.own{stroke:#2563a8;stroke-width:1.6}.end{fill:#fdecea;stroke:#c62828;stroke-width:2}
.name{font-weight:600;fill:#1d2733}.file{fill:#68737f}.code{fill:#1d2733}.blamed{fill:#b42318;font-weight:600}
.mark{fill:#fdecea}.arrow{fill:none;stroke:#8a94a3;stroke-width:1.6}.head{fill:#8a94a3}
text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}
@media (prefers-color-scheme:dark){@media screen{.box{fill:#1d242d;stroke:#67717e}.own{stroke:#6aa9e9}
.end{fill:#3b1a1a;stroke:#ff6b60}
.name,.code{fill:#e7ebf0}.file{fill:#9aa5b1}.blamed{fill:#ff8a80}.mark{fill:#3b1a1a}.arrow{stroke:#8a94a3}}}
"""


@dataclass(eq=False)
class _Box:
    """A module, with the statements in it that lead on."""

    name: str
    file: str
    is_own: bool
    layer: int = 0
    rows: dict[tuple[str, int], str] = field(default_factory=dict)
    blamed: set[tuple[str, int]] = field(default_factory=set)
    is_end: bool = False
    x: float = 0.0
    y: float = 0.0

    @property
    def width(self) -> float:
        longest = max(len(_cut(text)) for text in (self.name, self.file, *self.rows.values()))
        return max(_NARROWEST, longest * _LETTER + 2 * _PAD)

    @property
    def height(self) -> float:
        return _HEAD + (_ROW * len(self.rows) + 8 if self.rows else 4)

    def find_row(self, key: tuple[str, int]) -> float:
        """Return how far below the box's top the middle of a row is."""
        return _HEAD + _ROW * list(self.rows).index(key) + _ROW / 2


def draw_picture(examination: Examination) -> Markup:
    """Draw the way from the target to the module where it ended.

    Parameters
    ----------
    examination : Examination
        What was found, with harmless texts.

    Returns
    -------
    markupsafe.Markup
        An ``<svg>`` element that needs nothing from outside: a box for each module, holding the statements that lead
        on; what
        it ended in is red. For forbidden things all roads are merged into one graph. Empty where there is no chain.
    """
    from markupsafe import Markup

    chains = [road.chain for road in examination.roads if road.chain] or [examination.chain]
    if not any(chains):
        return Markup()
    boxes, edges = _collect(examination.target, chains)
    _place(boxes.values())
    wide = max(box.x + box.width for box in boxes.values()) + _PAD
    high = max(box.y + box.height for box in boxes.values()) + _PAD
    told, style = f"The way from the target to {chains[0][-1].module}", Markup(_STYLE)  # noqa: S704 - our own
    parts = [
        Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{}" viewBox="0 0 {:.0f} {:.0f}" '
            'width="{:.0f}" height="{:.0f}"><style>{}</style><defs><marker id="tip" viewBox="0 0 8 8" refX="7" '
            'refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker>'
            "</defs>"
        ).format(told, wide, high, wide, high, style)
    ]
    parts += [_draw_arrow(boxes[start], key, boxes[end]) for start, key, end in edges]
    parts += [_draw_box(box) for box in boxes.values()]
    return Markup("").join([*parts, Markup("</svg>")])


def _collect(
    target: str, chains: Sequence[Sequence[Hop]]
) -> tuple[dict[str, _Box], list[tuple[str, tuple[str, int], str]]]:
    """Return the modules by name, the target first under the empty name, and the statements between them."""
    boxes: dict[str, _Box] = {"": _Box("target", "", True)}
    edges: dict[tuple[str, tuple[str, int], str], None] = {}
    for chain in chains:
        importer = ""
        blamed = find_blamed(tuple(chain))
        for position, hop in enumerate(chain):
            box = boxes[importer]
            key = (hop.file or "", hop.line or 0)
            box.rows.setdefault(key, f"{hop.line or '?':>4}  {hop.statement or '(native code imported it)'}")
            box.file = box.file or _name_file(hop, target if importer == "" else "")
            box.is_own = is_own(hop.file)
            if position == blamed and hop.file != "<target>":
                box.blamed.add(key)
            if hop.level == "function" and hop.called_from is not None:
                caller = write_place(hop.called_from.file, hop.called_from.line)
                box.rows.setdefault((f"called {key}", 0), f"      in a function, called from {caller}")
            boxes.setdefault(hop.module, _Box(hop.module, "", False))
            edges[importer, key, hop.module] = None
            importer = hop.module
        boxes[importer].is_end = True
    for _ in range(_MOST_PASSES):  # roads may run against each other, so that no order suits all
        for start, _, end in edges:
            boxes[end].layer = max(boxes[end].layer, boxes[start].layer + 1)
    return boxes, list(edges)


def _name_file(hop: Hop, target: str) -> str:
    if hop.file == "<target>":
        return target
    return shorten(hop.file) if hop.file else ""


def _place(boxes: Iterable[_Box]) -> None:
    """Place the boxes in layers, those of a layer side by side."""
    layers: dict[int, list[_Box]] = {}
    for box in boxes:
        layers.setdefault(box.layer, []).append(box)
    y, before = float(_PAD), float(_PAD)
    widest = max(sum(box.width + _GAP_X for box in layer) for layer in layers.values())
    is_graph = any(len(layer) > 1 for layer in layers.values())
    for number in sorted(layers):
        layer = layers[number]
        x = before + ((widest - sum(box.width + _GAP_X for box in layer)) / 2 if is_graph else 0)
        for box in layer:
            box.x, box.y = x, y
            x += box.width + _GAP_X
        y += max(box.height for box in layer) + _GAP_Y


def _draw_arrow(start: _Box, key: tuple[str, int], end: _Box) -> Markup:
    from markupsafe import Markup

    x = end.x + min(end.width, start.width) / 2 if abs(start.x - end.x) < 1 else end.x + end.width / 2
    x0, y0, y1 = start.x + start.width / 2, start.y + start.height, end.y - 2
    if abs(start.x - end.x) < 1:
        x0 = x
    bend = max((y1 - y0) / 2, 12)
    path = f"M{x0:.1f} {y0:.1f}C{x0:.1f} {y0 + bend:.1f} {x:.1f} {y1 - bend:.1f} {x:.1f} {y1:.1f}"
    return Markup('<path class="arrow" marker-end="url(#tip)" d="{}"><title>{}</title></path>').format(
        path, start.rows[key].strip()
    )


def _draw_box(box: _Box) -> Markup:
    from markupsafe import Markup

    kind = "box end" if box.is_end else "box own" if box.is_own else "box"
    parts = [
        Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="6"/>').format(
            kind, box.x, box.y, box.width, box.height
        ),
        _write(box, "name", 18 if box.file or box.rows else 28, box.name),
        _write(box, "file", 35, box.file),
    ]
    for key, text in box.rows.items():
        middle = box.find_row(key)
        if key in box.blamed:
            parts.append(
                Markup('<rect class="mark" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" rx="3"/>').format(
                    box.x + 4, box.y + middle - _ROW / 2, box.width - 8, _ROW
                )
            )
        parts.append(_write(box, "blamed" if key in box.blamed else "code", middle + 4, text))
    return Markup("").join(parts)


def _write(box: _Box, kind: str, below: float, text: str) -> Markup:
    from markupsafe import Markup

    if not text:
        return Markup()
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(
        kind, box.x + _PAD, box.y + below, _cut(text)
    )


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"
