"""Adds a long-term key: AWS checks it first, and it never replaces another one without `--force`."""

from typing import TYPE_CHECKING

from mfasession import profiles
from mfasession.awsfiles import add_profile
from mfasession.errors import AwsUnreachable, ConfigurationError, StoreError
from mfasession.keys import issued, locate
from mfasession.profiles import listing
from mfasession.stores.keyrings.backend import KeyringAbsent
from mfasession.stores.keys import KeyPlace, KeyRecord
from mfasession.values import Value

if TYPE_CHECKING:
    from mfasession.aws.client import Identity
    from mfasession.errors import MfaSessionError
    from mfasession.keys.locate import VisibleKey
    from mfasession.profiles import Profile
    from mfasession.sessions import Context
    from mfasession.values import LongTermKey


class Added(Value):
    """The result."""

    replaced: tuple[str, ...] = ()
    """IDs of keys that the profile had before."""
    header: str = ""
    """The header of a profile that was added to the AWS configuration file; empty when it existed."""
    failures: "tuple[MfaSessionError, ...]" = ()


class Addition:
    """The addition of one key for one profile, in the place that the request or the configuration names."""

    def __init__(self, context: "Context") -> None:
        """Raises ConfigurationError: the profile exists and is malformed. `--force` accepts half a key."""
        self._context = context
        self.profile, self._is_new = _profile(context)
        name = self.profile.key_section
        self._in_files = locate.in_files(context, name)
        self._hidden = locate.hidden(context, name)
        wanted = locate.chosen_place(context, name, context.request.key_place)
        in_hidden = [each for each in self._hidden if wanted is not None and each.name == wanted.name]
        self.place: KeyPlace = in_hidden[0] if in_hidden else self._in_files[0]
        self._is_new = self._is_new and not self.place.is_plain_text

    def check(self) -> None:
        """Raise StoreError if the key could not be stored, before it is typed."""
        self.place.check()
        if self._is_new:
            add_profile.check(self._context.aws_files.config_path, self.profile.key_section, self._context.environ)

    def has(self, key: "LongTermKey") -> bool:
        """Return whether the key is known to be in its place already. Raises ConfigurationError."""
        try:
            record = self.place.load()
        except StoreError:
            return False
        return record is not None and record.key == key

    def refuse_other(self, key_id: str) -> None:
        """Raise ConfigurationError when the profile has another key than this one, unless `--force` was given."""
        for other in self._held():
            if other.key_id != key_id and not self._context.request.force:
                raise ConfigurationError(
                    f"profile {other.profile} has another key already: {other.key_id}, in {other.place.where}",
                    f"{self._context.command_line('keys', 'rotate')} makes a new one; --force puts this one in its "
                    "place",
                )

    def whose(self, key: "LongTermKey") -> "Identity | None":
        """Return the key's owner from AWS; None when AWS was not reached and `--force` was given.

        Raises AwsRefused: AWS does not know the key, or its secret is wrong. Raises ConfigurationError for the key of a
        root user without `--force`.
        """
        from mfasession.aws.client import Aws

        force = self._context.request.force
        try:
            identity = Aws(self.profile, key, self._context.environ).identity()
        except AwsUnreachable as failure:
            if force:
                return None
            failure.message += f"; key {key.access_key_id} was not stored, because its owner could not be checked"
            failure.hint += ", or store it unchecked: --force"
            raise
        if identity.is_root and not force:
            raise ConfigurationError(
                f"key {key.access_key_id} belongs to the root user of {identity.account}: the rule does not apply",
                "make a key for an IAM user and delete this one; --force stores it anyway",
            )
        return identity

    def keep(self, key: "LongTermKey") -> Added:
        """Store the key, then remove the profile's keys from other places. Raises ConfigurationError, StoreError."""
        context, name = self._context, self.profile.key_section
        with locate.one_at_a_time(context, name):
            before = self._held()
            self.refuse_other(key.access_key_id)
            header = ""
            if self._is_new:
                header = add_profile.add_profile(context.aws_files.config_path, name, context.environ)
            self.place.save(KeyRecord(key=key))
            for other in before:
                if other.place is not self.place:
                    other.place.forget()
        replaced = tuple(dict.fromkeys(each.key_id for each in before if each.key_id != key.access_key_id))
        failures = issued.forget(context, replaced) if replaced else []
        return Added(replaced=replaced, header=header, failures=tuple(failures))

    def _held(self) -> "list[VisibleKey]":
        name = self.profile.key_section
        found = locate.seen(name, self._in_files)
        for place in self._hidden:
            try:
                found += locate.seen(name, [place])
            except KeyringAbsent:
                continue
            except StoreError:
                # A key elsewhere needs no keyring, and takes precedence over a key there.
                if place is self.place:
                    raise
        return found


def _profile(context: "Context") -> "tuple[Profile, bool]":
    """The profile for the key, and whether it is a new one."""
    name = profiles.chosen(context.request.profile, context.environ, context.config)
    if context.aws_files.profile(name) is None and name not in context.config.profiles:
        return listing.unresolved(name, context.aws_files, context.config), True
    try:
        return locate.owner(context), False
    except ConfigurationError:
        if not context.request.force:
            raise
        return listing.unresolved(name, context.aws_files, context.config), False
