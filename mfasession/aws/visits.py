"""IAM in one account after another, each as a role there, through the same clients.

A client costs more CPU than the audit of a small account, and its connection a handshake. An organization has thousands
of accounts.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.credentials import Credentials

from mfasession.aws.account import AwsAccount
from mfasession.values import Session

if TYPE_CHECKING:
    from mfasession.aws.boto import Provider
    from mfasession.profiles import Profile


class AwsVisits(AwsAccount):
    """A connection that is used for one account at a time."""

    calls_directly = False

    def __init__(self, profile: "Profile", key: Session, environ: Mapping[str, str], pauses: Sequence[float]) -> None:
        """`profile` and `key` are those of the first account. Raises as AwsAccount."""
        self._credentials = _Credentials(key)
        super().__init__(profile, key, environ, pauses)

    def visit(self, profile: "Profile", key: Session) -> None:
        """Go to another account: all later calls are made with this session. `profile` names it in errors."""
        self._profile, self._key = profile, key
        self._credentials.hold(key)

    def _of_clients(self) -> "Provider":
        return self._credentials


class _Credentials:
    """What botocore signs with."""

    def __init__(self, key: Session) -> None:
        self._signing = Credentials("", "")
        self.hold(key)

    def hold(self, key: Session) -> None:
        """Replace the credentials."""
        self._signing.access_key = key.access_key_id
        self._signing.secret_key = key.secret_access_key.reveal()
        self._signing.token = key.session_token.reveal()

    def load_credentials(self) -> Any:
        """Return the credentials to botocore, as its chain does."""
        return self._signing
