"""The HTTP server of the sandbox: loopback only, a thread for each connection."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from werkzeug.serving import make_server

from mfasession.sandbox.moto_backend import RequestHandler

HOST = "127.0.0.1"
_log = logging.getLogger("mfasession.sandbox")


class _QuietHandler(RequestHandler):
    """Sends werkzeug's lines to the log instead of stderr, and writes each answer in one piece."""

    wbufsize = -1

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # werkzeug's own name
        """Log a line from werkzeug."""
        _log.log(logging.ERROR if type == "error" else logging.DEBUG, message, *args)


class Server:
    """Serves a WSGI callable on a free port from its own thread."""

    def __init__(self, application: Any, now: Callable[[], float]) -> None:
        """`now` returns the epoch seconds of each answer's Date, by which clients see how far their clocks are off."""

        class Dated(_QuietHandler):
            def date_time_string(self, timestamp: float | None = None) -> str:
                return super().date_time_string(now() if timestamp is None else timestamp)

        self._server = make_server(HOST, 0, application, threaded=True, request_handler=Dated)
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
        """Stop listening and wait until the thread has ended."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.05)
