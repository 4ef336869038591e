"""Replaces a key with a new one, with one MFA session; there is always a key that works.

AWS makes the new key; it is stored beside the old one until AWS knows it everywhere; then, in one step, it is put in
place; only then is the old one deactivated and deleted. After each step, the next run can continue.
(99designs/aws-vault#1110: two codes, and the old key stays; dcoker/awsmfa deletes the old key before it has a new one.)
"""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn, Protocol

from mfasession.aws.access_keys import LIMIT, AccessKey, AwsKeys
from mfasession.aws.errors import NotFound, Unanswered
from mfasession.errors import AwsRefused, AwsUnreachable, Cancelled, MfaSessionError
from mfasession.keys import issued, locate
from mfasession.sessions.state import Intent, State
from mfasession.stores.keys import KeyRecord
from mfasession.values import Value

if TYPE_CHECKING:
    from mfasession.profiles import Profile
    from mfasession.sessions import Context
    from mfasession.values import LongTermKey

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0)
"""Seconds between two checks whether AWS knows the new key: IAM is eventually consistent, mostly within ten seconds."""

MADE_WITHIN = 16 * 60
"""Most seconds between the note of a key and its date at AWS: the clocks differ by at most 15 minutes, a call takes
less."""

_UNKNOWN = "a new key"


class Surplus(Value):
    """A second key of the user, which leaves no room for a new one."""

    profile: str
    """The profile whose key is to be rotated."""
    user: str
    key: AccessKey
    last_used: int | None
    """Epoch seconds; 0 for never, None when unknown."""
    ours: str
    """ID of the key that is in use here."""
    is_older: bool

    @property
    def is_unneeded(self) -> bool:
        """Whether it is probably not needed: inactive, older than ours, or never used."""
        return not self.key.is_active or self.is_older or self.last_used == 0


class Listener(Protocol):
    """Gets a rotation's messages, and decides about a second key."""

    def notify(self, text: str) -> None:
        """Show one line."""

    def may_delete(self, surplus: Surplus) -> bool:
        """Return whether the second key may be deleted. Raises InputNeeded when that cannot be asked."""


class Rotated(Value):
    """The result."""

    new: str
    old: str
    where: str
    also: tuple[str, ...] = ()
    """Other profiles whose old key was replaced, too."""
    failures: tuple[MfaSessionError, ...] = ()


