"""Small notebooks that show everything a cell can show, and how to compare what came of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat

KINDS = {
    "streams": "import sys\nprint('one'); print('two', file=sys.stderr)\n"
    "print('three', flush=True)",
    "result": "6 * 7",
    "nothing": "y = 3;",
    "table": "import pandas as pd\npd.DataFrame({'a': [1, 2], 'b': ['x', '满意']})",
    "display": "from IPython.display import HTML, Markdown, clear_output\n"
    "display(HTML('<b>x</b>'), Markdown('*y*'), 3)\n"
    "display({'text/plain': 'raw'}, raw=True, metadata={'m': 1})",
    "update": "shown = display('before', display_id='shown')\nprint('between')\n"
    "shown.update('after')",
    "update_later": "shown.update('later')",
    "clear": "print('gone'); clear_output(); print('stays')\n"
    "clear_output(wait=True); print('last')",
    "await": "import asyncio\nawait asyncio.gather(asyncio.sleep(0), asyncio.to_thread(str, 5))",
    "warning": "import warnings\n"
    "warnings.warn('careful')\nwarnings.warn('old', DeprecationWarning)",
    "log": "import logging\nlogging.warning('first')",
    "log_later": "logging.warning('second')",
    "command": "!echo from the shell",
    "capture": "%%capture kept\nprint('captured')",
    "captured": "kept.stdout",
    # one write: where a line and its end are two, either engine may show the end a cell later
    "thread": "import sys, threading\n"
    "one = threading.Thread(target=sys.stdout.write, args=('threaded\\n',))\n"
    "one.start(); one.join()",
    "figure": "%matplotlib inline\nimport matplotlib.pyplot as plt\n"
    "_ = plt.figure(figsize=(1, 1)); _ = plt.plot([1, 2])",
    "widget": "import ipywidgets\nslider = ipywidgets.IntSlider(3, description='n')\nslider",
    "widget_later": "slider.value = 5",
    "context": "from contextvars import ContextVar\n"
    "ambient = ContextVar('ambient', default='lost')\n_ = ambient.set('kept')",
    "context_later": "ambient.get()",
    "names": "_, __name__, In[2], type(get_ipython()).__name__, get_ipython().execution_count",
    "syntax": "1 +",
    "error": "def f(x):\n    return 1 / x\nprint('before')\nf(0)",
    "chained": "try:\n    {}['k']\nexcept KeyError as error:\n"
    "    raise ValueError('第二') from error",
    "last": "print('after'); raise RuntimeError('the end')",
    "never": "print('never')",
}
GO_ON = {"syntax", "error", "chained"}
UNEQUAL = re.compile(r"ipykernel_\d+/\d+|[0-9a-f]{32}|at 0x[0-9a-f]+")


def write(path: Path) -> Path:
    """The notebook with all kinds; its last but one cell fails."""
    cells = [
        nbformat.v4.new_code_cell(
            code, id=name, metadata={"tags": ["raises-exception"]} if name in GO_ON else {}
        )
        for name, code in KINDS.items()
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def shown(path: Path) -> dict[str, Any]:
    """What an executed notebook holds, cell by cell, without process numbers and the like."""
    notebook = nbformat.read(path, 4)
    cells = {
        cell.id if cell.id in KINDS else number: (cell.execution_count, _plain(cell.outputs))
        for number, cell in enumerate(notebook.cells)
        if cell.cell_type == "code"
    }
    state = notebook.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json")
    widgets = sorted(_plain(model) for model in state["state"].values()) if state else []
    return {"cells": cells, "language": notebook.metadata.language_info, "widgets": widgets}


def _plain(value: object) -> str:
    return UNEQUAL.sub("~", json.dumps(value, ensure_ascii=False, sort_keys=True))
