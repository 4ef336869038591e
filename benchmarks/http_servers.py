"""The endpoint's own server beside the standard library's threading one, both with the same answers and checks.

Run alone: `python -m benchmarks.http_servers`. Both run at the same time and are asked in turn.
docs/decisions/0010-own-http-server.md has the conclusions.
"""

import asyncio
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import mean

from benchmarks import tables
from benchmarks.endpoint import processor
from mfasession.server import connections, protocol
from mfasession.server.protocol import ADDRESS, Request, Server, Supplied
from mfasession.values import Secret, Session

ROUNDS = int(os.environ.get("ROUNDS", "40"))
REQUESTS = 1000
"""In one round, by all clients together."""
KEPT = (1, 8, 64)
"""Clients that keep their connections."""
IDLE = (0, 200, 1000)
"""Open connections, each of which was used once."""
TOKEN = "t" * 43
PATH = protocol.path_of("default")


class Served:
    """A running server."""

    def __init__(self, process: int, port: int) -> None:
        self.process = process
        self.port = port
        self.request = f"GET {PATH} HTTP/1.1\r\nHost: {ADDRESS}:{port}\r\nAuthorization: {TOKEN}\r\n\r\n".encode()

    def connected(self) -> socket.socket:
        """Return a new connection."""
        client = socket.create_connection((ADDRESS, self.port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def memory(self) -> tuple[float, float, int]:
        """Return its proportional and resident memory in MiB, and its threads."""
        place = Path(f"/proc/{self.process}")
        lines = f"{(place / 'status').read_text()}{(place / 'smaps_rollup').read_text()}".splitlines()
        values = {name: rest.split()[0] for name, _, rest in (line.partition(":") for line in lines) if rest.split()}
        return int(values["Pss"]) / 1024, int(values["VmRSS"]) / 1024, int(values["Threads"])


class Answers:
    """What clients saw: seconds of each request, and of the whole run."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.began = time.perf_counter()

    def figures(self) -> tuple[float, float]:
        """Return requests a second and the milliseconds within which 99 % were answered."""
        whole = time.perf_counter() - self.began
        return len(self.waits) / whole, sorted(self.waits)[len(self.waits) * 99 // 100] * 1000


def kept(served: Served, clients: int) -> Answers:
    """Let clients ask, each as soon as it has its answer, on connections that stay."""
    pending = selectors.DefaultSelector()
    asked: dict[socket.socket, float] = {}
    for _ in range(clients):
        pending.register(served.connected(), selectors.EVENT_READ)
    answers = Answers()
    sent = 0
    for key in pending.get_map().values():
        client = key.fileobj
        assert isinstance(client, socket.socket)
        asked[client] = time.perf_counter()
        client.sendall(served.request)
        sent += 1
    while len(answers.waits) < REQUESTS:
        for key, _ in pending.select():
            client = key.fileobj
            assert isinstance(client, socket.socket)
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
            answers.waits.append(time.perf_counter() - asked[client])
            if sent < REQUESTS:
                asked[client] = time.perf_counter()
                client.sendall(served.request)
                sent += 1
    for client in asked:
        client.close()
    pending.close()
    return answers


def anew(served: Served) -> Answers:
    """Let one client ask, each time on a new connection, as a program that starts does."""
    answers = Answers()
    for _ in range(REQUESTS):
        began = time.perf_counter()
        with served.connected() as client:
            client.sendall(served.request)
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        answers.waits.append(time.perf_counter() - began)
    return answers


def ours(server: Server, listening: socket.socket) -> None:
    """Serve as the endpoint does."""

    async def serve() -> None:
        async with connections.Listener(listening, server):
            await asyncio.Event().wait()

    asyncio.run(serve())


def threading_server(server: Server, listening: socket.socket) -> None:
    """Serve with a thread for each connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = connections.PATIENCE
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            request = Request(
                method=self.command,
                target=self.path,
                host=self.headers.get("Host", ""),
                token=self.headers.get("Authorization", "").encode("latin-1"),
                stays=not self.close_connection,
            )
            answer, stays = server.respond(request, time.time())
            self.close_connection = not stays
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its own signature
            pass

    class Threads(ThreadingHTTPServer):
        daemon_threads = True

    with Threads((ADDRESS, 0), Handler, bind_and_activate=False) as threads:
        threads.socket.close()
        threads.socket = listening
        listening.settimeout(None)
        threads.serve_forever()


KINDS: Mapping[str, Callable[[Server, socket.socket], None]] = {"ours": ours, "threads": threading_server}


def serve(kind: str) -> None:
    """Print the port and serve for ever."""
    listening = connections.bound()
    port = listening.getsockname()[1]
    session = Session(
        access_key_id="ASIA" + "A" * 16,
        secret_access_key=Secret("s" * 40),
        session_token=Secret("t" * 400),
        expires=int(time.time()) + 43_200,
        key_id="AKIA" + "A" * 16,
    )
    server = Server(port, Secret(TOKEN), {PATH: lambda: Supplied(session=session)})
    print(port, flush=True)
    KINDS[kind](server, listening)


@contextmanager
def running(kind: str) -> Iterator[Served]:
    """Run a server in a process of its own for the block."""
    words = (sys.executable, "-m", "benchmarks.http_servers", kind)
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Served(process.pid, int(process.stdout.readline()))
        finally:
            process.kill()


Row = tuple[str, ...]


def memory(servers: Mapping[str, Served]) -> Iterator[Row]:
    """Yield the memory of each server with so many connections open."""
    for count in IDLE:
        for name, served in servers.items():
            clients = [served.connected() for _ in range(count)]
            for client in clients:
                client.sendall(served.request)
                assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
            pss, rss, threads = served.memory()
            yield f"{name}, {count} idle connections", f"{pss:.1f}", f"{rss:.1f}", str(threads)
            for client in clients:
                client.close()


def speed(servers: Mapping[str, Served]) -> Iterator[Row]:
    """Yield the figures of each way to ask, and those of threads as multiples of ours."""
    ways: dict[str, Callable[[Served], Answers]] = {
        f"{count} at once": lambda served, count=count: kept(served, count)  # type: ignore[misc]
        for count in KEPT
    }
    ways["1, each on a new connection"] = anew
    seen: dict[str, dict[str, list[tuple[float, float, float]]]] = {way: {name: [] for name in servers} for way in ways}
    for _ in range(ROUNDS):
        for way, ask in ways.items():
            for name, served in servers.items():
                before = processor(served.process)
                rate, p99 = ask(served).figures()
                seen[way][name].append((rate, p99, (processor(served.process) - before) / REQUESTS * 1e6))
    for way, by_server in seen.items():
        figures = {name: summary(rounds) for name, rounds in by_server.items()}
        for name, (rate, p99, used) in figures.items():
            yield f"{name}, {way}", f"{rate:,.0f}", f"{p99:.2f}", f"{used:.0f}"
        times = [theirs / own for own, theirs in zip(figures["ours"], figures["threads"], strict=True)]
        yield f"threads / ours, {way}", *(f"{each:.2f} times" for each in times)


def summary(rounds: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Return the best rate and wait, which nothing else slowed, and the mean use of the processor."""
    rates, waits, used = zip(*rounds, strict=True)
    return max(rates), min(waits), mean(used)


def main() -> None:
    """Print both tables."""
    with running("ours") as own, running("threads") as threads:
        servers = {"ours": own, "threads": threads}
        print(tables.table(["server", "PSS MiB", "RSS MiB", "threads"], list(memory(servers))))
        columns = ["server, clients", "requests a second", "99 % within ms", "CPU µs a request"]
        print(tables.table(columns, list(speed(servers))))


if __name__ == "__main__":
    serve(sys.argv[1]) if sys.argv[1:] else main()
