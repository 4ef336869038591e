"""Evaluates the Condition block of a policy: operators over the keys of a request.

Sources: IAM User Guide, "IAM JSON policy elements: condition operators", "Single-valued vs. multivalued context keys".
Keys and operators are matched in any case.
"""

import base64
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from mfasession.policy import patterns
from mfasession.policy.patterns import Context, Filled, plain
from mfasession.values import Value


class UnknownOperator(ValueError):
    """AWS does not have this condition operator."""


class Operator(Value):
    """A parsed operator name such as `ForAllValues:StringNotLikeIfExists`.

    `base` is the positive operator in lower case, or `null`; `over` is `any`, `all` or empty: the request's values for
    which the test must hold.
    """

    base: str
    is_negated: bool
    if_exists: bool
    over: str


def _ignoring_case(value: str, wanted: Filled) -> bool:
    return value.lower() == plain(wanted).lower()


def _equal_bools(value: str, wanted: Filled) -> bool:
    return _ignoring_case(value, wanted) and value.lower() in ("true", "false")


_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?")
_EPOCH = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
_HOUR = "(?:[01][0-9]|2[0-3])"
"""Python 3.14 takes hour 24, too."""
_MOMENT = re.compile(
    rf"[0-9]{{4}}-[0-9]{{2}}(?:-[0-9]{{2}}(?:T{_HOUR}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]{{1,9}})?)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)?"
)


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError("no number")
    return Decimal(text)


def _epoch(text: str) -> float:
    """Epoch seconds of a date: those seconds themselves, or a W3C date and time (a profile of ISO 8601)."""
    if _EPOCH.fullmatch(text):
        return float(text)
    if not _MOMENT.fullmatch(text):
        raise ValueError("no date")
    moment = datetime.fromisoformat(text if len(text) > len("2026-11") else f"{text}-01")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _within(value: str, wanted: Filled) -> bool:
    network = plain(wanted)
    _, slash, length = network.partition("/")
    if slash and not (length.isascii() and length.isdigit()):
        raise ValueError("no CIDR block")
    return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)


def _equal_bytes(value: str, wanted: Filled) -> bool:
    return base64.b64decode(value, validate=True) == base64.b64decode(plain(wanted), validate=True)


_POSITIVE: Mapping[str, Callable[[str, Filled], bool]] = {
    "bool": _equal_bools,
    "stringequals": lambda value, wanted: value == plain(wanted),
    "stringequalsignorecase": _ignoring_case,
    "stringlike": patterns.like,
    "numericequals": lambda value, wanted: _number(value) == _number(plain(wanted)),
    "numericlessthan": lambda value, wanted: _number(value) < _number(plain(wanted)),
    "numericlessthanequals": lambda value, wanted: _number(value) <= _number(plain(wanted)),
    "numericgreaterthan": lambda value, wanted: _number(value) > _number(plain(wanted)),
    "numericgreaterthanequals": lambda value, wanted: _number(value) >= _number(plain(wanted)),
    "dateequals": lambda value, wanted: _epoch(value) == _epoch(plain(wanted)),
    "datelessthan": lambda value, wanted: _epoch(value) < _epoch(plain(wanted)),
    "datelessthanequals": lambda value, wanted: _epoch(value) <= _epoch(plain(wanted)),
    "dategreaterthan": lambda value, wanted: _epoch(value) > _epoch(plain(wanted)),
    "dategreaterthanequals": lambda value, wanted: _epoch(value) >= _epoch(plain(wanted)),
    "arnequals": patterns.arn_like,
    "arnlike": patterns.arn_like,
    "ipaddress": _within,
    "binaryequals": _equal_bytes,
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
_WITH_VARIABLES = ("string", "arn", "bool")
"""Prefixes of the operators whose values may have policy variables."""


@lru_cache(maxsize=1024)
def operator(name: str) -> Operator:
    """Parse an operator's name. Raises UnknownOperator."""
    over, base = "", name.lower()
    for qualifier, meaning in (("forallvalues:", "all"), ("foranyvalue:", "any")):
        if base.startswith(qualifier):
            over, base = meaning, base.removeprefix(qualifier)
    if_exists = base.endswith("ifexists")
    base = base.removesuffix("ifexists")
    is_null = base == "null" and not if_exists
    if base not in _POSITIVE and base not in _NEGATIVE and not is_null:
        raise UnknownOperator(f"unknown condition operator {name!r}")
    return Operator(base=_NEGATIVE.get(base, base), is_negated=base in _NEGATIVE, if_exists=if_exists, over=over)


def check(name: str) -> None:
    """Raise UnknownOperator unless AWS has this operator."""
    operator(name)


def holds(name: str, key: str, wanted: Sequence[str], context: Context, *, has_variables: bool = True) -> bool:
    """Return whether one line of a Condition block is true for a request. Raises UnknownOperator.

    For an absent key `…IfExists`, negated operators and `ForAllValues:` are true, all others false. A key with several
    values needs `ForAllValues:` or `ForAnyValue:`; all others are false.
    """
    how, value = operator(name), context.get(key.lower())
    is_absent = value is None or value == ()
    if how.base == "null":
        return ("true" if is_absent else "false") in [each.lower() for each in wanted]
    if is_absent and how.if_exists:
        return True
    values = value if isinstance(value, tuple) else (value or "",)
    if how.over and not any(values):
        # An empty text is not a value: the set is empty.
        return how.over == "all"
    if is_absent:
        return how.is_negated
    if not how.over and isinstance(value, tuple):
        return False
    fills = has_variables and how.base.startswith(_WITH_VARIABLES)
    ready = [text for each in wanted if (text := patterns.filled(each, context, has_variables=fills)) is not None]
    found = (any(_true(how, each, text) for text in ready) != how.is_negated for each in values)
    return any(found) if how.over == "any" else all(found)


def _true(how: Operator, value: str, wanted: Filled) -> bool:
    try:
        return _POSITIVE[how.base](value, wanted)
    except ValueError:
        # A value that is not a number, date, address or base64 matches nothing, as in AWS.
        return False
