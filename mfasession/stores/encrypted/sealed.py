"""The text of the encrypted file: a head in plain text, and entries encrypted with a passphrase.

    mfasession-keys 1
    scrypt <N> <r> <p> <salt>
    aes-256-gcm <nonce>
    entry <JSON: the label of an entry>        one line an entry, none in an empty file
    <the secrets of all entries, encrypted>

Salt (16 bytes), nonce (12) and ciphertext are base64. The key comes from the passphrase by scrypt (RFC 7914), and the
whole head is associated data of AES-256-GCM (NIST SP 800-38D): a label cannot be put to another secret, nor can a
parameter be changed. Salt and nonce are new each time.
"""

import base64
import binascii
import hashlib
import json
import os
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from mfasession import installation
from mfasession.errors import ConfigurationError, StoreError
from mfasession.values import Secret, Value

MAGIC = "mfasession-keys 1"
SALT, NONCE = 16, 12
"""Bytes; 96 bits are the nonce that GCM is made for (SP 800-38D, 8.2)."""
MEMORY_LIMIT = 1 << 28
"""Bytes that scrypt may take, 128 * N * r: a file from elsewhere must not take all memory."""
WORK_LIMIT = 1 << 23
"""The most of N * r * p, which is the time: eight times that of a new file."""


class Cost(Value):
    """The parameters of scrypt."""

    n: int
    """A power of two."""
    r: int = 8
    p: int = 1

    @property
    def is_within_limits(self) -> bool:
        """Whether a reader can afford it."""
        n, r, p = self.n, self.r, self.p
        is_valid = n > 1 and n & (n - 1) == 0 and r > 0 and p > 0
        return is_valid and 128 * n * r <= MEMORY_LIMIT and n * r * p <= WORK_LIMIT


COST = Cost(n=1 << 17)
"""Of a new file: 128 MiB and 0.4 s (OWASP Password Storage Cheat Sheet, scrypt)."""

Label = Mapping[str, str]
"""What is known of an entry without the passphrase."""
Entry = tuple[Label, Mapping[str, Secret]]
"""A label and its secrets by name."""


class WrongPassphrase(Exception):
    """The passphrase is not the one, or a byte was changed: AES-GCM does not say which."""


class Malformed(Exception):
    """The text is not of this format, or wants more memory or time than is given."""


class _Head(Value):
    cost: Cost
    salt: bytes
    nonce: bytes
    labels: tuple[Label, ...]


def seal(entries: "list[Entry]", passphrase: Secret, cost: Cost = COST) -> str:
    """Return the text of a file with these entries. Raises StoreError: `cryptography` or scrypt is missing."""
    salt, nonce = os.urandom(SALT), os.urandom(NONCE)
    lines = [MAGIC, f"scrypt {cost.n} {cost.r} {cost.p} {_base64(salt)}", f"aes-256-gcm {_base64(nonce)}"]
    lines += [f"entry {json.dumps(dict(label), separators=(',', ':'))}" for label, _ in entries]
    head = "".join(f"{line}\n" for line in lines)
    secrets = [{name: secret.reveal() for name, secret in each.items()} for _, each in entries]
    cipher = _cipher(passphrase, cost, salt)
    encrypted: bytes = cipher.encrypt(nonce, json.dumps(secrets).encode("ascii"), head.encode("ascii"))
    return f"{head}{_base64(encrypted)}\n"


def labels(text: str) -> "tuple[Label, ...]":
    """Return the labels of a file, which nothing vouches for until `opened` has. Raises Malformed."""
    return _read(text)[0].labels


def opened(text: str, passphrase: Secret) -> "list[Entry]":
    """Return the entries of a file. Raises WrongPassphrase, Malformed, StoreError."""
    from_head, head, encrypted = _read(text)
    cipher = _cipher(passphrase, from_head.cost, from_head.salt)
    from cryptography.exceptions import InvalidTag

    try:
        plain = cipher.decrypt(from_head.nonce, encrypted, head.encode("ascii"))
    except InvalidTag:
        raise WrongPassphrase from None
    return [
        (label, {name: Secret(value) for name, value in secrets.items()})
        for label, secrets in zip(from_head.labels, json.loads(plain), strict=True)
    ]


def needs_package() -> None:
    """Raise StoreError when the package that encrypts is not installed."""
    try:
        import cryptography.hazmat.primitives.ciphers.aead  # noqa: F401  # whether it is there
    except ImportError:
        raise StoreError(
            "the encrypted file takes a package that is not installed",
            installation.adding("mfasession[encrypted-file]"),
        ) from None


def _cipher(passphrase: Secret, cost: Cost, salt: bytes) -> Any:
    needs_package()
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(bytes.fromhex(_key(passphrase, cost, salt).reveal()))


@lru_cache(maxsize=2)
def _key(passphrase: Secret, cost: Cost, salt: bytes) -> Secret:
    """The key in hexadecimal. What was just written is read back: that need not take as long again."""
    # The same characters in two encodings are the same passphrase (RFC 8265, 4.2).
    text = unicodedata.normalize("NFC", passphrase.reveal()).encode("utf-8", "surrogatepass")
    try:
        found = hashlib.scrypt(text, salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=2 * MEMORY_LIMIT, dklen=32)
    except (AttributeError, ValueError, MemoryError):
        # No context: an exception may hold its arguments.
        raise StoreError(
            f"scrypt failed: it takes {128 * cost.n * cost.r >> 20} MiB of memory", "free some memory, and try again"
        ) from None
    return Secret(found.hex())


def _read(text: str) -> tuple[_Head, str, bytes]:
    """Return the head, its text and the ciphertext. Only text as `seal` writes it: each change is one too many."""
    head, newline, last = text.removesuffix("\n").rpartition("\n")
    if not text.endswith("\n") or not text.isascii():
        raise Malformed
    lines = head.split("\n")
    if len(lines) < 3 or lines[0] != MAGIC:
        raise Malformed
    scrypt, aes = lines[1].split(" "), lines[2].split(" ")
    if len(scrypt) != 5 or scrypt[0] != "scrypt" or len(aes) != 2 or aes[0] != "aes-256-gcm":
        raise Malformed
    cost = Cost(n=_number(scrypt[1]), r=_number(scrypt[2]), p=_number(scrypt[3]))
    if not cost.is_within_limits:
        raise Malformed
    salt, nonce, encrypted = _bytes(scrypt[4]), _bytes(aes[1]), _bytes(last)
    if len(salt) != SALT or len(nonce) != NONCE:
        raise Malformed
    found = tuple(_label(line) for line in lines[3:])
    return _Head(cost=cost, salt=salt, nonce=nonce, labels=found), head + newline, encrypted


def _label(line: str) -> Label:
    word, _, text = line.partition(" ")
    try:
        label = json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed from None
    if word != "entry" or not isinstance(label, dict) or not all(isinstance(each, str) for each in label.values()):
        raise Malformed
    return label


def _number(text: str) -> int:
    if not text.isdigit() or len(text) > 10:
        raise Malformed
    return int(text)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise Malformed from None
    if _base64(data) != text:
        # Unused bits of the last character.
        raise Malformed
    return data


def malformed(path: str) -> ConfigurationError:
    """Return the error for a file that is not of this format."""
    return ConfigurationError(
        f"{path} is damaged, or not an encrypted file of this version", f"restore {path} from a backup, or remove it"
    )