class Rotation:
    """One rotation of a profile's key, which continues an interrupted one."""

    def __init__(self, context: "Context", profile: "Profile", listener: Listener) -> None:
        self._context = context
        self._profile = profile
        self._listener = listener
        self._state = State(context.environ)
        self._lost = ""
        self._old_is = ""

    def run(self) -> Rotated:
        """Rotate the key, or finish an interrupted rotation.

        Raises ConfigurationError, InputNeeded, Cancelled, AwsRefused, AwsUnreachable, StoreError. Once a key was made,
        the message names the place and state of each key, and the hint how to continue.
        """
        context = self._context
        with locate.one_at_a_time(context, self._profile.key_section):
            held = locate.first(context, self._profile)
            self._place, self._record = held.place, held.record
            session = issued.for_iam(context, self._profile, {held.key_id, held.record.retiring} - {""})
            self._aws = AwsKeys(self._profile, session, context.environ)
            self._arn = session.identity or self._aws.identity().arn
            self._user = issued.user_of(self._arn)
            try:
                return self._rotated()
            except KeyboardInterrupt:
                self._stop(Cancelled("interrupted"))
            except MfaSessionError as failure:
                self._stop(failure)

    def _rotated(self) -> Rotated:
        listed = self._without_orphan(self._aws.access_keys(self._user))
        if not self._record.retiring:
            coming = self._record.next
            if coming is None or coming.access_key_id not in {each.access_key_id for each in listed}:
                coming = self._made(listed)
            wait_until_known(AwsKeys(self._profile, coming, self._context.environ), coming, self._listener)
            self._save(KeyRecord(key=coming, retiring=self._record.key.access_key_id))
        new, old = self._record.key.access_key_id, self._record.retiring
        states = {each.access_key_id: "active" if each.is_active else "inactive" for each in listed}
        self._old_is = states.get(old, "deleted")
        also = self._replace_copies()
        self._retire(old)
        self._save(KeyRecord(key=self._record.key))
        failures = [*self._remember(old, new), *issued.forget(self._context, {old})]
        return Rotated(new=new, old=old, where=self._place.where, also=also, failures=tuple(failures))

    def _made(self, listed: Sequence[AccessKey]) -> "LongTermKey":
        """Create a key at AWS and store it beside the old one; delete it if it cannot be stored."""
        self._place.check()
        listed = self._with_room(listed)
        known = {each.access_key_id for each in listed}
        # Noted first: if we are killed before the answer, the next run recognises the key.
        is_one_unknown = self._state.key_intent(self._arn) is not None
        self._state.record_key_intent(self._arn, known)
        try:
            made = self._aws.create(self._user)
            self._lost = made.access_key_id
            self._save(self._record.replace(next=made))
        except Unanswered:
            if self._take_back(known):
                self._state.forget_key_intent(self._arn)
            raise
        except (AwsRefused, AwsUnreachable):
            # AWS has not made a key for this request.
            if not is_one_unknown:
                self._state.forget_key_intent(self._arn)
            raise
        except BaseException:
            if self._take_back(known):
                self._state.forget_key_intent(self._arn)
            raise
        self._lost = ""
        self._state.forget_key_intent(self._arn)
        return made

    def _without_orphan(self, listed: Sequence[AccessKey]) -> Sequence[AccessKey]:
        """Delete the key of a run that was killed before the answer; return the other keys.

        Such a key is newer than the note, from the same time, never used and in no place here: its secret is lost. The
        note stays while the key may still appear: AWS may finish a request late, and list a key late.
        """
        intent = self._state.key_intent(self._arn)
        if intent is None:
            return listed
        here = {each.key_id for each in locate.visible(self._context)[0]}
        here |= {self._record.retiring, self._record.next.access_key_id if self._record.next else ""}
        new = [each for each in listed if each.access_key_id not in intent.known]
        orphans = [each for each in new if each.access_key_id not in here and self._is_of(intent, each)]
        for each in orphans:
            self._aws.delete(self._user, each.access_key_id)
            self._listener.notify(
                f"key {each.access_key_id} is deleted at AWS: an interrupted rotation made it, and its secret is lost"
            )
        if new or abs(time.time() - intent.at) > MADE_WITHIN:
            self._state.forget_key_intent(self._arn)
        return [each for each in listed if each not in orphans]

    def _is_of(self, intent: Intent, key: AccessKey) -> bool:
        return abs(key.created - intent.at) <= MADE_WITHIN and self._last_used(key) == 0

    def _with_room(self, listed: Sequence[AccessKey]) -> Sequence[AccessKey]:
        """Delete the user's other key when there are two, if that is allowed; return the keys that are left."""
        ours = self._record.key.access_key_id
        others = [each for each in listed if each.access_key_id != ours]
        if len(listed) < LIMIT or not others:
            return listed
        other = min(others, key=lambda each: (each.is_active, each.created))
        made = next((each.created for each in listed if each.access_key_id == ours), 0)
        surplus = Surplus(
            profile=self._profile.name,
            user=self._user,
            key=other,
            last_used=self._last_used(other),
            ours=ours,
            is_older=other.created < made,
        )
        if not self._listener.may_delete(surplus):
            raise Cancelled("cancelled, and nothing was changed")
        self._aws.delete(self._user, other.access_key_id)
        self._listener.notify(f"key {other.access_key_id} of {self._user} is deleted at AWS")
        return [each for each in listed if each is not other]

    def _last_used(self, key: AccessKey) -> int | None:
        try:
            return self._aws.last_used(key.access_key_id)
        except AwsRefused:
            return None

    def _take_back(self, before: set[str]) -> bool:
        """Delete the key that could not be stored at AWS; return whether it was there."""
        made = self._lost
        self._lost = made or _UNKNOWN
        found = False
        for each in self._aws.access_keys(self._user):
            if each.access_key_id == made or (not made and each.access_key_id not in before):
                found = True
                self._lost = each.access_key_id
                self._aws.delete(self._user, each.access_key_id)
        self._lost = ""
        return found

    def _replace_copies(self) -> tuple[str, ...]:
        """Replace the old key in all other profiles, before it is deleted."""
        copies = [each for each in locate.visible(self._context)[0] if each.key_id == self._record.retiring]
        for each in copies:
            each.place.save(KeyRecord(key=self._record.key))
        return tuple(dict.fromkeys(each.profile for each in copies if each.profile != self._profile.key_section))

    def _retire(self, old: str) -> None:
        try:
            self._aws.deactivate(self._user, old)
            self._old_is = "inactive"
            self._aws.delete(self._user, old)
        except NotFound:
            pass
        self._old_is = "deleted"

    def _save(self, record: KeyRecord) -> None:
        self._place.save(record)
        self._record = record

    def _remember(self, old: str, new: str) -> list[MfaSessionError]:
        """Keep the device for the new key, so that the next login does not have to find it."""
        state = self._state
        try:
            device = state.device(old)
            if device is not None:
                state.remember_device(new, device)
                state.forget_device(old)
        except MfaSessionError as failure:
            return [failure]
        return []

    def _stop(self, failure: MfaSessionError) -> NoReturn:
        """Raise the failure with the place and state of each key."""
        key, where = self._record.key.access_key_id, self._place.where
        standing = ""
        if self._lost:
            may = "may have" if self._lost == _UNKNOWN else "has"
            standing = f"{key} in {where} still works; AWS {may} {self._lost} too, but its secret is lost"
        elif self._record.next is not None:
            new = self._record.next.access_key_id
            standing = f"{key} in {where} still works, and the new {new} is stored beside it; AWS has both"
        elif self._record.retiring:
            old, state = self._record.retiring, self._old_is
            rest = f"AWS still has {old} ({state})" if state else f"{old} is to be deleted"
            rest = f"{old} is deleted at AWS" if state == "deleted" else rest
            standing = f"the new {key} is in {where}, and {rest}"
        if standing:
            failure.message += f"; {standing}"
            again = "run it again: it continues where it stopped"
            failure.hint = f"{failure.hint}; then {again}" if failure.hint else again
        raise failure from None


def wait_until_known(
    aws: AwsKeys, key: "LongTermKey", listener: Listener, *, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait until AWS knows a key. Raises AwsRefused or AwsUnreachable when it does not within the pauses."""
    for number, pause in enumerate(PAUSES):
        try:
            aws.identity()
        except (AwsRefused, AwsUnreachable):
            if number == 0:
                listener.notify(f"waiting until AWS knows the new key {key.access_key_id} everywhere")
            sleep(pause)
        else:
            return
    aws.identity()
