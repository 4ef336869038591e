"""The evaluator: AWS's documented examples, and the laws that hold for every policy."""

import json
import time
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mfasession.policy import conditions, document, evaluation
from mfasession.policy.conditions import UnknownOperator, holds
from mfasession.policy.evaluation import BOUNDARY, IDENTITY, SESSION, Decision, Policies, Request
from mfasession.policy.patterns import Context, arn_like, filled, like, plain, resource_like
from tests.helpers.patience import promised

ALLOWED, DENIED, NOT_ALLOWED = Decision

EXISTING = "arn:aws:s3:::reports/2026/november"


def policy(*statements: dict[str, Any], version: str = document.NEW) -> document.Document:
    """A document; each statement allows everything but for what is said of it."""
    whole = [
        {"Effect": "Allow"}
        | ({} if "NotAction" in each else {"Action": "*"})
        | ({} if "NotResource" in each else {"Resource": "*"})
        | each
        for each in statements
    ]
    return document.parse(json.dumps({"Version": version, "Statement": whole}), "here")


def decision(*statements: dict[str, Any], resource: str = EXISTING, context: Context | None = None) -> Decision:
    """What statements of one policy say to s3:GetObject."""
    policies = Policies(identity=(policy(*statements),))
    request = Request(action="s3:GetObject", resource=resource, context=context or {})
    return evaluation.evaluate(policies, request).decision


@pytest.mark.parametrize("name", ["BoolIfExist", "NullIfExists", "StringMatches", "IfExists", "ForSomeValues:Bool", ""])
def test_an_operator_that_aws_has_not(name: str) -> None:
    """Found before the policy is used; one that got in denies, and allows nothing."""
    with pytest.raises(UnknownOperator):
        conditions.check(name)
    wrong = {"Condition": {name: {"aws:x": "true"}}}
    assert decision(wrong) is NOT_ALLOWED
    assert decision(wrong | {"Effect": "Deny"}, {}) is DENIED
    with pytest.raises(document.Malformed) as raised:
        evaluation.check(policy(wrong))
    assert raised.value.place.path.startswith("Statement[0].Condition")


def test_variables() -> None:
    """IAM User Guide, policy variables: filled in, escaped, defaulted, missing."""
    context: Context = {"aws:username": "alice", "aws:tagkeys": ("a", "b"), "aws:principaltag/team": "a*"}

    def text(template: str, *, has_variables: bool = True) -> str | None:
        pieces = filled(template, context, has_variables=has_variables)
        return None if pieces is None else plain(pieces)

    assert text("user/${aws:UserName}") == "user/alice"
    assert text("a${*}${?}${$}") == "a*?$"
    assert text("${aws:absent, 'company-wide'}") == "company-wide"
    assert text("${aws:username, 'x'}") == "alice"
    assert text("${aws:absent}") is None
    assert text("${aws:tagkeys}") is None
    assert text("${aws:username") == "${aws:username"
    assert text("${aws:username}", has_variables=False) == "${aws:username}"


def test_the_value_of_a_variable_is_not_a_wildcard() -> None:
    """A tag with a star in it names that one text, and `${*}` a star."""
    context = {"aws:principaltag/team": "a*"}
    wanted = ["${aws:PrincipalTag/team}"]
    assert holds("StringLike", "k", wanted, context | {"k": "a*"})
    assert not holds("StringLike", "k", wanted, context | {"k": "abc"})
    assert holds("StringLike", "k", ["a${*}b*"], {"k": "a*bc"})
    assert not holds("StringLike", "k", ["a${*}b*"], {"k": "aabc"})
    assert not holds("StringLike", "k", ["a${?}"], {"k": "ab"})


def test_a_variable_without_a_value() -> None:
    """IAM User Guide, "Policy variables with no value": equal to nothing, so that negated operators hold."""
    context = {"s3:existingobjecttag/team": "blue"}
    same = {"s3:ExistingObjectTag/Team": "${aws:PrincipalTag/Team}"}
    deny = {"Effect": "Deny", "Condition": {"StringNotEquals": same}}
    assert decision({}, deny, context=context) is DENIED
    assert decision({}, deny, context=context | {"aws:principaltag/team": "blue"}) is ALLOWED
    assert decision({"Condition": {"StringEquals": same}}, context=context) is NOT_ALLOWED
    assert decision({"Resource": "arn:aws:s3:::reports/${aws:PrincipalTag/Team}*"}) is NOT_ALLOWED
    assert decision({"NotResource": "arn:aws:s3:::reports/${aws:PrincipalTag/Team}*"}) is ALLOWED


