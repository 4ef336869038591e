"""Whatever answers in the place of STS, our own requests end as those through boto3 do: one session, or one error."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mfasession.aws.client import Aws
from mfasession.aws.errors import Unanswered
from mfasession.errors import MfaSessionError
from mfasession.values import Role, Session
from tests.helpers.faults.hostile_aws import STS, Body, bomb, caller, coming, refusal, token
from tests.helpers.listener import listening
from tests.helpers.patience import scaled
from tests.helpers.support import Home, made_profile, made_session, move_into

ROLE = "arn:aws:iam::123456789012:role/admin"


class ThroughBoto3(Aws):
    """As before there was another way."""

    calls_directly = False


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home without AWS files and an environment without AWS."""
    home = Home(tmp_path, {})
    move_into(home, monkeypatch)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    return home


CALLS: dict[str, Callable[[Aws], object]] = {
    "GetCallerIdentity": lambda aws: aws.identity(),
    "GetSessionToken": lambda aws: aws.session_token("arn:aws:iam::123456789012:mfa/phone", "123456", 3600),
    "AssumeRole": lambda aws: aws.assume_role(Role(arn=ROLE), "alice", duration=900),
}


def outcome(kind: type[Aws], operation: str) -> object:
    """What a call returns, or its error in full; times of now are left out."""
    aws = kind(made_profile(), made_session(), {"AWS_REGION": "eu-west-1"}, pauses=())
    assert (aws._sts is None) is (kind is ThroughBoto3)
    aws.time_limit = 3.0
    try:
        made = CALLS[operation](aws)
    except MfaSessionError as error:
        return type(error), re.sub(r":\d{4,5}\b", ":PORT", error.message), error.hint
    return made.replace(issued=0) if isinstance(made, Session) else made


def assert_same(operation: str) -> object:
    """Both ways end alike."""
    ours, theirs = outcome(Aws, operation), outcome(ThroughBoto3, operation)
    assert ours == theirs
    return ours


def role(arn: str = "arn:aws:sts::123456789012:assumed-role/admin/alice", space: bytes = STS) -> Body:
    """An answer to AssumeRole."""
    inner = (
        token(expires=coming(900)).content.split(b"<GetSessionTokenResult>")[1].split(b"</GetSessionTokenResult>")[0]
    )
    user = f"<AssumedRoleUser><Arn>{arn}</Arn><AssumedRoleId>AROA:alice</AssumedRoleId></AssumedRoleUser>".encode()
    head = b'<AssumeRoleResponse xmlns="' + space + b'"><AssumeRoleResult>'
    return Body(head + inner + user + b"</AssumeRoleResult></AssumeRoleResponse>")


def whole(content: bytes, status: str = "200 OK", head: bytes = b"") -> bytes:
    """An answer of HTTP with its length."""
    return b"HTTP/1.1 " + status.encode() + b"\r\n" + head + b"Content-Length: %d\r\n\r\n" % len(content) + content


def error(code: bytes, text: bytes = b"text", status: str = "403 Forbidden") -> bytes:
    """An error as AWS writes it."""
    return whole(refusal(code, text).content, status)


