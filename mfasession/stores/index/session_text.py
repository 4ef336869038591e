"""A session as text, for the stores that keep a text for each: a line for each field, all in ASCII.

On the path of every command with such a store. It is not JSON, whose import costs three quarters of a bare Python.
"""

from mfasession import timestamps
from mfasession.errors import StoreError
from mfasession.values import Secret, Session, is_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HEAD = "mfasession 1"
"""The first line, with the version of the rest."""
_KEPT = tuple(name for name in Session.__fields__ if name != "settings")
"""The fields that are kept: an SDK reads a profile's settings in a file alone."""
_SECRETS = ("secret_access_key", "session_token")
_TIMES = ("expires", "issued")


def write(section: str, session: Session) -> str:
    """Return the text of the session of a section, without its settings. Raises StoreError: it cannot be read back."""
    from mfasession.stores.index import escapes

    lines = [_HEAD]
    for name in _KEPT:
        value = getattr(session, name)
        text = value.reveal() if isinstance(value, Secret) else str(value)
        lines.append(f"{name}={escapes.escaped(text)}")
    text = "".join(f"{line}\n" for line in lines)
    if read(text) != session.replace(settings=()):
        raise StoreError(f"the session of section {section} cannot be written", "choose another session_profile")
    return text


def read(text: str) -> Session | None:
    """Return the session of a text; None when it is none that `write` has written, in this version or a later one."""
    *lines, after_last = text.split("\n")
    pairs = [line.partition("=") for line in lines[1:]]
    written = {name: value for name, _, value in pairs}
    if not text.isascii() or lines[:1] != [_HEAD] or after_last or len(pairs) != len(written):
        return None
    fields: dict[str, Any] = {}
    for name in _KEPT:
        value = _unescaped(written[name]) if name in written else getattr(Session, name, None)
        if value is None or (name in _TIMES and not _is_time(value)):
            return None
        fields[name] = Secret(value) if name in _SECRETS else int(value) if name in _TIMES else value
    session = Session(**fields)
    return session if is_whole(session) else None


def _unescaped(text: str) -> str | None:
    if "\\" not in text:
        return text
    from mfasession.stores.index import escapes

    value = escapes.unescaped(text)
    try:
        # An escape can spell half a surrogate pair, which no environment takes.
        (value or "").encode("utf-8", "surrogateescape")
    except UnicodeError:
        return None
    return value


def _is_time(value: object) -> bool:
    text = str(value)
    return text.isascii() and text.isdigit() and len(text) < 16 and timestamps.is_epoch(int(text))