def test_the_old_version_has_no_variables() -> None:
    """IAM User Guide: in 2008-10-17, and where no version is named, `${aws:username}` is that text."""
    statement = {
        "Resource": "arn:aws:s3:::home/${aws:username}",
        "Condition": {"StringEquals": {"k": "${aws:username}"}},
    }
    request = Request(
        action="s3:GetObject", resource="arn:aws:s3:::home/alice", context={"aws:username": "alice", "k": "alice"}
    )
    spelled = request.replace(resource="arn:aws:s3:::home/${aws:username}", context={"k": "${aws:username}"})
    for version, expected in ((document.NEW, (ALLOWED, NOT_ALLOWED)), (document.OLD, (NOT_ALLOWED, ALLOWED))):
        policies = Policies(identity=(policy(statement, version=version),))
        assert tuple(evaluation.evaluate(policies, each).decision for each in (request, spelled)) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", True),
        ("arn:aws:s3:::reports/*", True),
        ("arn:aws:s3:::reports/2026/november", True),
        ("arn:aws:s3:::Reports/*", False),
        ("arn:aws:s3:::*/november", True),
        ("arn:aws:s3:::reports/20?6/*", True),
        ("arn:aws:s3", True),
        ("arn:aws:iam", False),
        ("arn:aws:s3:*", True),
        ("arn:*", True),
        ("arn:aws:s3:*:*:reports/*", True),
        ("arn:aws:s3*/november", False),
        ("arn:aws:s3:::other/*", False),
        ("reports/*", False),
    ],
)
def test_resources(pattern: str, *, expected: bool) -> None:
    """IAM User Guide, Resource: wildcards within parts, at the end of a part beyond it, and parts that are left out."""
    assert decision({"Resource": pattern}) is (ALLOWED if expected else NOT_ALLOWED)
    assert decision({"NotResource": ["arn:aws:s3:::x", pattern]}) is (NOT_ALLOWED if expected else ALLOWED)


@pytest.mark.parametrize(
    ("action", "expected"),
    [("s3:GetObject", True), ("S3:getobject", True), ("s3:Get*", True), ("s3:*", True), ("*", True),
     ("s3:GetObjec?", True), ("s3:GetObject?", False), ("ec2:*", False), ("s3:Get", False), ("*Object", True)],
)  # fmt: skip
def test_actions(action: str, *, expected: bool) -> None:
    """IAM User Guide, Action: in any case of letters, with wildcards; NotAction is all else."""
    assert decision({"Action": action}) is (ALLOWED if expected else NOT_ALLOWED)
    assert decision({"NotAction": [action, "iam:*"]}) is (NOT_ALLOWED if expected else ALLOWED)


def test_each_kind_of_policy_must_allow() -> None:
    """IAM User Guide, "Permissions boundaries": the boundary and the session's policies narrow, and never give."""
    everything, nothing = policy({}), policy({"Action": "ec2:*"})
    deny = policy({}, {"Effect": "Deny"})
    request = Request(action="s3:GetObject", resource="*", context={})

    def answer(**kinds: Any) -> tuple[Decision, tuple[str, ...]]:
        found = evaluation.evaluate(Policies(**kinds), request)
        return found.decision, found.lacking

    assert answer(identity=(nothing, everything)) == (ALLOWED, ())
    assert answer(identity=(everything,), boundary=(nothing,)) == (NOT_ALLOWED, (BOUNDARY,))
    assert answer(identity=(everything,), boundary=(everything,), session=(nothing,)) == (NOT_ALLOWED, (SESSION,))
    assert answer(identity=(nothing,), session=()) == (NOT_ALLOWED, (IDENTITY, SESSION))
    assert answer(identity=(nothing,), boundary=(everything,)) == (NOT_ALLOWED, (IDENTITY,))
    assert answer(identity=(everything,), boundary=(deny,)) == (DENIED, ())
    assert answer(identity=(), session=(deny,)) == (DENIED, ())


