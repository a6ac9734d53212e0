"""A report as PDF, printed by the Chromium, Chrome or Edge that is installed.

The page's own print styles decide what the paper looks like.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from satisfaction.problems import DataProblem, Problem

KIND = ".pdf"
NO_PDF = "no PDF: "  # begins the warning in the record of a report that could not be printed
VARIABLE = "SATISFACTION_BROWSER"
NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "microsoft-edge", "microsoft-edge-stable", "msedge",
)  # fmt: skip
ON_MACOS = ("Google Chrome", "Chromium", "Microsoft Edge")
ON_WINDOWS = (r"Google\Chrome\Application\chrome.exe", r"Microsoft\Edge\Application\msedge.exe")
# nothing is fetched and nothing is kept; the page's own policy lets no script run
FLAGS = (
    "--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-quic", "--disable-extensions", "--disable-breakpad", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)  # fmt: skip
SECONDS = 60.0
_LOOK_SECONDS = 0.2
_LINK_OUT = re.compile(r'(<a\b[^<>]*?) href="(?!#)[^"<>]*"')


class NotPrinted(Exception):
    """Why there is no PDF, in words for whoever runs the reports."""


def find_browser() -> str:
    """The program that prints; ``DataProblem`` if there is none."""
    given = os.environ.get(VARIABLE)
    if given:
        found = shutil.which(given)
        if found:
            return found
        remedy = f"Let {VARIABLE} name an installed Chromium, Chrome or Edge, or leave it out."
        raise DataProblem(Problem(VARIABLE, "this is no program that can be run", remedy))
    found = next(filter(None, map(shutil.which, _candidates())), None)
    if found is None:
        remedy = f"Install Chromium, Chrome or Edge, let {VARIABLE} name it, or leave out --pdf."
        raise DataProblem(Problem("--pdf", "no browser was found that can print PDFs", remedy))
    return found


def _candidates() -> Iterator[str]:
    yield from NAMES
    for name in ON_MACOS:
        yield f"/Applications/{name}.app/Contents/MacOS/{name}"
    for folder in ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData"):
        if folder in os.environ:
            yield from (str(Path(os.environ[folder], program)) for program in ON_WINDOWS)


def printed(page: bytes, browser: str, *, within: Path, stop: threading.Event,
            environment: Mapping[str, str] | None = None) -> bytes:  # fmt: skip
    """The page as PDF; ``NotPrinted`` where the browser makes none in time, or ``stop`` is set.

    The browser works in a folder of its own in ``within`` and is gone with it afterwards.
    """
    with tempfile.TemporaryDirectory(
        prefix="print-", dir=within, ignore_cleanup_errors=True
    ) as own:
        source, target = Path(own, "report.html"), Path(own, "report.pdf")
        source.write_text(on_paper(page.decode("utf-8")), encoding="utf-8", newline="\n")
        as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        places = [f"--user-data-dir={Path(own, 'profile')}", f"--print-to-pdf={target}"]
        try:
            process = subprocess.Popen(
                [browser, *FLAGS, *as_root, *places, source.as_uri()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **(environment or {})},
                start_new_session=os.name == "posix",
            )
        except OSError as error:
            raise NotPrinted(f"the browser cannot be started: {error.strerror}") from error
        try:
            in_time = _wait(process, stop)
        finally:
            _end(process)
        if not in_time:
            why = "the run was stopped" if stop.is_set() else f"it took over {SECONDS:g} seconds"
            raise NotPrinted(why)
        made = target.read_bytes() if target.is_file() else b""
    if not made.startswith(b"%PDF-"):
        raise NotPrinted(f"the browser ended with code {process.returncode} and no PDF")
    return made


def on_paper(page: str) -> str:
    """The page without links that leave it: they would name this machine's folders."""
    return _LINK_OUT.sub(r"\1", page)


def _wait(process: subprocess.Popen[bytes], stop: threading.Event) -> bool:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and not stop.is_set():
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_LOOK_SECONDS)
            return True
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the browser with its kin, if it still runs."""
    if process.poll() is None:
        kin = []
        with suppress(psutil.Error):
            kin = psutil.Process(process.pid).children(recursive=True)
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)  # children, too, that it starts just now
        process.kill()
        for each in kin:
            with suppress(psutil.Error):
                each.kill()
        process.wait()
