"""A hostile server on loopback in the place of AWS."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler

from tests.helpers.support import web_server

ALICE = b"arn:aws:iam::123456789012:user/alice"
IAM, STS = b"https://iam.amazonaws.com/doc/2010-05-08/", b"https://sts.amazonaws.com/doc/2011-06-15/"
"""The namespaces of their answers."""
GIB = 1 << 30


class Body:
    """What is answered to one operation: a status and bytes, or pieces that come one a second for ever."""

    def __init__(self, content: bytes, status: int = 200, *, repeats: int = 1, pause: float = 0.0) -> None:
        self.content = content
        self.status = status
        self.repeats = repeats
        self.pause = pause


def coming(seconds: int) -> bytes:
    """The time in so many seconds, as AWS writes it."""
    return datetime.fromtimestamp(time.time() + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()


def caller(arn: bytes = ALICE) -> Body:
    """An answer to GetCallerIdentity."""
    return _result(b"GetCallerIdentity", b"<Arn>" + arn + b"</Arn><UserId>AIDA</UserId><Account>123456789012</Account>")


def token(
    key_id: bytes = b"ASIAIOSFODNN7EXAMPLE", token: bytes = b"token", expires: bytes | None = None, more: bytes = b""
) -> Body:
    """An answer to GetSessionToken, of twelve hours; an empty time is left out."""
    expires = coming(12 * 3600) if expires is None else expires
    expiration = b"<Expiration>" + expires + b"</Expiration>" if expires else b""
    return _result(
        b"GetSessionToken",
        b"<Credentials>" + more + b"<AccessKeyId>" + key_id + b"</AccessKeyId><SecretAccessKey>secret"
        b"</SecretAccessKey><SessionToken>" + token + b"</SessionToken>" + expiration + b"</Credentials>",
    )


def devices(*members: bytes) -> Body:
    """An answer to ListMFADevices."""
    listed = b"".join(b"<member>" + member + b"</member>" for member in members)
    return made(b"ListMFADevices", b"<MFADevices>" + listed + b"</MFADevices><IsTruncated>false</IsTruncated>")


def made(operation: bytes, content: bytes) -> Body:
    """An answer of IAM's to an operation."""
    return _result(operation, content, IAM)


def refusal(code: bytes, text: bytes, status: int = 403) -> Body:
    """An error as AWS writes it."""
    named = b"<Code>" + code + b"</Code><Message>" + text + b"</Message>"
    return Body(b"<ErrorResponse><Error><Type>Sender</Type>" + named + b"</Error></ErrorResponse>", status)


def bomb() -> bytes:
    """Ten billion letters, by entities that double each other (the billion laughs)."""
    entities = b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    return b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">' + entities + b"]><l>&j;</l>"


@contextmanager
def answering(**answers: Body) -> Iterator[str]:
    """A server with an answer for each operation; without one the caller is alice. Its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            operation = body.partition(b"Action=")[2].partition(b"&")[0].decode()
            with suppress(OSError):
                self._write(answers.get(operation) or caller())

        def _write(self, answer: Body) -> None:
            self.send_response(answer.status)
            if answer.repeats == 1:
                self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            for _ in range(answer.repeats):
                self.wfile.write(answer.content)
                time.sleep(answer.pause)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with web_server(Handler) as url:
        yield url


def _result(operation: bytes, content: bytes, space: bytes = STS) -> Body:
    head = b"<" + operation + b'Response xmlns="' + space + b'">'
    inner = b"<" + operation + b"Result>" + content + b"</" + operation + b"Result>"
    return Body(head + inner + b"</" + operation + b"Response>")
