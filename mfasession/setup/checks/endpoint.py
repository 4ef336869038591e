"""Endpoint, proxy and certificates of the chosen profile, as far as they can be checked without the network."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mfasession.errors import ConfigurationError
from mfasession.setup.checks import Finding
from mfasession.values import LongTermKey, Secret

if TYPE_CHECKING:
    from mfasession.sessions import Context

_NO_KEY = LongTermKey(access_key_id="AKIAAAAAAAAAAAAAAAAA", secret_access_key=Secret("A" * 40))
"""Nothing is sent."""


def check(context: "Context") -> Iterator[Finding]:
    """Yield why no request could be made: a wrong URL, no TLS, a missing CA bundle, a wrong region."""
    from mfasession.aws.client import Aws

    try:
        profile = context.profile()
    except ConfigurationError:
        # The check of the profiles says it.
        return
    try:
        Aws(profile, _NO_KEY, context.environ).connect()
    except ConfigurationError as fault:
        yield Finding(name="wrong-aws-setting", message=fault.message, hint=fault.hint, profile=profile.name)
