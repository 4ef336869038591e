"""The constraints on parameters, with AWS's texts. botocore checks only lower bounds."""

import re
from collections.abc import Mapping
from typing import Any

from mfasession.sandbox.aws_errors import Refused, invalid_values
from mfasession.values import Value


class Text(Value):
    """A constraint on a text: its length in characters, and a regular expression as AWS prints it."""

    name: str
    least: int = 0
    most: int = 1 << 20
    pattern: str = ""
    required: bool = False


SERIAL_NUMBER = Text(name="SerialNumber", least=9, most=256, pattern=r"[\w+=/:,.@-]*")
TOKEN_CODE = Text(name="TokenCode", least=6, most=6, pattern=r"[\d]*")


def check_texts(params: Mapping[str, Any], *wanted: Text) -> None:
    """Raise the ValidationError that lists every text outside its constraints."""
    problems = [problem for text in wanted for problem in _problems(params, text)]
    if problems:
        raise invalid_values(*problems)


def seconds(params: Mapping[str, Any], least: int, most: int, default: int) -> int:
    """Return DurationSeconds. Raises a ValidationError when it is out of range."""
    given = params.get("DurationSeconds")
    if given is None:
        return default
    try:
        value = int(str(given))
    except ValueError:
        raise Refused("MalformedInput", 400, "Invalid Argument") from None
    for wrong, words, bound in ((value < least, "greater", least), (value > most, "less", most)):
        if wrong:
            raise invalid_values(
                f"Value '{value}' at 'durationSeconds' failed to satisfy constraint: "
                f"Member must have value {words} than or equal to {bound}"
            )
    return value


def _problems(params: Mapping[str, Any], wanted: Text) -> list[str]:
    value = params.get(wanted.name)
    member = wanted.name[0].lower() + wanted.name[1:]
    if value is None:
        if not wanted.required:
            return []
        return [f"Value null at '{member}' failed to satisfy constraint: Member must not be null"]
    start = f"Value '{value}' at '{member}' failed to satisfy constraint: "
    found = []
    if wanted.pattern and not re.fullmatch(wanted.pattern, str(value), re.ASCII):
        found.append(f"{start}Member must satisfy regular expression pattern: {wanted.pattern}")
    if len(str(value)) > wanted.most:
        found.append(f"{start}Member must have length less than or equal to {wanted.most}")
    if len(str(value)) < wanted.least:
        found.append(f"{start}Member must have length greater than or equal to {wanted.least}")
    return found
