"""boto3's clients of one caller, with its settings and our limits, and its errors translated to ours.

boto3 takes longer to import than all other modules together, so this one is imported when one of its clients is needed:
for IAM, and for STS where `sts` leaves a setting to it. The clients are given the key itself and never search for
credentials: that search could end at our own `credential_process`.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode, urlsplit

import boto3
import botocore.exceptions
import botocore.loaders
import botocore.session
import urllib3.exceptions
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.utils import get_environ_proxies

from mfasession.aws import answer_times, credential_errors, deadline, translate
from mfasession.awsfiles.nested_values import unparsed
from mfasession.config import endpoints
from mfasession.errors import AwsUnreachable, ConfigurationError, MfaSessionError
from mfasession.files import trust
from mfasession.text import printable
from mfasession.values import LongTermKey, Session

if TYPE_CHECKING:
    from mfasession.profiles import Profile


class Provider(Protocol):
    """A source of credentials that renews them by itself."""

    def load_credentials(self) -> Any:
        """Return botocore's credentials, which it asks for each request."""


class Boto:
    """Makes clients that send each request once, within a limit of time and size."""

    def __init__(
        self,
        profile: "Profile",
        key: LongTermKey | Session | Provider,
        region: str,
        *,
        size_limit: int,
        time_left: Callable[[], float],
    ) -> None:
        """`size_limit`: bytes of an answer at most; `time_left`: seconds until this thread's call must have ended.

        Raises as `settings`.
        """
        self.settings = settings(profile)
        self._size_limit = size_limit
        self._time_left = time_left
        self._profile = profile
        self.settings.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=answer_times.parse)
        given: dict[str, str] = {}
        if isinstance(key, LongTermKey | Session):
            given = {
                "aws_access_key_id": key.access_key_id,
                "aws_secret_access_key": key.secret_access_key.reveal(),
            }
            if isinstance(key, Session):
                given["aws_session_token"] = key.session_token.reveal()
        else:
            # It is the chain's whole answer, and renews itself.
            self.settings.register_component("credential_provider", key)
        self._session = boto3.Session(region_name=region, botocore_session=self.settings, **given)
        # boto3 adds its own folder each time.
        paths = self.settings.get_component("data_loader").search_paths
        paths[:] = dict.fromkeys(paths)

    def client(self, service: str, url: str | None = None) -> Any:
        """Return a new client of a service. Raises ConfigurationError, and botocore's errors for wrong settings."""
        # One attempt: `Aws` decides what may be sent again.
        limits = Config(
            retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20, user_agent_extra="mfasession"
        )
        try:
            client: Any = self._session.client(service, config=limits, endpoint_url=url)  # type: ignore[call-overload]
        except botocore.exceptions.InvalidRegionError:
            # This is a ValueError too; `translated` has its message.
            raise
        except ValueError:
            # botocore raises a bare ValueError when endpoint_url is not a URL.
            raise ConfigurationError("the endpoint_url is not a URL", "fix endpoint_url or AWS_ENDPOINT_URL") from None
        check_endpoint(client, self._profile)
        client.meta.events.register("before-send", self._sender(client._endpoint.http_session))  # noqa: SLF001
        return client

    def posted(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        """Send a form to a web page of AWS; return the HTTP status and the body.

        Proxies, certificates and limits are those of every other call. Redirects are not followed.
        """
        http = self.client("sts", url)._endpoint.http_session  # noqa: SLF001
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._sender(http)(AWSRequest("POST", url, kind, urlencode(form)).prepare())
        return answer.status_code, answer.content

    def _sender(self, http: Any) -> Callable[..., Any]:
        """Return the function that sends botocore's requests and reads the answers, within our limits."""

        def send(request: Any, **_: object) -> Any:
            return deadline.within(
                self._time_left(),
                lambda: _exchanged(http, request, self._size_limit),
                urlsplit(request.url).hostname or "AWS",
            )

        return send


def check_endpoint(client: Any, profile: "Profile") -> None:
    """Raise ConfigurationError when a client would send credentials to another machine without TLS."""
    where = client.meta.endpoint_url
    endpoints.check(where, profile.settings.allow_http_endpoint, get_environ_proxies(where).get("http", ""))


def refused(error: Exception) -> tuple[str, str] | None:
    """Return code and text of an error response of AWS; None for any other error."""
    if not isinstance(error, botocore.exceptions.ClientError):
        return None
    said = error.response.get("Error", {})
    return str(said.get("Code", "")), str(said.get("Message", ""))


def translated(operation: str, error: Exception) -> MfaSessionError | None:
    """Return our error for one of botocore's: on the way to AWS, or before the request was sent. None for others."""
    if (explained := credential_errors.explain(error)) is not None:
        return explained
    return _without_answer(operation, error) if isinstance(error, botocore.exceptions.BotoCoreError) else None


def _exchanged(http: Any, request: Any, size_limit: int) -> Any:
    """Send a request and return its answer, read to the end. Raises ValueError when it is too large."""
    request.stream_output = True
    response = http.send(request)
    try:
        body = _Body(_content(response.raw, size_limit))
    except urllib3.exceptions.HTTPError as error:
        raise botocore.exceptions.ConnectionClosedError(
            error=error, request=request, endpoint_url=request.url
        ) from None
    return AWSResponse(response.url, response.status_code, response.headers, body)


class _Body:
    """A body that was read to its end, as the answers of botocore read theirs."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        """Yield it in one piece."""
        yield self._content


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
    # Who may change the certificates or the service models decides who AWS is.
    if bundle := bundle or os.path.expanduser(os.environ.get("REQUESTS_CA_BUNDLE", "")):
        trust.check_there(bundle)
    known.register_component("data_loader", _loader(known.get_config_variable("data_path")))
    return known


@lru_cache(maxsize=2)
def _loader(data_path: str | None) -> Any:
    """The loader of service models, one for all callers: parsing is most of what a client costs.

    botocore takes models from `~/.aws/models` and AWS_DATA_PATH, and endpoints with them. Raises ConfigurationError
    when others may change them.
    """
    loader = botocore.loaders.create_loader(data_path)
    for folder in loader.search_paths:
        if folder != loader.BUILTIN_DATA_PATH and os.path.isdir(folder):
            trust.check_there(folder)
    return loader


def _without_answer(operation: str, error: botocore.exceptions.BotoCoreError) -> MfaSessionError:
    """Translate a failure on the way to AWS, or before the request was sent."""
    host = urlsplit(str(getattr(error, "kwargs", {}).get("endpoint_url", ""))).hostname or "AWS"
    match error:
        case botocore.exceptions.ProxyConnectionError():
            return AwsUnreachable(
                "the proxy did not let the request through", "look at HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
            )
        case botocore.exceptions.SSLError():
            return translate.not_trusted(host)
        case botocore.exceptions.EndpointConnectionError() | botocore.exceptions.ConnectTimeoutError():
            return translate.not_reached(host)
        case botocore.exceptions.HTTPClientError() | botocore.exceptions.ConnectionError():
            # The request may have arrived.
            return translate.not_answered(host, operation)
        case botocore.exceptions.ParamValidationError():
            return translate.not_askable(operation)
        case botocore.exceptions.InvalidRegionError():
            return ConfigurationError("the region is not a region's name", "fix region or AWS_REGION")
    if type(error).__name__.startswith("Invalid"):
        # A value that botocore does not know. Its classes are matched by name: older releases have fewer of them.
        said = printable(str(error).removesuffix("."))
        return ConfigurationError(
            f"an AWS setting is wrong: {said}", "fix it in the AWS configuration file or in the AWS_* variables"
        )
    return MfaSessionError(f"{operation} failed before AWS was asked: {type(error).__name__}", "run it with --debug")
