"""Whatever happens to the worker, the caller lives on, knows what happened, and can go on reading."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from casa_tables import make_table
from dsa110_contimg import errors
from dsa110_contimg.casa import open_table
from dsa110_contimg.casa import reader as checked
from dsa110_contimg.casa.readings import Reading
from dsa110_contimg.casa.worker import pool, process, ring, server
from dsa110_contimg.qa import CasaTable
from support import package_folder, run_python

TRUTH = np.arange(600 * 64 * 32.0).reshape(600, 64, 32)
"""Ten megabytes, which pass through the ring in several parts."""

NAMES = TRUTH[:, 0, 0].astype(str).astype(object)

Hook = Callable[..., None]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("worker")
    return make_table(folder / "t", {"DATA": TRUTH, "ROW": np.arange(600), "NAME": NAMES})


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    """Let the workers that start from now on do what a function of `worker_hooks` says."""
    begin = process._BEGIN

    def install(name: str, *arguments: object) -> None:
        before, after = begin.split("from dsa110", 1)
        monkeypatch.setattr(
            process, "_BEGIN", f"{before}import worker_hooks; worker_hooks.{name}{arguments!r}; from dsa110{after}"
        )
        pool.current_pool().shut_down()

    yield install
    pool.current_pool().shut_down()


def workers() -> list[process.Worker]:
    return list(pool.current_pool()._workers)


def is_gone(pid: int, seconds: float = 10.0) -> bool:
    """Wait for a process to be gone; one that has died and was not waited for is not gone."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.02)
    return False


