"""An error in words that may be shown to anyone: no traceback, no path, nobody's phone or room."""

from __future__ import annotations

import re

from satisfaction.i18n import _

LONGEST = 600
KERNEL_DIED = 70  # exit code of a worker whose kernel vanished
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# control signs, and those that turn or break the text around them
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_PATH = re.compile(
    r"(?:file://)?(?<![\w/<.])(?:[A-Za-z]:[\\/]|/)(?:[^\s\\/:'\"<>|,;()]+[\\/])+([^\s\\/:'\"<>|,;()]*)"
)
_PERSONAL = (
    # phone and identity numbers, but no dates
    re.compile(r"(?<![\d-])(?!\d{4}-\d\d-\d\d(?!\d))\+?\d[\d -]{8,18}\d(?!\d)"),
    re.compile(r"\d+\s*[栋幢座][\d\s单元-]*\d+\s*室?"),  # rooms
    re.compile(r"[\u4e00-\u9fff][A-Z][·\s]?[A-Z0-9]{5,6}(?![A-Za-z0-9])"),  # number plates
    re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"),
)


def in_words(kind: str, message: str) -> str:
    """An exception as a sentence; a ``DataProblem`` already is one."""
    text = shown(message)
    if kind == "DataProblem":
        return text
    return f"{kind}: {text}" if text else kind


def shown(message: str) -> str:
    """``message`` without terminal codes, folders and personal data, and not too long."""
    text = _CONTROL.sub("", _ANSI.sub("", message)).strip()
    text = _PATH.sub(lambda path: path.group(1) or "…", text)
    for pattern in _PERSONAL:
        text = pattern.sub("•••", text)
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


def ended_early(code: int, said: str = "") -> str:
    """Why a worker that left no record may have ended."""
    if code == KERNEL_DIED:
        return kernel_died()
    last = shown(said.strip().splitlines()[-1]) if said.strip() else ""
    if code < 0:
        text = _("The report was stopped from outside (signal {signal}), often for want of memory.")
        return text.format(signal=-code)
    text = _("The report ended before it was done (code {code}).").format(code=code)
    return f"{text} {last}".strip()


def too_slow(limit: float) -> str:
    """The words for a report beyond its time limit."""
    return _("The report took longer than {limit} seconds and was stopped.").format(
        limit=f"{limit:g}"
    )


def out_of_memory(limit: int) -> str:
    """The words for a report beyond its memory limit."""
    return _("The report needed more memory than it may have ({limit} GB).").format(
        limit=f"{limit / 2**30:.3g}"
    )


def too_much_output(limit: int) -> str:
    """The words for a report whose cells print or display without end."""
    return _("The notebook's cells showed more than {limit} MB.").format(
        limit=f"{limit / 2**20:.3g}"
    )


def kernel_died() -> str:
    """The words for a kernel that vanished."""
    return _("The notebook's kernel died, often for want of memory.")


def worker_lost() -> str:
    """The words for a report whose machines of the cluster vanished, one after the other."""
    return _("The machines that were making the report vanished, often for want of memory.")


def not_written(reason: str) -> str:
    """The words for a full disk and the like."""
    return _("The report could not be written: {reason}").format(reason=reason)
