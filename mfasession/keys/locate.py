"""Finds a profile's long-term key in its possible places, and all visible keys."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mfasession import files, hints
from mfasession.awsfiles import headers as awsfiles_headers
from mfasession.awsfiles import is_managed, parse
from mfasession.errors import ConfigurationError, StoreError
from mfasession.files import locks, paths
from mfasession.stores import keyring as keyring_store
from mfasession.stores.keyrings.backend import KeyringAbsent
from mfasession.stores.keyrings.notes import Notes
from mfasession.stores.keys import KeyInFile, KeyInKeyring, KeyPlace, KeyRecord, fault_of, in_the_keyring, record_of
from mfasession.values import Value

if TYPE_CHECKING:
    from mfasession.profiles import Profile
    from mfasession.sessions import Context

_NO_KEY_OF_THEIR_OWN = ("role_arn", "sso_session", "sso_start_url", "web_identity_token_file", "login_session")
"""Settings of profiles with credentials from elsewhere: the keyring is not asked for their keys."""


class Held(Value):
    """A profile's key in one place."""

    profile: str
    """The profile's name, which is also its section's."""
    place: KeyPlace
    record: KeyRecord

    @property
    def key_id(self) -> str:
        """The access key ID."""
        return self.record.key.access_key_id


def owner(context: "Context") -> "Profile":
    """Return the chosen profile; for a role, the one whose key assumes it. Raises ConfigurationError."""
    profile = context.profile()
    while profile.source is not None:
        profile = profile.source
    return profile


def in_files(context: "Context", profile: str) -> list[KeyPlace]:
    """Return the sections that may hold the profile's key, in order of precedence. Raises ConfigurationError."""
    aws_files, environ = context.aws_files, context.environ
    found: list[KeyPlace] = [KeyInFile(aws_files.credentials_path, profile, environ, private=True)]
    sections = parse(aws_files.config_path, aws_files.config_text())
    header = awsfiles_headers.headers(sections).get(profile)
    if header is not None:
        found.append(KeyInFile(aws_files.config_path, header, environ, private=False))
    return found


def held(profile: str, places: list[KeyPlace]) -> list[Held]:
    """Return the keys of a profile in these places. Raises ConfigurationError, StoreError."""
    records = ((place, place.load()) for place in places)
    return [Held(profile=profile, place=place, record=record) for place, record in records if record is not None]


def first(context: "Context", profile: "Profile") -> Held:
    """Return the key in use: a file takes precedence over the keyring. Raises ConfigurationError when there is none."""
    name = profile.key_section
    in_file = held(name, in_files(context, name))
    if in_file:
        return in_file[0]
    if profile.key is not None:
        raise ConfigurationError(
            f"one half of the key pair of profile {name} is in each AWS file",
            f"put both lines into {context.aws_files.credentials_path}",
        )
    try:
        ring = KeyInKeyring(name, context.environ)
        in_keyring = held(name, [ring]) if ring.key() is not None else []
    except KeyringAbsent:
        in_keyring = []
    if not in_keyring:
        raise no_key(name)
    return in_keyring[0]


def no_key(profile: str) -> ConfigurationError:
    """Return the error for a profile without a long-term key."""
    return ConfigurationError(
        f"profile {profile} has no long-term key", hints.command_line("keys", "add", profile=profile)
    )


def visible(context: "Context") -> tuple[list[Held], StoreError | None]:
    """Return every long-term key in the files and the keyring, and why the keyring could not be listed, if so.

    Files that others may read are listed too, because that does not use their keys. Raises ConfigurationError.
    """
    aws_files, environ = context.aws_files, context.environ
    headers = awsfiles_headers.headers(_sections(aws_files.config_path))
    own, in_config = _profiles(context)
    found = [
        Held(profile=name, place=KeyInFile(path, header, environ, private=False), record=record)
        for path, sections in ((aws_files.credentials_path, own), (aws_files.config_path, in_config))
        for name, keys in sections.items()
        if (record := record_of(keys)) is not None
        for header in [headers[name] if sections is in_config else name]
    ]
    names = [name for name, keys in {**in_config, **own}.items() if not keys.keys() & set(_NO_KEY_OF_THEIR_OWN)]
    settings = context.config.profiles
    names += [*settings, *(each.source for each in settings.values() if each.source)]
    noted = Notes(paths.keyring_keys(environ)).names()
    try:
        in_keyring = keyring_store.read_long_term_keys(list(dict.fromkeys([*names, *noted])))
        return [*found, *(each for name in in_keyring for each in held(name, [KeyInKeyring(name, environ)]))], None
    except StoreError as failure:
        if noted:
            return found, in_the_keyring(noted, failure)
        if isinstance(failure, KeyringAbsent) and set(names) <= {each.profile for each in found}:
            return found, None
        return found, failure


def malformed(context: "Context") -> list[tuple[str, str, str]]:
    """Return profile, path and fault of every pair in the files that cannot be a key. Raises ConfigurationError."""
    aws_files = context.aws_files
    own, in_config = _profiles(context)
    return [
        (name, path, fault)
        for path, sections in ((aws_files.credentials_path, own), (aws_files.config_path, in_config))
        for name, keys in sections.items()
        if (fault := fault_of(keys))
    ]


def _profiles(context: "Context") -> tuple[Mapping[str, dict[str, str]], Mapping[str, dict[str, str]]]:
    """The profiles of both files by name, without the sections of sessions."""
    credentials = _sections(context.aws_files.credentials_path)
    configured = _sections(context.aws_files.config_path)
    return (
        {name: keys for name, keys in credentials.items() if not is_managed(keys)},
        {name: configured[header] for name, header in awsfiles_headers.headers(configured).items()},
    )


@contextmanager
def one_at_a_time(context: "Context", profile: str) -> Iterator[None]:
    """Keep another mfasession from changing the same profile's key. Raises locks.LockTimeout while one does."""
    resource = f"{os.path.realpath(context.aws_files.credentials_path)}\n{profile}"
    with locks.hold(paths.lock_file(context.environ, "keys", resource), timeout=2.0):
        context.aws_files.reread()
        yield


def _sections(path: str) -> Mapping[str, dict[str, str]]:
    return parse(path, files.read_text(path) or "")
