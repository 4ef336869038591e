"""Signature Version 4, against Amazon's published examples and against botocore's signer."""

import io
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from mfasession.sandbox import sigv4, sigv4_chunks
from mfasession.sandbox.request import Request
from mfasession.sandbox.sigv4 import Signature

KEY_ID, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def received(method: str, target: str, headers: dict[str, str], body: bytes = b"") -> Request:
    """A request as werkzeug hands it over."""
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "RAW_URI": target,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return Request(environ)


def good(request: Request, secret: str = SECRET) -> bool:
    """Whether the gate takes the signature."""
    signature = sigv4.read(request)
    assert signature is not None
    return sigv4.matches(request, signature, secret)


def authorization(signed: str, digest: str) -> str:
    """The Authorization header of the examples."""
    credential = f"{KEY_ID}/20130524/us-east-1/s3/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={credential},SignedHeaders={signed},Signature={digest}"


def test_the_published_example_of_a_header() -> None:
    """S3 API Reference, "Signature calculations … (single chunk)", GET Object."""
    headers = {
        "Host": "examplebucket.s3.amazonaws.com",
        "Authorization": authorization(
            "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        "Range": "bytes=0-9",
        "x-amz-content-sha256": sigv4.EMPTY_SHA256,
        "x-amz-date": "20130524T000000Z",
    }
    assert good(received("GET", "/test.txt", headers))
    assert not good(received("GET", "/test.txt", headers), SECRET + "x")
    assert not good(received("GET", "/other.txt", headers))
    assert not good(received("PUT", "/test.txt", headers))
    assert not good(received("GET", "/test.txt", {**headers, "Range": "bytes=0-99"}))


def test_the_published_example_of_a_presigned_url() -> None:
    """S3 API Reference, "Authenticating requests: using query parameters"."""
    target = (
        f"/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={KEY_ID}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
    assert good(received("GET", target, {"Host": "examplebucket.s3.amazonaws.com"}))
    assert not good(received("GET", target.replace("86400", "86401"), {"Host": "examplebucket.s3.amazonaws.com"}))


SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
CHUNKS = (
    (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
)
SEED_OF_TRAILER = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
CHUNKS_OF_TRAILER = (
    (65536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
    (1024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
    (0, "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"),
)
TRAILER = (
    b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
)


def example_signature(digest: str) -> Signature:
    """The seed signature of the examples of chunked uploads."""
    return Signature(
        access_key_id=KEY_ID,
        day="20130524",
        region="us-east-1",
        service="s3",
        signed_headers=("host",),
        digest=digest,
        stamp="20130524T000000Z",
        token="",
        presigned=False,
        lifetime=0,
    )


def in_chunks(parts: tuple[tuple[int, str], ...]) -> bytes:
    """A body of the letter a, in chunks with these signatures."""
    encoded = [b"%x;chunk-signature=%s\r\n" % (size, digest.encode()) + b"a" * size for size, digest in parts]
    return b"\r\n".join(encoded) + b"\r\n"


def test_the_published_example_of_a_chunked_upload() -> None:
    """S3 API Reference, "Transferring payload in multiple chunks": 65 KiB of the letter a."""
    body, signature = in_chunks(CHUNKS) + b"\r\n", example_signature(SEED)
    assert sigv4_chunks.match(body, sigv4_chunks.SIGNED, signature, SECRET)
    assert not sigv4_chunks.match(body.replace(b"aaa", b"aab", 1), sigv4_chunks.SIGNED, signature, SECRET)
    assert not sigv4_chunks.match(body, sigv4_chunks.SIGNED, signature, "x")
    with pytest.raises(sigv4_chunks.Incomplete):
        sigv4_chunks.match(body[:-200], sigv4_chunks.SIGNED, signature, SECRET)
    with pytest.raises(sigv4_chunks.Incomplete):
        sigv4_chunks.match(b"a" * 100, sigv4_chunks.SIGNED, signature, SECRET)


def test_the_published_example_of_a_trailer() -> None:
    """S3 API Reference, "… with trailing headers": the checksum is signed too."""
    body, signature = in_chunks(CHUNKS_OF_TRAILER) + TRAILER, example_signature(SEED_OF_TRAILER)
    assert sigv4_chunks.match(body, sigv4_chunks.SIGNED_WITH_TRAILER, signature, SECRET)
    assert not sigv4_chunks.match(body.replace(b"sOO8", b"sOO9"), sigv4_chunks.SIGNED_WITH_TRAILER, signature, SECRET)
    with pytest.raises(sigv4_chunks.Incomplete):
        sigv4_chunks.match(in_chunks(CHUNKS_OF_TRAILER), sigv4_chunks.SIGNED_WITH_TRAILER, signature, SECRET)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
values = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)


def signed(signer: Any, service: str, request: AWSRequest) -> Request:
    """A request signed by botocore, as it arrives."""
    signer(Credentials(KEY_ID, SECRET, "token"), service, "eu-west-1").add_auth(request)
    prepared = request.prepare()
    parts = urlsplit(prepared.url)
    headers = {name: v if isinstance(v, str) else v.decode("latin-1") for name, v in prepared.headers.items()}
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return received(str(request.method), target, {"Host": parts.netloc, **headers}, bytes(request.data or b""))


segments = st.lists(texts.filter(lambda text: text not in ("", ".", "..")), max_size=3)
queries = st.dictionaries(texts.filter(lambda name: name and not name.lower().startswith("x-amz-")), texts, max_size=3)
requests = st.builds(
    lambda path, query, value, body: AWSRequest(
        "PUT",
        "http://127.0.0.1:8000/" + "/".join(quote(part, safe="~") for part in path),
        params=query,
        data=body,
        headers={"X-Amz-Meta-A_B": value},
    ),
    segments,
    queries,
    values,
    st.binary(max_size=30),
)


@given(request=requests, flip=st.integers(0, 29))
@pytest.mark.parametrize(
    ("signer", "service"), [(S3SigV4Auth, "s3"), (S3SigV4QueryAuth, "s3"), (SigV4Auth, "ssm")], ids=["s3", "url", "ssm"]
)
def test_signatures_of_botocore_are_good_until_something_changes(
    signer: Any, service: str, request: AWSRequest, flip: int
) -> None:
    """Any path, query, header and body; any byte of the body changed afterwards."""
    if signer is S3SigV4QueryAuth:
        request.data = b""  # botocore takes the body for parameters of the URL
    arrived = signed(signer, service, request)
    assert good(arrived)
    assert not good(arrived, SECRET[:-1])
    if service != "s3" and arrived.body:
        place = flip % len(arrived.body)
        arrived.body = bytes(byte ^ (index == place) for index, byte in enumerate(arrived.body))
        assert not good(arrived)


@pytest.mark.parametrize(
    "header",
    [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=k/20130524/us-east-1/s3/aws4_other, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=k/20130525/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=k/20130524/us-east-1/s3/aws4_request, SignedHeaders=range, Signature=0",
        "AWS4-ECDSA-P256-SHA256 Credential=k/20130524/s3/aws4_request, SignedHeaders=host, Signature=0",
    ],
)
def test_headers_that_are_no_signature(header: str) -> None:
    """Too few parts, another ending, another day, the host not signed, another algorithm."""
    request = received("GET", "/", {"Host": "h", "Authorization": header, "X-Amz-Date": "20130524T000000Z"})
    with pytest.raises(sigv4.Malformed):
        sigv4.read(request)
