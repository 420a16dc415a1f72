"""Native frames: what code the addresses of a stack belong to."""

from __future__ import annotations

from pathlib import PurePath

from dsa110_contimg.doctor.examination import NativeFrame
from dsa110_contimg.doctor.native.demangling import demangle
from dsa110_contimg.doctor.native.elf import Libraries
from dsa110_contimg.doctor.native.roles import is_interpreter, is_system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsa110_contimg.doctor.native.distributions import Distributions
    from dsa110_contimg.doctor.native.mappings import Mappings


class FrameReader:
    """Give the addresses of a process their names.

    Parameters
    ----------
    mappings : Mappings
        Its memory map.
    distributions : Distributions
        Which file belongs to which distribution.
    interpreter : str
        The path of the interpreter that it ran.
    """

    def __init__(self, mappings: Mappings, distributions: Distributions, interpreter: str) -> None:
        self.mappings = mappings
        """The memory map."""
        self.distributions = distributions
        """Which file belongs to which distribution."""
        self.libraries = Libraries()
        """The library files."""
        self._program = PurePath(interpreter).name

    def describe(self, addresses: Sequence[int], *, is_pc_first: bool = True) -> tuple[NativeFrame, ...]:
        """Describe the frames of a stack.

        Parameters
        ----------
        addresses : sequence of int
            Innermost first.
        is_pc_first : bool
            Whether the first one is the instruction that ran; the others are return addresses, and the call stands just
            before each.

        Returns
        -------
        tuple of NativeFrame
            One for each address.
        """
        return tuple(
            self._describe(address, is_pc=is_pc_first and position == 0) for position, address in enumerate(addresses)
        )

    def _describe(self, address: int, *, is_pc: bool) -> NativeFrame:
        library, offset = self.locate(address)
        if library is None:
            return NativeFrame(None, None, None, address)
        symbol = self.find_symbol(address, is_pc=is_pc)
        name = None if is_system(library) else self.distributions.find(library).distribution
        return NativeFrame(library, name, demangle(symbol) if symbol else None, offset)

    def locate(self, address: int) -> tuple[str | None, int]:
        """Return the library that an address lies in, and its address there."""
        mapping = self.mappings.find(address)
        if mapping is None or not mapping.path.startswith("/"):
            return None, address
        offset = address - mapping.start + mapping.offset
        inside = self.libraries.read(mapping.path).find_address(offset)
        return mapping.path, offset if inside is None else inside

    def find_symbol(self, address: int, *, is_pc: bool) -> str | None:
        """Return the function that an address belongs to, as its library spells it."""
        library, inside = self.locate(address)
        if library is None:
            return None
        return self.libraries.read(library).find_symbol(inside if is_pc else inside - 1)

    def is_interpreter(self, path: str | None) -> bool:
        """Return whether a file is the interpreter's own code, whatever its program is called."""
        return is_interpreter(path) or bool(path and PurePath(path).name == self._program)

    def find_culprit(self, frames: Sequence[NativeFrame], *, is_python: bool) -> NativeFrame | None:
        """Find the frame to name: the innermost one that is not of the C library or the loader.

        Parameters
        ----------
        frames : sequence of NativeFrame
            Innermost first.
        is_python : bool
            Whether Python code was running: then the interpreter itself can be the one.

        Returns
        -------
        NativeFrame or None
            For an extension module that was being initialised, the interpreter's frames are left aside too: it dies of
            what it is handed.
        """
        named = [frame for frame in frames if frame.library and not is_system(frame.library)]
        foreign = [frame for frame in named if not self.is_interpreter(frame.library)]
        found = named if is_python else foreign
        return found[0] if found else None
