"""The container-credentials protocol: a request's bytes in, an answer's bytes out. No I/O.

AWS SDKs and Tools Reference Guide, "Container credential provider"; RFC 9112 for the part of HTTP/1.1 that a GET needs.
"""

import json
from collections.abc import Callable, Mapping
from hmac import compare_digest
from urllib.parse import quote

from mfasession import timestamps
from mfasession.values import Secret, Session, Value, account_of

ADDRESS = "127.0.0.1"
HEAD_LIMIT = 8 * 1024
"""The largest head of a request, in bytes; every SDK's has less than 1 KiB."""
_END = b"\r\n\r\n"
_TOKEN_CHARACTERS = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""The characters of methods and header names (RFC 9110, 5.6.2)."""

REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
}


class Refused(Exception):
    """A refused request: `status`, `code` (one word), `message` (for people); `closes` the connection."""

    def __init__(self, status: int, code: str, message: str, *, closes: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.closes = closes


class Request(Value):
    """The head of a request."""

    method: str
    target: str
    host: str
    token: bytes
    stays: bool
    """Whether the client keeps the connection open."""


class Supplied(Value):
    """The session of one profile, or why there is none."""

    session: Session | None = None
    message: str = "there is no session"
    """Why there is none, and the command that fixes it."""


class Server:
    """Authorises and answers requests. `supplies` has a function for each path; it never waits."""

    def __init__(self, port: int, token: Secret, supplies: Mapping[str, Callable[[], Supplied]]) -> None:
        self._token = token.reveal().encode("ascii")
        self._hosts = {f"{name}:{port}" for name in (ADDRESS, "localhost", "[::1]")}
        self._supplies = supplies

    def answer(self, head: bytes, now: float) -> tuple[bytes, bool]:
        """Return the answer to one head (without the empty line), and whether the connection stays open."""
        try:
            request = parse(head)
        except Refused as refused:
            return refusal(refused), False
        return self.respond(request, now)

    def respond(self, request: Request, now: float) -> tuple[bytes, bool]:
        """Return the answer to one request, and whether the connection stays open."""
        try:
            session = self._session(request, now)
        except Refused as refused:
            stays = request.stays and not refused.closes
            return refusal(refused, stays=stays, has_body=request.method != "HEAD"), stays
        return _message(200, _credentials(session), stays=request.stays), request.stays

    def _session(self, request: Request, now: float) -> Session:
        # A foreign web page that reaches us (DNS rebinding) sends its own host name.
        if request.host.lower() not in self._hosts:
            raise Refused(403, "ForeignHost", "this endpoint is for programs on this computer", closes=True)
        if request.method != "GET":
            raise Refused(405, "MethodNotAllowed", "only GET is answered here", closes=True)
        if not compare_digest(request.token, self._token):
            raise Refused(
                401,
                "InvalidToken",
                "the Authorization header is not the token of this endpoint: it may have been restarted",
            )
        supply = self._supplies.get(request.target)
        if supply is None:
            raise Refused(404, "NoSuchPath", f"no such path; served: {', '.join(self._supplies)}")
        supplied = supply()
        if supplied.session is None or not supplied.session.is_alive(now):
            # 4xx, because the SDK for JavaScript shows the message only for these.
            raise Refused(403, "NoSession", supplied.message)
        return supplied.session


def path_of(profile: str) -> str:
    """Return the path that a profile is served at."""
    return f"/profile/{quote(profile, safe='', errors='surrogateescape')}"


def cut(buffer: bytes) -> tuple[bytes | None, bytes]:
    """Split off the first head; None while it is incomplete. Raises Refused when it is too long."""
    place = buffer.find(_END)
    if place > HEAD_LIMIT or (place < 0 and len(buffer) > HEAD_LIMIT):
        raise Refused(431, "TooLong", "the head of the request is too long", closes=True)
    if place < 0:
        return None, buffer
    return buffer[:place], buffer[place + len(_END) :]


def parse(head: bytes) -> Request:
    """Return the request. Raises Refused unless it is a plain request without a body."""
    line, *rest = head.split(b"\r\n")
    try:
        method, target, version = line.decode("ascii").split(" ")
    except ValueError:
        raise _malformed("the request line") from None
    if version not in ("HTTP/1.1", "HTTP/1.0") or not _is_token(method.encode()) or not target.startswith("/"):
        raise _malformed("the request line")
    headers = _headers(rest)
    if "transfer-encoding" in headers or headers.get("content-length", b"0") != b"0":
        raise Refused(400, "BodyNotTaken", "a request must not have a body here", closes=True)
    wishes = headers.get("connection", b"").lower()
    stays = b"close" not in wishes if version == "HTTP/1.1" else b"keep-alive" in wishes
    return Request(
        method=method,
        target=target,
        host=headers.get("host", b"").decode("latin-1"),
        token=headers.get("authorization", b""),
        stays=stays,
    )


def refusal(refused: Refused, *, stays: bool = False, has_body: bool = True) -> bytes:
    """Return the refusing answer with both spellings of its fields: one for Go, one for JavaScript."""
    fields = {"code": refused.code, "message": refused.message, "Code": refused.code, "Message": refused.message}
    return _message(refused.status, fields, stays=stays, has_body=has_body)


def _headers(lines: list[bytes]) -> dict[str, bytes]:
    headers: dict[str, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        value = value.strip(b" \t")
        if not colon or not _is_token(name) or any(byte < 32 and byte != 9 for byte in value):
            raise _malformed("a header")
        key = name.decode("ascii").lower()
        if key in headers and key in ("host", "authorization", "content-length", "connection"):
            raise _malformed(f"the repeated header {key}")
        headers[key] = value
    return headers


def _is_token(name: bytes) -> bool:
    return bool(name) and _TOKEN_CHARACTERS.issuperset(name)


def _malformed(what: str) -> Refused:
    return Refused(400, "Malformed", f"{what} is not valid", closes=True)


def _credentials(session: Session) -> dict[str, str]:
    fields = {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret_access_key.reveal(),
        "Token": session.session_token.reveal(),
        "Expiration": timestamps.show(session.expires),
    }
    account = account_of(session.identity)
    return {**fields, "AccountId": account} if account else fields


def _message(status: int, fields: Mapping[str, str], *, stays: bool, has_body: bool = True) -> bytes:
    body = json.dumps(fields).encode("ascii")
    lines = [
        f"HTTP/1.1 {status} {REASONS[status]}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        f"Connection: {'keep-alive' if stays else 'close'}",
    ]
    if status == 405:
        lines.append("Allow: GET")
    return "\r\n".join(lines).encode("ascii") + _END + (body if has_body else b"")
