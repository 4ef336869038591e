"""Our own configuration, `config.toml`, as one frozen value; on the path of every command.

tomllib costs more to import than the interpreter takes to start, so its result is kept in the cache folder together
with the very text it was made from, and is used again only while the text is the same to the byte. There is no second
reader of TOML.
"""

import os

from mfasession import __version__, files
from mfasession.errors import ConfigurationError, StoreError
from mfasession.files import paths
from mfasession.values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Scalar = str | int | tuple[str, ...]
    Flat = dict[tuple[str, ...], Scalar]


class ProfileSettings(Value):
    """What may be set for all profiles and for one. Durations are seconds; `code` is a name or a command's words."""

    store: str = "file"
    duration: int = 12 * 3600
    code: "str | tuple[str, ...]" = "prompt"
    refresh_margin: int = 15 * 60
    mfa_serial: str = ""
    source: str = ""
    session_profile: str = ""
    allow_http_endpoint: "tuple[str, ...]" = ()


class Config(Value):
    """The whole of `config.toml`."""

    path: str = ""
    default_profile: str = ""
    common: ProfileSettings = ProfileSettings()
    profiles: "Mapping[str, ProfileSettings]" = {}  # noqa: RUF012  # a Value is frozen, and nobody changes it

    def of(self, profile: str) -> ProfileSettings:
        """Return the settings of one profile: its own over the common ones."""
        return self.profiles.get(profile, self.common)


def load(environ: "Mapping[str, str]") -> Config:
    """Read the configuration; a missing file is an empty one unless MFASESSION_CONFIG names it.

    Raises ConfigurationError: not readable, not TOML, an unknown key (the nearest known one is named), a wrong type or
    a value out of range.
    """
    path = paths.config_file(environ)
    # It names the command that gives codes: whoever may write it may have us run anything.
    text = files.read_trusted(path)
    if text is None:
        if environ.get("MFASESSION_CONFIG"):
            raise ConfigurationError(
                f"no configuration at {path}", "MFASESSION_CONFIG names it: create it or unset that"
            )
        return Config()
    cache = os.path.join(paths.cache_folder(environ), "config.parsed")
    flat = _kept(cache, path, text)
    if flat is None:
        from mfasession.config import schema

        flat = schema.read(path, text)
        _keep(cache, path, text, flat)
    return _build(path, flat)


def _build(path: str, flat: "Flat") -> Config:
    """Make the value from checked `(key,)` and `("profiles", name, key)` entries."""
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


# The kept form: a head line, the source text and the entries, parted by RS and their units by US (ASCII's own
# separators, which TOML allows only as escapes), and a checksum. What holds such a character is simply not kept.
_RECORD, _UNIT = "\x1e", "\x1f"


def _head(path: str) -> str:
    return f"mfasession {__version__} {path}"


def _seal(records: list[str]) -> str:
    return str(sum(_RECORD.join(records).encode("utf-8", "surrogateescape")))


def _kept(cache: str, path: str, text: str) -> "Flat | None":
    try:
        # As private as a secret: whoever writes it chooses the `code` command that we run.
        records = (files.read_private(cache) or "").split(_RECORD)
    except ConfigurationError:
        return None
    seal = records.pop()
    if records[:2] != [_head(path), text] or seal != _seal(records):
        return None
    flat: Flat = {}
    for record in records[2:]:
        try:
            kind, name, value = record.split(_UNIT, 2)
            number = int(value) if kind == "i" else 0
        except ValueError:
            return None
        key = tuple(name.split("\t"))
        flat[key] = number if kind == "i" else value if kind == "s" else tuple(value.split(_UNIT))
    return flat


def _keep(cache: str, path: str, text: str, flat: "Flat") -> None:
    records = [_head(path), text]
    for key, value in flat.items():
        parts = value if isinstance(value, tuple) else (str(value),)
        if any("\t" in name for name in key) or any(_UNIT in part for part in (*key, *parts)):
            return
        kind = "i" if isinstance(value, int) else "s" if isinstance(value, str) else "t"
        records.append(_UNIT.join((kind, "\t".join(key), *parts)))
    if any(_RECORD in record for record in records):
        return
    from mfasession.files import replace

    try:
        replace.replace(cache, _RECORD.join((*records, _seal(records))))
    except (StoreError, ConfigurationError):
        # Only speed is lost: a home that cannot be written still gets its answer.
        return