def wait_for(found: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end
        time.sleep(0.01)


def open_files() -> list[str]:
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the folder itself, which was listed
            found.append(str(entry.readlink()))
    return found


# ------------------------------------------------------------------------------------------ what it reads


def test_the_caller_never_loads_casacore(path: Path) -> None:
    code = (
        "import sys; from dsa110_contimg.qa import CasaTable; table = CasaTable(sys.argv[1])\n"
        "print(table.DATA[:].sum(), table.query('ROW > 590').NAME[:], table._repr_html_()[:4])\n"
        "print([name for name in sys.modules if 'casacore' in name and 'dsa110' not in name])\n"
        "print([line for line in open('/proc/self/maps') if 'casa_' in line])"
    )
    child = run_python(code, str(path))
    assert child.stderr == ""
    assert child.stdout.splitlines()[0].startswith(f"{TRUTH.sum()} ['")
    assert child.stdout.splitlines()[-2:] == ["[]", "[]"]


def test_small_and_large_answers_are_right(path: Path) -> None:
    reader = open_table(path)
    whole = reader.read("DATA")
    assert np.array_equal(whole, TRUTH)
    assert whole.flags.owndata
    assert whole.flags.writeable
    assert np.array_equal(reader.read("DATA", range(1, 600, 7)), TRUTH[1::7])
    part = (slice(3, 60, 2), slice(0, 31))
    assert np.array_equal(reader.read("DATA", range(5, 500), part), TRUTH[5:500, 3:60:2, :31])
    assert reader.read("DATA", range(7, 8))[0, 0, 0] == TRUTH[7, 0, 0]
    assert reader.read("NAME").tolist() == NAMES.tolist()
    out = np.empty((2, 600, 64, 32))[:, ::2][1]
    assert reader.read("DATA", range(300), out=out) is out
    assert np.array_equal(out, TRUTH[:300])


def test_a_cell_larger_than_a_slot_comes_in_parts(tmp_path: Path) -> None:
    cell = np.arange(5 * 700 * 300.0).reshape(1, 5, 700, 300)
    assert cell.nbytes > 3 * ring.SLOT_BYTES
    assert np.array_equal(open_table(make_table(tmp_path / "t", {"MAP": cell})).read("MAP"), cell)


def test_a_table_is_opened_when_it_is_asked_for_the_first_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[object] = []
    send = process.Worker._send

    def note(worker: process.Worker, message: object, *rest: object) -> None:
        sent.append(message)
        send(worker, message, *rest)

    monkeypatch.setattr(process.Worker, "_send", note)
    table = open_table(path)
    for _ in range(3):
        table.fill(table.plan("ROW"), np.empty(600, np.int64))
    opened = [message[1] for message in sent if isinstance(message, tuple)]
    assert len(opened) > 3
    assert [step[2:] for steps in opened for step in steps] == [("open", str(path))]


def test_many_strings_come_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dsa110_contimg.casa.worker.table._OBJECTS_AT_ONCE", 7)
    names = np.array([f"źródło {number}" for number in range(100)], object)
    assert open_table(make_table(tmp_path / "t", {"NAME": names})).read("NAME").tolist() == names.tolist()


def test_an_error_in_the_middle_of_an_answer_leaves_the_worker_good(path: Path) -> None:
    reader = open_table(path)
    pid = workers()[-1].pid
    wrong = Reading("DATA", range(100, 700), (range(64), range(32)), (64, 32), np.dtype("f8"))
    with pytest.raises(errors.UnreadableTableError):
        reader._table.fill(wrong, np.empty(wrong.shape))
    assert np.array_equal(reader.read("DATA"), TRUTH)
    assert pid in [worker.pid for worker in workers()]


def test_a_table_that_another_process_has_locked_for_writing(tmp_path: Path) -> None:
    path = make_table(tmp_path / "t", {"A": np.arange(5)})
    code = (
        "import sys; from casacore.tables import table; opened = table(sys.argv[1], readonly=False, ack=False,\n"
        "    lockoptions='permanent')\nprint(opened.haslock(True), flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline().strip() == "True"
        assert open_table(path, timeout=20).read("A").tolist() == [0, 1, 2, 3, 4]
        writer.communicate("")


def test_without_a_home_a_worker_reads(path: Path) -> None:
    code = "import sys; from dsa110_contimg.qa import CasaTable; print(CasaTable(sys.argv[1]).ROW[-1])"
    child = run_python(code, str(path), env={name: value for name, value in os.environ.items() if name != "HOME"})
    assert (child.stdout, child.stderr) == ("599\n", "")


# ------------------------------------------------------------------------------------------ how it dies


@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("segfault", "SIGSEGV (a segmentation fault)"),
        ("abort", "Its last words: free(): invalid pointer"),
        ("exit", "with exit status 7"),
        ("raise", "a mistake of ours"),
        ("foreign", "an answer that is none: os.system"),
    ],
)
def test_a_death_in_the_middle_of_a_read_is_an_exception(
    path: Path, tmp_path: Path, hook: Hook, how: str, message: str, after: int
) -> None:
    earlier = open_table(path).read("DATA")
    hook("end_in_fill", how, str(tmp_path / "begun"), after)
    table = CasaTable(path)
    (worker,) = workers()
    with pytest.raises(errors.CasaCrashError) as caught:
        table.DATA[20:580]
    assert (tmp_path / "begun").exists()
    assert f"DATA, rows 20 to 579, of {path}" in caught.value.message
    assert message in caught.value.message
    assert (caught.value.path, caught.value.column, caught.value.rows) == (str(path), "DATA", range(20, 580))
    assert caught.value.signal_name == {"segfault": "SIGSEGV", "abort": "SIGABRT", "foreign": "SIGKILL"}.get(how)
    assert pickle.loads(pickle.dumps(caught.value)).rows == range(20, 580)
    assert is_gone(worker.pid)
    assert np.array_equal(earlier, TRUTH)
    assert table.query("ROW < 5").nrows == 5


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGABRT", "SIGTERM"])
def test_a_signal_from_outside_in_the_middle_of_a_read(path: Path, tmp_path: Path, hook: Hook, name: str) -> None:
    hook("end_in_fill", "hang", str(tmp_path / "begun"), 2)
    reader = open_table(path)
    (worker,) = workers()

    def kill() -> None:
        wait_for((tmp_path / "begun").exists)
        os.kill(worker.pid, getattr(signal, name))

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(errors.CasaCrashError, match=name):
        reader.read("DATA")
    killer.join()
    assert is_gone(worker.pid)
    assert reader.cell_shapes("DATA") == {(64, 32): 600}


def test_a_standstill_is_a_timeout(path: Path, tmp_path: Path, hook: Hook) -> None:
    hook("end_in_fill", "hang", str(tmp_path / "begun"), 2)
    reader = open_table(path, timeout=0.5)
    (worker,) = workers()
    with pytest.raises(errors.CasaTimeoutError, match=r"gave no sign for 0\.5 s"):
        reader.read("DATA")
    assert is_gone(worker.pid)
    assert reader.query("ROW < 5").nrows == 5


