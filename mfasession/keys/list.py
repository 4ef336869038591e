"""Lists all visible long-term keys, with AWS's data when there is a session with MFA."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mfasession import files, profiles
from mfasession.errors import AwsRefused, ConfigurationError, MfaSessionError
from mfasession.keys import issued, locate
from mfasession.profiles.listing import unresolved
from mfasession.stores.keyrings.items import backend_names
from mfasession.stores.keys.file import KeyInFile
from mfasession.values import Value, account_of

if TYPE_CHECKING:
    from mfasession.aws.access_keys import AccessKey, AwsKeys
    from mfasession.keys.locate import VisibleKey
    from mfasession.profiles import Profile
    from mfasession.sessions import Context
    from mfasession.stores.keys import KeyIds


class UserKeys(Value):
    """AWS's data about one user's keys."""

    user: str
    account: str
    keys: "Mapping[str, AccessKey]"
    last_used: Mapping[str, int]
    """Epoch seconds by access key ID; 0 for never. A key without an answer from AWS is missing."""


class Row(Value):
    """One key in one place, or a key that only AWS has."""

    key_id: str
    """Empty when the value in its place is not an ID."""
    profile: str = ""
    store: str = ""
    """The name of the place, as in `keys_in`; empty when the key is not here."""
    path: str = ""
    """Of the file, or words such as `the keyring`."""
    backend: str = ""
    """Of the keyring, by its own name; empty for a file."""
    note: str = ""
    """The rest of an unfinished rotation, or the fault of the pair."""
    user_keys: UserKeys | None = None
    """AWS's data about the user's keys; None when AWS was not asked."""


class Listing(Value):
    """All keys, and why the list may be incomplete."""

    rows: Sequence[Row]
    unsafe: Sequence[ConfigurationError] = ()
    """Files with keys that others may read."""
    keyring: MfaSessionError | None = None
    """Why the keyring could not be listed."""
    aws: MfaSessionError | None = None
    """Why AWS gave no ages although there is a session."""


def listing(context: "Context") -> Listing:
    """Return the keys of all profiles, or of the one named with -p. Raises ConfigurationError."""
    found, failure = locate.visible(context)
    faults = locate.malformed(context)
    if context.request.profile:
        name = _named(context)
        found = [each for each in found if each.profile == name]
        faults = [each for each in faults if each[0] == name]
    source = _Source(context)
    backend = backend_names() if any(each.place.uses_keyring for each in found) else ""
    rows = [_row(each, backend, source.ask(each)) for each in found]
    rows += [Row(key_id="", profile=name, store=KeyInFile.name, path=path, note=fault) for name, path, fault in faults]
    here = {row.key_id for row in rows}
    rows += [
        Row(key_id=key, user_keys=user_keys)
        for user_keys in source.answers
        for key in user_keys.keys
        if key not in here
    ]
    unsafe = _unsafe([each.place.where for each in found if each.place.is_plain_text])
    return Listing(rows=rows, unsafe=unsafe, keyring=failure, aws=source.failure)


def _named(context: "Context") -> str:
    """The section of the named profile; its name when a file may not be used."""
    try:
        return locate.owner(context).key_section
    except ConfigurationError:
        return context.request.profile


def _row(seen: "VisibleKey", backend: str, user_keys: UserKeys | None) -> Row:
    place = seen.place
    return Row(
        key_id=seen.key_id,
        profile=seen.profile,
        store=place.name,
        path=place.where,
        backend=backend if place.uses_keyring else "",
        note=_note(seen.ids),
        user_keys=user_keys,
    )


def _note(ids: "KeyIds") -> str:
    if ids.next:
        return f"rotation not finished: {ids.next} is to take its place"
    return f"rotation not finished: {ids.retiring} is to be deleted" if ids.retiring else ""


def _unsafe(paths: Sequence[str]) -> list[ConfigurationError]:
    problems = []
    for path in dict.fromkeys(paths):
        try:
            files.read_private(path)
        except ConfigurationError as problem:
            problems.append(problem)
    return problems


class _Source:
    """Asks AWS once for each user, only with an existing session."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self.answers: list[UserKeys] = []
        self.failure: MfaSessionError | None = None

    def ask(self, seen: "VisibleKey") -> UserKeys | None:
        """Return AWS's data about the keys of this key's user; None without a session or an answer."""
        session = issued.live(self._context, [seen.key_id])
        if session is None or self.failure is not None:
            return None
        from mfasession.aws.access_keys import AwsKeys

        try:
            aws = AwsKeys(self._profile(seen.profile), session, self._context.environ)
            return self._answer(aws, session.identity or aws.identity().arn)
        except MfaSessionError as failure:
            self.failure = failure
            return None

    def _answer(self, aws: "AwsKeys", arn: str) -> UserKeys:
        user, account = issued.user_of(arn), account_of(arn)
        for user_keys in self.answers:
            if (user_keys.user, user_keys.account) == (user, account):
                return user_keys
        keys = {key.access_key_id: key for key in aws.access_keys(user)}
        self.answers.append(UserKeys(user=user, account=account, keys=keys, last_used=_last_used(aws, keys)))
        return self.answers[-1]

    def _profile(self, name: str) -> "Profile":
        context = self._context
        try:
            return profiles.resolve(name, context.aws_files, context.config)
        except ConfigurationError:
            return unresolved(name, context.aws_files, context.config)


def _last_used(aws: "AwsKeys", keys: "Mapping[str, AccessKey]") -> dict[str, int]:
    try:
        return {key_id: aws.last_used(key_id) for key_id in keys}
    except AwsRefused:
        # The ages are useful without it.
        return {}
