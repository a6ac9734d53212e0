"""The fork server and clients that vanish at the worst moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from satisfaction.reports.fork_client import ForkServer, ForkServerLost, is_available

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_available(), reason="no fork"),
]

# a process of its own: the server takes over signals
SERVING = """
import json, os, socket
from satisfaction.reports import fork_server

def job():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    plain = {"kind": "nothing", "said": None, "environment": {}, "folder": "."}
    socket.send_fds(starter, [json.dumps(plain).encode()], [theirs.fileno()])
    theirs.close()
    return ours

starter, control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server = fork_server._Server(control, [])
fork_server._TARGETS["nothing"] = lambda job: 0
"""
ENDED_MEANWHILE = """
client = job()
server._accept()
(running,) = server.jobs.values()
os.waitid(os.P_PID, running.pid, os.WEXITED | os.WNOWAIT)
client.close()
server._reap()
server._message(running)  # both were ready when the server was woken
print(len(server.jobs))
"""
GONE_BEFORE_THE_ANSWER = """
job().close()
server._accept()
print(len(server.jobs))
"""


@pytest.mark.parametrize(("what", "jobs"), [(ENDED_MEANWHILE, 0), (GONE_BEFORE_THE_ANSWER, 1)])
def test_a_client_that_is_gone_does_not_end_the_server(what: str, jobs: int) -> None:
    run = subprocess.run(
        [sys.executable, "-c", SERVING + what], capture_output=True, text=True, timeout=60
    )
    assert (run.returncode, run.stdout.strip()) == (0, str(jobs)), run.stderr


def test_whoever_waits_for_its_start_can_be_stopped(tmp_path: Path) -> None:
    server = ForkServer(None, [], {}, tmp_path / "said")
    os.kill(server.process.pid, signal.SIGSTOP)  # it will never be ready
    stop = threading.Event()
    stop.set()
    try:
        with pytest.raises(ForkServerLost):
            server.start({}, stop)
        assert not server.serves()
    finally:
        server.process.kill()
        server.close()


def test_a_starter_killed_while_it_warms_up_leaves_nothing(tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.mkdir()
    server = ForkServer(None, [left], {}, tmp_path / "said")
    server.control.close()  # as the system does for a killed process
    deadline = time.monotonic() + 60
    while left.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left.exists()
    assert server.process.wait(timeout=10) == 0
