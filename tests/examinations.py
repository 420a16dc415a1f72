"""Examinations made by hand: one for each verdict, modelled on real ends of real imports."""

from __future__ import annotations

from dsa110_contimg.doctor.examination import (
    Conflict,
    Culprit,
    Examination,
    Exit,
    Finding,
    Hop,
    Interpreter,
    LibraryOrigin,
    Loaded,
    LoadedModule,
    NativeFrame,
    NativeLibrary,
    Place,
    Road,
    SideEffects,
    ThreadStack,
)

SITE = "/opt/env/lib/python3.11/site-packages"
LIBPYTHON = "/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0"
LIBC, LOADER = "/usr/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
PYTHON = Interpreter("/opt/env/bin/python", "3.11.7")
HERE = "/home/observer/contimg/src"
RECORDED = {
    "exit": "The system reported how the child ended.",
    "chain": "The journal holds every module whose initialisation began, in each thread.",
    "recorder": "The recorder was loaded ahead of everything; no library could take its place.",
    "native_frames": "The frames were unwound in the dying process.",
}
QA = "from contimg.qa import create_cutout"


def hop(module: str, file: str, line: int, statement: str | None, level: str = "module", **more: Place) -> Hop:
    return Hop(module, file, line, statement, level, **more)  # type: ignore[arg-type]


def interpreter_frames(count: int) -> tuple[NativeFrame, ...]:
    names = (
        "_PyImport_LoadDynamicModuleWithSpec",
        "_imp_create_dynamic",
        "cfunction_vectorcall_FASTCALL",
        "_PyEval_Vector",
    )
    return tuple(NativeFrame(LIBPYTHON, None, names[number % 4], 0x27F2DE + number) for number in range(count))


def loader_frames() -> tuple[NativeFrame, ...]:
    names = ("call_init", "_dl_init", "_dl_catch_exception", "dl_open_worker", "_dl_open")
    return tuple(NativeFrame(LOADER, None, name, 0x5000 + 16 * number) for number, name in enumerate(names))


MEASURES = f"{HERE}/casacore/_measures.cpython-311-x86_64-linux-gnu.so"
QA_CHAIN = (
    hop("contimg.qa", "<target>", 1, QA),
    hop(
        "contimg.qa.visualization",
        f"{HERE}/contimg/qa/__init__.py",
        2,
        "from contimg.qa.visualization import CasaTable",
    ),
    hop(
        "contimg.qa.visualization.casatable",
        f"{HERE}/contimg/qa/visualization/__init__.py",
        2,
        "from .casatable import CasaTable",
    ),
    hop("casacore.tables", f"{HERE}/contimg/qa/visualization/casatable.py", 3, "from casacore.tables import table"),
    hop("casacore._measures", f"{SITE}/casacore/tables/__init__.py", 27, "from . import _measures"),
)
MEASURES_LIBRARY = f"{SITE}/casacore/_measures.cpython-311-x86_64-linux-gnu.so"

ORIGINAL = Examination(
    target=QA,
    python=PYTHON,
    verdict="crashed",
    exit=Exit(None, "SIGSEGV", "SEGV_MAPERR", 0x20),
    chain=QA_CHAIN,
    culprit=Culprit(
        "casacore._measures",
        MEASURES_LIBRARY,
        "python-casacore",
        "module-init",
        "PyInit__measures",
        f"{SITE}/casacore/tables/__init__.py",
        27,
    ),
    native_frames=(
        NativeFrame(MEASURES_LIBRARY, "python-casacore", "PyInit__measures", 0x10F9),
        *interpreter_frames(19),
    ),
    loaded=Loaded(
        (
            LoadedModule("contimg.qa", f"{HERE}/contimg/qa/__init__.py", False, None, None),
            LoadedModule("casacore._measures", MEASURES_LIBRARY, True, None, None),
        ),
        (
            NativeLibrary(LIBC, None, None, None),
            NativeLibrary(MEASURES_LIBRARY, "python-casacore", "3.5.2", "casacore._measures"),
        ),
    ),
    environment=(Finding("PYTHONPATH", HERE, "set in the environment that the child was given"),),
    elapsed_s=0.209,
    confidence=RECORDED,
)
"""The shape of the crash this project began with."""

