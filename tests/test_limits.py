"""What a report's process may take, held by the system."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource")

PROGRAM = """
import resource, sys
from satisfaction.reports.limits import hold
if sys.argv[2] == "strict":
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
hold(300_000_000, 100_000)
held = [bytearray(100_000_000)]
try:
    held.append(bytearray(400_000_000))
except MemoryError:
    print("no memory")
try:
    with open(sys.argv[1], "wb") as file:
        for _part in range(20):
            file.write(bytes(10_000))
except OSError as error:
    print(error.strerror)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted by Linux")
@pytest.mark.parametrize(("system", "largest"), [("free", 100_000), ("strict", 5000)])
def test_memory_and_files_end_at_the_limit_ours_or_the_system_s(
    tmp_path: Path, system: str, largest: int
) -> None:
    place = tmp_path / "file"
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(place), system],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout.splitlines() == ["no memory", "File too large"]
    assert place.stat().st_size == largest
