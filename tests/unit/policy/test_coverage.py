"""`coverage` against `evaluate`: whoever is covered can make no request without MFA, of any that the policies match."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mfasession import errors, policy
from mfasession.policy import evaluation, glob_overlap
from mfasession.policy.bounds import EXEMPT
from mfasession.policy.evaluation import Decision, Evaluator, Policies, Request
from mfasession.policy.patterns import like
from mfasession.policy.principals import Principal
from mfasession.policy.service_actions import operations

WITHOUT = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
ALICE = "arn:aws:iam::123456789012:user/alice"
BUCKET = "arn:aws:s3:::"
Tree = dict[str, Any]


def statement(effect: str, **parts: Any) -> Tree:
    """A statement about everything, but for these elements; a Deny is one without MFA."""
    subject = {} if "NotAction" in parts else {"Action": "*"}
    about = {} if "NotResource" in parts else {"Resource": "*"}
    return {"Effect": effect, **subject, **about, **({"Condition": WITHOUT} if effect == "Deny" else {}), **parts}


def allow(*actions: str, **parts: Any) -> Tree:
    """An Allow of these actions."""
    return statement("Allow", Action=list(actions), **parts)


def deny(**parts: Any) -> Tree:
    """A Deny without MFA."""
    return statement("Deny", **parts)


def read(*statements: Tree) -> policy.Document:
    """A policy of these statements."""
    return policy.read({"Version": "2012-10-17", "Statement": list(statements)})


def is_open(document: policy.Document, action: str, resource: str) -> bool:
    """Whether the evaluator lets a long-term key make the request."""
    request = Request(action=action, resource=resource, context={"aws:username": "alice"})
    return evaluation.evaluate(Policies(identity=(document,)), request).decision is Decision.ALLOWED


EVERYTHING = allow("*")
LEFT_OPEN: dict[str, tuple[list[Tree], str, str]] = {
    "a longer name than the denied": ([allow("s3:GetObject*"), deny(Action="s3:GetObject")], "s3:GetObjectAcl", "*"),
    "a name around a wildcard": ([allow("s3:Get*Object"), deny(Action="s3:GetObject")], "s3:GetAnyObject", "*"),
    "a wildcard for a character": (
        [allow("s3:Get*"), deny(Action=["s3:Get", "s3:Get??*"])], "s3:GetX", "*",
    ),
    "an exempt name with a star": ([EVERYTHING, deny(NotAction="iam:GetUser*")], "iam:GetUserPolicy", "*"),
    "an allowed name with a star": ([allow("iam:GetUser*")], "iam:GetUserPolicy", "*"),
    "a longer bucket than the denied": (
        [allow("s3:*", Resource=f"{BUCKET}reports*"), deny(Resource=f"{BUCKET}reports")],
        "s3:GetObject", f"{BUCKET}reports/x",
    ),
    "a bucket of which all ARNs but the star are allowed": (
        [allow("s3:*"), deny(Resource="?")], "s3:GetObject", f"{BUCKET}b/x",
    ),
    "a star that is a character": (
        [allow("s3:*", Resource=f"{BUCKET}a${{*}}b")], "s3:GetObject", f"{BUCKET}a*b",
    ),
    "an ARN without all parts": (
        [allow("s3:*", Resource="arn:aws:s3"), deny(NotResource=f"{BUCKET}b/*")], "s3:GetObject", f"{BUCKET}b/k",
    ),
    "two exceptions of resources": (
        [
            allow("s3:*"), deny(NotResource=f"{BUCKET}team-*"),
            deny(NotResource=[f"{BUCKET}*-public", f"{BUCKET}*-public/*"]),
        ],
        "s3:GetObject", f"{BUCKET}team-a-public/k",
    ),
    "three exceptions of resources": (
        [allow("s3:*"), *(deny(NotResource=f"{BUCKET}*{each}*") for each in ("a", "b", "c"))],
        "s3:GetObject", f"{BUCKET}c-a-b",
    ),
    "two exceptions of actions": (
        [
            EVERYTHING, deny(NotAction="s3:*Object", NotResource=f"{BUCKET}x*"),
            deny(NotAction="s3:Get*", NotResource=f"{BUCKET}x*"), deny(NotResource=f"{BUCKET}q*"),
        ],
        "s3:GetObject", f"{BUCKET}q1",
    ),
    "two exceptions of actions, and a Deny of the shortest": (
        [
            EVERYTHING, deny(NotAction="s3:*Object"), deny(NotAction="s3:Get*"), deny(Action="s3:GetObject"),
        ],
        "s3:GetTorrentObject", "*",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LEFT_OPEN)
def test_what_a_policy_leaves_open(name: str) -> None:
    """The evaluator allows the request, so the user is not covered."""
    statements, action, resource = LEFT_OPEN[name]
    document = read(*statements)
    assert is_open(document, action, resource)
    found = policy.coverage([document], user=ALICE)
    assert (found.is_covered, len(found.open)) == (False, 1), found


def test_limits_with_exceptions() -> None:
    """Boundaries and service control policies with NotAction and NotResource; what works with MFA; single actions."""
    limit = read(statement("Allow", NotAction="s3:GetObject"))
    assert policy.coverage([read(allow("s3:GetObject*"))], boundary=limit).open == ("s3:GetObject*",)
    limit = read(statement("Allow", NotResource=f"{BUCKET}b"))
    levels = [policy.Level(documents=(limit,), name="root")]
    bucket = read(allow("s3:*", Resource=f"{BUCKET}b*"))
    assert policy.coverage([bucket], organization=levels).open == ("s3:*",)
    assert policy.allows([bucket], ["s3:GetObject"], organization=levels)
    always: Tree = {"Condition": {}}
    longer = read(allow("s3:GetObject*"), deny(Action="s3:GetObject", **always))
    assert policy.coverage([longer]).works_with_mfa
    assert not policy.coverage([read(allow("s3:Get*"), deny(Action="s3:Get*", **always))]).works_with_mfa


@pytest.mark.parametrize(
    "statements",
    [
        [EVERYTHING, deny(Action="*:*")],
        [EVERYTHING, deny(Action="**")],
        [allow("s3:Get*"), deny(Action="s3:*")],
        [allow("s3:Get*Object"), deny(Action=["s3:G*", "s3:GetObject"])],
        [allow("s3:GetObject?"), deny(Action="s3:GetObject*")],
        [EVERYTHING, deny(NotAction=["iam:ListMFADevices*", "iam:List*MFADevices", "sts:GetSessionToken*"])],
        [EVERYTHING, deny(NotAction="iam:*MFADevice*"), deny(Action=["iam:De*", "iam:Get*", "iam:*Tag*"])],
        [allow("s3:*", Resource=f"{BUCKET}a*"), deny(Resource=f"{BUCKET}*")],
        [allow("s3:*"), deny(NotResource=f"{BUCKET}a*"), deny(NotResource=f"{BUCKET}b*")],
    ],
)
def test_who_is_covered(statements: list[Tree]) -> None:
    """What no request gets through, and exceptions whose real actions are all harmless."""
    assert policy.coverage([read(*statements)], user=ALICE).open == ()


def test_an_exemption_is_as_harmless_as_the_actions_that_aws_has() -> None:
    """Of IAM and STS they are known: one that may not stay open makes it a hole, and so does not knowing any."""
    for exempt in ("iam:*MFADevice*", "iam:Get*", "iam:ListFuture*", "sts:*"):
        found = policy.coverage([read(EVERYTHING, deny(NotAction=exempt))])
        assert found.open == (exempt,), exempt
    assert {f"iam:{each}".lower() for each in operations("iam") if like(each, "List*MFADevices")} <= EXEMPT


def test_a_condition_about_the_user_in_escaped_letters() -> None:
    """JSON may write any letter as a number: the verdict is the same."""
    about = {"ArnNotEquals": {"aws:PrincipalArn": ALICE}}
    text = json.dumps({"Statement": [EVERYTHING, deny(Condition={**WITHOUT, **about})]})
    for written in (text, text.replace("aws:P", "aws:\\u0050"), text.replace("aws:P", "\\u0061ws:P")):
        assert policy.coverage([written], user=ALICE).open == ("*",), written
        assert policy.coverage([written], user=ALICE.replace("alice", "bob")).is_covered


def test_more_combinations_than_can_be_tried() -> None:
    """Such a user is not covered, and may not do the action: neither is known."""
    exceptions = [deny(NotResource=[f"{BUCKET}*{n}x*", f"{BUCKET}*{n}y*", f"{BUCKET}*{n}z*"]) for n in range(12)]
    document = read(allow("s3:Get*"), *exceptions)
    assert policy.coverage([document]).open == ("s3:Get*",)
    assert not policy.allows([read(allow("s3:Get*"), *(each | {"Condition": {}} for each in exceptions))], ["s3:GetX"])


# Any policies: names and resources of two letters, so that all requests up to a length can be made

_words = st.text("ab", max_size=3)
_globs = st.lists(st.sampled_from(["a", "b", "*", "a*", "*b", "?"]), max_size=3).map("".join) | _words
_names = _globs.map("s3:{}".format) | st.sampled_from(["*", "*:*", "s3:*", "s3:*", "s?:*", "*a", "s3*b", "s3?b*"])
_arns = _globs.map(f"{BUCKET}{{}}".format) | st.sampled_from(["*", f"{BUCKET}*", "arn:*", "arn:*:*", "?", "*b"])


def _statements(effect: str) -> st.SearchStrategy[Tree]:
    actions = st.lists(_names, min_size=1, max_size=2)
    resources = st.just(["*"]) | st.lists(_arns, min_size=1, max_size=2)
    return st.builds(
        lambda action, these, resource, those: statement(effect, **{action: these, resource: those}),
        st.sampled_from(["Action", "NotAction"]), actions, st.sampled_from(["Resource", "NotResource"]), resources,
    )  # fmt: skip


_TEXTS = ["".join(each) for size in range(5) for each in product("ab", repeat=size)]
_RESOURCES = ("*", *(f"{BUCKET}{text}" for text in _TEXTS))
_denied = st.lists(_statements("Deny"), min_size=1, max_size=4)


@example([statement("Allow")], [deny(NotResource=f"{BUCKET}a*"), deny(NotResource=f"{BUCKET}*b")], None)
@given(st.lists(_statements("Allow"), min_size=1, max_size=2), _denied, st.none() | _statements("Allow"))
def test_the_covered_can_make_no_request(allows: list[Tree], denies: list[Tree], limit: Tree | None) -> None:
    """Of all with names and resources of up to four letters."""
    documents = (read(*allows, *denies),)
    boundary = None if limit is None else read(limit)
    assume(policy.coverage(documents, boundary=boundary).is_covered)
    policies = Policies(identity=documents, boundary=None if boundary is None else (boundary,))
    evaluator = Evaluator(policies)
    for text, resource in product(_TEXTS, _RESOURCES):
        request = Request(action=f"s3:{text}", resource=resource)
        assert evaluator.evaluate(request).decision is not Decision.ALLOWED, json.dumps([*allows, *denies, limit])


@given(st.lists(st.text("ab*?", max_size=5), min_size=1, max_size=3), st.text("ab", max_size=5))
def test_overlaps_of_globs(globs: list[str], text: str) -> None:
    """They match what all of the globs match, and nothing else."""
    shared = [each for _, several in glob_overlap.combined(*((glob,) for glob in globs)) for each in several]
    assert any(like(text, each) for each in shared) is all(like(text, each) for each in globs)


@given(st.text("ab*?", max_size=5), st.lists(st.text("ab*?", max_size=4), max_size=3))
def test_generic_examples_of_a_glob(glob: str, others: list[str]) -> None:
    """Where a text of it is matched by no other, so is an example."""
    marks = max((each.count("?") for each in others), default=0)
    examples = glob_overlap.generic(glob, marks)
    assert all(like(each, glob) for each in examples)
    assert marks or glob_overlap.as_glob(examples[0]).replace("**", "*") == glob.replace("**", "*") or "**" in glob
    if any(like(each, glob) and not any(like(each, other) for other in others) for each in _TEXTS):
        assert not all(any(like(each, other) for other in others) for each in examples)


def test_a_policy_that_aws_would_refuse() -> None:
    """It is never in force, so it covers no user."""
    odd = deny(Condition={"BoolIfExist": WITHOUT["BoolIfExists"]})
    text = json.dumps({"Version": "2012-10-17", "Statement": [odd]})
    with pytest.raises(policy.Malformed):
        policy.coverage([read(EVERYTHING), text])
    with pytest.raises(policy.Malformed):
        policy.coverage([read(EVERYTHING)], boundary=policy.read(text))


def test_levels_without_names() -> None:
    """AWS Organizations User Guide, "SCP evaluation": each of them must allow."""
    levels = tuple(policy.Level(documents=(read(allow(action)),)) for action in ("s3:*", "ec2:*"))
    policies = Policies(identity=(read(EVERYTHING),), organization=levels)
    assert evaluation.evaluate(policies, Request(action="s3:GetObject")).decision is Decision.NOT_ALLOWED


def test_long_numbers_in_a_service_control_policy() -> None:
    """Python refuses to read integers of 4,300 digits, and JSON has no infinity."""
    text = json.dumps({"Version": "2012-10-17", "Statement": [deny(), allow("*")]})
    for number in ("9" * 5000, "1e999"):
        longer = text.replace('"false"', f'["false", {number}]')
        levels = [policy.Level(documents=(policy.read(longer),), name="root")]
        assert policy.coverage([read(EVERYTHING)], organization=levels).is_covered


def test_a_statement_for_no_principal() -> None:
    """An empty list names none, not everybody."""
    document = policy.read({"Statement": {**allow("s3:*"), "Principal": {"AWS": []}}})
    policies = Policies(identity=(), resource=(document,))
    request = Request(action="s3:GetObject", resource=f"{BUCKET}b/x", principal=Principal(arn=ALICE))
    assert evaluation.evaluate(policies, request).decision is Decision.NOT_ALLOWED


def test_a_path_with_nul() -> None:
    """An error of ours, not of Python's."""
    with pytest.raises(errors.ConfigurationError):
        policy.read(Path("a\0b"))


def test_a_long_policy_of_a_bucket_is_fixed() -> None:
    """Amazon S3 takes 20 kB."""
    bucket = {"Principal": "*", "Resource": f"{BUCKET}b/*"}
    wrong = {**deny(**bucket), "Condition": {"Bool": WITHOUT["BoolIfExists"]}}
    many = [{**allow(f"s3:GetObject{'x' * 50}{number}"), **bucket} for number in range(80)]
    long = policy.read({"Version": "2012-10-17", "Statement": [wrong, *many]})
    assert policy.fix(long).count == policy.fix(policy.read({"Version": "2012-10-17", "Statement": [wrong]})).count == 1
