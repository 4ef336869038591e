"""The body of a request to STS: the Query protocol, and the least that AWS takes of each parameter.

Source: STS API Reference, version 2011-06-15; botocore's description of it has the same bounds, and refuses what is
below them before anything is sent.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus

from mfasession.aws import translate

VERSION = "2011-06-15"
LEAST = {
    "DurationSeconds": 900,
    "ExternalId": 2,
    "Key": 1,
    "Policy": 1,
    "RoleArn": 20,
    "RoleSessionName": 2,
    "SerialNumber": 9,
    "SourceIdentity": 2,
    "TokenCode": 6,
    "TransitiveTagKeys": 1,
    "Value": 0,
    "arn": 20,
}
"""The least number, or the least characters of a text, by parameter; of a list, those of its texts."""


def body(operation: str, parameters: Mapping[str, Any]) -> bytes:
    """Return the form to post. Raises ConfigurationError for a parameter that AWS could not take."""
    fields = {"Action": operation, "Version": VERSION}
    for name, value in parameters.items():
        for path, leaf, part in _flat(name, name, value):
            if (part if isinstance(part, int) else len(part)) < LEAST[leaf]:
                raise translate.not_askable(operation)
            fields[path] = str(part)
    # The names have nothing that would have to be encoded.
    return "&".join([f"{path}={quote_plus(text)}" for path, text in fields.items()]).encode()


def _flat(
    path: str, name: str, value: "int | str | Sequence[Any] | Mapping[str, Any]"
) -> Iterator[tuple[str, str, Any]]:
    """Yield the path of each number and text in a parameter, its name and its value."""
    if isinstance(value, int | str):
        yield path, name, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _flat(f"{path}.{key}", key, part)
    else:
        for number, part in enumerate(value, 1):
            yield from _flat(f"{path}.member.{number}", name, part)