DESTROY = (
    "casacore::BulkAllocatorImpl<casacore::casacore_allocator<casacore::String, 32ul> >::"
    "destroy(casacore::String*, unsigned long)"
)
TABLES_8, CASA_7 = (
    f"{SITE}/casatools/__casac__/lib/libcasa_tables.so.8",
    f"{SITE}/python_casacore.libs/libcasa_casa-9d1c2e4a.so.7",
)
CASACORE = Examination(
    target="import casacore.tables; import casatools",
    python=PYTHON,
    verdict="crashed",
    exit=Exit(None, "SIGSEGV", "SEGV_MAPERR", 0x1),
    chain=(
        hop("casatools", "<target>", 2, "import casatools"),
        hop("casatools.__casac__", f"{SITE}/casatools/__init__.py", 153, "from .__casac__ import utils", "module"),
        hop(
            "casatools.__casac__._ctools",
            f"{SITE}/casatools/__casac__/__init__.py",
            31,
            "return importlib.import_module(mname)",
            "function",
            called_from=Place(
                f"{SITE}/casatools/__casac__/__init__.py", 36, "<module>", "_ctools = swig_import_helper()"
            ),
        ),
    ),
    culprit=Culprit(
        "casatools.__casac__._ctools",
        CASA_7,
        "python-casacore",
        "static-constructor",
        DESTROY,
        f"{SITE}/casatools/__casac__/__init__.py",
        31,
    ),
    native_frames=(
        NativeFrame(CASA_7, "python-casacore", DESTROY, 0x1A2B30),
        NativeFrame(TABLES_8, "casatools", "casacore::TabPath::~TabPath()", 0x2F11A0),
        NativeFrame(TABLES_8, "casatools", "casacore::TableDesc::TableDesc(casacore::String const&)", 0x2E0440),
        NativeFrame(TABLES_8, "casatools", "_GLOBAL__sub_I_Name2Table.cc", 0xF1230),
        *loader_frames(),
        *interpreter_frames(11),
    ),
    conflicts=(
        Conflict(
            "crossed-call",
            DESTROY,
            (LibraryOrigin(TABLES_8, "casatools", "6.7.0.31"), LibraryOrigin(CASA_7, "python-casacore", "3.7.1")),
            "libcasa_tables.so.8 of casatools 6.7.0.31 called casacore::BulkAllocatorImpl::destroy, of which "
            "casatools brings "
            "its own in libcasa_casa.so.8; the call went into libcasa_casa-9d1c2e4a.so.7 of python-casacore 3.7.1. "
            "The symbol is "
            "STB_GNU_UNIQUE, of which the loader keeps one for the whole process.",
        ),
    ),
    elapsed_s=1.12,
    confidence=RECORDED,
)
"""python-casacore 3.7.1, then casatools 6.7.0.31."""

DEADLOCK = Examination(
    target="run.py",
    python=PYTHON,
    verdict="hung",
    exit=Exit(),
    state="waiting",
    chain=(
        hop("casatools", f"{HERE}/run.py", 9, "import casatools", "function"),
        hop("casatools._ctools", f"{SITE}/casatools/__init__.py", 12, "from . import _ctools"),
    ),
    culprit=Culprit(
        "casatools._ctools", None, "casatools", "static-constructor", None, f"{SITE}/casatools/__init__.py", 12
    ),
    threads=(
        ThreadStack(
            4711,
            "python",
            "waiting",
            (hop("casatools._ctools", f"{SITE}/casatools/__init__.py", 12, "from . import _ctools"),),
            (Place(f"{SITE}/casatools/__init__.py", 12, "<module>", "from . import _ctools"),),
            (
                NativeFrame(LIBC, None, "pthread_cond_timedwait@@GLIBC_2.3.2", 0x8BF10),
                NativeFrame(LIBPYTHON, None, "take_gil", 0x1F00),
                NativeFrame(LIBPYTHON, None, "PyGILState_Ensure", 0x1F80),
                NativeFrame(TABLES_8, "casatools", "_GLOBAL__sub_I_numpy.cc", 0xF1230),
                *loader_frames(),
                *interpreter_frames(6),
            ),
        ),
        ThreadStack(
            4712,
            "Thread-1",
            "waiting",
            (hop("astropy.table._np_utils", f"{SITE}/astropy/table/np_utils.py", 8, "from . import _np_utils"),),
            (Place(f"{SITE}/astropy/table/np_utils.py", 8, "<module>", "from . import _np_utils"),),
            (
                NativeFrame(LIBC, None, "__lll_lock_wait", 0x88010),
                NativeFrame(LIBC, None, "pthread_mutex_lock@@GLIBC_2.2.5", 0x8E010),
                NativeFrame(LOADER, None, "_dl_open", 0x5040),
                NativeFrame(LIBC, None, "dlopen_implementation", 0x85040),
                *interpreter_frames(12),
            ),
        ),
    ),
    elapsed_s=61.3,
    confidence={
        "exit": "The child was ended when its time was over; its threads were looked at before.",
        "threads": "Every thread told its native stack.",
    },
)
"""The loader's lock and the GIL, in opposite order."""

