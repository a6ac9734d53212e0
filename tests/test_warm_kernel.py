"""The kernel choice ``satisfaction``: forked from a warm process, else like any kernel."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import psutil
import pytest
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import KernelProvisionerFactory
from papermill import PapermillExecutionError, execute_notebook

import output_kinds
import satisfaction
from satisfaction.reports import fork_client, provisioner

FIXTURES = Path(__file__).parent / "fixtures" / "notebooks"
SPEC = Path(satisfaction.__file__).parent / "kernelspec"
ENTRY = EntryPoint(
    "satisfaction-warm",
    f"{provisioner.__name__}:WarmProvisioner",
    KernelProvisionerFactory.GROUP_NAME,
)

pytestmark = pytest.mark.skipif(not fork_client.is_available(), reason="needs Linux")


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder as ``jupyter kernelspec install`` makes it, and the provisioner's entry point."""
    data = tmp_path_factory.mktemp("jupyter")
    shutil.copytree(SPEC, data / "kernels" / "satisfaction")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(data))
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        patch.setitem(KernelProvisionerFactory.provisioners, ENTRY.name, ENTRY)
        patch.setattr(provisioner, "_state", lambda: (1,))  # one fork server for all tests
        yield data


class Kernel:
    """A running kernel and what it prints."""

    def __init__(self, folder: Path, **started: object) -> None:
        file = Path(tempfile.mkdtemp(dir=folder)) / "kernel.json"
        self.manager = KernelManager(kernel_name="satisfaction", connection_file=str(file))
        self.manager.start_kernel(**started)
        self.connect()

    def connect(self) -> None:
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)

    def run(self, code: str) -> str:
        texts: list[str] = []
        self.client.execute_interactive(
            code,
            timeout=60,
            output_hook=lambda message: texts.append(message["content"].get("text", "")),
        )
        return "".join(texts).strip()

    def end(self) -> None:
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel()

    @property
    def is_warm(self) -> bool:
        return isinstance(self.manager.provisioner.process, provisioner._Process)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Kernel]]:
    kernels = []

    def started(**arguments: object) -> Kernel:
        kernels.append(Kernel(tmp_path, **arguments))
        return kernels[-1]

    yield started
    for kernel in kernels:
        kernel.end()


