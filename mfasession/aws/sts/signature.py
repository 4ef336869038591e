"""Signs a request to STS: Signature Version 4 (IAM User Guide, "Create a signed AWS API request")."""

import hashlib
import hmac
import time
from typing import TYPE_CHECKING

from mfasession import __version__
from mfasession.values import Session

if TYPE_CHECKING:
    from mfasession.aws.sts.settings import Target
    from mfasession.values import LongTermKey

CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
_ALGORITHM = "AWS4-HMAC-SHA256"


class Signer:
    """Signs the requests of one caller to one endpoint. May be used by several threads at once."""

    def __init__(self, target: "Target", key: "LongTermKey | Session") -> None:
        self._target = target
        self._key = key
        self._derived: tuple[str, bytes] = "", b""
        """The scope of the last request, and the signing key for it: the same for a day."""

    def headers(self, body: bytes, now: float) -> dict[str, str]:
        """Return all headers of a signed POST of `body` to the path `/`. `now` is in epoch seconds."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        signed = {"content-type": CONTENT_TYPE, "host": self._target.host, "x-amz-date": stamp}
        if isinstance(self._key, Session):
            signed["x-amz-security-token"] = self._key.session_token.reveal()
        names = ";".join(signed)
        scope = f"{stamp[:8]}/{self._target.region}/sts/aws4_request"
        canonical = "\n".join(
            (
                "POST",
                "/",
                "",
                *(f"{name}:{' '.join(value.split())}" for name, value in signed.items()),
                "",
                names,
                hashlib.sha256(body).hexdigest(),
            )
        )
        to_sign = "\n".join((_ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
        signature = _keyed(self._signing_key(scope), to_sign).hex()
        return {
            **signed,
            "authorization": f"{_ALGORITHM} Credential={self._key.access_key_id}/{scope}, SignedHeaders={names}, "
            f"Signature={signature}",
            "user-agent": f"mfasession/{__version__}",
            "accept-encoding": "identity",
            "content-length": str(len(body)),
        }

    def _signing_key(self, scope: str) -> bytes:
        # One tuple: another thread never sees a scope with the key of another one.
        derived_for, derived = self._derived
        if derived_for != scope:
            derived = _signing_key(self._key.secret_access_key.reveal(), scope)
            self._derived = scope, derived
        return derived


def _signing_key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = _keyed(key, part)
    return key


def _keyed(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
