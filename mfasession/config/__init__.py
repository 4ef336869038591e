"""Our own configuration, `config.toml`, as one frozen value. Every command reads it.

tomllib costs more to import than the interpreter takes to start, so its result is kept in the cache folder (`marshal`)
together with the very text it was made from, and is used again only while the text is the same to the byte. There is no
second reader of TOML.
"""

import marshal
import os

from mfasession import __version__, files
from mfasession.errors import ConfigurationError, StoreError
from mfasession.values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Scalar = str | int | tuple[str, ...]
    Flat = dict[tuple[str, ...], Scalar]


_FORMAT = 2
"""Of marshal: every Python reads it, and almost all of it is ASCII, which decodes fast."""
_SHAPE = 2
"""Counts how values are kept, where that changes within a version: since 2 `code` begins with its source's name."""
_PRIME = 2**64 - 59
"""The checksum is the remainder by it: to load `zlib` or `binascii` costs a hundredth of a hit."""


class ProfileSettings(Value):
    """Settings for all profiles or for one. Durations are seconds; `code` is a source's name.

    With more than its name, `code` is a tuple: the name, then the words of a command or the options of a preset, each
    key followed by its value.
    """

    store: str = "file"
    keys_in: str = ""
    duration: int = 12 * 3600
    code: "str | tuple[str, ...]" = "prompt"
    refresh_margin: int = 15 * 60
    mfa_serial: str = ""
    source: str = ""
    session_profile: str = ""
    allow_http_endpoint: "tuple[str, ...]" = ()
    browser: "tuple[str, ...]" = ()


class Config(Value):
    """The content of `config.toml`."""

    path: str = ""
    default_profile: str = ""
    common: ProfileSettings = ProfileSettings()
    profiles: "Mapping[str, ProfileSettings]" = {}  # noqa: RUF012  # a Value is frozen, and no code changes it

    def of(self, profile: str) -> ProfileSettings:
        """Return the settings of one profile: its own over the common ones."""
        return self.profiles.get(profile, self.common)


def load(environ: "Mapping[str, str]") -> Config:
    """Read the configuration; a missing file counts as empty unless MFASESSION_CONFIG names it.

    Raises ConfigurationError: not readable, not TOML, an unknown key (the nearest known one is named), a wrong type or
    a value out of range.
    """
    path = files.config_file(environ)
    # It names the code command: whoever may write it may make us run anything.
    text = files.read_trusted(path)
    if text is None:
        if environ.get("MFASESSION_CONFIG"):
            raise ConfigurationError(f"no configuration at {path}", "create that file, or unset MFASESSION_CONFIG")
        return Config()
    cache = os.path.join(files.cache_folder(environ), "config.parsed")
    flat = _kept(cache, path, text)
    if flat is None:
        from mfasession.config import schema

        flat = schema.read(path, text)
        _keep(cache, path, text, flat)
    return build(path, flat)


def build(path: str, flat: "Flat") -> Config:
    """Build the value from checked `(key,)` and `("profiles", name, key)` entries."""
    common: dict[str, Scalar] = {}
    own: dict[str, dict[str, Scalar]] = {}
    for key, value in flat.items():
        if len(key) == 1:
            common[key[0]] = value
        else:
            settings = own.setdefault(key[1], {})
            if len(key) == 3:
                settings[key[2]] = value
    default_profile = str(common.pop("default_profile", ""))
    shared = ProfileSettings(**common)  # type: ignore[arg-type]  # config_file has checked each type
    profiles = {name: shared.replace(**settings) for name, settings in own.items()}
    return Config(path=path, default_profile=default_profile, common=shared, profiles=profiles)


def _sealed(body: bytes) -> bytes:
    """Put our version, the size and a checksum before what is kept: `marshal` may crash on what it did not write."""
    kind = b"mfasession %s.%d" % (__version__.encode(), _SHAPE)
    return b"%s %d %d\n" % (kind, len(body), int.from_bytes(body) % _PRIME) + body


def _kept(cache: str, path: str, text: str) -> "Flat | None":
    try:
        # As private as a secret: whoever may write it chooses the `code` command that we run.
        content = (files.read_private(cache) or "").encode("utf-8", "surrogateescape")
    except ConfigurationError:
        return None
    body = content.partition(b"\n")[2]
    if content != _sealed(body):
        return None
    try:
        kept_path, kept_text, flat = marshal.loads(body)  # noqa: S302  # ours, private and whole
    except (EOFError, TypeError, ValueError):
        return None
    kept: Flat | None = flat if (kept_path, kept_text) == (path, text) else None
    return kept


def _keep(cache: str, path: str, text: str, flat: "Flat") -> None:
    from mfasession.files import replace

    content = _sealed(marshal.dumps((path, text, flat), _FORMAT))
    try:
        replace.replace(cache, content.decode("utf-8", "surrogateescape"))
    except (StoreError, ConfigurationError):
        # Only speed is lost: the command works without a writable home, too.
        return