ALICE = caller().content
RESULT = b"<GetCallerIdentityResult>"
BODY = b"Action=GetCallerIdentity&Version=2011-06-15"
ANSWERS: dict[str, bytes] = {
    "good": whole(ALICE),
    "good, 201": whole(ALICE, "201 Created"),
    "good, 300": whole(ALICE, "300 Multiple Choices"),
    "good, 301": whole(ALICE, "301 Moved", b"Location: http://127.0.0.1:9/\r\n"),
    "good, 302": whole(ALICE, "302 Found", b"Location: /\r\n"),
    "good, 307": whole(b"", "307 Temporary Redirect", b"Location: /\r\n"),
    "good, 400": whole(ALICE, "400 Bad Request"),
    "good, no length": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + ALICE,
    "good, HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\n" + ALICE,
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(ALICE) + ALICE + b"\r\n0\r\n\r\n",
    "chunks cut off": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(ALICE) + ALICE[:50],
    "chunks of nonsense": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n" + ALICE,
    "longer than said": whole(ALICE) + b"more",
    "gzip": whole(b"\x1f\x8b\x08\0\0\0\0\0", "200 OK", b"Content-Encoding: gzip\r\n"),
    "continue first": b"HTTP/1.1 100 Continue\r\n\r\n" + whole(ALICE),
    "other namespace": whole(ALICE.replace(STS, b"urn:x")),
    "no namespace": whole(ALICE.replace(b' xmlns="' + STS + b'"', b"")),
    "declared": whole(b'<?xml version="1.0" encoding="utf-8"?>\n' + ALICE),
    "declared otherwise": whole(b'<?xml version="1.0" encoding="iso-8859-1"?>\n' + ALICE),
    "comment and CDATA": whole(ALICE.replace(b"<Account>", b"<!-- x --><Account>").replace(b"AIDA", b"<![CDATA[A]]>")),
    "two accounts": whole(ALICE.replace(b"<Account>", b"<Account>1</Account><Account>")),
    "no result": whole(b"<GetCallerIdentityResponse/>"),
    "two results": whole(ALICE.replace(RESULT, RESULT.replace(b">", b"/>") + RESULT)),
    "another's result": whole(token().content),
    "nothing": b"",
    "no HTTP": b"SSH-2.0-OpenSSH_9.0\r\n",
    "head alone": b"HTTP/1.1 200 OK\r\n",
    "a long line": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    "a bad header": b"HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: %d\r\n\r\n" % len(ALICE) + ALICE,
    "a bad length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + ALICE,
    "a bad status": b"HTTP/1.1 abc OK\r\n\r\n",
    "status 999": b"HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n",
    "too large": whole(b"x" * 1_000_001),
    "page, 200": whole(b"<!DOCTYPE html><html><body>Sign in</body></html>"),
    "page, 403": whole(b"<html><body>no</body></html>", "403 Forbidden"),
    "page, 404": whole(b"not here", "404 Not Found"),
    "page, 500": whole(b"<html><body>no</body></html>", "500 Internal Server Error"),
    "page, 502": whole(b" <html><body>no</body></html>", "502 Bad Gateway"),
    "doctype, 502": whole(b"<!DOCTYPE html><html></html>", "502 Bad Gateway"),
    "empty, 500": whole(b"", "500 Internal Server Error"),
    "blank, 503": whole(b"  \n", "503 Service Unavailable"),
    "empty, 403": whole(b"", "403 Forbidden"),
    "bomb": whole(bomb()),
    "bomb, 400": whole(bomb(), "400 Bad Request"),
    "errors around": whole(b"<Response><Errors><Error><Code>A</Code></Error></Errors></Response>", "400 Bad Request"),
    "no text": whole(b"<ErrorResponse><Error><Code>A</Code></Error></ErrorResponse>", "400 Bad Request"),
    "no code": whole(b"<ErrorResponse><Error><Message>A</Message></Error></ErrorResponse>", "400 Bad Request"),
    "no error": whole(b"<ErrorResponse/>", "400 Bad Request"),
    "two codes": whole(b"<E><Error><Code>A</Code><Code>B</Code></Error></E>", "400 Bad Request"),
    "request ID": whole(b"<E><Error><Code>A</Code></Error><RequestId>x</RequestId></E>", "400 Bad Request"),
    "denied": error(b"AccessDenied", b"User: x is not authorized to perform: y"),
    "unknown key": error(b"InvalidClientTokenId"),
    "wrong secret": error(b"SignatureDoesNotMatch", b"The request signature we calculated does not match"),
    "expired": error(b"ExpiredToken", b"The security token included in the request is expired", "400 Bad Request"),
    "throttled": error(b"Throttling", b"Rate exceeded", "400 Bad Request"),
    "busy": error(b"ServiceUnavailable", b"x", "503 Service Unavailable"),
    "failed": error(b"InternalFailure", b"x", "500 Internal Server Error"),
    "clock": error(b"SignatureDoesNotMatch", b"Signature expired: 20261128T000000Z is now earlier than "
                   b"20261128T010000Z (20261128T011500Z - 15 min.)"),
    "validation": error(b"ValidationError", b"1 validation error detected", "400 Bad Request"),
    "odd letters": error("Ä\u202e".encode(), "ü\x9b&amp;&#10;".encode()),
}  # fmt: skip


