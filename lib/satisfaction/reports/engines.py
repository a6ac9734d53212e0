"""papermill's engines for a report: a kernel of its own (stock), or the cells in this process.

Both go through nbclient and its handling of messages, so that an executed notebook looks the same
whichever ran it. The second is for a process that exists for one report and has everything
imported, a child of the fork server: it saves the start of a kernel and all talk with it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.utils import remove_args

from satisfaction.reports.in_process import InProcessKernelClient
from satisfaction.reports.limits import Limits, OutputTooLarge, length_of

# our names for them -> papermill's
NAMES = {"stock": "satisfaction-stock", "warm": "satisfaction-in-process"}


class SocketKernelManager(AsyncKernelManager):
    """Talks to its kernel through socket files: two kernels can never be given the same port.

    The files lie in the working folder, which is the report's own; their names are relative and so
    never too long for the system.
    """

    def _transport_default(self) -> str:
        return "ipc" if os.name == "posix" else "tcp"


class _Client(PapermillNotebookClient):
    """papermill's client, which leaves texts alone: to time those of a report takes 10 ms."""

    def papermill_execute_cells(self) -> None:
        """Run the code cells; after an error that stops the notebook, none."""
        for index, cell in enumerate(self.nb.cells):
            if cell.cell_type != "code":
                continue
            try:
                self.nb_man.cell_start(cell, index)
                self.execute_cell(cell, index)
            except CellExecutionError as error:
                self.nb_man.cell_exception(cell, cell_index=index, exception=error)
                break
            finally:
                self.nb_man.cell_complete(cell, cell_index=index)


class _StockClient(_Client):
    """Ends a notebook that shows too much."""

    output_bytes = Limits.output_bytes
    shown_bytes = 0
    is_ended = False

    def process_message(self, msg: dict[str, Any], *where: Any) -> NotebookNode | None:
        self.shown_bytes += length_of(msg["content"])
        if self.shown_bytes <= self.output_bytes:
            return super().process_message(msg, *where)
        if not self.is_ended:  # nothing else would reach a cell that shows without end
            self.is_ended = True
            self.ending = asyncio.ensure_future(self.km.shutdown_kernel(now=True))
        return None

    def execute(self, **options: Any) -> NotebookNode:
        try:
            return super().execute(**options)
        except DeadKernelError:
            if self.is_ended:
                raise OutputTooLarge(self.output_bytes) from None
            raise


class _InProcessClient(_Client):
    """Holds the kernel."""

    output_bytes = Limits.output_bytes

    @contextmanager
    def setup_kernel(self, **_options: Any) -> Iterator[None]:
        self.kc = InProcessKernelClient(self.output_bytes)
        yield


class StockEngine(NBClientEngine):
    """The notebook in a kernel process of its own."""

    client: type[PapermillNotebookClient] = _StockClient

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, output_bytes: int = Limits.output_bytes, **options: Any
    ) -> NotebookNode:
        """Run all cells; ``output_bytes``: what they may show."""
        kept = remove_args(["input_path", "start_timeout", "execution_timeout"], **options)
        client = cls.client(nb_man, kernel_name=kernel_name, **kept)
        client.output_bytes = output_bytes
        try:
            return client.execute()
        finally:
            for cell in nb_man.nb.cells:
                if cell.get("outputs"):
                    cell.outputs = coalesced(cell.outputs)


class InProcessEngine(StockEngine):
    """The notebook in this process, which is not to be used for another one."""

    client = _InProcessClient


papermill_engines.register(NAMES["stock"], StockEngine)
papermill_engines.register(NAMES["warm"], InProcessEngine)


def coalesced(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Outputs in which what was printed in one go stands once a stream, stdout first.

    A kernel sends it in pieces, cut by its clock. (nbclient's own option takes minutes for a long
    line, nbclient 0.11.)
    """
    kept: list[NotebookNode] = []
    printed: dict[str, NotebookNode] = {}
    for output in outputs:
        if output.output_type != "stream":
            kept += [printed[name] for name in sorted(printed, reverse=True)]
            printed = {}
            kept.append(output)
        elif output.name in printed:
            printed[output.name].text += output.text
        else:
            printed[output.name] = output
    return kept + [printed[name] for name in sorted(printed, reverse=True)]
