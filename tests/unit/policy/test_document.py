"""Policy documents: what IAM would refuse is refused with its place, and every element knows its line and path."""

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.policy import document, located_json, rule
from mfasession.policy.document import Kind, Malformed, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

RULE = json.dumps(rule.DENY_ALL_WITHOUT_MFA, indent=2)


def one(**elements: object) -> str:
    """A document of one statement: Allow everything, changed by these elements; None takes one away."""
    statement: Mapping[str, object] = {"Effect": "Allow", "Action": "*", "Resource": "*", **elements}
    return json.dumps({"Statement": [{name: value for name, value in statement.items() if value is not None}]})


def problems(text: str, **how: Any) -> list[str]:
    """What is said of a document, each with its path."""
    with pytest.raises(Malformed) as raised:
        parse(text, "here", **how)
    return [f"{each.place.path}: {each.what}" for each in raised.value.problems]


def test_the_rule_with_the_places_of_its_elements() -> None:
    """A line and a path for everything that a finding can be about."""
    parsed = parse(RULE, "rule.json")
    assert (parsed.version, parsed.version_place and parsed.version_place.line) == ("2012-10-17", 2)
    (statement,) = parsed.statements
    assert (statement.effect, statement.name, statement.actions, statement.resources) == (
        "Deny", "DenyAllWithoutMFA", None, ("*",),
    )  # fmt: skip
    assert statement.not_actions is not None
    last = statement.not_actions[-1]
    assert (last, last.place.line, last.place.column) == ("sts:GetSessionToken", 14, 9)
    assert last.place.path == "Statement[0].NotAction[6]"
    (line,) = statement.conditions
    assert (line.operator, line.key, line.values) == ("BoolIfExists", "aws:MultiFactorAuthPresent", ("false",))
    assert (line.place.line, line.place.path) == (
        19, "Statement[0].Condition.BoolIfExists['aws:MultiFactorAuthPresent']",
    )  # fmt: skip
    assert line.values[0].place.column == 41


def test_one_alone_need_not_be_in_a_list() -> None:
    """A statement, an action, a value; booleans and numbers are read as they are written."""
    text = """{"Statement": {"Effect": "Allow", "NotAction": "iam:*", "NotResource": [],
      "Condition": {"Bool": {"a": true}, "NumericLessThan": {"b": [1.50, "2"], "c": []}}}}"""
    parsed = parse(text, "here")
    (statement,) = parsed.statements
    assert (parsed.version, parsed.version_place) == ("2008-10-17", None)
    assert (statement.name, statement.not_actions, statement.not_resources) == ("statement 1", ("iam:*",), ())
    assert [line.values for line in statement.conditions] == [("true",), ("1.50", "2"), ()]
    assert [line.place.line for line in statement.conditions] == [2, 2, 2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: not JSON: column 1: the document ends too early"),
        ("\n  nope", "line 2: not JSON: column 3: expected a value"),
        ('{"Statement": [}', "line 1: not JSON: column 16: expected a value"),
        ('{"Version": "2012-10-17"\n "Statement": []}', "line 2: not JSON: column 2: expected a comma or }"),
        ('{"Statement": [1 2]}', "line 1: not JSON: column 18: expected a comma or ]"),
        ('{"Statement" 1}', "line 1: not JSON: column 14: expected a : after the key 'Statement'"),
        ("{'Statement': 1}", 'line 1: not JSON: column 2: expected a key in ""'),
        ('{"Statement": "a\nb"}', "line 1: not JSON: column 17: a string that does not end"),
        ('{"Statement": "a', "line 1: not JSON: column 15: a string that does not end"),
        ('{"Statement": NaN}', "line 1: not JSON: column 15: expected a value"),
        ("{} {}", "line 1: not JSON: column 4: there is text after the end of the document"),
        ("[" * 100_000, "not JSON: column 22: values are nested more than 20 levels deep"),
        ('{"Statement": [],\n"Statement": []}', "line 2: not JSON: the key 'Statement' is there twice"),
        ("\ufeff{}", "line 1: not JSON: it begins with a byte order mark"),
        (b'{"Statement": "\xff"}'.decode(errors="surrogateescape"), "line 1: not text in UTF-8"),
    ],
)  # fmt: skip
def test_invalid_json(text: str, said: str) -> None:
    """Where it breaks, by line and column; a key that is there twice would hide its other."""
    with pytest.raises(Malformed) as raised:
        parse(text, "policy.json", limit=200_000)
    assert raised.value.message.startswith("policy.json, ")
    assert said in raised.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", [": not a policy: an object { } is expected"]),
        ("{}", [": not a policy: it has no Statement"]),
        ('{"Statement": []}', ["Statement: Statement is empty"]),
        ('{"Statement": "Allow"}', ["Statement: a statement must be an object { }"]),
        ('{"statement": []}', ["statement: unknown element 'statement': did you mean Statement?",
                               ": not a policy: it has no Statement"]),
        (one(Effect=None), ["Statement[0]: the statement has no Effect"]),
        (one(Effect="allow"), ["Statement[0].Effect: Effect must be Allow or Deny, with these capitals"]),
        (one(Effect=True), ["Statement[0].Effect: Effect must be a string",
                            "Statement[0].Effect: Effect must be Allow or Deny, with these capitals"]),
        (one(NotAction="*"), ["Statement[0]: the statement has both Action and NotAction"]),
        (one(Action=None), ["Statement[0]: the statement has no Action"]),
        (one(Resource=None), ["Statement[0]: the statement has no Resource"]),
        (one(NotResource="*"), ["Statement[0]: the statement has both Resource and NotResource"]),
        (one(Action=["*", 1]), ["Statement[0].Action[1]: Action must be a string or a list of strings"]),
        (one(Principal="*"), ["Statement[0].Principal: unknown element 'Principal' in an identity policy"]),
        (one(Conditions={}), ["Statement[0].Conditions: unknown element 'Conditions': did you mean Condition?"]),
        (one(Condition=[]), ["Statement[0].Condition: Condition must be an object of operators"]),
        (one(Condition={"Bool": "aws:x"}), ["Statement[0].Condition.Bool: Bool must be an object of condition keys"]),
        (one(Condition={"Null": {"a": None}}),
         ["Statement[0].Condition.Null.a: a condition's value must be a string, a number or a boolean"]),
        (one(Condition={"Null": {"a": "true", "A": "true"}}),
         ["Statement[0].Condition.Null.A: 'A' is there twice, with different capitals"]),
        (one(Sid=7), ["Statement[0].Sid: Sid must be a string"]),
        ('{"Version": "2012-10-18", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}',
         ["Version: Version must be 2012-10-17 or 2008-10-17"]),
    ],
)  # fmt: skip
def test_invalid_policies(text: str, said: list[str]) -> None:
    """Everything that is wrong with its shape, each with its path."""
    assert problems(text) == said


