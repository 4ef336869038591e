"""HTTP to one server: TLS as botocore does it, connections kept open, each failure as the error that it means."""

import http.client
import io
import select
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from mfasession.aws import deadline, translate

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from mfasession.aws.sts.settings import Target

CONNECT_LIMIT = 5.0
"""Seconds for a connection to one address, and for the handshake."""
READ_LIMIT = 20.0
"""Seconds of silence before an answer, or within it."""


class Connections:
    """The connections to one server that are open. May be used by several threads at once."""

    def __init__(self, target: "Target", size_limit: int) -> None:
        self._target = target
        self._size_limit = size_limit
        self._idle: list[http.client.HTTPConnection] = []
        self._context: ssl.SSLContext | None = None

    def exchange(self, body: bytes, headers: Mapping[str, str], operation: str, seconds: float) -> tuple[int, bytes]:
        """Post a form to `/` within so many seconds; return the HTTP status and the whole answer.

        Redirects are not followed. Raises AwsUnreachable; Unanswered when the request may have arrived. Raises
        ValueError for an endless answer.
        """
        end = time.monotonic() + seconds
        # A name lookup has no time limit, and a name may have many addresses, each with a limit of its own.
        connection = self._idle_one() or deadline.within(seconds, lambda: self._opened(operation), self._target.name)
        try:
            response = _sent(connection, body, headers, end)
            content = _read(response, self._size_limit)
        except _Endless:
            connection.close()
            raise ValueError("an endless answer") from None
        except ssl.SSLError:
            connection.close()
            raise translate.not_trusted(self._target.name) from None
        except Exception:  # noqa: BLE001  # whatever fails from here on, the request may have arrived
            connection.close()
            raise translate.not_answered(self._target.name, operation) from None
        if response.isclosed() and not response.will_close:
            self._idle.append(connection)
        else:
            # It was cut off, or the server closes it.
            connection.close()
        return response.status, content

    def _idle_one(self) -> http.client.HTTPConnection | None:
        """An open connection; one that the server has closed, or where it says something unasked, is dropped."""
        # Without a lock: `pop` is atomic, and two threads never get the same one.
        with suppress(IndexError):
            while True:
                connection = self._idle.pop()
                if connection.sock is not None and not _is_readable(connection.sock):
                    return connection
                connection.close()
        return None

    def _opened(self, operation: str) -> http.client.HTTPConnection:
        target = self._target
        connection = http.client.HTTPConnection(target.name, target.port, timeout=CONNECT_LIMIT)
        # As bytes, because each text goes through the codec for international names, whose import takes milliseconds.
        name = target.name.encode("ascii")
        try:
            # typeshed has texts alone there; getaddrinfo takes both.
            connection.sock = socket.create_connection((name, target.port), CONNECT_LIMIT)  # type: ignore[arg-type]
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            raise translate.not_reached(target.name) from None
        if target.is_tls:
            try:
                connection.sock = self._tls().wrap_socket(connection.sock, server_hostname=name)
            except ssl.SSLError:
                connection.close()
                raise translate.not_trusted(target.name) from None
            except OSError:
                connection.close()
                raise translate.not_answered(target.name, operation) from None
        return connection

    def _tls(self) -> ssl.SSLContext:
        """The settings of botocore.httpsession: only the named certificates count, and TLS 1.2 is the oldest."""
        if self._context is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
            context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
            context.hostname_checks_common_name = False
            context.post_handshake_auth = True
            context.set_alpn_protocols(["http/1.1"])
            try:
                context.load_verify_locations(cafile=self._target.bundle)
            except ssl.SSLError:
                raise
            except OSError as error:
                # Gone since it was looked at: without certificates, no one is trusted.
                raise ssl.SSLError(error.errno, error.strerror) from None
            self._context = context
        return self._context


class _Endless(Exception):
    """An answer is larger than any of AWS's."""


class _Timed:
    """A connection's socket, as HTTPResponse reads it: each read has only the time that is left of the whole."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        self._sock = sock
        self._end = end

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what reads the answer, as bytes."""
        return io.BufferedReader(_TimedReads(self._sock, self._sock.makefile("rb", buffering=0), self._end))


class _TimedReads(io.RawIOBase):
    def __init__(self, sock: socket.socket, unlimited: socket.SocketIO, end: float) -> None:
        self._sock = sock
        self._unlimited = unlimited
        self._end = end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        _limit(self._sock, self._end)
        return self._unlimited.readinto(buffer)

    def close(self) -> None:
        self._unlimited.close()
        super().close()


def _limit(sock: socket.socket, end: float) -> None:
    """Give the next step the time until `end`, by the monotonic clock, but no longer silence than READ_LIMIT."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    sock.settimeout(min(left, READ_LIMIT))


def _sent(
    connection: http.client.HTTPConnection, body: bytes, headers: Mapping[str, str], end: float
) -> http.client.HTTPResponse:
    _limit(connection.sock, end)
    # typeshed has a class alone there; what is called is the same.
    connection.response_class = partial(_timed_response, end=end)  # type: ignore[assignment]
    connection.putrequest("POST", "/", skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value.encode())
    # A server that has heard enough may answer and close.
    with suppress(BrokenPipeError):
        connection.endheaders(body)
    return connection.getresponse()


def _timed_response(sock: socket.socket, *, method: str, end: float) -> http.client.HTTPResponse:
    return http.client.HTTPResponse(_Timed(sock, end), method=method)  # type: ignore[arg-type]  # it calls makefile


def _read(response: http.client.HTTPResponse, size_limit: int) -> bytes:
    # Not `read1`: releases of Python differ in whether it ends where the answer does.
    content = response.read(size_limit + 1)
    if len(content) > size_limit:
        raise _Endless
    return content


def _is_readable(sock: socket.socket) -> bool:
    """Whether something has come that was not asked for: the end of the connection, as a rule."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(0))
