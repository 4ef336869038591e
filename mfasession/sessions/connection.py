"""The long-term key's owner and the connection to AWS, made ready in the background while a person types."""

import threading
from collections.abc import Callable, Mapping
from shlex import quote
from typing import TYPE_CHECKING, TypeVar

from mfasession import hints
from mfasession.errors import ConfigurationError
from mfasession.values import LongTermKey

if TYPE_CHECKING:
    from mfasession.aws.client import Aws, Identity
    from mfasession.codes import CodeRequest
    from mfasession.profiles import Profile
    from mfasession.stores.keys import HiddenPlace

Found = TypeVar("Found")


class Connection:
    """One long-term key and its way to AWS. `prepare` and `ready` may be called from two threads."""

    def __init__(self, environ: Mapping[str, str], profile: "Profile", *, no_input: bool) -> None:
        """As `find_key`, with its errors."""
        self.key = find_key(environ, profile, no_input=no_input)
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


def find_key(environ: Mapping[str, str], profile: "Profile", *, no_input: bool) -> LongTermKey:
    """Return a profile's long-term key. Raises ConfigurationError when there is none, and StoreError.

    A key in the encrypted file takes a passphrase. Raises InputNeeded when it cannot be had, as with `no_input`, and
    Cancelled.
    """
    return profile.key or _hidden_key(environ, profile, no_input=no_input)


def check_key(environ: Mapping[str, str], profile: "Profile") -> None:
    """Raise what `find_key` raises for a profile without a key. Asks for no passphrase."""
    if profile.key is None:
        _look(environ, profile, lambda place: place.ids(), no_input=True)


def _hidden_key(environ: Mapping[str, str], profile: "Profile", *, no_input: bool) -> LongTermKey:
    return _look(environ, profile, lambda place: place.key(), no_input=no_input)


def _look(
    environ: Mapping[str, str], profile: "Profile", read: "Callable[[HiddenPlace], Found | None]", *, no_input: bool
) -> "Found":
    """Return what is in the place of a key that no file has.

    Raises StoreError when the keyring has it, or may have it, and does not answer. Raises ConfigurationError when there
    is none: where no keyring is and none was put into one, there is nothing.
    """
    from mfasession.stores import keys
    from mfasession.stores.keyrings.backend import KeyringAbsent

    missing = _missing(environ, profile)
    name, keys_in = profile.key_section, profile.settings.keys_in
    try:
        place = keys.in_use(name, keys_in, environ, no_input=no_input)
        found = None if place is None else read(place)
    except KeyringAbsent as absent:
        missing.hint += f"; {absent.message}"
        found = None
    if found is None:
        raise _excluded(keys.elsewhere(name, keys_in, environ), keys_in, name) or missing
    return found


def _excluded(where: str, keys_in: str, profile: str) -> ConfigurationError | None:
    """Return the error for a profile whose key is where `keys_in` excludes it; None when it is nowhere."""
    if not where:
        return None
    return ConfigurationError(
        f'profile {profile} has no long-term key where keys_in = "{keys_in}" says; there is one in {where}',
        hints.command_line("keys", "move", "--to", keys_in, profile=profile),
    )


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
