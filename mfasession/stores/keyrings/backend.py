"""Which backend of the `keyring` package is asked, and what its failures mean.

A backend counts when `keyring` itself recommends it (a priority of 1 or more, `keyring.core.recommended`), or when the
user has named it (PYTHON_KEYRING_BACKEND, keyringrc.cfg). Others may keep plain text, as those of keyrings.alt do.
"""

import os
import sys
from typing import TYPE_CHECKING

from mfasession.errors import MfaSessionError, StoreError
from mfasession.stores.keyrings import safe_order

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

UNLOCK = "unlock it (log in to the desktop, or gnome-keyring-daemon --unlock) and try again"
START = "start one (gnome-keyring, KWallet)"
CHOOSE = "choose another backend (PYTHON_KEYRING_BACKEND, keyringrc.cfg)"
_APPLES = "keyring.backends.macOS.api"
"""What looks for Apple's libraries as soon as it is imported: elsewhere ctypes runs ldconfig, gcc and ld for that."""


class KeyringAbsent(StoreError):
    """There is no keyring: nothing can be in it."""


def backend() -> "KeyringBackend":
    """Return the backend to ask.

    Raises StoreError: the one that the user named cannot be loaded or cannot work. Raises ConfigurationError: others
    may change keyringrc.cfg, or the folder that it has modules loaded from.
    """
    import logging

    # keyring logs broken plugins with their tracebacks, which would reach the terminal without a handler.
    logger = logging.getLogger("keyring")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    import configparser

    chosen = os.environ.get("PYTHON_KEYRING_BACKEND")
    what = f"the keyring backend {chosen!r}" if chosen is not None else "the keyring backend named in keyringrc.cfg"
    try:
        return _chosen()
    except (ImportError, AttributeError, ValueError, TypeError, configparser.Error) as failure:
        if isinstance(failure, ModuleNotFoundError) and failure.name == "keyring":
            raise
        raise StoreError(f"{what} cannot be loaded", _correct()) from None
    except RuntimeError:
        raise StoreError(f"{what} cannot work here", _correct()) from None


def _correct() -> str:
    from mfasession import installation

    return f"correct or unset PYTHON_KEYRING_BACKEND, or correct keyringrc.cfg: {installation.keyring('diagnose')}"


def _chosen() -> "KeyringBackend":
    """Choose as `keyring` does, without a search for the libraries of another system."""
    if sys.platform == "darwin" or _APPLES in sys.modules:
        return _recommended()
    sys.modules[_APPLES] = None  # type: ignore[assignment]  # documented: its import then fails
    try:
        return _recommended()
    finally:
        sys.modules.pop(_APPLES, None)


def _recommended() -> "KeyringBackend":
    from keyring import core

    # A program that uses us may have named one with `keyring.set_keyring`.
    if getattr(core, "_keyring_backend", None) is None:
        if "PYTHON_KEYRING_BACKEND" not in os.environ:
            _check_configuration()
        # The limit holds for the members of a chainer, too.
        core.init_backend(core.recommended)
        for each in members(core.get_keyring()):
            safe_order.make_safe(each)
    return core.get_keyring()


def _check_configuration() -> None:
    """Raise ConfigurationError unless what says which code is loaded is trusted, as each file of ours is."""
    import configparser

    from keyring.util import platform_

    from mfasession import files
    from mfasession.files import trust

    text = files.read_trusted(str(platform_.config_root() / "keyringrc.cfg"))
    if text is None:
        return
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    if folder := parser.get("backend", "keyring-path", fallback="").strip():
        trust.check_folders(os.path.expanduser(folder))


def members(ring: "KeyringBackend") -> "list[KeyringBackend]":
    """Return the backends that a chainer asks one after the other; any other backend is its only member."""
    return list(getattr(ring, "backends", ())) or [ring]


def name_of(ring: "KeyringBackend") -> str:
    """Return the name by which a user would name a backend: its module and class."""
    return f"{type(ring).__module__}.{type(ring).__name__}"


def names_of(ring: "KeyringBackend") -> str:
    """Return the names of all that are asked, the one that is written to first."""
    return ", ".join(name_of(each) for each in members(ring))


def keeps_plain_text(ring: "KeyringBackend") -> bool:
    """Return whether a backend says of itself that it encrypts nothing, as those of keyrings.alt do by their names."""
    return any("plaintext" in each.__name__.lower() for each in type(members(ring)[0]).__mro__)


def translated(failure: BaseException) -> MfaSessionError:
    """Return our error for a failure of the keyring. Its own text is left out: it may quote what was being stored."""
    if isinstance(failure, MfaSessionError):
        return failure
    from mfasession import installation

    if isinstance(failure, ModuleNotFoundError) and failure.name == "keyring":
        return KeyringAbsent("the package keyring is not installed", installation.adding("keyring"))
    from keyring import errors

    if isinstance(failure, errors.NoKeyringError):
        return KeyringAbsent("there is no keyring here", _how_to_have_one())
    if has_ended(failure):
        return StoreError(
            "the keyring's service ended before it answered",
            f"try again; {installation.keyring('diagnose')} says more",
        )
    for kind, message, hint in (
        (errors.KeyringLocked, "the keyring is locked", UNLOCK),
        (errors.InitError, "the keyring cannot be opened: its dialog was dismissed or could not be shown", UNLOCK),
        (
            errors.PasswordSetError,
            "the keyring refused to keep the item",
            f"see its settings and free space: {installation.keyring('diagnose')}",
        ),
        (
            errors.PasswordDeleteError,
            "the keyring refused to remove the item",
            "remove it with the keyring's own program",
        ),
    ):
        if isinstance(failure, kind):
            return StoreError(message, hint)
    return StoreError(
        f"the keyring failed ({type(failure).__name__})",
        f"see whether it works at all: {installation.keyring('diagnose')}",
    )


def or_the_file(hint: str) -> str:
    """Return a hint that names the other store, too, when it is about a keyring that cannot be used."""
    for start in (UNLOCK, START, CHOOSE):
        if hint.startswith(start):
            return f"{start}, or use --store file{hint.removeprefix(start)}"
    return hint


def has_ended(failure: BaseException) -> bool:
    """Return whether a Secret Service was there and is no longer."""
    kinds = (type(failure).__name__, type(failure.__cause__).__name__)
    return "SecretServiceNotAvailableException" in kinds


def _how_to_have_one() -> str:
    """Name the backend that `keyring` would take by itself if it had no other, for its user may look for its items."""
    from keyring import core
    from keyring.backend import get_all_keyring

    if core.load_env() is not None or core.load_config() is not None:
        return START
    others = sorted((each for each in get_all_keyring() if 0 < each.priority < 1), key=lambda each: -each.priority)
    return f"{START}; {name_of(others[0])} is not one that keyring recommends" if others else START