@pytest.mark.parametrize("case", ANSWERS)
@pytest.mark.usefixtures("surroundings")
def test_any_answer(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors, pages, redirects, what is cut off, what is no HTTP."""
    with listening(answer=ANSWERS[case]) as (port, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        assert_same("GetCallerIdentity")


@pytest.mark.usefixtures("surroundings")
def test_an_answer_that_is_shorter_than_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """Botocore 1.40 compares the length and says "did not answer"; 1.44 parses what has come. Neither takes it."""
    with listening(answer=whole(ALICE)[:-20]) as (port, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        for kind in (Aws, ThroughBoto3):
            with pytest.raises(Unanswered):
                CALLS["GetCallerIdentity"](kind(made_profile(), made_session(), {"AWS_REGION": "eu-west-1"}, pauses=()))


TOKENS = {
    "good": token(expires=coming(3600)),
    "fraction": token(expires=coming(3600).replace(b"Z", b".000Z")),
    "offset": token(expires=coming(3600).replace(b"Z", b"+00:00")),
    "no zone": token(expires=coming(3600).replace(b"Z", b"")),
    "no time": token(expires=b""),
    "empty time": token(expires=b" "),
    "no date": token(expires=b"soon"),
    "long ago": token(expires=b"0001-01-01T00:00:00Z"),
    "far": token(expires=b"9999-12-31T23:59:59Z"),
    "blank in the key": token(key_id=b"ASIA OSFODNN7EXAMPLE"),
    "nested": token(key_id=b"<a/>"),
    "two": token(more=b"<AccessKeyId>ASIATWICE</AccessKeyId>"),
    "lines in the token": token(token=b"a&#10;b"),
}


@pytest.mark.parametrize("case", TOKENS)
@pytest.mark.usefixtures("surroundings")
def test_any_session(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Times and texts as AWS writes them, and otherwise."""
    with listening(answer=whole(TOKENS[case].content)) as (port, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        assert_same("GetSessionToken")


@pytest.mark.parametrize(
    "answer",
    [role(), role("arn:aws:sts::123456789012:assumed-role/admin/bob"), role("x"), role(space=b""), token()],
    ids=["good", "another's", "no ARN", "no namespace", "no role"],
)
@pytest.mark.usefixtures("surroundings")
def test_any_role(answer: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session is of the role that was asked for, or there is none."""
    with listening(answer=whole(answer.content)) as (port, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        assert_same("AssumeRole")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9", "https://127.0.0.1:9", "http://nowhere.invalid", "https://nowhere.invalid:8443"]
)
@pytest.mark.usefixtures("surroundings")
def test_no_one_answers(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed port, and a name that there is not."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    if "nowhere" in url and "https" not in url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "https://nowhere.invalid")
    assert "cannot be reached" in str(assert_same("GetCallerIdentity"))


@pytest.mark.usefixtures("surroundings")
def test_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that accepts and says nothing, to a request and to a handshake: the limit is that of the whole call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        for scheme in ("http", "https"):
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"{scheme}://127.0.0.1:{server.getsockname()[1]}")
            assert "did not answer" in str(assert_same("GetCallerIdentity"))


# TLS


@contextmanager
def tls_server(folder: Path, *, names: str, is_over: bool = False, oldest: bool = False) -> Iterator[int]:
    """A server with a certificate that it signed itself; its port. `oldest` speaks TLS 1.1 at most."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    _certify(key, certificate, names, ends=datetime.now(UTC) + timedelta(days=-1 if is_over else 2))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if oldest:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with listening(context, whole(ALICE)) as (port, _):
        yield port


def _certify(key: Path, certificate: Path, names: str, *, ends: datetime) -> None:
    """Write a key and its certificate for `names`, as in `DNS:localhost,IP:127.0.0.1`."""
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    kinds: dict[str, Callable[[str], x509.GeneralName]] = {
        "DNS": x509.DNSName,
        "IP": lambda text: x509.IPAddress(ip_address(text)),
    }
    others = [kinds[kind](text) for kind, text in (each.split(":", 1) for each in names.split(","))]
    builder = x509.CertificateBuilder(
        issuer_name=subject, subject_name=subject, public_key=private.public_key(),
        serial_number=x509.random_serial_number(), not_valid_before=ends - timedelta(days=3), not_valid_after=ends,
    )  # fmt: skip
    for extension in (x509.SubjectAlternativeName(others), x509.BasicConstraints(ca=True, path_length=None)):
        builder = builder.add_extension(extension, critical=False)
    certificate.write_bytes(builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


CERTIFICATES: dict[str, tuple[dict[str, Any], str, bool]] = {
    "good": ({"names": "DNS:localhost,IP:127.0.0.1"}, "127.0.0.1", True),
    "good name": ({"names": "DNS:localhost"}, "localhost", True),
    "only the common name": ({"names": "DNS:other.example"}, "localhost", False),
    "another host": ({"names": "DNS:sts.amazonaws.com"}, "127.0.0.1", False),
    "a name for an address": ({"names": "DNS:127.0.0.1"}, "127.0.0.1", False),
    "over": ({"names": "DNS:localhost", "is_over": True}, "localhost", False),
    "old TLS": ({"names": "DNS:localhost", "oldest": True}, "localhost", False),
}


@pytest.mark.parametrize("case", CERTIFICATES)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")
def test_certificates(case: str, surroundings: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trusted are those of the named file, for the host that is asked, and with TLS 1.2 or newer."""
    options, host, is_good = CERTIFICATES[case]
    with tls_server(surroundings.folder, **options) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://{host}:{port}")
        # Untrusted without the file, whatever it says.
        assert "is not trusted" in str(assert_same("GetCallerIdentity"))
        monkeypatch.setenv("AWS_CA_BUNDLE", str(surroundings.folder / "certificate.pem"))
        found = assert_same("GetCallerIdentity")
        assert ("is not trusted" in str(found)) is not is_good


@pytest.mark.parametrize("content", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"])
def test_a_file_without_certificates(content: str, surroundings: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """No one is trusted then."""
    with tls_server(surroundings.folder, names="DNS:localhost") as port:
        bundle = surroundings.folder / "ca.pem"
        bundle.write_text(content)
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://localhost:{port}")
        monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
        assert "is not trusted" in str(assert_same("GetCallerIdentity"))


# On the wire


@pytest.mark.usefixtures("surroundings")
def test_the_bytes_on_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    """Line, headers and body are botocore's, but for the signature's time and who asks."""
    seen = []
    for kind in (Aws, ThroughBoto3):
        with listening(answer=whole(ALICE)) as (port, heard):
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
            outcome(kind, "GetCallerIdentity")
        head, _, body = heard[0].partition(b"\r\n\r\n")
        line, *headers = head.decode().replace(str(port), "PORT").split("\r\n")
        named = {name.lower(): value for name, value in (each.split(": ", 1) for each in headers)}
        named["authorization"] = re.sub(r"[0-9a-f]{64}|/\d{8}/", "*", named["authorization"])
        for name in ("x-amz-date", "user-agent", "amz-sdk-invocation-id", "amz-sdk-request"):
            named.pop(name, None)
        seen.append((line, named, body))
    assert seen[0] == seen[1]


@contextmanager
def closing_server() -> Iterator[tuple[str, SimpleQueue[int]]]:
    """A server that answers once on each connection and then closes it without a word; its URL, and what it closed."""
    server = socket.create_server(("127.0.0.1", 0))
    closed: SimpleQueue[int] = SimpleQueue()

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection = server.accept()[0]
                with connection:
                    request = b""
                    while not request.endswith(BODY):
                        request += connection.recv(65536)
                    connection.sendall(whole(ALICE))
                closed.put(len(request))

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}", closed
    finally:
        server.close()


@pytest.mark.usefixtures("surroundings")
def test_a_connection_that_was_closed_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a person types the server may close it: the code goes through a new one, and is not lost."""
    with closing_server() as (url, closed):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        aws = Aws(made_profile(), made_session(), {"AWS_REGION": "eu-west-1"}, pauses=())
        for _ in range(3):
            assert aws.identity().user == "alice"
            assert closed.get(timeout=scaled(60))


@pytest.mark.usefixtures("surroundings")
def test_a_connection_is_kept_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code needs no new handshake."""
    accepted = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection = server.accept()[0]
                    accepted.append(connection)
                    while piece := connection.recv(65536):
                        # The body comes behind the head, at once or a moment later.
                        if piece.endswith(BODY):
                            connection.sendall(whole(ALICE))

        threading.Thread(target=serve, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        aws = Aws(made_profile(), made_session(), {"AWS_REGION": "eu-west-1"}, pauses=())
        for _ in range(3):
            aws.identity()
    for connection in accepted:
        connection.close()
    assert len(accepted) == 1
