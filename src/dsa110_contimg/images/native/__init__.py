"""The compiled helper: the same answers as numpy gives, at the speed of memory. None where it was not built."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    helper: ModuleType | None
else:
    try:
        from . import _helper as helper
    except ImportError:  # built without a C compiler
        helper = None
