"""What the doctor could not do; a family of its own, because the doctor imports nothing of the other rooms."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class DoctorError(Exception):
    """Report an examination that could not be made.

    Parameters
    ----------
    message : str
        What was asked and what was found.
    hint : str
        What to do now.
    """

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        """What was asked and what was found."""
        self.hint = hint
        """What to do now."""

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}"

    def __reduce__(self) -> "tuple[Callable[..., DoctorError], tuple[Any, ...], dict[str, Any]]":
        return _revive, (type(self), self.message, self.hint), self.__dict__


def _revive(kind: type[DoctorError], message: str, hint: str) -> DoctorError:
    return kind(message, hint=hint)


class BadTargetError(DoctorError, ValueError):
    """The target is no Python statement, module name or script, or an option of the examination makes no sense."""


class BadContractError(DoctorError, ValueError):
    """A contract in pyproject.toml cannot be read, or is about a name that does not exist."""


class ScriptNotFoundError(DoctorError, FileNotFoundError):
    """There is no script at the path of the target."""


class BadInterpreterError(DoctorError, ValueError):
    """The interpreter does not exist, does not run, or is no CPython 3.8 or newer."""


class UnwritableFolderError(DoctorError, OSError):
    """There is no folder for temporary files, or the file of a report cannot be written."""


class StaleEditError(DoctorError, ValueError):
    """A file is no longer what it was when the edit was planned."""
