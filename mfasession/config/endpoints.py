"""Endpoints that a profile may name: plain HTTP to another machine only where the user allows it by name."""

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from mfasession.errors import ConfigurationError
from mfasession.text import printable

SETTINGS = (
    "endpoint_url",
    "services",
    "account_id_endpoint_mode",
    "ca_bundle",
    "ignore_configured_endpoint_urls",
    "sts_regional_endpoints",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
)
"""A profile's endpoint settings; programs that use the section as a profile read them."""
SETTING = "allow_http_endpoint"
"""The key of config.toml that names the exceptions."""


def origin(url: str) -> str:
    """Return `http://HOST:PORT` of a URL, in lower case. Raises ValueError when it is not a URL, or not of HTTP."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or not url.isprintable() or _is_ambiguous(url):
        raise ValueError("must be as in http://HOST:PORT")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"http://{host}:{parts.port or 80}"


def check(url: str, allowed: Sequence[str], proxy: str = "") -> None:
    """Raise ConfigurationError for an endpoint without TLS on another machine; `allowed` are origins.

    `proxy` is the URL of the proxy that its requests go through, if any.
    """
    parts = urlsplit(url)
    if parts.scheme == "https":
        return
    is_here = _is_loopback(parts.hostname or "") and not _is_ambiguous(url)
    if is_here and (not proxy or _is_loopback(urlsplit(proxy).hostname or "")):
        return
    try:
        found = origin(url)
    except ValueError:
        raise ConfigurationError(
            f"the endpoint {printable(url)} is not a URL of https", "fix endpoint_url or AWS_ENDPOINT_URL"
        ) from None
    if found in allowed:
        return
    if is_here:
        raise ConfigurationError(
            f"the endpoint {printable(url)} has no TLS, and HTTP_PROXY sends the code and the keys to another machine",
            f"export no_proxy={parts.hostname}",
        )
    raise ConfigurationError(
        f"the endpoint {printable(url)} has no TLS: whoever is on the way to it could read the code and the keys",
        f'use https, or allow it in config.toml: {SETTING} = "{printable(found)}"',
    )


def _is_ambiguous(url: str) -> bool:
    """Return whether parsers may find different hosts: urllib3 ends the host at a backslash, urlsplit does not."""
    return "\\" in url or "@" in urlsplit(url).netloc


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
