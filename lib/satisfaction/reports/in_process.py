"""A kernel client whose kernel is this very process: nbclient talks to it as to any other.

The shell is that of a real kernel (`ipykernel`), so displays, errors and streams are the same
messages as ever; only the sockets, the threads and the second process are missing.
"""

from __future__ import annotations

import asyncio
import builtins
import io
import os
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime
from functools import cache
from typing import Any

import comm
from comm.base_comm import BaseComm
from ipykernel.compiler import XCachingCompiler
from ipykernel.ipkernel import IPythonKernel
from ipykernel.jsonutil import json_clean
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import ExecutionResult
from jupyter_client.session import Session
from traitlets.config import Config

from satisfaction.reports.limits import OutputTooLarge, length_of

Message = dict[str, Any]
_LONG = 1 << 20  # characters printed that are handed over at once


class InProcessKernelClient:
    """The part of jupyter_client's ``KernelClient`` that nbclient uses."""

    allow_stdin = False

    def __init__(self, output_bytes: int) -> None:
        self.output_bytes = output_bytes
        self.shown_bytes = 0
        self.shell_channel, self.iopub_channel = _Channel(), _Channel()
        self.shell = shell()
        self._context = copy_context()  # what a cell sets there, the next one finds

    async def execute(self, code: str, store_history: bool = True, **_more: Any) -> str:
        """Run the code to its end; the messages then wait in the channels."""
        name = f"cell-{self.shell.execution_count}"
        self.iopub_channel.put("status", {"execution_state": "busy"}, name)
        asked = {"code": code, "execution_count": self.shell.execution_count}
        self.iopub_channel.put("execute_input", asked, name)
        with self._listening(name):
            cell = _run(self.shell, code, store_history)
            result = await asyncio.create_task(cell, context=self._context)
        self.iopub_channel.put("status", {"execution_state": "idle"}, name)
        self.shell_channel.put("execute_reply", self._reply(result), name)
        return name

    def kernel_info(self) -> str:
        """Ask what the kernel is."""
        info = {"status": "ok", "language_info": dict(IPythonKernel.language_info)}
        self.shell_channel.put("kernel_info_reply", info, "info")
        return "info"

    def is_alive(self) -> bool:
        """Whether the kernel lives: we are it."""
        return True

    def publish(self, name: str, kind: str, content: Message, buffers: Sequence[bytes]) -> None:
        """Take a message that a cell shows; ``OutputTooLarge`` ends a cell that shows too much."""
        self.shown_bytes += length_of(content)
        if self.shown_bytes > self.output_bytes and kind != "error":
            raise OutputTooLarge(self.output_bytes)
        self.iopub_channel.put(kind, content, name, buffers)

    @contextmanager
    def _listening(self, name: str) -> Iterator[None]:
        """Let all that is displayed or printed come to us."""
        session = _session()
        session.listener = lambda *message: self.publish(name, *message)
        before = sys.stdout, sys.stderr, builtins.input, comm.create_comm
        sys.stdout, sys.stderr, builtins.input, comm.create_comm = *_streams(), _no_input, _Comm
        try:
            yield
            for stream in _streams():
                stream.flush()
        finally:
            sys.stdout, sys.stderr, builtins.input, comm.create_comm = before
            session.listener = None

    def _reply(self, result: ExecutionResult) -> Message:
        in_display = self.shell._last_traceback_during_displayhook
        if result.success and not in_display:
            return {"status": "ok", "execution_count": result.execution_count}
        error = result.error_before_exec or result.error_in_exec
        told = {"ename": type(error).__name__, "evalue": str(error)}
        return {"status": "error", "traceback": self.shell._last_traceback or [], **told}


class _Channel:
    """Messages that wait to be read."""

    def __init__(self) -> None:
        self.waiting: deque[Message] = deque()

    def put(self, kind: str, content: Message, parent: str, buffers: Sequence[bytes] = ()) -> None:
        header = {"msg_type": kind, "date": datetime.now(UTC)}
        message = {"header": header, "parent_header": {"msg_id": parent}, "buffers": buffers}
        self.waiting.append({**message, "msg_type": kind, "content": content})

    async def get_msg(self, timeout: float | None = None) -> Message:
        while not self.waiting:  # nbclient starts to read before a cell has run
            await asyncio.sleep(0)
        return self.waiting.popleft()


class _LocalSession(Session):
    """Hands messages over instead of sending them; packed as they would be on a wire."""

    listener: Any = None

    def send(
        self, stream: Any, msg_or_type: Any, content: Any = None, *args: Any, **more: Any
    ) -> None:
        """Hand ``msg_or_type`` (a kind, or a whole message) over to whoever listens."""
        whole = not isinstance(msg_or_type, str)
        kind = msg_or_type["msg_type"] if whole else msg_or_type
        body = msg_or_type["content"] if whole else content
        if self.listener is not None:
            self.listener(kind, self.unpack(self.pack(body)), more.get("buffers") or ())


class _Stream(io.TextIOBase):
    """What is printed, handed over before the next display or error and at the end of a cell."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.parts: list[str] = []
        self.length = 0

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.parts.append(text)
        self.length += len(text)
        if self.length > _LONG:
            self.flush()
        return len(text)

    def flush(self) -> None:
        text = "".join(self.parts)
        self.parts, self.length = [], 0
        if text:
            _session().send(None, "stream", {"name": self.name, "text": text})


class _Comm(BaseComm):
    """A widget's line to the one who shows it."""

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None,
        buffers: Sequence[bytes] | None = None, **keys: Any,
    ) -> None:  # fmt: skip
        """Hand the message over."""
        content = {"data": data or {}, "comm_id": self.comm_id, **keys}
        _session().send(None, msg_type, json_clean(content), buffers=buffers)


def _no_input(_prompt: object = "") -> str:
    raise StdinNotImplementedError(
        "raw_input was called, but this frontend does not support input requests."
    )


@cache
def _streams() -> tuple[_Stream, _Stream]:
    """Standard output and error of all cells: what keeps one of them, as a log does, goes on."""
    return _Stream("stdout"), _Stream("stderr")


@cache
def _session() -> _LocalSession:
    return _LocalSession()


class _Shell(ZMQInteractiveShell):
    def enable_gui(self, gui: str | None = None) -> None:
        """There is no window to wait for."""


_Shell.__name__ = ZMQInteractiveShell.__name__


@cache
def shell() -> ZMQInteractiveShell:
    """The kernel's shell of this process, made once; no history file, no debugger, no sockets."""
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    config = Config({"HistoryManager": {"enabled": False}})
    made = _Shell.instance(config=config, compiler_class=XCachingCompiler)
    publishers: tuple[Any, ...] = (made.displayhook, made.display_pub)
    for publisher in publishers:
        publisher.session = _session()
    made.displayhook.topic = b"execute_result"  # type: ignore[attr-defined]
    return made


async def _run(where: ZMQInteractiveShell, code: str, store_history: bool) -> ExecutionResult:
    """Run a cell as ipykernel does: inside the running loop, so that a cell may ``await``."""
    error = None
    try:
        transformed = where.transform_cell(code)
    except Exception:
        transformed, error = code, sys.exc_info()
    where._last_traceback = None
    where._last_traceback_during_displayhook = False
    result = None
    try:
        result = await where.run_cell_async(
            code,
            store_history=store_history,
            transformed_cell=transformed,
            preprocessing_exc_tuple=error,
        )
    finally:
        where.events.trigger("post_execute")
        where.events.trigger("post_run_cell", result)
    return result
