"""The endpoint that refreshes: requests a second and the slowest hundredth, by wrk, beside aws-vault's."""

import os
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

from benchmarks import homes, rivals
from benchmarks.interleaved import Failed, environ_of
from benchmarks.tables import Measured
from benchmarks.tables import table as as_table
from tests.helpers.support import MFASESSION

OURS = "`mfasession exec --server`"
SECONDS = 5
CLIENTS = (1, 10, 100)
PRINT_ENDPOINT = 'echo "$AWS_CONTAINER_CREDENTIALS_FULL_URI $AWS_CONTAINER_AUTHORIZATION_TOKEN"; exec sleep 7200'
IDLE = int(os.environ.get("IDLE", "60"))
"""Seconds without a request, in which a server wakes once."""
WAKES = 5


def table(folder: Path) -> Measured:
    """Measure both servers in turn, for each number of clients."""
    if not shutil.which("wrk"):
        raise Failed("wrk is needed: apt-get install wrk")
    rows = []
    for name, (words, environ) in _servers(folder).items():
        with _served(words, environ) as (server, url, token):
            for clients in CLIENTS:
                rate, p99 = _load(url, token, clients)
                peak = _memory(server, "VmHWM")
                rows.append((f"{name}, {clients} at once", f"{rate:,.0f}", f"{p99:.1f}", f"{peak:.0f}"))
    return Measured(as_table(["endpoint", "requests a second", "99 % within ms", "peak MiB so far"], rows))


def idle(folder: Path) -> Measured:
    """Measure both servers at the same time without requests, for some minutes.

    The least counts: each wake does the same, and what it takes more, any program's first instructions after a minute
    take, too, on a computer that slept meanwhile.
    """
    with ExitStack() as running:
        served = {name: running.enter_context(_served(*each))[0] for name, each in _servers(folder).items()}
        time.sleep(3)
        seen: dict[str, list[float]] = {name: [processor(process)] for name, process in served.items()}
        for _ in range(WAKES):
            time.sleep(IDLE)
            for name, process in served.items():
                seen[name].append(processor(process))
        used = {name: [after - before for before, after in pairwise(each)] for name, each in seen.items()}
        rows = [
            (name, f"{min(each):.4f}", f"{statistics.median(each):.4f}", f"{_memory(served[name]):.0f}")
            for name, each in used.items()
        ]
    figures = {"hour s": min(used[OURS]) * 3600 / IDLE}
    head = [f"{IDLE} s without a request", "minimum CPU s", "median CPU s", "MiB"]
    return Measured(as_table(head, rows), figures)


def _servers(folder: Path) -> dict[str, tuple[Sequence[str], Mapping[str, str]]]:
    servers: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {
        OURS: ([MFASESSION, "exec", "--server", "--"], homes.in_file(folder / "ours"))
    }
    if rivals.VAULT.exists():
        environ = rivals.vault_in_file(folder / "peers")
        words = [str(rivals.VAULT), "--prompt=zenity", "exec", "--ecs-server", "default", "--"]
        path = f"{_unasked(folder / 'programs')}:{environ['PATH']}"
        servers["`aws-vault exec --ecs-server`"] = (words, {**environ, "PATH": path})
    return servers


def _unasked(folder: Path) -> Path:
    """Return a folder with a zenity that is never run: aws-vault wants some dialog before it serves."""
    folder.mkdir()
    (folder / "zenity").write_text("#!/bin/sh\nexit 1\n")
    (folder / "zenity").chmod(0o755)
    return folder


@contextmanager
def _served(words: Sequence[str], environ: Mapping[str, str]) -> "Iterator[tuple[int, str, str]]":
    """Run a server until the block ends: its process, URL and token."""
    server = subprocess.Popen(
        [*words, "sh", "-c", PRINT_ENDPOINT],
        env=dict(environ),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert server.stdout is not None
    try:
        url, _, token = server.stdout.readline().strip().partition(" ")
        yield server.pid, url, token
    finally:
        os.killpg(server.pid, 15)
        server.wait(10)


def _load(url: str, token: str, clients: int) -> tuple[float, float]:
    """Return the requests a second and the milliseconds in which 99 of 100 were answered."""
    words = ["wrk", "-t1", f"-c{clients}", f"-d{SECONDS}s", "--latency", "-H", f"Authorization: {token}", url]
    done = subprocess.run(words, env=environ_of("/"), capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout:
        raise Failed(f"{url} refused requests:\n{done.stdout}")
    rate, slow, unit = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout), *_percentile(done.stdout)
    assert rate
    return float(rate[1]), slow * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def _percentile(text: str) -> tuple[float, str]:
    found = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    assert found
    return float(found[1]), found[2]


def processor(process: int) -> float:
    """Return the CPU seconds that a process has used."""
    return sum(int(each.read_text().split()[0]) for each in Path(f"/proc/{process}/task").glob("*/schedstat")) / 1e9


def _memory(process: int, kind: str = "VmRSS") -> float:
    """Return the resident memory in MiB, or with `VmHWM` its peak (proc_pid_status(5))."""
    found = re.search(rf"{kind}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found
    return int(found[1]) / 1024
