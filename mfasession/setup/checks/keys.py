"""Long-term keys and the keyring: plain text that need not be, and a keyring that does not answer."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mfasession import hints, installation
from mfasession.errors import ConfigurationError, StoreError
from mfasession.keys import locate
from mfasession.sessions.connection import check_key
from mfasession.setup.checks import CIRCLE, WARNING, Finding, Seen
from mfasession.stores.keyrings.backend import START, KeyringAbsent, backend, keeps_plain_text, name_of
from mfasession.stores.keys import IN_FILES

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

    from mfasession.keys.locate import VisibleKey
    from mfasession.sessions import Context

_KEYRING = "keyring"
_NO_KEYRING = ("keyring.backends.fail", "keyring.backends.null")
"""The modules of the backends that `keyring` has for no keyring at all. Any other that the user names counts."""


def check(context: "Context") -> Iterator[Finding | Seen]:
    """Yield what is wrong with the places of keys and sessions."""
    found, failure = locate.visible(context)
    if isinstance(failure, KeyringAbsent):
        # Nothing is known to be in it.
        failure = None
    stores = {context.config.common.store, *(each.store for each in context.config.profiles.values())}
    in_use = _KEYRING in stores or any(each.place.uses_keyring for each in found)
    if failure is not None:
        yield Finding(name="keyring-unusable", message=failure.message, hint=failure.hint)
    yield from _missing(context)
    yield from _plain_text(context, [each for each in found if _has_place(context, each)])
    try:
        ring = backend()
    except StoreError as fault:
        if in_use and failure is None:
            yield Finding(name="keyring-unusable", message=fault.message, hint=fault.hint)
        return
    is_there = type(ring).__module__ not in _NO_KEYRING
    yield Seen(what="keyring", found=name_of(ring) if is_there else "none")
    if is_there and not keeps_plain_text(ring):
        yield from _plain_text(context, [each for each in found if not _has_place(context, each)])
    elif in_use and failure is None:
        yield from _unfit(ring, is_there=is_there)


def _has_place(context: "Context", seen: "VisibleKey") -> bool:
    """Whether `keys_in` names a place for the key that is not plain text: it should be there, keyring or not."""
    return context.config.of(seen.profile).keys_in not in ("", IN_FILES)


def _unfit(ring: "KeyringBackend", *, is_there: bool) -> Iterator[Finding]:
    """Yield why a keyring that is in use cannot keep secrets."""
    if is_there:
        yield Finding(
            name="keyring-in-plain-text",
            message=f"the keyring is {name_of(ring)}, which keeps plain text",
            hint=f"choose another backend: {installation.keyring('--list-backends')}",
            severity=WARNING,
        )
        return
    yield Finding(
        name="keyring-unusable",
        message="config.toml keeps sessions in the keyring, and there is no keyring here",
        hint=f'{START}, or set store = "file" in config.toml',
    )


def _plain_text(context: "Context", found: "list[VisibleKey]") -> Iterator[Finding]:
    only = context.request.profile
    for each in found:
        if each.place.is_plain_text and (not only or each.profile == only):
            yield Finding(
                name="key-in-plain-text",
                message=f"the long-term key of profile {each.profile} is in plain text in {each.place.where}",
                hint=hints.command_line("keys", "protect", profile=each.profile),
                severity=WARNING,
                profile=each.profile,
            )


def _missing(context: "Context") -> Iterator[Finding]:
    """Yield that the chosen profile has no long-term key anywhere."""
    try:
        owner = locate.owner(context)
    except ConfigurationError:
        # The check of the profiles says it.
        return
    try:
        check_key(context.environ, owner)
    except ConfigurationError as fault:
        name = CIRCLE if owner.serves_itself else "no-key"
        yield Finding(name=name, message=fault.message, hint=fault.hint, profile=owner.name)
