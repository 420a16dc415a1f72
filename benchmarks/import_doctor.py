"""The import doctor: what its hooks cost, and how long its reports and its reading of source take."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.race import judge, race, race_processes, show
from dsa110_contimg.doctor import examine
from dsa110_contimg.doctor.child import Plan, prepare_child
from dsa110_contimg.doctor.targets import read_target

HEAVY = "import astropy.nddata, matplotlib.pyplot, pandas"
TIMEOUT_S = 2.0
VICTIMS = Path(__file__).parents[1] / "tests" / "victims"
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def main() -> None:
    """Print every race."""
    race_hooks()
    race_reports()
    race_door()
    race_static()
    show_cuts()


def run(command: list[str], env: dict[str, str] = ENVIRONMENT) -> None:
    """Run a program whatever becomes of it."""
    subprocess.run(command, env=env, capture_output=True, check=False)


def race_hooks() -> None:
    """Import much, bare and under the hooks, with nothing else of the doctor."""
    plan = Plan(read_target(HEAVY, Path.cwd()), sys.executable, ENVIRONMENT, Path.cwd())

    def import_under_hooks() -> None:
        with tempfile.TemporaryDirectory() as folder:
            run(*prepare_child(plan, Path(folder)))

    results = race(
        {
            "under the hooks": import_under_hooks,
            "limit: bare": lambda: run([sys.executable, "-c", HEAVY]),
            "-X importtime": lambda: run([sys.executable, "-X", "importtime", "-c", HEAVY]),
        },
        rounds=25,
        calls=1,
        title="Hooks",
    )
    overhead = 100 * (results["under the hooks"].seconds / results["limit: bare"].seconds - 1)
    show(HEAVY, results, "under the hooks", [judge("overhead in percent", overhead, 5, at_least=False)])


def race_reports() -> None:
    """Examine a crash and a hang, beside the bare crash and what a debugger needs for its stack."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, VICTIMS / "build.py", "original", folder], check=True)
        env = {**ENVIRONMENT, "PYTHONPATH": folder}
        crash = "from contimg.qa import create_cutout"
        hang = "while True: pass"
        contenders = {
            "report on a crash": lambda: examine(crash, env=env),
            "limit: the crash itself": lambda: run([sys.executable, "-c", crash], env),
            "report on a hang": lambda: examine(hang, timeout=TIMEOUT_S),
        }
        if shutil.which("gdb"):
            asked = ["-batch", "-ex", "run", "-ex", "backtrace", "--args", sys.executable, "-c", crash]
            contenders["gdb's stack of the crash"] = lambda: run(["gdb", *asked], env)
        results = race(contenders, rounds=7, calls=1, title="Reports")
    extra = results["report on a crash"].seconds - results["limit: the crash itself"].seconds
    late = results["report on a hang"].seconds - TIMEOUT_S
    goals = [
        judge("seconds a crash report takes over the import", extra, 0.5, at_least=False),
        judge("seconds a hang report takes over the timeout", late, 2, at_least=False),
    ]
    show("Reports on a crash, and on a hang with a timeout of 2 s", results, "report on a crash", goals)


def race_door() -> None:
    """Import the doctor in a new interpreter."""
    scripts = {
        "import the doctor": "import dsa110_contimg.doctor",
        "limit: python": "pass",
    }
    results = race_processes(scripts, 31, "The door")
    extra = 1e3 * (results["import the doctor"].seconds - results["limit: python"].seconds)
    goals = [judge("ms over the bare interpreter", extra, 15, at_least=False)]
    show("import dsa110_contimg.doctor in a fresh process, bytecode warm", results, "import the doctor", goals)


def race_static() -> None:
    """Read from source what an import would load, first and again, beside grimp on the packages that it names."""
    read = "from dsa110_contimg.doctor.imports.reading import read_imports as read"
    ask = "from dsa110_contimg.doctor.imports.roads import find_roads as find"
    ours = f"{read}; {ask}; find(read({HEAVY!r}), 'numpy')"
    build = "import grimp; build = grimp.build_graph"
    named = "'astropy', 'matplotlib', 'pandas', include_external_packages=True"
    with tempfile.TemporaryDirectory() as folder:
        anew = "import os, tempfile; folder = tempfile.TemporaryDirectory(); os.environ['XDG_CACHE_HOME'] = folder.name"
        kept = f"import os; os.environ['XDG_CACHE_HOME'] = {folder!r}"
        road = "find_shortest_chain('matplotlib.pyplot', 'numpy')"
        scripts = {
            "read again": f"{kept}; {ours}",
            "read first": f"{anew}; {ours}",
            "grimp again": f"{build}; build({named}, cache_dir={folder + '/grimp'!r}).{road}",
            "grimp first": f"{build}; build({named}, cache_dir=None).{road}",
            "limit: to import it all": HEAVY,
        }
        results = race_processes({name: f"{script}\n" for name, script in scripts.items()}, 5, "Reading source")
    goals = [
        judge("seconds to read it first", results["read first"].seconds, 6, at_least=False),
        judge("seconds to read it again", results["read again"].seconds, 2, at_least=False),
    ]
    title = (
        f"Roads to numpy from {HEAVY}: ours tell every statement that is executed, grimp's the whole packages, lazy too"
    )
    show(title, results, "read again", goals)


def show_cuts() -> None:
    """Print how many statements would have to move in real packages; none is moved."""
    from dsa110_contimg.doctor import DoctorError, read_imports
    from dsa110_contimg.doctor.imports.roads import find_roads
    from dsa110_contimg.doctor.remedies.cuts import find_own_files, find_remedies

    for target, forbidden in (("matplotlib.pyplot", "PIL"), ("astropy.nddata", "numpy"), ("casatasks", "casatools")):
        try:
            graph = read_imports(target)
        except DoctorError as error:
            print(f"{target} → {forbidden}: {error.message}")
            continue
        roads = find_roads(graph, forbidden)
        remedies = find_remedies(graph, [forbidden], editable=find_own_files(graph))
        told = f"{len(roads.roads)}{'' if roads.is_whole else ' or more'} roads"
        print(f"{target} → {forbidden}: {told}, {len(remedies.near_target)} statements to move")
