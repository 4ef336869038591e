"""The only module that calls AWS: STS and IAM through boto3, with boto3's errors translated to ours.

boto3 takes longer to import than all other modules together, so this one is imported while a person types the code.
The clients are given the long-term key itself and never search for credentials: that search could end at our own
`credential_process`.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from shlex import quote
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode, urlsplit

import boto3
import botocore.exceptions
import botocore.session
import urllib3.exceptions
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.utils import get_environ_proxies

from mfasession import hints
from mfasession.aws import answer_times, answers, deadline, translate
from mfasession.aws.errors import Throttled, Unanswered
from mfasession.aws.model import Device
from mfasession.awsfiles.nested_values import unparsed
from mfasession.config import endpoints
from mfasession.errors import AwsUnreachable, ConfigurationError, MfaSessionError
from mfasession.files import system_errors, trust
from mfasession.profiles import regions, role_request
from mfasession.text import printable
from mfasession.values import LongTermKey, Role, Secret, Session, Value, partition_of

if TYPE_CHECKING:
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

    def __init__(
        self,
        profile: "Profile",
        key: "LongTermKey | Session",
        environ: Mapping[str, str],
        pauses: Sequence[float] = (0.5, 1.0, 2.0),
    ) -> None:
        """`pauses`: seconds before each retry of a throttled request, varied by up to half."""
        self._pauses = pauses
        self._key = key
        self._profile = profile
        self._account = ""
        """The key's account, once AWS has named it."""
        self._settings = settings(profile)
        self._allowed_http = profile.settings.allow_http_endpoint
        self._session = _session(profile, key, environ, self._settings)
        self._clients: dict[str, Any] = {}
        self._calls = threading.local()
        """The deadline of each thread's call, by the monotonic clock."""

    def connect(self) -> None:
        """Prepare for AssumeRole, which several threads may then call. Sends nothing."""
        self._call_once("AssumeRole", lambda: self._client("sts"))

    def identity(self) -> Identity:
        """Return the key's owner. No policy can deny this call."""

        def send() -> Identity:
            answer = self._client("sts").get_caller_identity()
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
                self._client("sts").get_session_token(SerialNumber=serial, TokenCode=code, DurationSeconds=duration),
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
            answer = self._client("sts").assume_role(**request)
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

    def _posted(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        """Send a form to a web page of AWS; return the HTTP status and the body.

        Proxies, certificates and limits are those of every other call. Redirects are not followed.
        """
        http = self._made_client("sts", url)._endpoint.http_session  # noqa: SLF001
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._sender(http)(AWSRequest("POST", url, kind, urlencode(form)).prepare())
        return answer.status_code, answer.content

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            # One client: the connection that asked for the key's owner is used for the code, too, without a new
            # handshake after Enter.
            self._clients[service] = self._made_client(service)
        return self._clients[service]

    def _made_client(self, service: str, url: str | None = None) -> Any:
        # One attempt: `_call` decides what may be sent again.
        limits = Config(
            retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20, user_agent_extra="mfasession"
        )
        try:
            client: Any = self._session.client(service, config=limits, endpoint_url=url)  # type: ignore[call-overload]
        except botocore.exceptions.InvalidRegionError:
            # This is a ValueError too; `_call_once` reports it.
            raise
        except ValueError:
            # botocore raises a bare ValueError when endpoint_url is not a URL.
            raise ConfigurationError("the endpoint_url is not a URL", "fix endpoint_url or AWS_ENDPOINT_URL") from None
        where = client.meta.endpoint_url
        endpoints.check(where, self._allowed_http, get_environ_proxies(where).get("http", ""))
        client.meta.events.register("before-send", self._sender(client._endpoint.http_session))  # noqa: SLF001
        return client

    def _sender(self, http: Any) -> Callable[..., Any]:
        """Return the function that sends botocore's requests and reads the answers, within our limits."""

        def send(request: Any, **_: object) -> Any:
            left = self._calls.end - time.monotonic()
            return deadline.within(left, lambda: _exchanged(http, request, self.size_limit), request.url)

        return send

    def _call(self, operation: str, send: Callable[[], Answer], *, retry: bool = True) -> Answer:
        self._calls.end = time.monotonic() + self.time_limit
        for most in self._pauses:
            # Processes that were throttled together must not retry together.
            pause = most * random.uniform(0.5, 1.5)  # noqa: S311  # nothing secret
            try:
                return self._call_once(operation, send)
            except Throttled:
                time.sleep(pause)
            except AwsUnreachable:
                if not retry or time.monotonic() + pause >= self._calls.end:
                    raise
                time.sleep(pause / 4)
        return self._call_once(operation, send)

    def _call_once(self, operation: str, send: Callable[[], Answer]) -> Answer:
        try:
            return send()
        except MfaSessionError:
            raise
        except botocore.exceptions.ClientError as error:
            said = error.response.get("Error", {})
            translated = translate.refusal(
                operation,
                str(said.get("Code", "")),
                str(said.get("Message", "")),
                now=time.time(),
                key_id=self._key.access_key_id,
                profile=self._profile.name,
                renew_key=_renew_key(self._profile),
            )
        except botocore.exceptions.BotoCoreError as error:
            translated = _without_answer(operation, error)
        except Exception as error:  # noqa: BLE001  # botocore's parsers raise anything at odd answers
            system = system_errors.explain_unexpected(error)
            translated = MfaSessionError(*system) if system else translate.not_aws(operation)
        # Raised outside the handlers: a traceback would show botocore's exception, which holds the request.
        raise translated


def _exchanged(http: Any, request: Any, size_limit: int) -> Any:
    """Send a request and return its answer, read to the end. Raises ValueError when it is too large."""
    request.stream_output = True
    response = http.send(request)
    try:
        response._content = _content(response.raw, size_limit)  # noqa: SLF001  # as its own property keeps it
    except urllib3.exceptions.HTTPError as error:
        raise botocore.exceptions.ConnectionClosedError(
            error=error, request=request, endpoint_url=request.url
        ) from None
    return response


def _content(raw: Any, size_limit: int) -> bytes:
    content = bytearray()
    # Older releases of urllib3 have no read1.
    read = getattr(raw, "read1", raw.read)
    while piece := read(size_limit):
        content += piece
        if len(content) > size_limit:
            raw.close()
            raise ValueError("an endless answer")
    return bytes(content)


def settings(profile: "Profile") -> botocore.session.Session:
    """Return botocore's settings of a profile: endpoints, services, proxies, retries, CA bundle.

    Raises ConfigurationError: a file that botocore cannot read, a CA bundle that is missing or that others may change.
    """
    known = botocore.session.Session(session_vars={"profile": (None, [], None, None)})
    try:
        names = known.available_profiles
    except botocore.exceptions.ConfigParseError as error:
        # botocore's message quotes the line, so it is not used.
        raise unparsed(str(error.kwargs.get("path", "")), profile.name) from None
    name = profile.name if profile.name in names else profile.key_section
    if name in names:
        known.set_config_variable("profile", name)
    bundle = known.get_config_variable("ca_bundle")
    if bundle and bundle.startswith("~"):
        # As the AWS CLI and urllib3 read it.
        bundle = os.path.expanduser(bundle)
        known.set_config_variable("ca_bundle", bundle)
    if bundle and not os.path.exists(bundle):
        raise ConfigurationError(
            f"there are no certificates at {printable(bundle)}", "fix AWS_CA_BUNDLE, or ca_bundle in the profile"
        )
    _check_trusted(known, bundle or os.path.expanduser(os.environ.get("REQUESTS_CA_BUNDLE", "")))
    return known


def _check_trusted(known: botocore.session.Session, bundle: str) -> None:
    """Raise ConfigurationError when others may change the certificates or the service models, which decide who AWS is.

    botocore takes models from `~/.aws/models` and AWS_DATA_PATH, and endpoints with them.
    """
    if bundle:
        trust.check_there(bundle)
    loader = known.get_component("data_loader")
    for folder in loader.search_paths:
        if folder != loader.BUILTIN_DATA_PATH and os.path.isdir(folder):
            trust.check_there(folder)


def _renew_key(profile: "Profile") -> str:
    """The command that replaces the profile's key pair, in the file or in the keyring."""
    if profile.key is not None:
        return f"aws configure --profile {quote(profile.key_section)}"
    return hints.command_line("keys", "add", "--force", profile=profile.key_section)


def _session(
    profile: "Profile", key: LongTermKey | Session, environ: Mapping[str, str], known: botocore.session.Session
) -> boto3.Session:
    """A boto3 session with this key, the profile's settings, and the configured region or the partition's default."""
    serial = profile.mfa_serial or profile.suggested_serial
    partition = partition_of(serial) or partition_of(profile.role.arn if profile.role else "")
    region = regions.in_use(profile, environ)
    known.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=answer_times.parse)
    return boto3.Session(
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key.reveal(),
        aws_session_token=key.session_token.reveal() if isinstance(key, Session) else None,
        region_name=region or DEFAULT_REGIONS.get(partition, "us-east-1"),
        botocore_session=known,
    )


