"""Calls that change nothing, each sent once: whether AWS answers, how far the clock is off, what a key may do."""

import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

import botocore.exceptions

from mfasession.aws.access_keys import AwsKeys
from mfasession.aws.errors import Denied
from mfasession.errors import MfaSessionError
from mfasession.values import LongTermKey, Session

if TYPE_CHECKING:
    from mfasession.profiles import Profile

Answer = TypeVar("Answer")

CALL_LIMIT = 6.0
"""Seconds for one call: a network that drops packets is recognized after botocore's 5 s for a connection."""
_SHORTEST = 0.2
"""Seconds that the last call has at least."""


class Probe(AwsKeys):
    """Read-only calls, all of them within `seconds`. Each raises AwsRefused, AwsUnreachable or ConfigurationError."""

    calls_directly = False  # boto3's events have the Date of each answer

    def __init__(
        self, profile: "Profile", key: LongTermKey | Session, environ: Mapping[str, str], seconds: float
    ) -> None:
        super().__init__(profile, key, environ, pauses=())
        self._end = time.monotonic() + seconds
        self.clock_offset: float | None = None
        """Seconds that this computer's clock is ahead of AWS's, by the last answer's Date; None when not known."""

    def tried(self) -> dict[str, bool]:
        """Return read-only actions that the rule denies without MFA, and whether AWS lets this key do each.

        They are tried until one is allowed.

        An account's aliases are what every console shows. DescribeRegions is sent as a dry run, which AWS answers with
        an error in either case (EC2 API Reference, DryRun). Actions whose calls fail otherwise are left out.
        """
        tries: list[tuple[str, Callable[[], bool]]] = [
            ("iam:ListAccountAliases", self._lists_aliases),
            ("ec2:DescribeRegions", self._describes_regions),
        ]
        found = {}
        for action, send in tries:
            try:
                found[action] = self._call(action.partition(":")[2], send)
            except Denied:
                found[action] = False
            except MfaSessionError:
                continue
            if found[action]:
                break
        return found

    def _lists_aliases(self) -> bool:
        return isinstance(self._client("iam").list_account_aliases()["AccountAliases"], list)

    def _describes_regions(self) -> bool:
        try:
            self._client("ec2").describe_regions(DryRun=True)
        except botocore.exceptions.ClientError as error:
            if error.response.get("Error", {}).get("Code") == "DryRunOperation":
                return True
            raise
        return False

    def _call(self, operation: str, send: Callable[[], Answer], *, retry: bool = True) -> Answer:
        self.time_limit = max(min(CALL_LIMIT, self._end - time.monotonic()), _SHORTEST)
        return super()._call(operation, send, retry=retry)

    def _made_client(self, service: str) -> Any:
        client = super()._made_client(service)
        client.meta.events.register("response-received", self._note_date)
        return client

    def _note_date(self, response_dict: Mapping[str, Any] | None, **_: object) -> None:
        try:
            date = parsedate_to_datetime(str((response_dict or {})["headers"]["date"]))
        except (KeyError, ValueError):
            # No answer, or one without a date that can be read.
            return
        # A date has whole seconds: half of one is the least error on average.
        self.clock_offset = time.time() - date.timestamp() - 0.5
