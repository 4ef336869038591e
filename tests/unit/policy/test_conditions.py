"""Condition operators: AWS's documented examples."""

import pytest

from mfasession.policy.conditions import holds


@pytest.mark.parametrize(
    ("operator", "value", "wanted", "expected"),
    [
        ("StringEquals", "a", ["b", "a"], True),
        ("StringEquals", "A", ["a"], False),
        ("StringEquals", "anything", ["a*"], False),
        ("StringNotEquals", "a", ["a"], False),
        ("StringNotEquals", "a", ["b", "a"], False),
        ("StringEqualsIgnoreCase", "A", ["a"], True),
        ("StringNotEqualsIgnoreCase", "A", ["a"], False),
        ("StringLike", "team-x", ["team-*"], True),
        ("StringLike", "home/", ["", "home/", "home/alice/"], True),
        ("StringLike", "", [""], True),
        ("StringNotLike", "team-x", ["team-?"], False),
        ("stringlike", "t1.micro", ["t1.*", "m3.*"], True),
        ("NumericLessThan", "5", ["10"], True),
        ("NumericLessThanEquals", "10", ["10"], True),
        ("NumericGreaterThanEquals", "10", ["10.0"], True),
        ("NumericGreaterThan", "-1", ["-1.5"], True),
        ("NumericEquals", "x", ["10"], False),
        ("NumericEquals", "0.1", ["0.10"], True),
        ("NumericNotEquals", "x", ["10"], True),
        ("NumericEquals", "nan", ["nan"], False),
        ("DateLessThan", "2026-11-24T00:00:00Z", ["2026-11-25T00:00:00Z"], True),
        ("DateGreaterThan", "1795500000", ["2020-01-01"], True),
        ("DateGreaterThan", "2026-11-24T00:00:00+01:00", ["2026-11-23T22:59:59.5Z"], True),
        ("DateEquals", "2026-11", ["2026-11-01T00:00Z"], True),
        ("DateEquals", "2026-11-01 00:00:00", ["2026-11-01"], False),
        ("DateNotEquals", "0", ["1970-01-01T00:00:00Z"], False),
        ("DateLessThanEquals", "1", ["1"], True),
        ("DateGreaterThanEquals", "1", ["2"], False),
        ("Bool", "TRUE", ["true"], True),
        ("Bool", "yes", ["yes"], False),
        ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", ["QmluYXJ5VmFsdWVJbkJhc2U2NA=="], True),
        ("BinaryEquals", "QUJD", ["QUJE"], False),
        ("BinaryEquals", "not base64", ["not base64"], False),
        ("ArnLike", "arn:aws:iam::1:user/a", ["arn:aws:iam::*:user/*"], True),
        ("ArnEquals", "arn:aws:iam::1:user/a", ["arn:aws:*"], False),
        ("ArnEquals", "arn:aws:iam::1:user/a:b", ["arn:aws:iam::1:user/*"], True),
        ("ArnNotEquals", "arn:aws:iam::1:user/a", ["arn:aws:iam::?:user/a"], False),
        ("ArnNotLike", "no arn", ["arn:aws:iam::1:user/a"], True),
        ("IpAddress", "127.0.0.1", ["127.0.0.0/8"], True),
        ("IpAddress", "203.0.113.7", ["203.0.113.0/24", "2001:DB8:1234:5678::/64"], True),
        ("IpAddress", "2001:db8:1234:5678::1", ["203.0.113.0/24", "2001:DB8:1234:5678::/64"], True),
        ("IpAddress", "203.0.113.7", ["203.0.113.7"], True),
        ("IpAddress", "10.0.0.1", ["10.0.0.0/255.0.0.0"], False),
        ("NotIpAddress", "127.0.0.1", ["127.0.0.0/8"], False),
        ("ForAnyValue:StringEquals", "a", ["a"], True),
        ("Null", "a", ["false"], True),
        ("Null", "a", ["true"], False),
    ],
)  # fmt: skip
def test_operators(operator: str, value: str, wanted: list[str], *, expected: bool) -> None:
    """IAM User Guide, condition operators; what is not a number, date, address or base64 equals nothing."""
    assert holds(operator, "AWS:Key", wanted, {"aws:key": value}) is expected


def test_stores_of_two_accounts() -> None:
    """IAM User Guide: an ARN operator matches between colons where a string operator matches beyond them."""
    arn = "arn:aws:license-manager:us-east-2:999999999999:store/abc:def:123"
    wanted = ["arn:aws:license-manager:*:def:123"]
    assert holds("StringLike", "a", wanted, {"a": arn})
    assert not holds("ArnLike", "a", wanted, {"a": arn})


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringNotEquals", True),
        ("StringNotLike", True),
        ("ArnNotEquals", True),
        ("NotIpAddress", True),
        ("NumericLessThan", False),
        ("StringEqualsIfExists", True),
        ("StringNotEqualsIfExists", True),
        ("BoolIfExists", True),
        ("ForAllValues:StringEquals", True),
        ("ForAllValues:StringNotLike", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("ForAnyValue:StringEqualsIfExists", True),
        ("Bool", False),
    ],
)
def test_an_absent_key(operator: str, *, expected: bool) -> None:
    """Positive operators fail, negated and IfExists ones hold; of an empty set all is true, and nothing is any."""
    assert holds(operator, "aws:absent", ["x"], {}) is expected
    assert holds(operator, "aws:absent", ["x"], {"aws:absent": ()}) is expected
    assert holds("Null", "aws:absent", ["true"], {"aws:absent": ()})
    assert not holds("Null", "aws:absent", ["false"], {})


TAGS = "aws:tagkeys"


@pytest.mark.parametrize(
    ("operator", "values", "wanted", "expected"),
    [
        # IAM User Guide, "Multivalued context key examples".
        ("ForAllValues:StringNotLike", ("key1:legal",), ["key1*"], False),
        ("ForAllValues:StringNotLike", ("key1:hr", "key1:personnel"), ["key1*"], False),
        ("ForAllValues:StringNotLike", ("key2:audit",), ["key1*"], True),
        ("ForAnyValue:StringEquals", ("environment",), ["environment", "cost"], True),
        ("ForAnyValue:StringEquals", ("environment", "other"), ["environment", "cost"], True),
        ("ForAnyValue:StringEquals", ("other",), ["environment", "cost"], False),
        ("ForAllValues:StringEquals", ("Message", "Tags"), ["ID", "Message", "Tags"], True),
        ("ForAllValues:StringEquals", ("Message", "UserName"), ["ID", "Message", "Tags"], False),
        ("ForAnyValue:StringNotEquals", ("a", "b"), ["a"], True),
        ("ForAnyValue:StringNotEquals", ("a",), ["a"], False),
        ("ForAllValues:StringEquals", ("",), ["x"], True),
        ("ForAnyValue:StringEquals", ("",), [""], False),
        ("ForAnyValue:ArnLikeIfExists", ("arn:aws:iam::1:user/a", "x"), ["arn:aws:iam::1:*"], True),
        ("StringEquals", ("a",), ["a"], False),
        ("StringNotEquals", ("a", "b"), ["c"], False),
    ],
)
def test_keys_with_several_values(operator: str, values: tuple[str, ...], wanted: list[str], *, expected: bool) -> None:
    """ForAllValues and ForAnyValue; without them nothing is true of a key with several values."""
    assert holds(operator, TAGS, wanted, {TAGS: values}) is expected