def gone(*pids: int) -> bool:
    """Whether these processes end soon."""
    deadline = time.monotonic() + 30
    while any(psutil.pid_exists(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(psutil.pid_exists(pid) for pid in pids)


def test_papermill_gets_the_same_notebook_as_from_a_stock_kernel(tmp_path: Path) -> None:
    source = output_kinds.write(tmp_path / "kinds.ipynb")
    found = {}
    for kernel in ("python3", "satisfaction"):
        target = tmp_path / f"{kernel}.ipynb"
        with pytest.raises(PapermillExecutionError, match="the end"):
            execute_notebook(source, target, kernel_name=kernel, progress_bar=False)
        found[kernel] = output_kinds.shown(target)
    assert found["satisfaction"] == found["python3"]


def test_a_report_is_the_same_as_from_a_stock_kernel(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    found = {}
    for kernel in ("python3", "satisfaction"):
        target = tmp_path / f"{kernel}.ipynb"
        execute_notebook(
            FIXTURES / "descriptive_statistics.ipynb", target, {"project": "cuihu"},
            kernel_name=kernel, progress_bar=False, cwd=empty,
        )  # fmt: skip
        found[kernel] = output_kinds.shown(target)
    assert found["satisfaction"] == found["python3"]
    assert "files here: 0" in str(found["satisfaction"])


def test_it_has_everything_imported_and_what_the_manager_gives(
    start: Callable[..., Kernel], tmp_path: Path
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "beside.py").write_text("name = 'beside'\n", encoding="utf-8")
    environment = {**os.environ, "SATISFACTION_HOME": "/given", "JPY_SESSION_NAME": "a.ipynb"}
    environment.pop("OMP_NUM_THREADS", None)
    kernel = start(cwd=str(folder), env=environment)
    assert kernel.is_warm
    assert kernel.run("import sys; print('satisfaction.study' in sys.modules)") == "True"
    assert kernel.run("import os, beside; print(os.getcwd(), beside.name)") == f"{folder} beside"
    names = ("SATISFACTION_HOME", "JPY_SESSION_NAME", "OMP_NUM_THREADS")
    assert kernel.run(f"print([os.environ.get(name) for name in {names}])") == str(
        ["/given", "a.ipynb", None]
    )
    assert kernel.run("print(sys.argv[1])") == "-f"
    kernel.client.complete("os.getcw")
    reply = kernel.client.get_shell_msg(timeout=60)
    assert reply["content"]["matches"] == ["getcwd", "getcwdb"]


def test_input_is_asked_of_the_user(start: Callable[..., Kernel]) -> None:
    kernel = start()
    texts: list[str] = []
    kernel.client.execute_interactive(
        "print(input('name? ')[::-1])",
        timeout=60,
        stdin_hook=lambda message: kernel.client.input("abc"),
        output_hook=lambda message: texts.append(message["content"].get("text", "")),
    )
    assert "".join(texts) == "cba\n"


def test_interrupts_restarts_and_kills(start: Callable[..., Kernel], tmp_path: Path) -> None:
    kernel = start()
    for again in range(3):
        # a file says that it sleeps: what a kernel prints before its client listens is lost
        asleep = tmp_path / f"asleep-{again}"
        kernel.client.execute(
            f"import pathlib, time; pathlib.Path({str(asleep)!r}).touch(); time.sleep(60)"
        )
        deadline = time.monotonic() + 60
        while not asleep.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        kernel.manager.interrupt_kernel()
        reply = kernel.client.get_shell_msg(timeout=60)
        assert reply["content"]["ename"] == "KeyboardInterrupt"
    first = int(kernel.run("import os; x = 1; print(os.getpid())"))
    kernel.client.stop_channels()
    kernel.manager.restart_kernel()
    kernel.connect()
    second = int(kernel.run("import os; print(os.getpid(), 'x' in globals())").split()[0])
    assert second != first
    assert gone(first)
    os.kill(second, signal.SIGKILL)
    assert gone(second)
    assert not kernel.manager.is_alive()
    kernel.manager.restart_kernel(now=True)
    kernel.client.stop_channels()
    kernel.connect()
    assert kernel.is_warm
    third = int(kernel.run("import os; print(os.getpid())"))
    kernel.end()
    assert gone(third)
    assert not kernel.manager.has_kernel


def test_what_a_kernel_starts_lives_as_long_as_this_kernel(start: Callable[..., Kernel]) -> None:
    one, other = start(), start()
    command = "setsid sleep 600 >/dev/null 2>&1 & echo $!"
    leave = f"import subprocess; print(subprocess.getoutput({command!r}))"
    orphan = int(one.run(leave))
    other.end()
    one.run("1")
    assert psutil.pid_exists(orphan)
    one.manager.shutdown_kernel(now=True)
    assert gone(orphan)


def test_exit_handlers_of_the_user_run(start: Callable[..., Kernel], tmp_path: Path) -> None:
    kernel = start()
    kernel.run(
        f"import atexit, pathlib; atexit.register(pathlib.Path({str(tmp_path / 'x')!r}).touch)"
    )
    kernel.end()
    assert (tmp_path / "x").exists()


SERVER = """
import sys, time
from importlib.metadata import EntryPoint
from jupyter_client.manager import start_new_kernel
from jupyter_client.provisioning import KernelProvisionerFactory

KernelProvisionerFactory.provisioners["satisfaction-warm"] = EntryPoint(*sys.argv[1:])
manager, client = start_new_kernel(kernel_name="satisfaction")
client.execute("import subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True)")
client.get_shell_msg(timeout=60)
print(manager.provisioner.pid, manager.provisioner.process.server.process.pid, flush=True)
time.sleep(600)
"""


def test_nothing_outlives_a_killed_server(tmp_path: Path) -> None:
    temporary, runtime = tmp_path / "temporary", tmp_path / "runtime"
    temporary.mkdir()
    places = {"TMPDIR": str(temporary), "JUPYTER_RUNTIME_DIR": str(runtime)}
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, ENTRY.name, ENTRY.value, ENTRY.group],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**os.environ, **places},
    )
    try:
        assert server.stdout is not None
        pids = [int(pid) for pid in server.stdout.readline().split()]
        started = psutil.Process(pids[0]).children(recursive=True)
    finally:
        server.kill()
        server.communicate()
    assert len(pids) == 2
    assert [process.name() for process in started if process.is_running()] in ([], ["sleep"])
    assert started
    assert gone(*pids, *(process.pid for process in started))
    # the connection file is the dead server's, with any kernel
    assert [path.suffix for path in temporary.iterdir()] in ([], [".json"])


@pytest.mark.parametrize("reason", ["no fork here", "the fork server does not start"])
def test_without_a_fork_server_it_is_a_stock_kernel(
    start: Callable[..., Kernel],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    reason: str,
) -> None:
    def fail(*_arguments: object) -> None:
        raise fork_client.ForkServerLost("planted")

    if reason == "no fork here":
        monkeypatch.setattr(provisioner, "is_available", lambda: False)
    else:
        monkeypatch.setattr(provisioner, "_start", fail)
    with caplog.at_level(logging.WARNING, logger="traitlets"):
        kernel = start()
    assert not kernel.is_warm
    assert kernel.run("print('as ever')") == "as ever"
    assert "a stock kernel is started instead" in caplog.text


def test_a_server_that_knows_older_code_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    class Server:
        def __init__(self, *_arguments: object, **_more: object) -> None:
            made.append("server")
            self.control, theirs = socket.socketpair()
            self.process = subprocess.Popen(["cat"], stdin=theirs)
            theirs.close()

    monkeypatch.setattr(provisioner, "ForkServer", Server)
    monkeypatch.setattr(provisioner, "_kept", None)
    first = provisioner._server()
    assert provisioner._server() is first
    monkeypatch.setattr(provisioner, "_state", lambda: (0,))
    assert provisioner._server() is not first
    assert made == ["server", "server"]
