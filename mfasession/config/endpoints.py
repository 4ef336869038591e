"""Addresses of AWS that a profile may name: plain HTTP leaves this machine only where the user allows it by name."""

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
"""Settings of a profile that say where programs talk to; whoever takes the section for a profile finds them there."""
SETTING = "allow_http_endpoint"
"""The key of config.toml that names the exceptions."""


def origin(url: str) -> str:
    """Return `http://HOST:PORT` of a URL, in lower case. Raises ValueError: not one, or not of HTTP."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or not url.isprintable():
        raise ValueError("must be as in http://HOST:PORT")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"http://{host}:{parts.port or 80}"


def check(url: str, allowed: Sequence[str]) -> None:
    """Raise ConfigurationError for an endpoint without TLS on another machine; `allowed` are origins."""
    if urlsplit(url).scheme == "https" or _is_loopback(urlsplit(url).hostname or ""):
        return
    try:
        found = origin(url)
    except ValueError:
        raise ConfigurationError(
            f"the endpoint {printable(url)} is not a URL of https", "fix endpoint_url or AWS_ENDPOINT_URL"
        ) from None
    if found not in allowed:
        raise ConfigurationError(
            f"the endpoint {printable(url)} has no TLS: whoever is on the way to it could read the code and the keys",
            f'use https, or allow it in config.toml: {SETTING} = "{printable(found)}"',
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