def test_a_stopped_worker_is_a_timeout_and_is_ended(path: Path) -> None:
    reader = open_table(path, timeout=0.5)
    for worker in workers():
        os.kill(worker.pid, signal.SIGSTOP)
    stopped = workers()
    with pytest.raises(errors.CasaTimeoutError):
        reader.read("DATA")
    assert sum(not worker.is_alive for worker in stopped) == 1
    pool.current_pool().shut_down()
    assert np.array_equal(reader.read("DATA"), TRUTH)
    assert all(is_gone(worker.pid) for worker in stopped)


def test_a_worker_that_died_while_nobody_asked_is_replaced_in_silence(path: Path) -> None:
    reader = open_table(path).query("ROW > 2").select(np.array([5, 3]))
    for worker in workers():
        os.kill(worker.pid, signal.SIGKILL)
        os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
    assert reader.read("ROW").tolist() == [8, 6]


def test_native_code_that_writes_without_end_fills_no_disk(
    path: Path, tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook("end_in_fill", "write", str(tmp_path / "begun"))
    sizes = []
    bury = process.Worker._bury

    def measured(worker: process.Worker, *arguments: object) -> errors.CasaCrashError:
        error = bury(worker, *arguments)
        sizes.append(os.fstat(worker._log.fileno()).st_size)
        return error

    monkeypatch.setattr(process.Worker, "_bury", measured)
    with pytest.raises(errors.CasaCrashError, match=r"with exit status 1.*very talkative"):
        open_table(path).read("DATA")
    assert sizes == [server._FILE_BYTES]


def test_ctrl_c_in_the_middle_of_a_read(path: Path, tmp_path: Path, hook: Hook) -> None:
    hook("end_in_fill", "hang", str(tmp_path / "begun"), 2)
    reader = open_table(path)
    (worker,) = workers()

    def interrupt() -> None:
        wait_for((tmp_path / "begun").exists)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        reader.read("DATA")
    thread.join()
    assert is_gone(worker.pid)
    assert reader.query("ROW < 5").nrows == 5


@pytest.mark.parametrize("allocator", ["ordinary", "checking"])
def test_the_evla_set_read_with_getcol_never_takes_the_caller_down(
    hook: Hook, monkeypatch: pytest.MonkeyPatch, allocator: str
) -> None:
    """Ten rows of (2, 2), then ten of (4, 2): getcol returns (20, 2, 2) and corrupts the heap.

    When that is noticed is chance, as a rule at the interpreter's end, which a worker does without. glibc's checking
    allocator notices it at once.
    """
    path = package_folder("casa_formats_io") / "casa_low_level_io/tests/data/simple.ms"
    truth = open_table(path).read("DATA", range(10, 20))
    if allocator == "checking":
        monkeypatch.setenv("LD_PRELOAD", "libc_malloc_debug.so.0")
        monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.check=3")
    pool.current_pool().shut_down()
    assert np.array_equal(open_table(path).read("DATA", range(10, 20)), truth)
    hook("read_with_getcol")
    died = []
    for _ in range(50):
        reader = open_table(path)
        reading = Reading("DATA", range(10, 20), (range(4), range(2)), (4, 2), np.dtype("c8"))
        out = np.zeros(reading.shape, reading.dtype)
        try:
            reader._table.fill(reading, out)
        except errors.CasaCrashError as error:
            died.append(error.signal_name)
        else:
            assert np.array_equal(out, truth)
    assert set(died) <= {"SIGSEGV", "SIGABRT", "SIGBUS"}
    assert allocator == "ordinary" or len(died) == 50


# ------------------------------------------------------------------------------------------ how it starts


@pytest.mark.parametrize(
    ("victim", "kind", "message"),
    [
        ("absent", "MissingDependencyError", "casacore is not installed"),
        ("fatal", "CasaCrashError", "died of SIGSEGV (a segmentation fault) while it imported casacore"),
    ],
)
def test_a_casacore_that_cannot_be_imported(path: Path, victim: str, kind: str, message: str, fatal: Path) -> None:
    code = (
        "import sys; from dsa110_contimg import errors; from dsa110_contimg.qa import CasaTable\n"
        "for _ in range(2):\n"
        "    try: CasaTable(sys.argv[1], backend='casacore')\n"
        "    except errors.ContimgError as error: print(type(error).__name__, error)\n"
        "print('alive')"
    )
    where = fatal if victim == "fatal" else Path(__file__).parents[1] / "victims" / victim
    child = run_python(code, str(path), env={**os.environ, "PYTHONPATH": str(where)})
    assert child.stderr == ""
    first, hint, *rest = child.stdout.splitlines()
    assert first.startswith(kind)
    assert message in first
    assert "pip install" in hint or "import-doctor casacore.tables" in hint
    assert rest == [first, hint, "alive"]


def test_a_worker_that_cannot_be_started(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool.current_pool().shut_down()
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    before = sorted(open_files())
    with pytest.raises(errors.CasaCrashError, match=r"cannot be started.*No such file"):
        open_table(path)
    assert sorted(open_files()) == before


@pytest.mark.parametrize("closed", [(0,), (1, 2), (0, 1, 2)])
def test_with_standard_streams_closed(path: Path, tmp_path: Path, closed: tuple[int, ...]) -> None:
    code = (
        "import os, sys\n"
        f"for number in {closed}: os.close(number)\n"
        "from dsa110_contimg.qa import CasaTable; from pathlib import Path\n"
        "Path(sys.argv[2]).write_text(str(CasaTable(sys.argv[1]).DATA[:].sum()))"
    )
    assert run_python(code, str(path), str(tmp_path / "said")).returncode == 0
    assert (tmp_path / "said").read_text() == str(TRUTH.sum())


# ------------------------------------------------------------------------------------------ who may ask


def test_many_threads_read_at_once(path: Path) -> None:
    reader = open_table(path)
    wrong = []

    def read(seed: int) -> None:
        random = np.random.default_rng(seed)
        for _ in range(25):
            first = int(random.integers(0, 400))
            last = first + int(random.integers(1, 200))
            if not np.array_equal(reader.read("DATA", range(first, last)), TRUTH[first:last]):
                wrong.append((first, last))

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert 1 < len(workers()) <= pool._MOST


def test_both_sides_of_a_fork_read(path: Path) -> None:
    code = (
        "import os, sys; from dsa110_contimg.qa import CasaTable\n"
        "from dsa110_contimg.casa.worker.pool import current_pool\n"
        "table = CasaTable(sys.argv[1]); chosen = table.query('ROW > 3'); table.DATA[:]\n"
        "(worker,) = current_pool()._workers\n"
        "if child := os.fork():\n"
        "    _, status = os.waitpid(child, 0)\n"
        "    print(status, chosen.ROW[0], table.DATA[:].sum(), current_pool()._workers == [worker])\n"
        "else:\n"
        "    fresh = CasaTable(sys.argv[1])[7:9]\n"
        "    assert [w.pid for w in current_pool()._workers] != [worker.pid]\n"
        f"    assert (chosen.ROW[0], fresh.ROW[0], table.DATA[:].sum()) == (4, 7, {TRUTH.sum()})\n"
        "    sys.exit(3)"
    )
    child = run_python(code, str(path))
    assert (child.stdout, child.stderr) == (f"{3 << 8} 4 {TRUTH.sum()} True\n", "")


def test_in_a_notebook(path: Path) -> None:
    jupyter_client = pytest.importorskip("jupyter_client")
    manager, client = jupyter_client.manager.start_new_kernel(kernel_name="python3")
    try:
        said: list[str] = []
        code = f"from dsa110_contimg.qa import CasaTable; table = CasaTable({str(path)!r}); print(table.DATA[:].sum())"
        code += "\ntable"
        reply = client.execute_interactive(code, timeout=60, output_hook=lambda m: said.append(str(m["content"])))
        assert reply["content"]["status"] == "ok"
        assert str(TRUTH.sum()) in "".join(said)
        assert "text/html" in "".join(said)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


# ------------------------------------------------------------------------------------------ what it leaves


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("forked", [False, True])
def test_no_worker_outlives_a_killed_caller(path: Path, tmp_path: Path, busy: bool, forked: bool) -> None:
    """Also where a child of the caller, which inherited its files, lives on; and where native code never returns."""
    code = (
        "import os, sys, time; from dsa110_contimg.casa.worker import process\n"
        "process._BEGIN = process._BEGIN.replace('from dsa110', \"import worker_hooks; "
        f"worker_hooks.end_in_fill('hang', {str(tmp_path / 'begun')!r}, {0 if busy else 10**6}); from dsa110\", 1)\n"
        "from dsa110_contimg.qa import CasaTable; from dsa110_contimg.casa.worker.pool import current_pool\n"
        "table = CasaTable(sys.argv[1])\n"
        f"child = os.fork() if {forked} else os.getpid()\n"
        "if not child: time.sleep(1000)\n"
        "print(os.getpid(), current_pool()._workers[0].pid, child, flush=True)\n"
        f"table.DATA[:] if {busy} else time.sleep(1000)"
    )
    (tmp_path / "scratch").mkdir()
    paths = [str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TMPDIR": str(tmp_path / "scratch")}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, env=env, text=True
    ) as caller:
        assert caller.stdout is not None
        pid, worker, child = (int(word) for word in caller.stdout.readline().split())
        try:
            if busy:
                wait_for((tmp_path / "begun").exists)
            assert Path(f"/proc/{worker}").exists()
            caller.kill()
            caller.wait()
            assert is_gone(worker)
            if not busy:  # a worker that is killed in native code cannot tidy up
                wait_for(lambda: not list((tmp_path / "scratch").iterdir()))
        finally:
            if child != pid:
                os.kill(child, signal.SIGKILL)


def test_an_ordinary_end_leaves_nothing(path: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from dsa110_contimg.qa import CasaTable\n"
        "from dsa110_contimg.casa.worker.pool import current_pool\n"
        "CasaTable(sys.argv[1]).DATA[:]; print(current_pool()._workers[0].pid)"
    )
    child = run_python(code, str(path), env={**os.environ, "TMPDIR": str(tmp_path)})
    assert child.stderr == ""
    assert not Path(f"/proc/{int(child.stdout)}").exists()
    assert not list(tmp_path.iterdir())


def test_no_file_memory_or_process_is_left_by_any_death(
    tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook("end_in_fill", "segfault", str(tmp_path / "begun"), 3)
    table = make_table(tmp_path / "unlocked", {"DATA": TRUTH})
    (table / "table.lock").unlink()  # so that it is entered by links, which must vanish
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    before = sorted(open_files())
    pids = []
    for _ in range(5):
        reader = open_table(table)
        pids += [worker.pid for worker in workers()]
        with pytest.raises(errors.CasaCrashError):
            reader.read("DATA")
    assert sorted(open_files()) == before
    assert not [line for line in Path("/proc/self/maps").read_text().splitlines() if "memfd:dsa110" in line]
    assert not list((tmp_path / "scratch").iterdir())
    assert len(set(pids)) == 5
    assert all(is_gone(pid) for pid in pids)


def test_tables_that_nobody_holds_are_let_go_by_the_worker(path: Path) -> None:
    open_table(path)
    (worker,) = workers()[-1:]
    counts = []
    for _ in range(60):
        assert open_table(path).query("ROW > 5").nrows == 594
        counts.append(len(list(Path(f"/proc/{worker.pid}/fd").iterdir())))
    assert counts[-1] <= counts[5]
    assert len(worker.opened) <= 4


def test_shared_memory_is_sealed() -> None:
    descriptor = ring.create_memory()
    try:
        with pytest.raises(PermissionError):
            os.ftruncate(descriptor, 10)
        assert fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & fcntl.F_SEAL_SHRINK
    finally:
        os.close(descriptor)


# ------------------------------------------------------------------------------------------ how much it may


def test_an_answer_beyond_the_limit_is_refused_before_it_is_read(path: Path) -> None:
    reader = open_table(path, memory_limit=1_000_000)
    with pytest.raises(errors.TableTooLargeError, match=r"9\.4 MiB \(shape \(600, 64, 32\), float64\)"):
        reader.read("DATA")
    assert reader.read("DATA", range(10)).shape == (10, 64, 32)
    assert np.array_equal(reader.read("DATA", out=np.empty_like(TRUTH)), TRUTH)


def test_an_answer_beyond_the_machine_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked, "available_memory", lambda: 5_000_000)
    monkeypatch.setattr(checked, "_LITTLE", 1000)
    with pytest.raises(errors.TableTooLargeError, match=r"4\.8 MiB may be used"):
        open_table(path).read("DATA")


@pytest.mark.parametrize("option", [{"timeout": 0}, {"memory_limit": -1}, {"backend": "casatools"}])
def test_impossible_options(path: Path, option: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"more than 0|no backend"):
        open_table(path, **option)


def test_a_table_that_changed_meanwhile_is_not_mixed_with_what_it_was(tmp_path: Path) -> None:
    reader = open_table(make_table(tmp_path / "t", {"A": np.arange(5)}))
    shutil.rmtree(tmp_path / "t")
    make_table(tmp_path / "t", {"A": np.arange(7)})
    pool.current_pool().shut_down()
    with pytest.raises(errors.UnreadableTableError, match="there were 5 rows, and now there are 7"):
        reader.read("A")
