"""Parses a long-term key from input, a pipe or AWS's CSV file: text in, a value out.

No message quotes the input: a secret may be in place of an ID.
"""

import csv
from collections.abc import Iterable, Sequence

from mfasession import key_shapes
from mfasession.errors import ConfigurationError
from mfasession.values import LongTermKey, Secret

_IDS = {"accesskeyid", "awsaccesskeyid"}
_SECRETS = {"secretaccesskey", "awssecretkey", "awssecretaccesskey"}


def access_key_id(text: str) -> str:
    """Return the ID of a long-term key. Raises ConfigurationError: temporary, or not an ID (IAM identifiers)."""
    word = text.strip()
    if fault := key_shapes.id_fault(word):
        raise ConfigurationError(f"that {fault}", key_shapes.hint(key_shapes.KEY_ID))
    if word[1:4] == "SIA":
        raise ConfigurationError(
            "that is a temporary key, which expires", "give the long-term one: its ID starts with AKIA"
        )
    return word


def secret_access_key(text: str) -> Secret:
    """Return the secret. Raises ConfigurationError when it cannot be a secret."""
    word = text.strip()
    if fault := key_shapes.secret_fault(word):
        raise ConfigurationError(f"that {fault}", key_shapes.hint(key_shapes.SECRET))
    return Secret(word)


def of_lines(lines: Sequence[str]) -> LongTermKey:
    """Return the key in two lines: the ID, then the secret. Raises ConfigurationError."""
    if len(lines) != 2:
        raise ConfigurationError(
            "the key was not given as two lines", "first the access key ID, then the secret access key"
        )
    return LongTermKey(access_key_id=access_key_id(lines[0]), secret_access_key=secret_access_key(lines[1]))


def of_csv(text: str, path: str) -> LongTermKey:
    """Return the key in a file that the AWS console gave. Raises ConfigurationError.

    Its forms: `Access key ID,Secret access key` (with a byte order mark), the longer one of a new user with `User name`
    and `Password`, the older `User Name,Access Key Id,Secret Access Key`, and the lines `AWSAccessKeyId=…` and
    `AWSSecretKey=…` (rootkey.csv).
    """
    lines = [line for line in text.removeprefix("\ufeff").splitlines() if line.strip()]
    pairs = _assigned(lines) or _tabled(lines)
    if len(pairs) != 1:
        raise ConfigurationError(
            f"{path} holds {len(pairs) or 'no'} key{'s' if len(pairs) > 1 else ''} that can be read",
            "keep the head line and the line of one key, or leave --csv out and type the key",
        )
    return of_lines(pairs[0])


def _assigned(lines: Sequence[str]) -> list[tuple[str, str]]:
    values = {_plain(name): value for name, _, value in (line.partition("=") for line in lines)}
    found = [next((values[name] for name in names if name in values), "") for names in (_IDS, _SECRETS)]
    return [(found[0], found[1])] if all(found) else []


def _tabled(lines: Sequence[str]) -> list[tuple[str, str]]:
    try:
        head, *rows = csv.reader(lines)
    except (csv.Error, ValueError):
        return []
    columns = [_column(head, names) for names in (_IDS, _SECRETS)]
    if None in columns:
        return []
    first, second = (column for column in columns if column is not None)
    return [(row[first], row[second]) for row in rows if len(row) > max(first, second)]


def _column(head: Sequence[str], names: Iterable[str]) -> int | None:
    return next((number for number, title in enumerate(head) if _plain(title) in names), None)


def _plain(title: str) -> str:
    return "".join(char for char in title.lower() if char.isalnum())