FORBIDDEN = Examination(
    target="from contimg.qa import create_cutout",
    python=PYTHON,
    verdict="forbidden",
    exit=Exit(code=0),
    chain=QA_CHAIN[:4],
    roads=(
        Road("casacore.tables", QA_CHAIN[:4]),
        Road(
            "casacore.tables",
            (
                QA_CHAIN[0],
                hop(
                    "contimg.qa.stamps",
                    f"{HERE}/contimg/qa/__init__.py",
                    3,
                    "from contimg.qa.stamps import create_cutout",
                ),
                hop("contimg.qa.readers", f"{HERE}/contimg/qa/stamps.py", 5, "from contimg.qa import readers"),
                hop("casacore.tables", f"{HERE}/contimg/qa/readers.py", 11, "import casacore.tables"),
            ),
        ),
    ),
    elapsed_s=0.8,
    confidence={"roads": "Every import statement that was executed was noted; these are all the roads."},
)

RAISED = Examination(
    target="import contimg.plots",
    python=PYTHON,
    verdict="raised",
    exit=Exit(code=1),
    chain=(
        hop("contimg.plots", "<target>", 1, "import contimg.plots"),
        hop("oldlib", f"{HERE}/contimg/plots.py", 4, "import oldlib"),
        hop("oldlib._core", f"{SITE}/oldlib/__init__.py", 1, "from oldlib import _core"),
    ),
    culprit=Culprit("oldlib._core", f"{SITE}/oldlib/_core.so", "oldlib", None, None, f"{SITE}/oldlib/__init__.py", 1),
    exception=f"ImportError: {SITE}/oldlib/_core.so: undefined symbol: _ZN4base5startEv",
    traceback=(
        "Traceback (most recent call last):\n"
        '  File "<target>", line 1, in <module>\n    import contimg.plots\n'
        f'  File "{HERE}/contimg/plots.py", line 4, in <module>\n    import oldlib\n'
        f'  File "{SITE}/oldlib/__init__.py", line 1, in <module>\n    from oldlib import _core\n'
        f"ImportError: {SITE}/oldlib/_core.so: undefined symbol: _ZN4base5startEv"
    ),
    elapsed_s=0.1,
    confidence={"exit": "The system reported how the child ended."},
)

EXITED = Examination(
    target="import silent",
    python=PYTHON,
    verdict="exited",
    exit=Exit(code=0),
    chain=(
        hop("silent", "<target>", 1, "import silent"),
        hop("silent._quit", f"{SITE}/silent/__init__.py", 3, "from . import _quit"),
    ),
    culprit=Culprit("silent._quit", f"{SITE}/silent/_quit.so", "silent", "module-init", "PyInit__quit", None, None),
    native_frames=(
        NativeFrame(LIBC, None, "_exit", 0xD6C10),
        NativeFrame(f"{SITE}/silent/_quit.so", "silent", "PyInit__quit", 0x1119),
        *interpreter_frames(10),
    ),
    elapsed_s=0.1,
    confidence=RECORDED,
)

