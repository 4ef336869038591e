"""The server's connections on loopback: time-outs and limits, nothing about credentials.

asyncio's streams would cost a task and a wait for each request; this is a Protocol with one object a connection. There
is no access log, and asyncio's own log messages are dropped.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Protocol, cast

from mfasession.errors import ConfigurationError
from mfasession.files import system_errors
from mfasession.programs import limits
from mfasession.programs.guard import keep_standard_descriptors
from mfasession.server.protocol import ADDRESS, Refused, cut, refusal

CONNECTIONS = 2000
"""The most connections at once. For one more, the one that has waited longest is closed."""
PATIENCE = 10.0
"""Seconds for a request's head, for the next one on the connection, and for the client to read its answer."""
_SWEEP = 1.0
_BACKLOG = 1024


class Answering(Protocol):
    """Answers requests."""

    def answer(self, head: bytes, now: float) -> tuple[bytes, bool]:
        """Return the answer to one head (without the empty line), and whether the connection stays open."""


Peer = tuple[str, int]
"""Address and port of a client."""


def bound(port: int = 0) -> socket.socket:
    """Return a socket that listens on 127.0.0.1; 0 is a random port. Raises ConfigurationError when it is taken."""
    keep_standard_descriptors()
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((ADDRESS, port))
    except OSError as error:
        listening.close()
        raise ConfigurationError(
            f"port {port} of {ADDRESS} cannot be served: {system_errors.plain(error)}",
            "choose another --port, or leave it out",
        ) from None
    listening.listen(_BACKLOG)
    listening.settimeout(0.0)
    return listening


class Listener:
    """All connections of one server; a context manager inside a running loop."""

    def __init__(
        self, listening: socket.socket, server: Answering, admits: Callable[[Peer], bool] = lambda _: True
    ) -> None:
        """`admits` returns whether a client gets an answer."""
        self._listening = listening
        self.server = server
        self.admits = admits
        self.connections: dict[Connection, float] = {}
        """The connections with the time (monotonic) when each is closed, the earliest first."""

    async def __aenter__(self) -> None:
        limits.allow_files(CONNECTIONS + 100)
        loop = asyncio.get_running_loop()
        # It would log clients that disconnect, and a traceback for each connection beyond the limit of open files.
        loop.set_exception_handler(lambda *_: None)
        self._accepting = await loop.create_server(lambda: Connection(self), sock=self._listening, backlog=_BACKLOG)
        self._sweeping: asyncio.TimerHandle | None = None

    async def __aexit__(self, *_: object) -> None:
        self._accepting.close()
        if self._sweeping is not None:
            self._sweeping.cancel()
        for connection in list(self.connections):
            connection.abort()

    def wait_for(self, connection: "Connection") -> None:
        """Restart a connection's time limit."""
        self.connections.pop(connection, None)
        if len(self.connections) >= CONNECTIONS:
            next(iter(self.connections)).abort()
        self.connections[connection] = time.monotonic() + PATIENCE
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().call_later(_SWEEP, self._sweep)

    def _sweep(self) -> None:
        """Close what has waited too long, for as long as there are connections."""
        now = time.monotonic()
        for connection in [each for each, end in self.connections.items() if end <= now]:
            connection.give_up()
        self._sweeping = asyncio.get_running_loop().call_later(_SWEEP, self._sweep) if self.connections else None


class Connection(asyncio.Protocol):
    """One client's connection. Its requests are answered in order."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._buffer = b""
        self._is_full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        if self._listener.admits(transport.get_extra_info("peername")):
            self._listener.wait_for(self)
        else:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # not used
        """End."""
        self._listener.connections.pop(self, None)

    def data_received(self, data: bytes) -> None:
        """Add the data and answer each complete head."""
        self._buffer += data
        self._serve()

    def pause_writing(self) -> None:
        """Stop answering a client that does not read."""
        self._is_full = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on: the client reads again."""
        self._is_full = False
        self._serve()
        if not self._is_full and not self._transport.is_closing():
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close at once."""
        self._listener.connections.pop(self, None)
        self._transport.abort()

    def give_up(self) -> None:
        """Close after the time limit; a client that has sent a part of a request gets an answer, if it reads."""
        if self._buffer and not self._is_full and not self._transport.is_closing():
            self._transport.write(refusal(Refused(408, "TooSlow", "the request is not complete")))
            self._transport.close()
            self._listener.connections.pop(self, None)
        else:
            self.abort()

    def _serve(self) -> None:
        while not self._is_full and not self._transport.is_closing():
            try:
                head, self._buffer = cut(self._buffer)
            except Refused as refused:
                self._transport.write(refusal(refused))
                self._transport.close()
                return
            if head is None:
                return
            answer, stays = self._listener.server.answer(head, time.time())
            self._transport.write(answer)
            self._listener.wait_for(self)
            if not stays:
                self._transport.close()
