"""`mfasession.session`: a boto3 session that gets and renews its credentials from ours while the program runs."""

import os
import time
from collections.abc import Callable, Mapping

import boto3
from botocore.credentials import CredentialProvider, CredentialResolver, DeferredRefreshableCredentials

from mfasession import codes, sessions, timestamps
from mfasession.aws import boto
from mfasession.errors import ConfigurationError
from mfasession.sessions import Context, SessionRequest, destination
from mfasession.values import own_region

METHOD = "mfasession"
"""The source of the credentials, as botocore names it."""


class CalledSource:
    """A code source that calls a function of the program."""

    interactive = False
    tries = 2

    def __init__(self, code: Callable[[], str]) -> None:
        self._code = code

    def available(self) -> bool:
        """Return True: it can always answer."""
        return True

    def ask(self, request: codes.CodeRequest, *, on_waiting: codes.OnWaiting | None = None) -> str:
        """Return six digits. Raises ConfigurationError when the function returns anything else.

        AWS checks the key first, so that a person is not asked in vain.
        """
        if on_waiting is not None:
            on_waiting()
        time.sleep(max(0.0, request.not_before - time.time()))
        answer: object = self._code()
        code = codes.normalise(answer) if isinstance(answer, str) else None
        if code is None:
            raise ConfigurationError(
                "the function given as code did not return six digits", "return them as a str, as in '123456'"
            )
        return code


class _Provider(CredentialProvider):
    METHOD = METHOD

    def __init__(self, refresh: Callable[[], dict[str, str]]) -> None:
        super().__init__()
        self._refresh = refresh

    def load(self) -> DeferredRefreshableCredentials:
        return DeferredRefreshableCredentials(self._refresh, METHOD)


def session(
    profile: str | None = None,
    *,
    code: Callable[[], str] | None = None,
    region: str | None = None,
    no_input: bool = False,
) -> boto3.Session:
    """Return a boto3 session of a profile, which renews its credentials automatically.

    `profile`: None is the profile that the command chooses. `code` returns six digits when a renewal needs them;
    without it, they come from the configured source. With `no_input` no person is asked. Raises ConfigurationError for
    the profile at once; calls to AWS raise an MfaSessionError when no session can be made.
    """
    environ = dict(os.environ)
    first = _context(environ, profile or "", code, no_input=no_input)
    found = first.profile()

    def refresh() -> dict[str, str]:
        # Resolved each time, because keys, devices and roles in the files may have changed.
        context = _context(environ, found.name, code, no_input=no_input)
        made = sessions.session(context, context.profile())
        return {
            "access_key": made.access_key_id,
            "secret_key": made.secret_access_key.reveal(),
            "token": made.session_token.reveal(),
            "expiry_time": timestamps.show(made.expires),
        }

    if destination.MARK in environ and destination.is_of_another(first.aws_files, found, environ):
        raise ConfigurationError(
            f"this program was started with the endpoints of another profile than {found.name}",
            f"start it without them: they are listed in {destination.MARK}",
        )
    known = boto.settings(found)
    known.register_component("credential_provider", CredentialResolver([_Provider(refresh)]))
    # boto3's order, which knows no AWS_REGION; what `env` has set for another profile does not count.
    default, other = (own_region(environ, name) for name in ("AWS_DEFAULT_REGION", "AWS_REGION"))
    return boto3.Session(botocore_session=known, region_name=region or default or found.region or other or None)


def _context(environ: Mapping[str, str], profile: str, code: Callable[[], str] | None, *, no_input: bool) -> Context:
    context = Context(environ, SessionRequest(profile=profile, no_input=no_input))
    context.code_source = CalledSource(code) if code is not None else None
    return context
