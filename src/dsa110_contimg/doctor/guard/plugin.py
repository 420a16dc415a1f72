"""The contracts of a project as items of pytest: each is checked in a child of its own, its failure is the chain.

pytest loads this in every run of every project that has the package installed. So it imports pytest and nothing else,
and does nothing unless it is asked: by ``--import-doctor``, or by ``import_doctor = true`` in pytest's configuration.
"""

from __future__ import annotations

import os

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from _pytest._code.code import TerminalRepr

    from dsa110_contimg.doctor.guard.contracts import Contract
    from dsa110_contimg.doctor.guard.outcomes import Outcome

OPTION, INI = "--import-doctor", "import_doctor"
_WIDTH = 100
_DESTINATION = "import_doctor_contracts"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option and its counterpart in the configuration."""
    parser.getgroup("import-doctor").addoption(
        OPTION,
        dest=_DESTINATION,
        action="store_true",
        help="check the import contracts in the pyproject.toml of the rootdir, too",
    )
    parser.addini(INI, f"the same as {OPTION}, unless single files or tests are asked for", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Add the file of contracts to what is collected, if that is asked for."""
    is_asked = bool(config.getoption(_DESTINATION))
    if not (is_asked or config.getini(INI)):
        return
    file = config.rootpath / "pyproject.toml"
    collector = _Contracts(file)
    config.pluginmanager.register(collector, "import-doctor-contracts")
    if not collector.are_there:
        return
    paths = [config.invocation_params.dir / argument.partition("::")[0] for argument in config.args]
    is_whole = config.args_source is not pytest.Config.ArgsSource.ARGS or any(path.is_dir() for path in paths)
    # Below a folder that is collected, or named by itself, pytest comes to the file without our help.
    is_found = any(_is_at_or_above(path, file) for path in paths)
    if (is_asked or is_whole) and not is_found:
        config.args.append(str(file))


def _is_at_or_above(path: Path, file: Path) -> bool:
    path = path.resolve()
    return file.resolve().is_relative_to(path)


class _Contracts:
    """Collect the contracts of one file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            self.are_there = b"import-doctor" in file.read_bytes()
        except OSError:
            self.are_there = False

    def pytest_report_header(self) -> str | None:
        return None if self.are_there else f"import-doctor: there are no contracts in {self.file}"

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        if file_path != self.file or not self.are_there:
            return None
        return ContractFile.from_parent(parent, path=file_path)


class ContractFile(pytest.File):
    """A ``pyproject.toml``, for its contracts."""

    def collect(self) -> Iterator[ContractItem]:
        """Yield an item for each contract."""
        from dsa110_contimg.doctor.guard.contracts import read_contracts

        for contract in read_contracts(self.path):
            yield ContractItem.from_parent(self, name=contract.target, contract=contract)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str | TerminalRepr:  # type: ignore[override]
        """Say where the file is wrong, without a traceback of ours."""
        return _tell(excinfo.value) or super().repr_failure(excinfo)


class ContractItem(pytest.Item):
    """A contract, as pytest runs it."""

    def __init__(self, *, contract: Contract, **names: object) -> None:
        super().__init__(**names)  # type: ignore[arg-type]
        self.contract = contract
        """What was agreed."""

    def runtest(self) -> None:
        """Check the contract in a child that finds what the tests find."""
        from dsa110_contimg.doctor.guard.checking import check_contract

        paths = [*map(str, self.config.getini("pythonpath")), *filter(None, [os.environ.get("PYTHONPATH")])]
        outcome = check_contract(self.contract, env={"PYTHONPATH": os.pathsep.join(paths)} if paths else {})
        if not outcome.is_kept:
            raise _BrokenContractError(outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str | TerminalRepr:
        """Draw the chain."""
        if isinstance(excinfo.value, _BrokenContractError):
            from dsa110_contimg.doctor.guard.drawing import draw_breaches
            from dsa110_contimg.doctor.report.sheet import Sheet

            sheet = Sheet(_WIDTH, colour=False, is_ascii=False)
            draw_breaches(sheet, excinfo.value.outcome)
            return sheet.finish().strip("\n")
        return _tell(excinfo.value) or super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the contract stands."""
        return self.path, self.contract.line - 1, f"import contract: {self.contract.target}"


class _BrokenContractError(AssertionError):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"the contract on {outcome.contract.target} is broken")
        self.outcome = outcome


def _tell(error: BaseException) -> str | None:
    """Return what one of our own errors says; nothing for others."""
    from dsa110_contimg.doctor.errors import DoctorError

    return str(error) if isinstance(error, DoctorError) else None
