"""How many reference results hold here: found once per code and libraries, then read from a file.

The methods run in a process of their own, ``python -m satisfaction.reports.certificate <file>``: a
library that crashes or hangs leaves a batch without a certificate, not without reports.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from satisfaction.certification.libraries import library_versions
from satisfaction.i18n import _
from satisfaction.reports import processes
from satisfaction.reports.provenance import code_fingerprint, fingerprint
from satisfaction.reports.storage import Storage

KEPT = ".methods-check"  # in the output folder; no .json: only records are
LIMIT_SECONDS = 120.0

Certificate = Mapping[str, Any]

_found: dict[str, Certificate] = {}  # batches of one process do not ask again


def certificate(storage: Storage, stop: threading.Event | None = None) -> Certificate:
    """``held``, ``total`` and ``failed`` (ids) on the installed libraries; empty: cannot tell.

    Takes seconds the first time, nothing after that. ``stop`` ends the waiting.
    """
    key = fingerprint(code_fingerprint().encode(), json.dumps(library_versions()).encode())
    if key not in _found:
        result = _sound(storage.read(KEPT), key) or _computed(key, stop or threading.Event())
        if not result:
            return {}
        _found[key] = result
    if not _sound(storage.read(KEPT), key):
        with suppress(Exception):  # a storage that cannot: the next run then finds out again
            storage.put({KEPT: _as_bytes(key, _found[key])})
    return _found[key]


def in_words(result: Certificate) -> str:
    """The sentence for a report's footer, in the current language."""
    if not result:
        return _("cannot tell: the reference results could not be run")
    counts = {"held": result["held"], "total": result["total"]}
    if not result["failed"]:
        return _("{held} of {total} reference results hold with these versions").format(**counts)
    return _("{held} of {total} reference results hold with these versions; not: {failed}").format(
        **counts, failed=", ".join(result["failed"])
    )


def _computed(key: str, stop: threading.Event) -> Certificate:
    """Run the methods in another process; empty if it fails, is too slow or is not waited for."""
    token = uuid.uuid4().hex
    with tempfile.TemporaryDirectory(prefix="methods-") as name:
        place = Path(name) / key
        said = Path(name) / "said"
        worker = processes.start("satisfaction.reports.certificate", place, token, {}, said)
        try:
            deadline = time.monotonic() + LIMIT_SECONDS
            while worker.poll() is None and time.monotonic() < deadline and not stop.is_set():
                time.sleep(0.05)
        finally:
            processes.end(worker, token)
        return _sound(place.read_bytes() if place.is_file() else None, key)


def _sound(content: bytes | None, key: str) -> Certificate:
    """The certificate in a file; empty if it is missing, half, foreign or of another key."""
    try:
        plain = json.loads((content or b"").decode("utf-8"))
        result = {name: plain[name] for name in ("held", "total", "failed")}
        counts = [result["held"], result["total"], len(result["failed"])]
    except (ValueError, KeyError, TypeError):
        return {}
    sound = all(type(count) is int for count in counts) and counts[0] + counts[2] == counts[1]
    return result if sound and counts[1] > 0 and plain.get("key") == key else {}


def _as_bytes(key: str, result: Certificate) -> bytes:
    return (json.dumps({**result, "key": key}) + "\n").encode()


def _leave_nothing(path: Path) -> None:
    for left in (path.with_suffix(".part"), path, path.parent / "said"):
        left.unlink(missing_ok=True)
    with suppress(OSError):  # somebody else's files lie there, too
        path.parent.rmdir()


def main(path: Path) -> None:
    """Run all reference results and leave the certificate in ``path``, a file named by its key."""
    from satisfaction.certification.runner import certify  # pandas: only this process needs it

    processes.when_parent_dies(lambda: _leave_nothing(path))
    outcomes = certify()
    failed = [outcome.id for outcome in outcomes if not outcome.holds]
    result = {"held": len(outcomes) - len(failed), "total": len(outcomes), "failed": failed}
    part = path.with_suffix(".part")
    part.write_bytes(_as_bytes(path.name, result))
    part.replace(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
