"""A kernel client whose kernel is this very process: nbclient talks to it as to any other.

The shell is that of a real kernel (`ipykernel`), so displays, errors and streams are the same
messages as ever; only the sockets, the threads and the second process are missing.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from ipykernel.compiler import XCachingCompiler
from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.interactiveshell import ExecutionResult
from jupyter_client.session import Session
from traitlets.config import Config

from satisfaction.reports.limits import OutputTooLarge, length_of

Message = dict[str, Any]


class InProcessKernelClient:
    """The part of jupyter_client's ``KernelClient`` that nbclient uses."""

    allow_stdin = False

    def __init__(self, output_bytes: int) -> None:
        self.output_bytes = output_bytes
        self.shown_bytes = 0
        self.shell_channel, self.iopub_channel = _Channel(), _Channel()
        self.shell = shell()

    async def execute(self, code: str, store_history: bool = True, **_more: Any) -> str:
        """Run the code to its end; the messages then wait in the channels."""
        name = f"cell-{self.shell.execution_count}"
        with self._listening(name):
            result = await _run(self.shell, code, store_history)
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

    def publish(self, kind: str, content: Message, name: str) -> None:
        """Take a message that a cell shows; ``OutputTooLarge`` ends a cell that shows too much."""
        self.shown_bytes += length_of(content)
        if self.shown_bytes > self.output_bytes and kind != "error":
            raise OutputTooLarge(self.output_bytes)
        self.iopub_channel.put(kind, content, name)

    @contextmanager
    def _listening(self, name: str) -> Iterator[None]:
        """Let all that is displayed or printed come to us."""
        session = _session()
        session.listener = lambda kind, content: self.publish(kind, content, name)
        streams = [_Stream(stream, session, self.output_bytes) for stream in ("stdout", "stderr")]
        before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = streams
        try:
            yield
            for stream in streams:
                stream.flush()
        finally:
            sys.stdout, sys.stderr = before
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

    def put(self, kind: str, content: Message, parent: str) -> None:
        message = {"header": {"msg_type": kind}, "parent_header": {"msg_id": parent}}
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
            self.listener(kind, self.unpack(self.pack(body)))


class _Stream(io.TextIOBase):
    """What is printed, handed over before the next display or error and at the end of a cell."""

    def __init__(self, name: str, session: _LocalSession, limit: int) -> None:
        super().__init__()
        self.name = name
        self.session = session
        self.limit = limit
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
        if self.length > self.limit:
            self.flush()
        return len(text)

    def flush(self) -> None:
        text = "".join(self.parts)
        self.parts, self.length = [], 0
        if text:
            self.session.send(None, "stream", {"name": self.name, "text": text})


@cache
def _session() -> _LocalSession:
    return _LocalSession()


@cache
def shell() -> ZMQInteractiveShell:
    """The kernel's shell of this process, made once; no history file, no debugger, no sockets."""
    config = Config({"HistoryManager": {"enabled": False}})
    made = ZMQInteractiveShell.instance(config=config, compiler_class=XCachingCompiler)
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
