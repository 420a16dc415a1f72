"""Why does this import crash? Answers for any package, under any interpreter, and imports nothing of ours."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .errors import DoctorError as DoctorError
    from .examination import Examination as Examination
    from .examiner import examine as examine
    from .imports.graph import ImportGraph as ImportGraph
    from .imports.reading import read_imports as read_imports
else:
    _ROOMS = {
        "DoctorError": "errors",
        "Examination": "examination",
        "ImportGraph": "imports.graph",
        "examine": "examiner",
        "read_imports": "imports.reading",
    }

    def __getattr__(name):
        if name not in _ROOMS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(__import__(f"{__name__}.{_ROOMS[name]}", fromlist=[name]), name)
        globals()[name] = value  # the next access does not come through here
        return value

    def __dir__():
        return sorted(_ROOMS)

    __all__ = sorted(_ROOMS)
