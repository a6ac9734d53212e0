"""Warm kernels for everybody's Jupyter: JupyterLab, papermill, nbclient.

The kernel choice ``satisfaction`` (kernelspec/kernel.json) names this provisioner, jupyter_client's
extension point for how a kernel comes to run. One fork server a Jupyter process, started with the
first kernel, forks kernels that have imported everything; where there is none, the kernel is stock.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import weakref
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

import satisfaction
from satisfaction.reports.fork_client import Child, ForkServer, ForkServerLost, is_available

_STOCK = [sys.executable, "-m", "ipykernel_launcher"]
_UNDERSTOOD = {"cwd", "env", "kernel_id"}
_MODULES = ("ipykernel.kernelapp", "ipykernel.debugger", "jedi", "satisfaction.explore")


class WarmProvisioner(LocalProvisioner):
    """A kernel as a child of our fork server; else as ever."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel that the command ``cmd`` would start."""
        given = {name for name, value in kwargs.items() if value}
        if cmd[:3] == _STOCK and given <= _UNDERSTOOD:
            self.cwd = kwargs.get("cwd") or Path.cwd()
            environment = kwargs.get("env") or dict(os.environ)
            try:
                # in a thread: the first kernel waits for the fork server
                kernel: Any = await asyncio.to_thread(_start, cmd[3:], self.cwd, environment)
                # no pgid: signals go through the fork server, so that no other process gets them
                self.process, self.pid, self.pgid = kernel, kernel.pid, None
                return self.connection_info
            except ForkServerLost as error:
                self.log.warning("No warm kernel (%s): a stock kernel is started instead", error)
        return await super().launch_kernel(cmd, **kwargs)


class _Process:
    """A warm kernel, as `LocalProvisioner` handles a process."""

    stdin = stdout = stderr = None

    def __init__(self, server: ForkServer, child: Child) -> None:
        self.server = server  # lives as long as its kernels
        self.child = child
        self.pid = child.pid

    def poll(self) -> int | None:
        """Exit code once it has ended."""
        try:
            return self.child.code if self.child.wait(0) else None
        except ForkServerLost:  # the system ends its children with it
            return -signal.SIGKILL

    def wait(self) -> int | None:
        """Let go of a kernel that has ended."""
        self.child.end()
        return self.poll()

    def send_signal(self, number: int) -> None:
        """To the kernel and what it has started."""
        self.child.signal(number)

    def kill(self) -> None:
        """At once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Politely."""
        self.send_signal(signal.SIGTERM)


_lock = threading.Lock()
_kept: tuple[ForkServer, tuple[int, ...]] | None = None


def _start(arguments: list[str], folder: str | Path, environment: Mapping[str, str]) -> _Process:
    """A new kernel; ``ForkServerLost`` if there is none."""
    if not is_available():
        raise ForkServerLost("this system cannot fork safely")
    job = {"kind": "kernel", "arguments": arguments, "said": None,
           "folder": str(folder), "environment": dict(environment)}  # fmt: skip
    server = _server()
    return _Process(server, server.start(job))


def _server() -> ForkServer:
    """The fork server of this process; a new one if the old is gone or knows older code."""
    global _kept
    with _lock:
        state = _state()
        if _kept is None or _kept[1] != state or _kept[0].process.poll() is not None:
            environment = {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}
            server = ForkServer(None, [], environment, modules=_MODULES)
            weakref.finalize(server, _end, server.control, server.process)
            _kept = server, state
        return _kept[0]


def _end(control: socket.socket, process: subprocess.Popen[bytes]) -> None:
    """A fork server without kernels, or at the end of this process."""
    control.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)


def _state() -> tuple[int, ...]:
    """Another one for another process, after each edit of our code and each installed package."""
    package = Path(satisfaction.__file__).parent
    edited = [path.stat().st_mtime_ns for path in package.rglob("*.p[yo]")]
    installed = Path(sysconfig.get_path("purelib")).stat().st_mtime_ns
    return os.getpid(), max(edited), len(edited), installed
