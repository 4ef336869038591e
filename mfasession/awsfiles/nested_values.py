"""Finds nested values in AWS files that `ini` can parse and botocore cannot."""

import re
from collections.abc import Iterator
from shlex import quote

from mfasession import files
from mfasession.awsfiles import ini
from mfasession.errors import ConfigurationError
from mfasession.text import printable


def unparsed(path: str, profile: str) -> ConfigurationError:
    """Return the error for an AWS file that botocore does not parse, with the line number if it can be found."""
    text = files.read_text(path) if path else None
    number = next((number for number, line in _nested(text or "") if "=" not in line), 0)
    if number:
        return ConfigurationError(
            f"{printable(path)}, line {number}: a nested value without =",
            f"fix line {number}: botocore and the AWS CLI refuse the file as it is, though some SDKs read it",
        )
    named = printable(path or "one of the AWS files")
    return ConfigurationError(
        f"{named} is not text in UTF-8, or botocore and the AWS CLI cannot parse it",
        f"see what they say: aws configure list --profile {quote(profile)}",
    )


def are_parsed(text: str) -> bool:
    """Return whether botocore parses all nested values of a text, and its encoding."""
    if re.search("[\ud800-\udfff]", text):
        # Bytes that are not UTF-8.
        return False
    # Most files have no indented line.
    return not re.search(r"[\r\n][^\S\r\n]", text) or all("=" in line for _, line in _nested(text))


def _nested(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of values that begin on the line below their key, each with its number."""
    is_nested = False
    try:
        for number, line in enumerate(ini.classified(text), 1):
            if line.kind == ini.MORE and is_nested:
                yield number, line.value
            elif line.kind in (ini.KEY, ini.HEADER):
                is_nested = line.kind == ini.KEY and not line.value
    except ini.MalformedIni:
        return
