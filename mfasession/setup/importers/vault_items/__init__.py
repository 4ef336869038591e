"""Keys as aws-vault and Granted keep them, which share a library (99designs/keyring); here its `file` backend.

One file an item, named after it with `/` as `%2F`. It holds a JWE in compact form (RFC 7516) whose key comes from a
passphrase (PBES2-HS256+A128KW, RFC 7518, section 4.8); its text is JSON, in which `Data` is the item in base64: the
credentials as the SDK for Go writes them.
"""

import base64
import binascii
import json
import os
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from mfasession import files, installation, terminal
from mfasession.errors import ConfigurationError, InputNeeded, StoreError
from mfasession.files.system_errors import plain
from mfasession.key_shapes import pair_fault
from mfasession.setup.importers import Request
from mfasession.values import LongTermKey, Secret, Value, is_key_id, is_key_secret

TRIES = 3
"""How often a passphrase is asked for."""
ALGORITHMS = ("PBES2-HS256+A128KW", "A256GCM")
_LONGEST = 100_000
"""Characters of a file: an item has about one thousand."""
_WRONG = "cannot be decrypted: the passphrase is wrong, or the file is damaged"


class Item(Value):
    """What an item holds: a long-term key, or the reason why it is not one."""

    key: LongTermKey | None = None
    problem: str = ""


def listed(folder: str) -> list[tuple[str, str]]:
    """Return the names of the items that may be keys, and the paths of their files; none when there is no folder.

    Sessions and SSO tokens are kept beside the keys. Raises ConfigurationError.
    """
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be read: {plain(error)}", f"ls -ld {folder}") from None
    paths = ((unquote(name), os.path.join(folder, name)) for name in names if not name.startswith("."))
    return [(name, path) for name, path in paths if not is_session(name) and os.path.isfile(path)]


def reader(folder: str, request: Request, *, variable: str = "") -> Callable[[str], Item]:
    """Return what reads a file of the folder; the passphrase is asked for once, unless a variable has it.

    The function reports a wrong answer on the terminal and asks again. It raises ConfigurationError (unreadable, wrong
    passphrase), StoreError (a package is missing), InputNeeded and Cancelled.
    """
    given = request.environ.get(variable) if variable else None
    known = None if given is None else Secret(given)

    def read(path: str) -> Item:
        nonlocal known
        text = (files.read_text(path, _LONGEST) or "").strip()
        if known is not None:
            return item_in(_content(path, text, known, variable if given is not None else ""))
        ask = request.passphrase
        if ask is None:
            return Item()
        for left in range(TRIES - 1, -1, -1):
            passphrase = _asked(ask, folder, variable)
            try:
                item = item_in(_content(path, text, passphrase))
            except ConfigurationError as failure:
                if not left:
                    raise
                terminal.say(failure.message)
                continue
            known = passphrase
            return item
        raise AssertionError("the last try returns or raises")

    return read


def item_of(credentials: Any) -> Item:
    """Return the key in credentials as a Go SDK or a credential_process writes them. No message holds a value."""
    texts = credentials if isinstance(credentials, dict) else {}
    key_id, secret, token = (
        str(texts.get(name) or texts.get(other) or "")
        for name, other in (
            ("AccessKeyID", "AccessKeyId"),
            ("SecretAccessKey", "SecretAccessKey"),
            ("SessionToken", "SessionToken"),
        )
    )
    if token or key_id[1:4] == "SIA":
        return Item(problem="temporary credentials")
    if not is_key_id(key_id) or not is_key_secret(secret):
        return Item(problem=pair_fault(key_id, secret) or "not an access key")
    return Item(key=LongTermKey(access_key_id=key_id, secret_access_key=Secret(secret)))


def is_session(name: str) -> bool:
    """Return whether an item is a session or an SSO token: its name has commas, or begins with `oidc:`."""
    return "," in name or name.startswith("oidc:")


def _asked(ask: Callable[[str], Secret], folder: str, variable: str) -> Secret:
    """Return the answer. Raises InputNeeded, Cancelled."""
    try:
        return ask(folder)
    except InputNeeded as failure:
        failure.hint += f", or set {variable}" if variable else ""
        raise


def _content(path: str, text: str, passphrase: Secret, variable: str = "") -> bytes:
    """Return what the text of a file holds. Raises ConfigurationError, StoreError; `variable` had the passphrase."""
    try:
        return _decrypted(text, passphrase)
    except ValueError:
        hint = f"set {variable} to the right one, or unset it to be asked" if variable else ""
        raise ConfigurationError(f"{path} {_WRONG}", hint or "run it again with the right one") from None


def item_in(content: bytes) -> Item:
    """Return what an item holds, from the JSON that the library writes. No message holds a value."""
    try:
        kept = json.loads(content)
        data = base64.b64decode(kept["Data"], validate=True)
        return item_of(json.loads(data))
    except (ValueError, KeyError, TypeError, RecursionError):
        return Item(problem="not an item of a kind that can be read")


def _decrypted(text: str, passphrase: Secret) -> bytes:
    """Return the text of a JWE. Raises ValueError: wrong passphrase, or not a JWE. Raises StoreError: no library."""
    try:
        from joserfc import jwe
        from joserfc.errors import JoseError
        from joserfc.jwk import OctKey
    except ImportError:
        raise StoreError(
            "to read encrypted files of aws-vault and Granted takes a package that is not installed",
            installation.adding("mfasession[import]"),
        ) from None
    from cryptography.exceptions import InvalidTag

    # The header names a time of its own, which the RFC allows and the library checks for.
    registry = jwe.JWERegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    try:
        with warnings.catch_warnings():
            # The library warns of short passphrases, which is not ours to choose.
            warnings.simplefilter("ignore")
            key = OctKey.import_key(passphrase.reveal())
            plain = jwe.decrypt_compact(text, key, registry=registry).plaintext
    except (JoseError, InvalidTag, ValueError, TypeError, KeyError, binascii.Error):
        raise ValueError("not decrypted") from None
    if plain is None:
        raise ValueError("not decrypted")
    return plain