def test_all_problems_are_reported_at_once() -> None:
    """One line for users names the first and counts the others."""
    with pytest.raises(Malformed) as raised:
        parse('{"Statement": [\n{"Effect": "no", "Action": "*"}]}', "mine.json")
    assert raised.value.message == "mine.json, line 2: Effect must be Allow or Deny, with these capitals (and 1 more)"
    assert raised.value.place.path == "Statement[0].Effect"


def test_the_quota_counts_no_white_space() -> None:
    """6,144 characters of a managed policy, more for a role's inline ones (IAM quotas)."""
    exact = one(Action=["s3:" + "x" * 1000] * 6)
    padding = document.MANAGED_SIZE - document.size(exact)
    exact = one(Action=["s3:" + "x" * 1000] * 6, Sid="x" * (padding - len('"Sid":"",')))
    assert parse(json.dumps(json.loads(exact), indent=40), "here").size == document.MANAGED_SIZE
    longer = exact.replace('"Sid": "', '"Sid": "x')
    assert problems(longer) == [": too large: more than 6,144 characters, white space not counted"]
    assert parse(longer, "here", limit=document.ROLE_SIZE).size == document.MANAGED_SIZE + 1


def test_a_trust_policy() -> None:
    """Principals and no resource: who may assume the role."""
    text = one(Resource=None, Action="sts:AssumeRole", Principal={"AWS": ["123456789012"], "Service": "ec2"})
    (statement,) = parse(text, "role", kind=Kind.TRUST).statements
    assert statement.principals == {"AWS": ("123456789012",), "Service": ("ec2",)}
    (statement,) = parse(one(Resource=None, Principal="*"), "role", kind=Kind.TRUST).statements
    assert statement.principals == {"*": ()}
    assert problems(one(), kind=Kind.TRUST) == [
        "Statement[0].Resource: unknown element 'Resource' in a trust policy",
        "Statement[0]: the statement has no Principal",
    ]
    (said,) = problems(one(Resource=None, Principal="me"), kind=Kind.TRUST)
    assert said.startswith("Statement[0].Principal: Principal must be")


def plain(node: located_json.Node) -> Any:
    """What Python's own reader makes of the same text; numbers as they are written."""
    if node.kind == "object":
        return {str(key): plain(value) for key, value in node.members.items()}
    if node.kind == "list":
        return [plain(item) for item in node.items]
    return (
        {"true": True, "false": False, "null": None}.get(node.text, node.text) if node.kind != "string" else node.text
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(value=JSON, indent=st.sampled_from([None, 0, 2]), ascii_only=st.booleans())
def test_reads_what_python_reads(value: Any, indent: int | None, ascii_only: bool) -> None:  # noqa: FBT001  # hypothesis
    """Any JSON in any layout: the same values as json.loads, and each text's place is where it stands."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    node = located_json.read(text)
    assert plain(node) == value
    lines = text.split("\n")

    def look(each: located_json.Node) -> None:
        here = lines[each.place.line - 1][each.place.column - 1 :]
        starts = {"object": "{", "list": "[", "string": '"'}
        assert here.startswith(starts.get(each.kind, each.text))
        for key, member in each.members.items():
            assert lines[key.place.line - 1][key.place.column - 1] == '"'
            look(member)
        for item in each.items:
            look(item)

    look(node)


def no_constant(name: str) -> None:
    """NaN and the like, which Python reads and JSON has not."""
    raise ValueError(name)


@given(text=st.text(alphabet='{}[]",:\\ \n0-1.eEtruefalsn', max_size=40) | st.text(max_size=20))
def test_refuses_what_python_refuses(text: str) -> None:
    """No text is read otherwise than by json.loads, but for keys that are there twice; an error is inside the text."""
    node, refusal = None, None
    try:
        node = located_json.read(text)
    except located_json.NotJson as error:
        refusal = error
    try:
        value = json.loads(text, parse_float=str, parse_int=str, parse_constant=no_constant)
    except ValueError:
        assert node is None
    else:
        assert plain(node) == value if node else "twice" in str(refusal)
    if refusal:
        lines = text.split("\n")
        assert refusal.place.column <= len(lines[refusal.place.line - 1]) + 1


@given(text=st.text(alphabet='{}[]",:\\ \n0-1', max_size=60) | JSON.map(json.dumps))
def test_any_text_is_a_document_or_malformed(text: str) -> None:
    """Nothing else is raised, whatever a file holds, and the message is one line."""
    message = ""
    try:
        parse(text, "here")
    except Malformed as error:
        message = error.message
    assert message.isprintable()
