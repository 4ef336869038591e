"""The protocol of the endpoint: bytes to bytes, for SDKs, for browsers that were led astray, and for noise."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.server.protocol import HEAD_LIMIT, Refused, Server, Supplied, cut, path_of
from mfasession.values import Secret
from tests.helpers.support import SECRET, SESSION_ID, made_session

PORT = 40123
TOKEN = "dGhlIHRva2Vu_-"
SESSION = made_session()
NOW = SESSION.expires - 3600.0
HOST = f"127.0.0.1:{PORT}"


def server(supplied: Supplied | None = None) -> Server:
    """A server of two profiles, one of which has no session."""
    first = supplied or Supplied(session=SESSION)
    gone = Supplied(message="the session of profile old has expired: run mfasession login -p old")
    return Server(PORT, Secret(TOKEN), {path_of("default"): lambda: first, path_of("old"): lambda: gone})


def head(
    method: str = "GET", target: str = "/profile/default", host: str = HOST, token: str = TOKEN, more: str = ""
) -> bytes:
    """A request as SDKs send it."""
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}{more}".encode()


def answered(request: bytes, now: float = NOW) -> tuple[int, dict[str, str], dict[str, Any], bool]:
    """Status, headers, JSON, and whether the connection stays."""
    answer, stays = server().answer(request, now)
    top, _, body = answer.partition(b"\r\n\r\n")
    first, *rest = top.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
    assert int(headers["content-length"]) == len(body) or request.startswith(b"HEAD ")
    assert headers["connection"] == ("keep-alive" if stays else "close")
    return int(first.split()[1]), headers, json.loads(body) if body else {}, stays


def test_the_answer_that_every_sdk_reads() -> None:
    """Token and not SessionToken, Expiration with Z, the account, JSON by name, and kept by no cache."""
    status, headers, body, stays = answered(head())
    assert (status, stays) == (200, True)
    assert body == {
        "AccessKeyId": SESSION_ID,
        "SecretAccessKey": SECRET,
        "Token": SESSION.session_token.reveal(),
        "Expiration": "2026-11-24T06:00:00Z",
        "AccountId": "123456789012",
    }
    assert (headers["content-type"], headers["cache-control"]) == ("application/json", "no-store")


@pytest.mark.parametrize("host", [HOST, f"localhost:{PORT}", f"LocalHost:{PORT}", f"[::1]:{PORT}"])
def test_our_own_names(host: str) -> None:
    """What programs on this computer call us."""
    assert answered(head(host=host))[0] == 200


REFUSED = {
    "a page's own name": (head(host=f"evil.example:{PORT}"), 403, "ForeignHost"),
    "another port": (head(host="127.0.0.1:1"), 403, "ForeignHost"),
    "no port": (head(host="127.0.0.1"), 403, "ForeignHost"),
    "no name": (b"GET /profile/default HTTP/1.1\r\nAuthorization: " + TOKEN.encode(), 403, "ForeignHost"),
    "a post": (head("POST"), 405, "MethodNotAllowed"),
    "a preflight": (head("OPTIONS"), 405, "MethodNotAllowed"),
    "a put": (head("PUT", "/latest/api/token"), 405, "MethodNotAllowed"),
    "a wrong token": (head(token=TOKEN[:-1]), 401, "InvalidToken"),
    "a token that is not ASCII": (head(token="é"), 401, "InvalidToken"),
    "no token": (b"GET /profile/default HTTP/1.1\r\nHost: " + HOST.encode(), 401, "InvalidToken"),
    "a scheme": (head(token=f"Bearer {TOKEN}"), 401, "InvalidToken"),
    "an unknown path": (head(target="/profile/other"), 404, "NoSuchPath"),
    "a path that climbs": (head(target="/profile/x/../default"), 404, "NoSuchPath"),
    "a query": (head(target="/profile/default?x"), 404, "NoSuchPath"),
    "an unknown path without the token": (head(target="/x", token="x"), 401, "InvalidToken"),
    "nothing lives": (head(target="/profile/old"), 403, "NoSession"),
    "two hosts": (head(more=f"\r\nHost: {HOST}"), 400, "Malformed"),
    "two tokens": (head(more="\r\nauthorization: x"), 400, "Malformed"),
    "a body": (head(more="\r\nContent-Length: 5"), 400, "BodyNotTaken"),
    "a body in pieces": (head(more="\r\nTransfer-Encoding: chunked"), 400, "BodyNotTaken"),
    "another version": (head().replace(b"HTTP/1.1", b"HTTP/2.0"), 400, "Malformed"),
    "a proxy's request": (head(target=f"http://{HOST}/profile/default"), 400, "Malformed"),
    "a header in two lines": (head(more="\r\n folded"), 400, "Malformed"),
    "a space before the colon": (head(more="\r\nX : y"), 400, "Malformed"),
    "a bare line feed": (head(more="\r\nX: y\nHost: z"), 400, "Malformed"),
    "nothing": (b"", 400, "Malformed"),
}


@pytest.mark.parametrize(("request_", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_refused(request_: bytes, status: int, code: str) -> None:
    """In both spellings of the fields, Go's and JavaScript's; no secret, and no word on what the token is."""
    answer, _ = server().answer(request_, NOW)
    assert not any(secret in answer.decode() for secret in (SECRET, SESSION.session_token.reveal(), TOKEN))
    found, headers, body, _ = answered(request_)
    assert (found, body["code"], body["Code"]) == (status, code, code)
    assert body["message"] == body["Message"]
    assert headers["content-type"] == "application/json"
    assert "access-control-allow-origin" not in headers
    assert headers.get("allow") == ("GET" if status == 405 else None)


def test_the_answer_holds_the_fix() -> None:
    """The SDK shows it to the user who waits."""
    assert answered(head(target="/profile/old"))[2]["message"].endswith("run mfasession login -p old")


def test_head_has_no_body() -> None:
    """405 as for all but GET, without what a HEAD has no room for."""
    answer, stays = server().answer(head("HEAD"), NOW)
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert answer.endswith(b"\r\n\r\n")
    assert not stays


@pytest.mark.parametrize(
    ("version", "wish", "stays"),
    [("1.1", "", True), ("1.1", "close", False), ("1.0", "", False), ("1.0", "Keep-Alive", True)],
)
def test_the_connection(version: str, wish: str, *, stays: bool) -> None:
    """As RFC 9112, 9.3 has it."""
    more = f"\r\nConnection: {wish}" if wish else ""
    assert answered(head(more=more).replace(b"HTTP/1.1", f"HTTP/{version}".encode()))[3] is stays


@given(left=st.floats(-1e6, 1e6))
def test_the_last_second(left: float) -> None:
    """A session is served to its very end, and not a moment longer."""
    assert answered(head(), SESSION.expires - left)[0] == (200 if SESSION.expires > SESSION.expires - left else 403)


@given(st.binary(max_size=300))
def test_noise(noise: bytes) -> None:
    """Whatever comes is answered, and nothing but the one right request gets credentials."""
    answer, _ = server().answer(noise, NOW)
    assert answer.startswith(b"HTTP/1.1 4")
    assert SECRET.encode() not in answer


@given(st.binary(max_size=30), st.integers(0, len(head())))
def test_noise_within_a_request(noise: bytes, place: int) -> None:
    """A right request with something in it is still answered in one way or another."""
    whole = head()
    answer, _ = server().answer(whole[:place] + noise + whole[place:], NOW)
    assert answer.startswith(b"HTTP/1.1 ")


@given(st.text(st.characters(codec="utf-8")))
def test_any_profile_has_a_path_of_its_own(name: str) -> None:
    """Slashes, spaces, dots and percent signs too."""
    path = path_of(name)
    assert path.isascii()
    assert path.count("/") == 2
    assert not {" ", "?", "#"} & set(path)


@given(st.lists(st.binary(max_size=60).filter(lambda part: b"\r" not in part and b"\n" not in part), max_size=5))
def test_heads_are_cut_one_by_one(parts: list[bytes]) -> None:
    """Pipelining: however many arrive at once, each is whole."""
    buffer = b"".join(part + b"\r\n\r\n" for part in parts) + b"rest"
    for part in parts:
        found, buffer = cut(buffer)
        assert found == part
    assert cut(buffer) == (None, b"rest")


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"])
def test_a_head_has_an_end(end: bytes) -> None:
    """Memory for a client is bounded."""
    assert cut(b"x" * HEAD_LIMIT)[0] is None
    with pytest.raises(Refused) as caught:
        cut(b"x" * (HEAD_LIMIT + 1) + end)
    assert (caught.value.status, caught.value.closes) == (431, True)
