"""Finds a profile's long-term key in its possible places, and all visible keys."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mfasession import files, hints
from mfasession.awsfiles import headers as awsfiles_headers
from mfasession.awsfiles import is_managed, parse
from mfasession.errors import ConfigurationError, StoreError
from mfasession.files import locks, paths
from mfasession.stores import keys as key_places
from mfasession.stores.index.notes import Notes
from mfasession.stores.keyrings import keys as keyring_keys
from mfasession.stores.keyrings.backend import KeyringAbsent
from mfasession.stores.keys import HiddenPlace, KeyIds, KeyPlace, KeyRecord, encrypted_file
from mfasession.stores.keys.file import KeyInFile, fault_of, record_of
from mfasession.stores.keys.keyring import KeyInKeyring, in_the_keyring
from mfasession.values import Value

if TYPE_CHECKING:
    from mfasession.profiles import Profile
    from mfasession.sessions import Context

_NO_KEY_OF_THEIR_OWN = ("role_arn", "sso_session", "sso_start_url", "web_identity_token_file", "login_session")
"""Settings of profiles with credentials from elsewhere: the keyring is not asked for their keys."""


class VisibleKey(Value):
    """A profile's key in one place, without its secret."""

    profile: str
    """The profile's name, which is also its section's."""
    place: KeyPlace
    ids: KeyIds

    @property
    def key_id(self) -> str:
        """The access key ID."""
        return self.ids.key


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


def hidden(context: "Context", profile: str) -> list[HiddenPlace]:
    """Return the places outside the AWS files that may hold the profile's key, the keyring last."""
    return key_places.all_hidden(profile, context.environ, no_input=context.request.no_input)


def chosen_place(context: "Context", profile: str, name: str = "") -> HiddenPlace | None:
    """Return where a key is to be kept: the place of that name, else of the setting, else the keyring.

    None is the AWS files.
    """
    name = name or context.config.of(profile).keys_in or key_places.DEFAULT
    if name == key_places.IN_FILES:
        return None
    return key_places.hidden(name, profile, context.environ, no_input=context.request.no_input)


def held(profile: str, places: Sequence[KeyPlace]) -> list[Held]:
    """Return the keys of a profile in these places. Raises ConfigurationError, StoreError."""
    records = ((place, place.load()) for place in places)
    return [Held(profile=profile, place=place, record=record) for place, record in records if record is not None]


def seen(profile: str, places: Sequence[KeyPlace]) -> list[VisibleKey]:
    """Return the keys of a profile in these places, without their secrets. Raises ConfigurationError, StoreError."""
    found = ((place, place.ids()) for place in places)
    return [VisibleKey(profile=profile, place=place, ids=ids) for place, ids in found if ids is not None]


def first(context: "Context", profile: "Profile") -> Held:
    """Return the key in use: a file takes precedence over other places. Raises ConfigurationError without a key."""
    name = profile.key_section
    in_file = held(name, in_files(context, name))
    if in_file:
        return in_file[0]
    if profile.key is not None:
        raise ConfigurationError(
            f"one half of the key pair of profile {name} is in each AWS file",
            f"put both lines into {context.aws_files.credentials_path}",
        )
    found = first_hidden(context, name)
    if found is None:
        raise no_key(name)
    return found


def first_hidden(context: "Context", name: str) -> Held | None:
    """Return the key in use of a profile that has none in a file. Raises ConfigurationError, StoreError."""
    keys_in = context.config.of(name).keys_in
    place = key_places.in_use(name, keys_in, context.environ, no_input=context.request.no_input)
    try:
        return next(iter(held(name, [place] if place is not None and place.key() is not None else [])), None)
    except KeyringAbsent:
        return None


def no_key(profile: str) -> ConfigurationError:
    """Return the error for a profile without a long-term key."""
    return ConfigurationError(
        f"profile {profile} has no long-term key", hints.command_line("keys", "add", profile=profile)
    )


def visible(context: "Context") -> tuple[list[VisibleKey], StoreError | None]:
    """Return every long-term key in its places, and why the keyring could not be listed, if so.

    Files that others may read are listed too, because that does not use their keys. Raises ConfigurationError.
    """
    aws_files, environ = context.aws_files, context.environ
    headers = awsfiles_headers.headers(_sections(aws_files.config_path))
    own, in_config = _profiles(context)
    found = [
        VisibleKey(profile=name, place=KeyInFile(path, header, environ, private=False), ids=record.ids)
        for path, sections in ((aws_files.credentials_path, own), (aws_files.config_path, in_config))
        for name, keys in sections.items()
        if (record := record_of(keys)) is not None
        for header in [headers[name] if sections is in_config else name]
    ]
    encrypted = encrypted_file.all_ids(environ)
    no_input = context.request.no_input
    found += [
        VisibleKey(profile=name, place=encrypted_file.KeyInEncryptedFile(name, environ, no_input=no_input), ids=ids)
        for name, ids in encrypted.items()
    ]
    in_keyring, failure = _in_keyring(context, {**in_config, **own}, {each.profile for each in found})
    return [*found, *in_keyring], failure


def _in_keyring(
    context: "Context", profiles: Mapping[str, dict[str, str]], found: set[str]
) -> tuple[list[VisibleKey], StoreError | None]:
    """The keys in the keyring, and why it could not be listed; `found` are profiles whose key is elsewhere."""
    names = [name for name, keys in profiles.items() if not keys.keys() & set(_NO_KEY_OF_THEIR_OWN)]
    settings = context.config.profiles
    names += [*settings, *(each.source for each in settings.values() if each.source)]
    noted = Notes(paths.keyring_keys(context.environ)).names()
    try:
        listed = keyring_keys.read_long_term_keys(list(dict.fromkeys([*names, *noted])))
        places = {name: KeyInKeyring(name, context.environ) for name in listed}
        seen = ((name, place, place.ids()) for name, place in places.items())
        return [VisibleKey(profile=name, place=place, ids=ids) for name, place, ids in seen if ids is not None], None
    except StoreError as failure:
        if noted:
            return [], in_the_keyring(noted, failure)
        if isinstance(failure, KeyringAbsent) and set(names) <= found:
            return [], None
        return [], failure


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