def test_why() -> None:
    """The statement that decided, and of every statement which of its parts hold."""
    first = policy({"Sid": "All"})
    condition = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}, "Null": {"a": "true"}}
    second = policy({"Sid": "Rule", "Effect": "Deny", "NotAction": "iam:*", "Condition": condition})
    policies = Policies(identity=(first, second))
    request = Request(action="s3:GetObject", resource="*", context={})
    answer = evaluation.evaluate(policies, request)
    assert [(found.kind, found.statement.name) for found in answer.by] == [(IDENTITY, "Rule")]
    looks = [evaluation.match(found, request.replace(context={"a": "x"})) for found in evaluation.statements(policies)]
    assert [(each.applies, each.action, each.resource, each.lines) for each in looks] == [
        (True, True, True, ()),
        (False, True, True, (True, False)),
    ]


def test_the_work_of_a_glob_is_bounded() -> None:
    """A policy full of stars costs the length of both texts, not a power of it."""
    began = time.monotonic()
    stars = "*a" * 2000 + "b"
    assert not like("a" * 2000, stars)
    assert not resource_like("arn:aws:s3:::" + "a" * 2000, (("arn:aws:s3:::" + stars, False),))
    assert time.monotonic() - began < promised(30)


TEXT = st.text(alphabet="ab:*?/", max_size=8)

PATTERN = TEXT.map(lambda text: ((text, False),))


@given(value=TEXT, glob=TEXT)
def test_a_glob_matches_as_fnmatch_does(value: str, glob: str) -> None:
    """Python's own globs, which have [ ] besides."""
    assert like(value, glob) is fnmatchcase(value, glob)


@given(value=TEXT, glob=TEXT)
def test_the_three_ways_to_match(value: str, glob: str) -> None:
    """What matches part by part matches as one text too, and as a resource what matches as an ARN."""
    value, glob = f"arn:{value}", f"arn:{glob}"
    pieces = ((glob, False),)
    if arn_like(value, pieces):
        assert resource_like(value, pieces)
    if resource_like(value, pieces):
        assert like(value, glob + ":*" * max(5 - glob.count(":"), 0))


@given(value=TEXT, glob=TEXT, is_arn=st.booleans())
def test_the_short_way_for_simple_patterns(value: str, glob: str, *, is_arn: bool) -> None:
    """A text, or one with a star at its end, is compared without the state machine: in pieces it is not."""
    if is_arn:
        value, glob = f"arn:aws:s3::{value}", f"arn:aws:s3::{glob}"
    assert resource_like(value, ((glob, False),)) is resource_like(value, ((glob, False), ("", False)))
    assert like(value, glob) is like(value, ((glob, False), ("", False)))


@given(value=TEXT, glob=TEXT)
def test_an_arn_is_matched_part_by_part(value: str, glob: str) -> None:
    """The same as six globs over six parts."""
    parts, wanted = f"::{value}".split(":", 5), f"::{glob}".split(":", 5)
    expected = len(wanted) == 6 == len(parts) and all(map(like, parts, wanted))
    assert arn_like(f"::{value}", ((f"::{glob}", False),)) is expected


@given(text=st.text(max_size=20))
def test_a_star_matches_everything_and_a_text_itself(text: str) -> None:
    """Whatever characters a text has, a pattern of the same text matches it, unless it holds * or ? itself."""
    assert like(text, "*")
    assert like(text, text)
    assert like(text + "x", text + "?")
    assert like(text, ((text, True),))
    if "*" not in text and "?" not in text:
        assert not like(text + "x", text)


NAMES = st.sampled_from(["s3:GetObject", "s3:Get*", "iam:*", "*", "ec2:Describe?"])

RESOURCES = st.sampled_from(["*", EXISTING, "arn:aws:s3:::*", "arn:aws:s3:::x/${aws:username}"])

OPERATORS = st.builds(
    lambda over, name, if_exists: over + name + (if_exists if name != "Null" else ""),
    st.sampled_from(["", "", "ForAnyValue:", "ForAllValues:"]),
    st.sampled_from(["StringEquals", "StringNotLike", "Bool", "Null", "NumericLessThan", "ArnNotEquals", "IpAddress"]),
    st.sampled_from(["", "IfExists"]),
)

VALUES = st.sampled_from(["true", "false", "a", "a*", "1", "10.0.0.0/8", "${k}", "${none}"])

LINES = st.dictionaries(st.sampled_from(["k", "l"]), st.lists(VALUES, max_size=2), max_size=2)