def _without_answer(operation: str, error: botocore.exceptions.BotoCoreError) -> MfaSessionError:
    """Translate a failure on the way to AWS, or before the request was sent."""
    host = printable(urlsplit(str(getattr(error, "kwargs", {}).get("endpoint_url", ""))).hostname or "AWS")
    match error:
        case botocore.exceptions.ProxyConnectionError():
            return AwsUnreachable(
                "the proxy did not let the request through", "look at HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
            )
        case botocore.exceptions.SSLError():
            return AwsUnreachable(
                f"the certificate of {host} is not trusted: another machine may be answering",
                "behind a company proxy, name its certificates: AWS_CA_BUNDLE=FILE",
            )
        case botocore.exceptions.EndpointConnectionError() | botocore.exceptions.ConnectTimeoutError():
            return AwsUnreachable(f"{host} cannot be reached", "look at the network, then run it again")
        case botocore.exceptions.HTTPClientError() | botocore.exceptions.ConnectionError():
            # The request may have arrived.
            return Unanswered(f"{host} did not answer {operation}", "look at the network, then run it again")
        case botocore.exceptions.ParamValidationError():
            return ConfigurationError(
                f"{operation} cannot be asked with these values", "look at mfa_serial, the role and the durations"
            )
        case botocore.exceptions.InvalidRegionError():
            return ConfigurationError("the region is not a region's name", "fix region or AWS_REGION")
    if type(error).__name__.startswith("Invalid"):
        # A value that botocore does not know. Its classes are matched by name: older releases have fewer of them.
        said = printable(str(error).removesuffix("."))
        return ConfigurationError(
            f"an AWS setting is wrong: {said}", "fix it in the AWS configuration file or in the AWS_* variables"
        )
    return MfaSessionError(f"{operation} failed before AWS was asked: {type(error).__name__}", "run it with --debug")
