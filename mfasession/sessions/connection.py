"""The long-term key's owner and the connection to AWS, made ready in the background while a person types."""

import threading
from collections.abc import Mapping
from shlex import quote
from typing import TYPE_CHECKING

from mfasession import hints
from mfasession.errors import ConfigurationError
from mfasession.values import LongTermKey

if TYPE_CHECKING:
    from mfasession.aws.client import Aws, Identity
    from mfasession.codes import CodeRequest
    from mfasession.profiles import Profile


class Connection:
    """One long-term key and its way to AWS. `prepare` and `ready` may be called from two threads."""

    def __init__(self, environ: Mapping[str, str], profile: "Profile") -> None:
        self.key = find_key(environ, profile)
        self._environ = environ
        self._profile = profile
        self._preparing = threading.Lock()
        self._ready: tuple[Aws, Identity] | None = None

    def prepare(self, request: "CodeRequest") -> "CodeRequest":
        """Import boto3, connect, and ask AWS whose key it is: the question can then name the user and the account.

        Raises what ends the question at once, before a code is typed in vain: key unknown, clock wrong, no network.
        """
        _, identity = self.ready()
        return request.replace(user=identity.user, account=identity.account)

    def ready(self) -> "tuple[Aws, Identity]":
        """Return the connection and the key's owner. Raises AwsRefused, AwsUnreachable, ConfigurationError."""
        with self._preparing:
            if self._ready is None:
                from mfasession.aws.client import Aws

                aws = Aws(self._profile, self.key, self._environ)
                self._ready = aws, aws.identity()
            return self._ready

    def user(self) -> str:
        """Return the user's name once AWS has reported it."""
        return self._ready[1].user if self._ready else ""


def find_key(environ: Mapping[str, str], profile: "Profile") -> LongTermKey:
    """Return a profile's long-term key. Raises ConfigurationError when there is none, and StoreError."""
    return profile.key or _key_in_keyring(environ, profile)


def _key_in_keyring(environ: Mapping[str, str], profile: "Profile") -> LongTermKey:
    """Return the key that no file has. Raises StoreError when the keyring has it, or may have it, and does not answer.

    Raises ConfigurationError when there is none: where no keyring is and none was put into one, there is nothing.
    """
    from mfasession.stores.keyrings.backend import KeyringAbsent
    from mfasession.stores.keys import KeyInKeyring

    missing = _missing(environ, profile)
    try:
        key = KeyInKeyring(profile.key_section, environ).key()
    except KeyringAbsent as absent:
        missing.hint += f"; or in the keyring, which did not answer: {absent.message}"
        raise missing from None
    if key is None:
        raise missing
    return key


def _missing(environ: Mapping[str, str], profile: "Profile") -> ConfigurationError:
    name = profile.key_section
    if profile.serves_itself:
        return ConfigurationError(
            f"profile {name} has no long-term key, and its credential_process asks for profile {name} itself",
            f"aws configure --profile {quote(name + '-key')}, and let it run: "
            f"{hints.command_line('process', profile=name + '-key')}",
        )
    from mfasession.awsfiles import AwsFiles
    from mfasession.profiles import faults

    return faults.no_key(name, AwsFiles(environ))
