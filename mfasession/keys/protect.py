"""Moves a key from one place to another, as from plain text into the keyring, and removes a key from all places."""

from typing import TYPE_CHECKING

from mfasession.aws.access_keys import AwsKeys
from mfasession.aws.errors import NotFound
from mfasession.errors import ConfigurationError, MfaSessionError, StoreError
from mfasession.keys import issued, locate
from mfasession.stores import keys as key_places
from mfasession.stores.keyrings.backend import KeyringAbsent
from mfasession.values import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mfasession.keys.locate import Held, VisibleKey
    from mfasession.profiles import Profile
    from mfasession.sessions import Context
    from mfasession.stores.keys import HiddenPlace, KeyPlace


class Protected(Value):
    """The result of `protect` or `move`."""

    key_id: str
    out_of: str = ""
    """The place that held the key; empty if it was in its new place already."""
    to: str
    """The new place, in words."""
    also: tuple[str, ...] = ()
    """Other profiles that hold the same key in plain text."""
    failures: tuple[MfaSessionError, ...] = ()
    """From stores that could not forget the sessions of a replaced key."""


def protect(context: "Context", profile: "Profile", keys_in: str = "") -> Protected:
    """Move the key from its file into the keyring, or where `keys_in` says: `move` of a key in plain text.

    Raises ConfigurationError: no key, two keys, or another one there (`--force` puts this one in its place). Raises
    StoreError, and InputNeeded and Cancelled as the place does.
    """
    name, place = profile.key_section, hidden_place(context, profile.key_section, keys_in)
    with locate.one_at_a_time(context, name):
        in_files = locate.held(name, locate.in_files(context, name))
        if not in_files:
            ids = place.ids()
            if ids is None:
                locate.first(context, profile)
                raise locate.no_key(name)
            return Protected(key_id=ids.key, to=place.where, also=_elsewhere(context, ids.key))
        moved = in_files[0]
        for other in in_files[1:]:
            _refuse_two(moved, other.key_id, other.place.where, "remove one of them")
        replaced = _put(context, moved, place)
        for each in in_files:
            each.place.forget(only=each.record)
    return _result(context, moved, place, replaced)


def move(context: "Context", profile: "Profile", to: str) -> Protected:
    """Move the key to another place: write it, read it back, and only then remove it from where it was.

    If it is interrupted, the key is in at least one of them. Raises as `protect`.
    """
    name = profile.key_section
    with locate.one_at_a_time(context, name):
        in_files, hidden = locate.in_files(context, name), locate.hidden(context, name)
        of_name: list[KeyPlace] = [each for each in (*in_files, *hidden) if each.name == to]
        target = next((each for each in of_name[1:] if each.ids() is not None), of_name[0])
        others = locate.seen(name, [] if target.is_plain_text else in_files)
        others += _seen(name, [each for each in hidden if each.name != target.name])
        if not others:
            ids = target.ids()
            if ids is None:
                raise locate.no_key(name)
            return Protected(key_id=ids.key, to=target.where)
        # Files take precedence over other places, and the setting says which of those comes first.
        keys_in = context.config.of(name).keys_in
        others.sort(key=lambda each: (not each.place.is_plain_text, each.place.name != keys_in))
        for other in others[1:]:
            first = locate.held(name, [others[0].place])[0]
            _refuse_two(first, other.key_id, other.place.where, "remove one of them")
        sources = locate.held(name, [each.place for each in others])
        replaced = _put(context, sources[0], target)
        for each in sources:
            each.place.forget(only=each.record)
    return _result(context, sources[0], target, replaced)


def hidden_place(context: "Context", name: str, keys_in: str = "") -> "HiddenPlace":
    """Return where `protect` keeps a key: in `keys_in`, else in that of the settings, else in the keyring.

    Plain text counts as none.
    """
    place = locate.chosen_place(context, name, keys_in) or locate.chosen_place(context, name, key_places.DEFAULT)
    if place is None:
        raise AssertionError("the default place is not the files")
    return place


def _seen(name: str, places: "Sequence[HiddenPlace]") -> "list[VisibleKey]":
    """The keys in these places; one that does not answer has none unless it is known to have one."""
    found: list[VisibleKey] = []
    for place in places:
        try:
            found += locate.seen(name, [place])
        except StoreError:
            if place.is_noted():
                raise
    return found


def _put(context: "Context", moved: "Held", target: "KeyPlace") -> set[str]:
    """Write a key to its new place and read it back; return the ID of another key that was there."""
    before = target.ids()
    if before is not None and not context.request.force:
        command = context.command_line("keys", "move", "--to", target.name, "--force", profile=moved.profile)
        _refuse_two(moved, before.key, target.where, f"remove one of them, or put the first in its place: {command}")
    target.save(moved.record)
    if target.load() != moved.record:
        raise StoreError(
            f"{target.where} returned another value than was stored",
            f"{context.command_line('keys', 'list')} shows what it has",
        )
    return {before.key} - {moved.key_id} if before else set()


def _result(context: "Context", moved: "Held", target: "KeyPlace", replaced: set[str]) -> Protected:
    failures = issued.forget(context, replaced) if replaced else []
    also = () if target.is_plain_text else _elsewhere(context, moved.key_id)
    return Protected(
        key_id=moved.key_id, out_of=moved.place.where, to=target.where, also=also, failures=tuple(failures)
    )


def _refuse_two(one: "Held", other_id: str, where: str, hint: str) -> None:
    if one.key_id != other_id:
        raise ConfigurationError(
            f"profile {one.profile} has two keys: {one.key_id} in {one.place.where}, {other_id} in {where}",
            hint,
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
        for place in locate.hidden(context, name):
            try:
                self.held += locate.held(name, [place] if place.ids() is not None else [])
            except KeyringAbsent:
                continue
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
