"""The only module that calls AWS: STS and IAM, with all errors translated to ours.

STS is called without boto3 where the settings are usual (`sts`); IAM and everything else through it (`boto`).
"""

import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from shlex import quote
from typing import TYPE_CHECKING, Any, TypeVar

from mfasession import hints
from mfasession.aws import answers, deadline, sts, translate
from mfasession.aws.errors import Throttled
from mfasession.aws.model import Device
from mfasession.aws.sts.answer import Refusal
from mfasession.errors import AwsUnreachable, MfaSessionError
from mfasession.files import system_errors
from mfasession.profiles import regions, role_request
from mfasession.values import LongTermKey, Role, Secret, Session, Value, partition_of

if TYPE_CHECKING:
    from mfasession.aws.ambient import Ambient
    from mfasession.aws.boto import Boto, Provider
    from mfasession.profiles import Profile

Answer = TypeVar("Answer")


SIZE_LIMIT = 1_000_000
"""Largest answer that is read, in bytes; AWS's have some thousands."""
TIME_LIMIT = 20.0
"""Seconds for a whole call: name lookup, connection, TLS, proxy, request, answer and retries."""

# The region whose STS answers when none is configured; a partition has no global endpoint but aws's.
DEFAULT_REGIONS = {
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-eusc": "eusc-de-east-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-south-1",
}


class Identity(Value):
    """The owner of a key, from sts:GetCallerIdentity."""

    arn: str
    account: str

    @property
    def user(self) -> str:
        """The user name without its path; `root` for the account's root user."""
        return self.arn.rpartition(":")[2].rpartition("/")[2]

    @property
    def is_root(self) -> bool:
        """Whether this is the account's root user."""
        return self.arn.endswith(":root")


