"""Reads and checks the text of `config.toml`; imported only when that text has changed (see `config`)."""

from collections.abc import Callable, Mapping
from typing import Any

from mfasession import durations, plugins
from mfasession.config import endpoints
from mfasession.errors import ConfigurationError, UsageError
from mfasession.files import toml
from mfasession.redaction import redacted
from mfasession.text import nearest

Scalar = str | int | tuple[str, ...]


def read(path: str, text: str) -> dict[tuple[str, ...], Scalar]:
    """Return the checked entries: `(key,)` for common ones, `("profiles", name, key)` for a profile's.

    A profile's empty table is `("profiles", name)` with an empty value. Raises ConfigurationError.
    """
    try:
        tree = toml.read(text)
    except ValueError as error:
        raise not_toml(path, error) from None
    profiles = tree.pop("profiles", {})
    if not _is_table_of_tables(profiles):
        raise _wrong(path, "profiles", "a table a profile", "write [profiles.NAME] and its keys below")
    flat: dict[tuple[str, ...], Scalar] = {}
    _check(path, (), tree, _known(of_profile=False), flat, also=("profiles",))
    for name, settings in profiles.items():
        flat["profiles", name] = ""
        _check(path, ("profiles", name), settings, _known(of_profile=True), flat)
    return flat


def not_toml(path: str, error: ValueError) -> ConfigurationError:
    """Return the error for a file that `toml.read` does not take."""
    return ConfigurationError(f"{path} is not TOML: {error}", f"fix that line of {path}")


def keys(*, of_profile: bool) -> tuple[str, ...]:
    """Return the keys that may stand above all tables, or in the table of a profile, in the order of the page."""
    return tuple(_known(of_profile=of_profile))


def choices(key: str) -> tuple[str, ...]:
    """Return the words that may be a key's value, where it is one of some."""
    return {"store": plugins.names("stores"), "code": _code_names()}.get(key, ())


def check(key: str, value: object, *, of_profile: bool) -> Scalar:
    """Return the checked value of a known key. Raises ValueError with what is wrong; it may quote the value."""
    return _known(of_profile=of_profile)[key](value)


def unknown(key: str, *, of_profile: bool) -> UsageError:
    """Return the error for a key on the command line that is unknown, or does not belong there."""
    if not of_profile and key in _PROFILE_ONLY:
        return UsageError(f"{key} belongs to one profile", "name the profile: -p NAME")
    if of_profile and key == "default_profile":
        return UsageError("default_profile is for all profiles", "leave -p out")
    return UsageError(f"unknown key {redacted(key)}", _near(key, keys(of_profile=of_profile)))


def _known(*, of_profile: bool) -> "Mapping[str, Callable[[Any], Scalar]]":
    return {**_SETTINGS, **_PROFILE_ONLY} if of_profile else {"default_profile": _text, **_SETTINGS}


def _check(
    path: str,
    prefix: tuple[str, ...],
    table: Mapping[str, Any],
    known: "Mapping[str, Callable[[Any], Scalar]]",
    flat: dict[tuple[str, ...], Scalar],
    also: tuple[str, ...] = (),
) -> None:
    for key, value in table.items():
        # A seed or a code may stand where a name or a value should.
        shown = redacted(".".join((*prefix, key)))
        if key not in known:
            raise ConfigurationError(f"{path}: unknown key {shown}", _hint(prefix, key, (*known, *also)))
        try:
            flat[*prefix, key] = known[key](value)
        except ValueError as error:
            raise ConfigurationError(f"{path}: {shown}: {redacted(str(error))}", f"fix {shown} in {path}") from None


def _hint(prefix: tuple[str, ...], key: str, known: tuple[str, ...]) -> str:
    if not prefix and key in _PROFILE_ONLY:
        return f"{key} belongs to one profile: put it below [profiles.NAME]"
    if prefix and key == "default_profile":
        return "default_profile is for all: put it above the first [profiles.NAME]"
    return _near(key, known)


def _near(key: str, known: tuple[str, ...]) -> str:
    near = nearest(key, known, likeness=0.5)
    return f"did you mean {near}?" if near else f"known keys: {', '.join(sorted(known))}"


def _is_table_of_tables(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(table, dict) for table in value.values())


def _wrong(path: str, key: str, wanted: str, hint: str) -> ConfigurationError:
    return ConfigurationError(f"{path}: {key} must be {wanted}", hint)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ValueError("must be a text")
    return value


def _one_of(names: tuple[str, ...]) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in names:
            near = nearest(str(value), names)
            raise ValueError(f"must be one of {', '.join(names)}" + (f" (did you mean {near}?)" if near else ""))
        return str(value)

    return check


def _seconds(least: int, most: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError('must be a duration such as "12h"')  # noqa: TRY004  # one error for whatever is wrong
        seconds = durations.parse(str(value))
        if not least <= seconds <= most:
            raise ValueError(f"must be from {durations.show(least)} to {durations.show(most)}")
        return seconds

    return check


def _code(value: Any) -> str | tuple[str, ...]:
    if isinstance(value, dict) and set(value) == {"command"}:
        return ("command", *_words(value["command"], '{ command = ["ykman", "oath", "accounts", "code"] }'))
    options = {key: text for key, text in value.items() if key != "preset"} if isinstance(value, dict) else {}
    name = value.get("preset") if isinstance(value, dict) else value
    named = _code_names()
    if not isinstance(name, str) or name not in named:
        near = nearest(name, named) if isinstance(name, str) else ""
        meant = f" (did you mean {near}?)" if near else ""
        raise ValueError(f'must be one of {", ".join(named)} or {{ command = ["…"] }}{meant}')
    if not all(isinstance(text, str) and text and text.isprintable() for text in options.values()):
        raise ValueError(f'takes texts beside the preset, as in {{ preset = "{name}", account = "…" }}')
    # Which options a source has is its own affair: it is loaded when a code is needed.
    return (name, *(word for pair in options.items() for word in pair)) if options else name


def _browser(value: Any) -> tuple[str, ...]:
    example = '{ command = ["firefox", "-P", "work", "%s"] }'
    if isinstance(value, dict) and set(value) == {"command"}:
        return _words(value["command"], example)
    raise ValueError(f"must be a command, as in {example}")


def _words(value: Any, example: str) -> tuple[str, ...]:
    if isinstance(value, list) and value and all(isinstance(w, str) and "\0" not in w for w in value) and value[0]:
        return tuple(value)
    raise ValueError(f"command must be a list of words, as in {example}")


def _code_names() -> tuple[str, ...]:
    # The file of that name is the source that takes words, and so a table.
    return tuple(each for each in plugins.names("codes") if each != "command")


def _origins(value: Any) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not listed or not all(isinstance(each, str) for each in listed):
        raise ValueError('must be an address, as in "http://localstack:4566", or a list of them')
    return tuple(endpoints.origin(each) for each in listed)


_SETTINGS: Mapping[str, Callable[[Any], Scalar]] = {
    "store": _one_of(plugins.names("stores")),
    "keys_in": _one_of(tuple(name.replace("_", "-") for name in plugins.names("stores.keys"))),
    "duration": _seconds(durations.SESSION_MINIMUM, durations.SESSION_MAXIMUM),
    "code": _code,
    "refresh_margin": _seconds(0, 12 * 3600),
    "browser": _browser,
    endpoints.SETTING: _origins,
}
_PROFILE_ONLY: Mapping[str, Callable[[Any], Scalar]] = {
    "mfa_serial": _text,
    "source": _text,
    "session_profile": _text,
}