CONDITION = st.dictionaries(OPERATORS, LINES, max_size=2)

STATEMENT = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Action": st.lists(NAMES, max_size=2),
        "Resource": RESOURCES,
        "Condition": CONDITION,
    }
)

CONTEXT = st.dictionaries(
    st.sampled_from(["k", "l", "aws:username"]), VALUES | st.lists(VALUES, max_size=2).map(tuple), max_size=3
)

REQUEST = st.builds(
    lambda action, resource, context: Request(action=action, resource=resource, context=context),
    st.sampled_from(["s3:GetObject", "iam:GetUser"]), st.sampled_from(["*", EXISTING]), CONTEXT,
)  # fmt: skip

POLICY = st.lists(STATEMENT, min_size=1, max_size=3).map(lambda each: policy(*each))

SEVERAL = st.lists(POLICY, max_size=3).map(tuple)


@given(identity=SEVERAL, boundary=st.none() | SEVERAL, request=REQUEST)
def test_the_answer_names_its_reasons(
    identity: tuple[document.Document, ...], boundary: tuple[document.Document, ...] | None, request: Request
) -> None:
    """A denial names a Deny that applies, a permission an Allow of each kind, and neither has the other's."""
    policies = Policies(identity=identity, boundary=boundary)
    answer = evaluation.evaluate(policies, request)
    effects = {
        (found.kind, str(found.statement.effect))
        for found in evaluation.statements(policies)
        if evaluation.match(found, request).applies
    }
    assert (answer.decision is DENIED) == any(effect == "Deny" for _, effect in effects)
    if answer.decision is ALLOWED:
        assert {found.kind for found in answer.by} == {kind for kind, _ in policies.kinds()}
    assert all(evaluation.match(found, request).applies for found in answer.by)
    assert bool(answer.lacking) == (answer.decision is NOT_ALLOWED)


@given(identity=SEVERAL, more=POLICY, request=REQUEST)
def test_one_more_policy(identity: tuple[document.Document, ...], more: document.Document, request: Request) -> None:
    """The order of policies does not count; one more opens only what it allows, and closes only what it denies."""
    alone, before, after, turned = (
        evaluation.evaluate(Policies(identity=each), request).decision
        for each in ((more,), identity, (*identity, more), (more, *identity[::-1]))
    )
    assert after is turned
    if before is DENIED or alone is DENIED:
        assert after is DENIED
    elif ALLOWED in (before, alone):
        assert after is ALLOWED
    else:
        assert after is NOT_ALLOWED


@given(identity=SEVERAL, boundary=SEVERAL, request=REQUEST)
def test_a_boundary_gives_nothing(
    identity: tuple[document.Document, ...], boundary: tuple[document.Document, ...], request: Request
) -> None:
    """Allowed is what both allow."""
    both, one, other = (
        evaluation.evaluate(policies, request).decision
        for policies in (
            Policies(identity=identity, boundary=boundary), Policies(identity=identity), Policies(identity=boundary),
        )
    )  # fmt: skip
    assert (both is ALLOWED) == (one is ALLOWED and other is ALLOWED)
    assert (both is DENIED) == (DENIED in (one, other))


@given(name=OPERATORS, wanted=st.lists(VALUES, max_size=3), context=CONTEXT)
def test_negation(name: str, wanted: list[str], context: Context) -> None:
    """A negated operator is the opposite of its positive one, for one value that is there or none."""
    assume("For" not in name and "IfExists" not in name and not isinstance(context.get("k"), tuple))
    for positive, negated in (
        ("StringLike", "StringNotLike"),
        ("IpAddress", "NotIpAddress"),
        ("ArnLike", "ArnNotLike"),
    ):
        assert holds(positive, "k", wanted, context) is not holds(negated, "k", wanted, context)


@given(name=OPERATORS, wanted=st.lists(VALUES, max_size=3), value=VALUES)
def test_the_set_operators_of_one_value(name: str, wanted: list[str], value: str) -> None:
    """ForAllValues, ForAnyValue and neither are the same over one value; IfExists says nothing of a key there."""
    base = name.rpartition(":")[2]
    results = {holds(f"{over}{base}", "k", wanted, {"k": value}) for over in ("", "ForAnyValue:", "ForAllValues:")}
    assert len(results) == 1
    assert results == {holds(base.removesuffix("IfExists"), "k", wanted, {"k": value})}