class Aws:
    """STS and IAM as one caller. Every call raises AwsRefused, AwsUnreachable or ConfigurationError."""

    size_limit = SIZE_LIMIT
    time_limit = TIME_LIMIT
    calls_directly = True
    """Whether STS may be called without boto3."""

    def __init__(
        self,
        profile: "Profile",
        key: "LongTermKey | Session | Ambient",
        environ: Mapping[str, str],
        pauses: Sequence[float] = (0.5, 1.0, 2.0),
    ) -> None:
        """`pauses`: seconds before each retry of a throttled request, varied by up to half."""
        self._pauses = pauses
        self._key = key
        self._profile = profile
        self._account = ""
        """The key's account, once AWS has named it."""
        self._region = _region(profile, environ)
        self._clients: dict[str, Any] = {}
        self._calls = threading.local()
        """The deadline of each thread's call, by the monotonic clock."""
        self._loaded: Boto | None = None
        self._loading = threading.Lock()
        # Ambient credentials are renewed by botocore.
        self._sts: Any = self._direct(key) if self.calls_directly and isinstance(key, LongTermKey | Session) else None
        if self._sts is None:
            # Now, when its errors come before any question.
            self._boto()

    def connect(self) -> None:
        """Prepare for AssumeRole, which several threads may then call. Sends nothing."""
        self._call_once("AssumeRole", self._token_service)

    def identity(self) -> Identity:
        """Return the key's owner. No policy can deny this call."""

        def send() -> Identity:
            answer = self._token_service().get_caller_identity()
            self._account = account = answers.required_text(answer, "Account")
            return Identity(arn=answers.arn(answer, "Arn", account), account=account)

        return self._call("GetCallerIdentity", send)

    def mfa_devices(self) -> list[Device]:
        """Return the devices of the user whose key this is (at most 8, IAM quotas)."""

        def send() -> list[Device]:
            answer = self._client("iam").list_mfa_devices()
            return [
                Device(
                    serial=answers.serial(each, self._account),
                    user=answers.required_text(each, "UserName") if "UserName" in each else "",
                )
                for each in answer["MFADevices"]
            ]

        return self._call("ListMFADevices", send)

    def session_token(self, serial: str, code: str, duration: int) -> Session:
        """Exchange a code for a session of `duration` seconds (900..129600).

        Raises CodeRefused when another code may work. The request is sent once: without an answer, the code may
        be used up. Only a throttled request is sent again, because AWS has not looked at it.
        """
        return self._call(
            "GetSessionToken",
            lambda: self._made(
                self._token_service().get_session_token(SerialNumber=serial, TokenCode=code, DurationSeconds=duration),
                duration,
                serial,
            ),
            retry=False,
        )

    def assume_role(
        self, role: Role, session_name: str, *, duration: int, serial: str = "", code: str = "", profile: str = ""
    ) -> Session:
        """Assume a role for `duration` seconds (900..43200), with a code of its own when `serial` is given.

        Raises ConfigurationError, which names `profile`, when one of the role's settings cannot be sent.
        """
        request = {
            **role_request.parameters(role, profile),
            "RoleSessionName": session_name,
            "DurationSeconds": duration,
        }
        if serial:
            request |= {"SerialNumber": serial, "TokenCode": code}

        def send() -> Session:
            answer = self._token_service().assume_role(**request)
            made = self._made(answer, duration, serial or getattr(self._key, "mfa_serial", ""))
            identity = answers.assumed(answer["AssumedRoleUser"], role.arn, session_name)
            return made.replace(role_arn=role.arn, identity=identity)

        return self._call("AssumeRole", send, retry=not serial)

    def _made(self, answer: Mapping[str, Any], duration: int, mfa_serial: str) -> Session:
        credentials = answer["Credentials"]
        key_id = self._key.key_id if isinstance(self._key, Session) else self._key.access_key_id
        return Session(
            access_key_id=answers.key_id(credentials, "AccessKeyId", temporary=True),
            secret_access_key=Secret(answers.secret(credentials, "SecretAccessKey")),
            session_token=Secret(answers.token(credentials, "SessionToken")),
            expires=answers.expiration(credentials, duration),
            issued=int(time.time()),
            key_id=key_id,
            mfa_serial=mfa_serial,
        )

    def _direct(self, key: LongTermKey | Session) -> sts.Sts | None:
        return sts.opened(self._profile, key, self._region, size_limit=self.size_limit, time_left=self._time_left)

    def _boto(self) -> "Boto":
        """boto3 with the profile's settings. Raises ConfigurationError."""
        with self._loading:
            if self._loaded is None:
                from mfasession.aws.boto import Boto

                self._loaded = Boto(
                    self._profile,
                    self._of_clients(),
                    self._region,
                    size_limit=self.size_limit,
                    time_left=self._time_left,
                )
            return self._loaded

    def _of_clients(self) -> "LongTermKey | Session | Provider":
        """What boto3's clients sign with."""
        return self._key

    def _time_left(self) -> float:
        return float(self._calls.end - time.monotonic())

    def _token_service(self) -> Any:
        """STS, by whichever way: both have the same methods."""
        return self._sts or self._client("sts")

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            # One client: the connection that asked for the key's owner is used for the code, too, without a new
            # handshake after Enter.
            self._clients[service] = self._made_client(service)
        return self._clients[service]

    def _made_client(self, service: str) -> Any:
        return self._boto().client(service)

    def _call(self, operation: str, send: Callable[[], Answer], *, retry: bool = True) -> Answer:
        self._calls.end = time.monotonic() + self.time_limit
        for most in self._pauses:
            try:
                return self._call_once(operation, send)
            except Throttled:
                time.sleep(_varied(most))
            except AwsUnreachable:
                pause = _varied(most)
                if not retry or time.monotonic() + pause >= self._calls.end:
                    raise
                time.sleep(pause / 4)
        return self._call_once(operation, send)

    def _call_once(self, operation: str, send: Callable[[], Answer]) -> Answer:
        try:
            return send()
        except MfaSessionError:
            raise
        except Exception as error:  # noqa: BLE001  # the parsers of answers raise anything at odd ones
            translated = self._translated(operation, error)
        # Raised outside the handlers: a traceback would show an exception that holds the request.
        raise translated

    def _translated(self, operation: str, error: Exception) -> MfaSessionError:
        if isinstance(error, deadline.Overdue):
            return translate.not_answered(error.host, operation)
        refused = (error.code, error.text) if isinstance(error, Refusal) else None
        if "mfasession.aws.boto" in sys.modules:
            from mfasession.aws import boto

            refused = refused or boto.refused(error)
            if translated := boto.translated(operation, error):
                return translated
        if refused is not None:
            return translate.refusal(
                operation,
                *refused,
                now=time.time(),
                key_id=self._key.access_key_id,
                profile=self._profile.name,
                renew=translate.Renew(
                    key=_renew_key(self._profile),
                    session="" if isinstance(self._key, LongTermKey | Session) else translate.RENEW_AMBIENT,
                ),
            )
        system = system_errors.explain_unexpected(error)
        return MfaSessionError(*system) if system else translate.not_aws(operation)


def _renew_key(profile: "Profile") -> str:
    """The command that replaces the profile's key pair, in the file or in the keyring."""
    if profile.key is not None:
        return f"aws configure --profile {quote(profile.key_section)}"
    return hints.command_line("keys", "add", "--force", profile=profile.key_section)


def _region(profile: "Profile", environ: Mapping[str, str]) -> str:
    """The configured region, or the default of the partition of the profile's device or role."""
    serial = profile.mfa_serial or profile.suggested_serial
    partition = partition_of(serial) or partition_of(profile.role.arn if profile.role else "")
    return regions.in_use(profile, environ) or DEFAULT_REGIONS.get(partition, "us-east-1")


def _varied(pause: float) -> float:
    """A pause of half to one and a half: processes that were throttled together must not retry together."""
    import random

    return pause * random.uniform(0.5, 1.5)  # noqa: S311  # nothing secret
