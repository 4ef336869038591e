"""The Condition block of a policy: operators over the keys of a request.

Source: IAM User Guide, "IAM JSON policy elements: condition operators". Keys and operators are matched in any case.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

Context = Mapping[str, str]
"""Condition keys in small letters, and their values; an absent key is absent."""


class UnknownOperator(ValueError):
    """AWS knows no such condition operator."""


@lru_cache(maxsize=1024)
def pattern(glob: str) -> "re.Pattern[str]":
    """Return a policy's glob (`*`, `?`) as a regular expression over the whole text."""
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in glob)
    return re.compile("".join(parts), re.DOTALL)


def like(value: str, glob: str) -> bool:
    """Return whether the value matches a glob."""
    return pattern(glob).fullmatch(value) is not None


def with_variables(text: str, context: Context) -> str | None:
    """Return the text with its policy variables (`${aws:username}`) filled in; None when one has no value."""
    missing = False

    def value(found: "re.Match[str]") -> str:
        nonlocal missing
        name, _, default = found[1].partition(",")
        if name in ("*", "?", "$"):
            return name
        known = context.get(name.strip().lower(), default.strip().strip("'") or None)
        missing = missing or known is None
        return known or ""

    filled = re.sub(r"\$\{([^}]*)\}", value, text)
    return None if missing else filled


def _epoch(text: str) -> float:
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _arn_like(value: str, glob: str) -> bool:
    ours, theirs = value.split(":", 5), glob.split(":", 5)
    return len(ours) == len(theirs) and all(like(a, b) for a, b in zip(ours, theirs, strict=True))


def _within(value: str, network: str) -> bool:
    return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)


_POSITIVE: Mapping[str, Callable[[str, str], bool]] = {
    "bool": lambda value, wanted: value.lower() == wanted.lower(),
    "stringequals": lambda value, wanted: value == wanted,
    "stringequalsignorecase": lambda value, wanted: value.lower() == wanted.lower(),
    "stringlike": like,
    "numericequals": lambda value, wanted: float(value) == float(wanted),
    "numericlessthan": lambda value, wanted: float(value) < float(wanted),
    "numericlessthanequals": lambda value, wanted: float(value) <= float(wanted),
    "numericgreaterthan": lambda value, wanted: float(value) > float(wanted),
    "numericgreaterthanequals": lambda value, wanted: float(value) >= float(wanted),
    "dateequals": lambda value, wanted: _epoch(value) == _epoch(wanted),
    "datelessthan": lambda value, wanted: _epoch(value) < _epoch(wanted),
    "datelessthanequals": lambda value, wanted: _epoch(value) <= _epoch(wanted),
    "dategreaterthan": lambda value, wanted: _epoch(value) > _epoch(wanted),
    "dategreaterthanequals": lambda value, wanted: _epoch(value) >= _epoch(wanted),
    "arnequals": _arn_like,
    "arnlike": _arn_like,
    "ipaddress": _within,
}
_NEGATIVE = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "notipaddress": "ipaddress",
}


def check(operator: str) -> None:
    """Raise UnknownOperator unless AWS knows this operator."""
    name, _, _ = _parts(operator)
    if name not in _POSITIVE and name not in _NEGATIVE and name != "null":
        raise UnknownOperator(f"no condition operator {operator!r}")


def holds(operator: str, key: str, wanted: Sequence[str], context: Context) -> bool:
    """Return whether one line of a Condition block is true of a request. Raises UnknownOperator.

    `…IfExists` is true when the key is absent; every other positive operator is false then, every negated one true.
    """
    check(operator)
    name, if_exists, for_all = _parts(operator)
    value = context.get(key.lower())
    if name == "null":
        return any((value is None) == (each.lower() == "true") for each in wanted)
    negated = name in _NEGATIVE
    if value is None:
        return if_exists or negated or for_all
    test = _POSITIVE[_NEGATIVE.get(name, name)]
    filled = [text for text in (with_variables(each, context) for each in wanted) if text is not None]
    return any(_true(test, value, each) for each in filled) != negated


def _parts(operator: str) -> tuple[str, bool, bool]:
    name = operator.lower()
    for_all = name.startswith("forallvalues:")
    name = name.removeprefix("forallvalues:").removeprefix("foranyvalue:")
    return name.removesuffix("ifexists"), name.endswith("ifexists"), for_all


def _true(test: Callable[[str, str], bool], value: str, wanted: str) -> bool:
    try:
        return test(value, wanted)
    except ValueError:
        # A value that is no number, date or address matches nothing, as on AWS.
        return False
