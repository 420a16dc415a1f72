"""Whether the order of imports matters is tried out, and the import to move is named."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from dsa110_contimg.doctor import examine
from dsa110_contimg.doctor.errors import BadTargetError
from dsa110_contimg.doctor.remedies.orders import OrderMove, OrderTrial, find_rivals, offer_move, try_orders
from dsa110_contimg.doctor.remedies.text import write_order
from import_graphs import make_graph
from victims.build import build_victims

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the victims are for Linux"),
    pytest.mark.skipif(not (shutil.which("cc") and shutil.which("c++")), reason="there is no C and C++ compiler"),
]


@pytest.fixture(scope="module")
def victims(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {"PYTHONPATH": str(build_victims(tmp_path_factory.mktemp("victims")))}


@pytest.fixture(scope="module")
def trial(victims: dict[str, str]) -> OrderTrial:
    return try_orders(["harmless", "only_after_harmless"], env=victims)


def test_a_crash_that_depends_on_the_order(trial: OrderTrial) -> None:
    assert [(run.order, run.verdict, run.signal) for run in trial.runs] == [
        (("harmless", "only_after_harmless"), "crashed", "SIGSEGV"),
        (("only_after_harmless", "harmless"), "healthy", None),
    ]
    assert trial.is_decisive
    assert trial.healthy == (("only_after_harmless", "harmless"),)
    (told,) = write_order(trial)
    assert told == (
        "It depends on the order: `import only_after_harmless; import harmless` ended well, `import harmless; import "
        "only_after_harmless` crashed (SIGSEGV)."
    )


def test_the_import_to_move(trial: OrderTrial, victims: dict[str, str], tmp_path: Path) -> None:
    graph = make_graph({"<target>": ["import ours"], "ours": ["import harmless", "import only_after_harmless"]})
    move = offer_move(trial, graph)
    assert move is not None
    assert move.modules == ("only_after_harmless",)
    assert [(one.file, one.line) for one in (*move.moved, move.before)] == [("/src/ours.py", 2), ("/src/ours.py", 1)]
    *_, told = write_order(trial, move)
    assert told == (
        "Write `import only_after_harmless`, now at /src/ours.py:2, before `import harmless` (/src/ours.py:1)."
    )
    # And what was offered is a cure.
    (tmp_path / "ours.py").write_text("import harmless\nimport only_after_harmless\n")
    env = {"PYTHONPATH": f"{victims['PYTHONPATH']}:{tmp_path}"}
    assert examine("import ours", env=env).verdict == "crashed"
    (tmp_path / "ours.py").write_text("import only_after_harmless\nimport harmless\n")
    assert examine("import ours", env=env).verdict == "healthy"


def test_the_place_is_in_a_file_of_ones_own(trial: OrderTrial) -> None:
    imports = {
        "<target>": ["import ours"],
        "ours": ["import one", "import two"],
        "one": ["import harmless"],
        "two": ["import only_after_harmless"],
    }
    graph = make_graph(imports, source="/lib/python3/site-packages")
    move = offer_move(trial, graph)
    assert move is not None
    assert (move.moved, move.before.text, move.before.file) == ((), "import ours", "<target>")


def test_an_order_that_is_well_already_needs_no_move(trial: OrderTrial, victims: dict[str, str]) -> None:
    good = make_graph({"<target>": ["import only_after_harmless", "import harmless"]})
    assert offer_move(trial, good) is None
    assert offer_move(trial, make_graph({"<target>": ["import json"]})) is None
    alike = try_orders(["harmless", "null_write"], env=victims)
    assert (alike.is_decisive, alike.healthy) == (False, ())
    assert offer_move(alike, make_graph({"<target>": ["import harmless", "import null_write"]})) is None
    assert list(write_order(alike)) == []


def test_three_modules_have_six_orders(victims: dict[str, str]) -> None:
    trial = try_orders(["harmless", "json", "only_after_harmless"], env=victims)
    assert len(trial.runs) == 6
    assert len(trial.healthy) == 3
    assert all(order.index("only_after_harmless") < order.index("harmless") for order in trial.healthy)
    graph = make_graph({"<target>": ["import harmless", "import json", "import only_after_harmless"]})
    move = offer_move(trial, graph)
    assert isinstance(move, OrderMove)
    assert move.modules == ("json", "only_after_harmless")
    assert move.before.text == "import harmless"


@pytest.mark.parametrize("modules", [["json"], ["json", "json"], ["a", "b", "c", "d"], "json", []])
def test_what_cannot_be_tried(modules: list[str]) -> None:
    with pytest.raises(BadTargetError, match="orders of"):
        try_orders(modules)


def test_the_rivals_of_a_conflict(victims: dict[str, str]) -> None:
    found = examine("import alpha; import beta", env=victims)
    assert found.verdict == "crashed"
    assert found.conflicts
    rivals = find_rivals(found)
    assert rivals == ("alpha._tables", "beta._tables")
    assert "Two copies of one library" in list(write_order(try_orders(rivals, env=victims)))[-1]


def test_the_rivals_of_a_crash_without_a_conflict(victims: dict[str, str]) -> None:
    assert find_rivals(examine("import harmless; import only_after_harmless", env=victims)) == (
        *("harmless", "only_after_harmless"),
    )
    assert find_rivals(examine("import null_write", env=victims)) == ()
    assert find_rivals(examine("import harmless", env=victims)) == ()
