"""The same call to STS by boto3 and by our own requests, for tests that hold the second to the first."""

import calendar
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from botocore.httpsession import get_cert_path

from mfasession.aws import sts
from mfasession.aws.boto import Boto
from mfasession.aws.sts import request, signature
from mfasession.profiles import Profile
from mfasession.values import LongTermKey, Session

ADDED = {"user-agent", "amz-sdk-invocation-id", "amz-sdk-request", "accept-encoding"}
"""Headers that are not signed and have no meaning for the call: who asks, and botocore's count of attempts."""

PORTS = {"http": 80, "https": 443}


class _Enough(Exception):
    """The request is known; nothing is sent."""


def by_boto3(
    profile: Profile, key: LongTermKey | Session, region: str, calls: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The request of botocore's client for each method, with the certificates that it trusts; as `ours`."""
    client = Boto(profile, key, region, size_limit=1, time_left=lambda: 60.0).client("sts")
    http = client._endpoint.http_session
    sent: list[Any] = []

    def send(request: Any) -> None:
        sent.append(request)
        raise _Enough

    http.send = send
    for method, parameters in calls.items():
        with suppress(_Enough):
            getattr(client, method)(**parameters)
    certificates = str(get_cert_path(http._verify))
    return {method: _described(http, request, certificates) for method, request in zip(calls, sent, strict=True)}


def _described(http: Any, request: Any, certificates: str) -> dict[str, Any]:
    headers = {name.lower(): text(value) for name, value in request.headers.items()}
    where = urlsplit(request.url)
    assert not http._proxy_config.proxy_url_for(request.url)
    return {
        "method": request.method,
        "url": (where.scheme, where.hostname, where.port or PORTS[where.scheme], where.path or "/", where.query),
        "headers": {name: value for name, value in headers.items() if name not in ADDED},
        "body": request.body.encode() if isinstance(request.body, str) else request.body,
        "certificates": certificates,
    }


def ours(
    profile: Profile, key: LongTermKey | Session, region: str, operation: str, stamp: str, **parameters: Any
) -> Any:
    """Our own request at the time of `stamp`, as X-Amz-Date has it; None when it is left to boto3."""
    target = sts.settings.target(profile, region)
    if target is None:
        return None
    body = request.body(operation, parameters)
    now = calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
    headers = signature.Signer(target, key).headers(body, now)
    del headers["host"]  # http.client's own is that of the URL; the signature has both
    return {
        "method": "POST",
        "url": ("https" if target.is_tls else "http", target.name, target.port, "/", ""),
        "headers": {name: value for name, value in headers.items() if name not in ADDED},
        "body": body,
        "certificates": target.bundle,
    }


def text(value: str | bytes) -> str:
    """A header's value."""
    return value.decode() if isinstance(value, bytes) else value
