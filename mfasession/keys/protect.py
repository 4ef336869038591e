"""Moves a key from plain text into the keyring, and removes a key from all places."""

from typing import TYPE_CHECKING

from mfasession.aws.access_keys import AwsKeys
from mfasession.aws.errors import NotFound
from mfasession.errors import ConfigurationError, MfaSessionError, StoreError
from mfasession.keys import issued, locate
from mfasession.stores.keyrings.backend import KeyringAbsent
from mfasession.stores.keys import KeyInKeyring
from mfasession.values import Value

if TYPE_CHECKING:
    from mfasession.keys.locate import Held
    from mfasession.profiles import Profile
    from mfasession.sessions import Context


class Protected(Value):
    """The result of `protect`."""

    key_id: str
    out_of: str = ""
    """The file that held the key; empty if it was in the keyring already."""
    also: tuple[str, ...] = ()
    """Other profiles that hold the same key in plain text."""
    failures: tuple[MfaSessionError, ...] = ()
    """From stores that could not forget the sessions of a replaced key."""


def protect(context: "Context", profile: "Profile") -> Protected:
    """Move the key from its file into the keyring: write it, read it back, and only then remove it from the file.

    If it is interrupted, the key is in at least one of them. Raises ConfigurationError: no key, two keys, or another
    one in the keyring (`--force` puts this one in its place). Raises StoreError.
    """
    name, ring = profile.key_section, KeyInKeyring(profile.key_section, context.environ)
    with locate.one_at_a_time(context, name):
        before = ring.load()
        in_files = locate.held(name, locate.in_files(context, name))
        if not in_files:
            if before is None:
                locate.first(context, profile)
                raise locate.no_key(name)
            return Protected(key_id=before.key.access_key_id, also=_elsewhere(context, before.key.access_key_id))
        moved = in_files[0]
        for other in in_files[1:]:
            _refuse_two(moved, other.key_id, other.place.where)
        if before is not None and not context.request.force:
            _refuse_two(moved, before.key.access_key_id, "the keyring")
        ring.save(moved.record)
        if ring.load() != moved.record:
            raise StoreError(
                "the keyring returned another value than was stored",
                f"{context.command_line('keys', 'list')} shows what it has",
            )
        for each in in_files:
            each.place.forget(only=each.record)
    replaced = {before.key.access_key_id} - {moved.key_id} if before else set()
    failures = issued.forget(context, replaced) if replaced else []
    also = _elsewhere(context, moved.key_id)
    return Protected(key_id=moved.key_id, out_of=moved.place.where, also=also, failures=tuple(failures))


def _refuse_two(one: "Held", other_id: str, where: str) -> None:
    if one.key_id != other_id:
        raise ConfigurationError(
            f"profile {one.profile} has two keys: {one.key_id} in {one.place.where}, {other_id} in {where}",
            "remove one of them, or replace the other with the first: --force",
        )


def _elsewhere(context: "Context", key_id: str) -> tuple[str, ...]:
    found = locate.visible(context)[0]
    return tuple(dict.fromkeys(each.profile for each in found if each.key_id == key_id and each.place.is_plain_text))


class Removal:
    """The removal of a profile's long-term key from all places, and from AWS if wanted."""

    def __init__(self, context: "Context", profile: "Profile") -> None:
        """Find the key. Raises ConfigurationError."""
        self._context = context
        self._profile = profile
        name = profile.key_section
        self.held = locate.held(name, locate.in_files(context, name))
        self._failure: MfaSessionError | None = None
        self._done: dict[str, str] = {}
        try:
            self.held += locate.held(name, [KeyInKeyring(name, context.environ)])
        except KeyringAbsent:
            pass
        except StoreError as failure:
            self._failure = failure

    @property
    def key_ids(self) -> list[str]:
        """The keys, with those of an unfinished rotation."""
        records = [each.record for each in self.held]
        beside = [key.access_key_id for record in records if (key := record.next) is not None]
        ids = [*(each.key_id for each in self.held), *beside, *(record.retiring for record in records)]
        return [key_id for key_id in dict.fromkeys(ids) if key_id]

    def delete_in_aws(self) -> list[str]:
        """Delete the keys at AWS; return those that the user does not have any more.

        Raises as `issued.for_iam` and IAM do; the message then names the state of each key.
        """
        session = issued.for_iam(self._context, self._profile, self.key_ids)
        aws = AwsKeys(self._profile, session, self._context.environ)
        user = issued.user_of(session.identity or aws.identity().arn)
        missing: list[str] = []
        for key_id in self.key_ids:
            try:
                aws.deactivate(user, key_id)
                self._done[key_id] = "inactive"
                aws.delete(user, key_id)
                self._done[key_id] = "deleted"
            except NotFound:
                missing.append(key_id)
            except MfaSessionError as failure:
                raise self._with_standing(failure) from None
        return missing

    def run(self) -> list[MfaSessionError]:
        """Forget the keys' sessions and remove the keys from their places; return the failures.

        Raises ConfigurationError and StoreError when a key stays in its file.
        """
        # Sessions first: without the key, a later run would find only the profile's own session.
        failures = issued.forget(self._context, self.key_ids, self._profile.session_section)
        try:
            with locate.one_at_a_time(self._context, self._profile.key_section):
                for each in self.held:
                    each.place.forget()
        except MfaSessionError as failure:
            raise self._with_standing(failure) from None
        return [*([self._failure] if self._failure else []), *failures]

    def _with_standing(self, failure: MfaSessionError) -> MfaSessionError:
        if self._done:
            states = ", ".join(f"{key_id} is {state} at AWS" for key_id, state in self._done.items())
            failure.message += f"; {states}, and still in {self.held[0].place.where}"
            failure.hint += "; then run it again"
        return failure