KILLED = Examination(
    target="import greedy",
    python=PYTHON,
    verdict="killed",
    exit=Exit(signal="SIGKILL"),
    chain=(hop("greedy", "<target>", 1, "import greedy"),),
    culprit=Culprit("greedy", None, None, "python", None, f"{HERE}/greedy.py", 7),
    elapsed_s=3.4,
    confidence={"exit": "The system reported how the child ended."},
)

AT_EXIT = Examination(
    target="import fragile",
    python=PYTHON,
    verdict="crashed-at-exit",
    exit=Exit(None, "SIGABRT", "SI_TKILL", None),
    culprit=Culprit(None, f"{SITE}/fragile/_core.so", "fragile", "finalisation", "Registry::~Registry()", None, None),
    native_frames=(
        NativeFrame(LIBC, None, "abort", 0x26C00),
        NativeFrame(f"{SITE}/fragile/_core.so", "fragile", "Registry::~Registry()", 0x2000),
    ),
    stderr="free(): invalid pointer\n",
    corruption="fragile._core",
    elapsed_s=0.4,
    confidence=RECORDED,
)

HEALTHY = Examination(
    target="numpy",
    python=PYTHON,
    verdict="healthy",
    exit=Exit(code=0),
    loaded=Loaded(
        (
            LoadedModule("numpy", f"{SITE}/numpy/__init__.py", False, 0.081, 20_000_000),
            LoadedModule("numpy._core", f"{SITE}/numpy/_core/__init__.py", False, 0.05, 10_000_000),
            LoadedModule(
                "numpy._core._multiarray_umath", f"{SITE}/numpy/_core/_multiarray_umath.so", True, 0.012, 8_000_000
            ),
        ),
        (
            NativeLibrary(LIBC, None, None, None),
            NativeLibrary(f"{SITE}/numpy.libs/libopenblas.so", "numpy", "2.4.6", "numpy"),
        ),
    ),
    side_effects=SideEffects(
        environment=(), signal_handlers=(), threads=("4712",), files_written=(), processes=(), warning_filters=2
    ),
    elapsed_s=0.21,
    confidence=RECORDED,
)

UNRECORDED = Examination(
    target="import _measures",
    python=PYTHON,
    verdict="crashed",
    exit=Exit(signal="SIGSEGV"),
    chain=(hop("_measures", "<target>", 1, "import _measures"),),
    culprit=Culprit("_measures", "/data/_measures.so", None, None, None, None, None),
    elapsed_s=0.2,
    confidence={
        "exit": "The system reported how the child ended.",
        "recorder": "Nothing could record a crash; the answer rests on the journal and the exit status alone.",
        "native_frames": "No native frames were recorded.",
    },
)
"""A crash with nothing at hand that could record it."""

HOSTILE = Examination(
    target="import evil\x1b[31m\udcff</script><b>`[red]",
    python=Interpreter("/opt/\u202e<i>python", "3.11.7"),
    verdict="crashed",
    exit=Exit(None, "SIGSEGV", "SEGV_MAPERR", 2**64 - 1),
    chain=(
        hop("evil\x1b[2J", "<target>", 1, "import evil\r\n<img src=x onerror=alert(1)>"),
        hop("evil.\udcfe{{ 7*7 }}", "/data/\udcff\x07/<script>.py", 3, '"><script>alert(1)</script>'),
    ),
    culprit=Culprit("evil\x00", "/data/\udcff.so", "<evil>", "module-init", "f<int>(\x1b)", "/data/]]>.py", 1),
    native_frames=(NativeFrame("/data/\udcff.so", "<evil>", "f<int>(\x1b)", 1),),
    stderr="\x1b[2J\x1b]0;title\x07</style><script>alert(2)</script>\r\n\udcff",
    elapsed_s=float("nan"),
    confidence={"exit": "<script>alert(3)</script>"},
)

ALL = {
    "original": ORIGINAL,
    "casacore": CASACORE,
    "deadlock": DEADLOCK,
    "forbidden": FORBIDDEN,
    "raised": RAISED,
    "exited": EXITED,
    "killed": KILLED,
    "at exit": AT_EXIT,
    "healthy": HEALTHY,
    "unrecorded": UNRECORDED,
    "hostile": HOSTILE,
}
