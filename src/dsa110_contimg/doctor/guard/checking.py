"""Check a contract: run its import in a child, and hold what was found against what was agreed."""

from __future__ import annotations

import math
import os
import re
import sys
from collections import Counter
from pathlib import Path

from dsa110_contimg.doctor.errors import BadContractError
from dsa110_contimg.doctor.examiner import examine
from dsa110_contimg.doctor.guard.outcomes import Breach, Outcome
from dsa110_contimg.doctor.guard.timing import measure_ratio
from dsa110_contimg.doctor.report.explanations import explain
from dsa110_contimg.doctor.report.summaries import list_side_effects
from dsa110_contimg.doctor.report.wording import TARGET, count, make_harmless, shorten
from dsa110_contimg.doctor.roads import matches_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dsa110_contimg.doctor.examination import Examination, Road
    from dsa110_contimg.doctor.guard.contracts import Contract

_MOST_NAMED = 4


def check_contract(
    contract: Contract,
    *,
    python: str | os.PathLike[str] = sys.executable,
    timeout: float = 60.0,
    env: Mapping[str, str] | None = None,
) -> Outcome:
    """Run the import of a contract in a child of its own, in the folder of its file, and say what is not kept.

    Parameters
    ----------
    contract : Contract
        What was agreed.
    python : str or os.PathLike, default: this interpreter
        CPython 3.8 or newer.
    timeout : float, default: 60
        Seconds after which the import is taken to hang.
    env : mapping, optional
        Environment variables to set for the child, besides those of this process.

    Returns
    -------
    Outcome
        What is not kept, with the roads to it.

    Raises
    ------
    BadContractError
        When there is nothing of the name that is to be imported.
    BadInterpreterError
        When the interpreter does not run.
    UnwritableFolderError
        When there is no folder for temporary files.

    Examples
    --------
    >>> from dsa110_contimg.doctor.guard.contracts import Contract
    >>> outcome = check_contract(Contract("json:loads", forbid=("json.decoder",)))
    >>> outcome.breaches[0].message, outcome.breaches[0].roads[0].chain[-1].statement
    ('json.decoder is loaded.', 'from .decoder import JSONDecoder, JSONDecodeError')
    """
    return _Check(contract, os.fspath(python), timeout, dict(env or {})).make()


class _Check:
    """One contract, and how its import is run."""

    def __init__(self, contract: Contract, python: str, timeout: float, env: dict[str, str]) -> None:
        self.contract = contract
        self.python = python
        self.timeout = timeout
        self.env = env
        self.folder = Path(contract.file).absolute().parent

    def make(self) -> Outcome:
        contract = self.contract
        found = self.examine((*contract.forbid, *contract.forbid_native))
        if found.verdict not in ("healthy", "forbidden"):
            self.refuse_what_is_not_there(found)
            return Outcome(contract, (Breach("import", explain(found).headline),), examination=found)
        breaches = (
            *self.compare_roads(found),
            *self.count_modules(found),
            *self.compare_time(found),
            *self.list_effects(found),
        )
        return Outcome(contract, breaches, examination=found)

    def examine(self, forbid: Sequence[str]) -> Examination:
        found = examine(
            self.contract.statement,
            python=self.python,
            forbid=forbid,
            timeout=self.timeout,
            env=self.env,
            cwd=self.folder,
        )
        return make_harmless(found)

    def refuse_what_is_not_there(self, found: Examination) -> None:
        """Tell a name that does not exist apart from an import that fails."""
        contract, told = self.contract, found.exception or ""
        files = re.findall(r'^  File "(.*)", line \d+, in ', found.traceback or "", re.MULTILINE)
        missing = re.match(r"ModuleNotFoundError: No module named '([^']*)'", told)
        is_module = missing is not None and f"{contract.module}.".startswith(f"{missing[1]}.")
        is_name = told.startswith("ImportError: cannot import name") and files[-1:] == [TARGET]
        if not (is_module or is_name):
            return
        what = (
            f"{contract.module} has no {contract.name}" if is_name else f"there is no module {missing and missing[1]}"
        )
        raise BadContractError(
            f"{contract.file}:{contract.find_line('import')}: a contract is about {contract.target}, but {what} "
            f"for {found.python.executable}.",
            hint="Correct the name, or install the package where --python finds it.",
        )

    def compare_roads(self, found: Examination) -> Iterator[Breach]:
        """Yield what was loaded although it is forbidden."""
        modules = tuple(
            road
            for road in found.roads
            if any(matches_module(road.forbidden, pattern) for pattern in self.contract.forbid)
        )
        libraries = tuple(road for road in found.roads if road not in modules)
        for key, roads in (("forbid", modules), ("forbid-native", libraries)):
            if roads:
                names = list(dict.fromkeys(shorten(road.forbidden) for road in roads))
                yield Breach(key, f"{_enumerate(names)} {'is' if len(names) == 1 else 'are'} loaded.", roads)

    def count_modules(self, found: Examination) -> Iterator[Breach]:
        """Yield that more modules were loaded than agreed, and by which packages."""
        limit, number = self.contract.max_modules, len(found.loaded.modules)
        if limit is None or number <= limit:
            return
        packages = Counter(module.name.partition(".")[0] for module in found.loaded.modules)
        most = [f"{number} of {package}" for package, number in packages.most_common(_MOST_NAMED)]
        yield Breach(
            "max-modules",
            f"{count(number, 'module')} {'is' if number == 1 else 'are'} loaded, {limit:,} at most are agreed: "
            f"{_enumerate(most)}.",
            self.find_road(found, dict(packages)),
        )

    def compare_time(self, found: Examination) -> Iterator[Breach]:
        """Yield that it takes longer than agreed, and what takes the longest."""
        limit = self.contract.max_time_ratio
        if limit is None:
            return
        ratio = measure_ratio(
            self.contract.statement,
            python=found.python.executable,
            cwd=self.folder,
            env={**os.environ, **self.env},
            timeout=self.timeout,
            limit=limit,
        )
        if ratio <= limit:
            return
        took = f"It takes {ratio:.1f} times as long as" if math.isfinite(ratio) else "It was not done in time beside"
        times: dict[str, float] = {}
        for module in found.loaded.modules:
            package = module.name.partition(".")[0]
            times[package] = max(times.get(package, 0.0), module.seconds or 0.0)
        slowest = sorted(times, key=lambda package: -times[package])[:_MOST_NAMED]
        named = _enumerate([f"{package} {1000 * times[package]:.0f} ms" for package in slowest])
        yield Breach(
            "max-time-ratio",
            f"{took} a bare interpreter, {limit:g} times at most is agreed. Slowest, with all they import: {named}.",
            self.find_road(found, times),
        )

    def list_effects(self, found: Examination) -> Iterator[Breach]:
        """Yield what the import did besides importing."""
        effects = list_side_effects(found.side_effects) if self.contract.no_side_effects else []
        if effects:
            yield Breach("no-side-effects", f"It {'; it '.join(effects)}.")

    def find_road(self, found: Examination, weights: Mapping[str, float]) -> tuple[Road, ...]:
        """Find how the weightiest package besides the contract's own is reached."""
        own = self.contract.module.partition(".")[0]
        others = {package: weight for package, weight in weights.items() if package != own}
        if not others:
            return ()
        package = max(others, key=lambda one: others[one])
        known = [road for road in found.roads if matches_module(road.forbidden, package)]
        # The statements of one run are told only for what is forbidden in it.
        return tuple(known or self.examine([package]).roads)[:1]


def _enumerate(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more}"
