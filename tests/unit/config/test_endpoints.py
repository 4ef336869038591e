"""Which addresses of AWS are taken without TLS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.config import endpoints
from mfasession.errors import ConfigurationError


@pytest.mark.parametrize(
    "url",
    [
        "https://sts.amazonaws.com",
        "HTTPS://sts.amazonaws.com:443/x",
        "http://127.0.0.1",
        "http://127.8.9.10:4566/",
        "http://[::1]:4566",
        "http://localhost:4566/x",
        "http://LOCALHOST",
    ],
)
def test_taken(url: str) -> None:
    """With TLS, or without leaving the machine."""
    endpoints.check(url, ())


@pytest.mark.parametrize(
    "url",
    [
        "http://sts.amazonaws.com",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "http://evil.localhost",
        "http://0.0.0.0",
        "http://2130706433",
        "http://127.1",
        "http://[::ffff:10.0.0.1]",
        "http://127.0.0.1@example.org",
        "http://example.org\\@127.0.0.1",
        "http://example.org\\@localstack:4566",
        "http://user@127.0.0.1",
        "ftp://127.0.0.1@x",
        "//example.org",
        "http://",
    ],
)
def test_refused(url: str) -> None:
    """What only looks like this machine is another one."""
    with pytest.raises(ConfigurationError) as raised:
        endpoints.check(url, ("http://localstack:4566",))
    assert raised.value.hint


@given(
    host=st.from_regex(r"[a-z]{2,9}\.[a-z]{2,9}", fullmatch=True),
    port=st.integers(1, 65535),
    path=st.text("ab/", max_size=5),
)
def test_an_origin_is_allowed_by_name(host: str, port: int, path: str) -> None:
    """That host and that port, whatever the path and the letters' case; no other port."""
    named = endpoints.origin(f"http://{host}:{port}/{path}")
    endpoints.check(f"http://{host.upper()}:{port}/x", (named,))
    with pytest.raises(ConfigurationError):
        endpoints.check(f"http://{host}:{port % 65535 + 1}/", (named,))


@pytest.mark.parametrize(
    "text", ["", "localstack:4566", "https://x", "http://", "http://x:y", "http://x:99999", "http://a\x1bb"]
)
def test_invalid_origins(text: str) -> None:
    """The configuration refuses it."""
    with pytest.raises(ValueError, match=r"must be|[Pp]ort"):
        endpoints.origin(text)
