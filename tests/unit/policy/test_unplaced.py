"""The quick reader of policies: it returns what the thorough one does, but for the places, and the same faults."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mfasession.policy import document, evaluation, rule, unplaced
from mfasession.policy.document import Document, Malformed
from mfasession.policy.unplaced import NOWHERE


def without_places(parsed: Document) -> Document:
    """The document as if nothing in it had a place."""
    return parsed.replace(
        version_place=None if parsed.version_place is None else NOWHERE,
        statements=tuple(each.replace(place=NOWHERE) for each in parsed.statements),
    )


def outcome(text: str, *, quickly: bool) -> object:
    """What one reader returns, or every fault that it finds."""
    try:
        return without_places((unplaced if quickly else evaluation).read.__wrapped__(text))
    except Malformed as error:
        return error.message, error.problems


names = st.sampled_from(("*", "s3:*", "iam:GetUser", "arn:aws:s3:::${aws:username}/*", "", "ä"))
texts: st.SearchStrategy[Any] = names | st.lists(names, max_size=2) | st.sampled_from((None, 1, True, {}, [1]))
values = names | st.booleans() | st.integers() | st.floats() | st.none() | st.lists(st.booleans() | names, max_size=2)
keys = st.sampled_from(("aws:MultiFactorAuthPresent", "AWS:multifactorauthpresent", "aws:SourceIp"))
blocks = st.dictionaries(
    st.sampled_from(("Bool", "bool", "IpAddress")), st.dictionaries(keys, values, max_size=2) | values, max_size=2
)
statements = st.fixed_dictionaries(
    {"Effect": st.sampled_from(("Allow", "Deny", "allow", 1))},
    optional={
        **dict.fromkeys(("Sid", "Action", "NotAction", "Resource", "NotResource", "Principal"), texts),
        "Condition": blocks | values,
    },
)
usual = st.fixed_dictionaries(
    {"Effect": st.sampled_from(("Allow", "Deny")), "Action": names, "Resource": names | st.lists(names, max_size=2)},
    optional={"Condition": blocks, "Sid": names},
)
trees = st.fixed_dictionaries(
    {"Statement": st.lists(statements | usual, max_size=2) | usual | values},
    optional={"Version": st.sampled_from(("2012-10-17", "2008-10-17", "2020-01-01", 1)), "Id": texts, "id": texts},
)


@given(trees | values, st.sampled_from((None, 1)))
@example({"Statement": []}, None)
def test_any_tree(tree: Any, indent: int | None) -> None:
    """Documents, and what nearly is one."""
    text = json.dumps(tree, indent=indent)
    assert outcome(text, quickly=True) == outcome(text, quickly=False)


RULE = json.dumps(rule.DENY_ALL_WITHOUT_MFA)
ODD = {
    "a key twice": RULE.replace('"Effect": "Deny"', '"Effect": "Deny", "Effect": "Allow"'),
    "a byte order mark": "\ufeff" + RULE,
    "a surrogate": RULE.replace("DenyAll", "\udc80"),
    "an escaped surrogate": RULE.replace("DenyAll", "\\udc80"),
    "no ASCII": RULE.replace("DenyAll", "ä"),
    "text after it": RULE + "x",
    "cut off": RULE[:-2],
    "deep": "[" * 100_000,
    "deep inside": RULE.replace('"*"', "[" * 50 + '"*"' + "]" * 50),
    "too long": RULE + " " * document.LONGEST + "x",
    "white space": f"\r\n\t {RULE} \n",
    "no white space of JSON": f"\x0b{RULE}",
    "no number of JSON": RULE.replace('"false"', "NaN"),
    "numbers as they are written": RULE.replace('"false"', "[1.50, 1e3, -0, " + "9" * 5_000 + "]"),
    "nothing": "",
}


@pytest.mark.parametrize("case", ODD)
def test_odd_texts(case: str) -> None:
    """What JSON leaves open, and what Python's own reader takes besides."""
    assert outcome(ODD[case], quickly=True) == outcome(ODD[case], quickly=False)


def test_ordinary_policies_are_read_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thorough reader is not asked."""
    statements = [*rule.DENY_ALL_WITHOUT_MFA["Statement"], *rule.ALLOW_ALL["Statement"]]
    texts = [json.dumps({"Version": "2012-10-17", "Statement": each}) for each in (statements, statements[0])]
    expected = [outcome(text, quickly=False) for text in texts]
    monkeypatch.delattr(evaluation, "read")
    assert [without_places(unplaced.read.__wrapped__(text)) for text in texts] == expected
