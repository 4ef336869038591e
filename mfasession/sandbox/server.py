"""The HTTP server of the sandbox: loopback only, a thread for each connection, which stays open as AWS's do."""

import logging
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from werkzeug.serving import make_server

from mfasession.sandbox.moto_backend import RequestHandler

HOST = "127.0.0.1"
_IDLE = 20.0
"""Seconds after which a silent connection is closed."""
_log = logging.getLogger("mfasession.sandbox")


class _Handler(RequestHandler):
    """One connection. werkzeug's own handler closes it after each answer.

    The application reads each request to its end, and each answer is one piece.
    """

    wbufsize = -1
    timeout = _IDLE
    # An answer larger than the buffer leaves in several pieces, and the last one would wait for the client.
    disable_nagle_algorithm = True
    idle: set[socket.socket]
    """The server's connections that wait for a request."""
    is_stopped: Callable[[], bool]

    def setup(self) -> None:
        """Begin to wait for requests."""
        super().setup()
        self.idle.add(self.connection)

    def handle(self) -> None:
        """Answer requests until the client or the server closes the connection."""
        if not self.is_stopped():
            super().handle()

    def finish(self) -> None:
        """End the connection."""
        self.idle.discard(self.connection)
        super().finish()

    def handle_expect_100(self) -> bool:
        """Let a client send its body that waits for our leave."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def run_wsgi(self) -> None:
        """Answer one request (PEP 3333)."""
        self.idle.discard(self.connection)
        self.environ = self.make_environ()
        head: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _failure: object = None, /) -> Callable[[bytes], object]:
            head.append((status, headers))
            return self.wfile.write

        try:
            body = b"".join(self.server.app(self.environ, start))
            status, headers = head[0]
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001  # whatever fails here: the client gets an answer, the log the traceback
            _log.exception("a request that fails here")
            status, headers, body = "500 Internal Server Error", [("Connection", "close")], b""
        self._send(int(status[:3]), status[4:], headers, body)
        self.idle.add(self.connection)
        if self.is_stopped():
            self.close_connection = True

    def _send(self, status: int, phrase: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status, phrase)
        for name, value in headers:
            self.send_header(name, value)
        has_body = self.command != "HEAD" and status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        if has_body and not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            # The client has asked for it, or speaks HTTP/1.0.
            self.send_header("Connection", "close")
        self.end_headers()
        if has_body:
            self.wfile.write(body)
        self.wfile.flush()

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # werkzeug's own name
        """Log a line from werkzeug, which would write it to stderr."""
        _log.log(logging.ERROR if type == "error" else logging.DEBUG, message, *args)


class Server:
    """Serves a WSGI callable on a free port from its own thread."""

    def __init__(self, application: Any, now: Callable[[], float]) -> None:
        """`now` returns the epoch seconds of each answer's Date, by which clients see how far their clocks are off."""
        self._idle: set[socket.socket] = set()
        stopped = self._stopped = threading.Event()
        connections = self._idle

        class Handler(_Handler):
            idle = connections
            is_stopped = staticmethod(stopped.is_set)

            def date_time_string(self, timestamp: float | None = None) -> str:
                return super().date_time_string(now() if timestamp is None else timestamp)

        self._server = make_server(HOST, 0, application, threaded=True, request_handler=Handler)
        self._thread = threading.Thread(target=self._serve, name="mfasession-sandbox", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The server's URL."""
        return f"http://{HOST}:{self._server.port}"

    @property
    def listening(self) -> int:
        """The descriptor of the listening socket."""
        return self._server.socket.fileno()

    def stop(self) -> None:
        """Stop listening, close the connections that wait, and wait until the thread has ended."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._stopped.set()
        for connection in list(self._idle):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                # The client has closed it.
                continue

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.05)
