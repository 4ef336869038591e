"""A server on loopback that is not AWS: a proxy, a server with another certificate."""

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.helpers.patience import scaled


def _request(connection: socket.socket) -> bytes:
    """One request, its body included."""
    request = b""
    while not _is_whole(request):
        more = connection.recv(4096)
        if not more:
            break
        request += more
    return request


def _is_whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"\r\nContent-Length: (\d+)", head, re.IGNORECASE)
    return bool(end) and len(body) >= (int(length[1]) if length else 0)


@contextmanager
def listening(context: ssl.SSLContext | None = None, answer: bytes = b"") -> Iterator[tuple[int, list[bytes]]]:
    """A server on loopback that notes the first bytes of each connection and gives one answer; its port."""
    heard: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            try:
                connection.settimeout(scaled(10))
                if context is not None:
                    connection = context.wrap_socket(connection, server_side=True)
                heard.append(_request(connection))
                connection.sendall(answer)
            except OSError as error:
                heard.append(str(error).encode())
            finally:
                connection.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1], heard
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()


@contextmanager
def dripping(answer: bytes = b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 3600) -> Iterator[int]:
    """A server on loopback that gives each connection one byte a second, before it is asked anything; its port."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            for at in range(len(answer)):
                connection.sendall(answer[at : at + 1])
                if over.wait(1):
                    return

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=drip, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        over.set()
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
