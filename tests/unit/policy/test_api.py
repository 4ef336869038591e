"""`mfasession.policy` as others import it: its names, its examples, their types, and input that is no policy."""

import ast
import doctest
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mfasession import ConfigurationError, policy
from tests.helpers.support import PACKAGE

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "python-policy.md"
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in (PACKAGE / "policy").rglob("*.py")
    if ">>> " in path.read_text()
)
ALICE = "arn:aws:iam::123456789012:user/alice"


def test_every_public_name_is_there() -> None:
    """The names for types, those that are imported when they are used, and `__all__` are the same."""
    tree = ast.parse((PACKAGE / "policy" / "__init__.py").read_text())
    imported = [alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(imported) == sorted(policy.__all__) == sorted(set(dir(policy)) & set(imported))
    assert [name for name in policy.__all__ if getattr(policy, name, None) is None] == []
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        policy.nothing  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.checkout
def test_every_public_name_is_documented() -> None:
    """The page has each, and no other."""
    named = set(re.findall(r"`(\w+)`", PAGE.read_text().partition("## All names")[2]))
    assert named == set(policy.__all__)


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings(module: str) -> None:
    """They run, and print what stands there."""
    results = doctest.testmod(importlib.import_module(module))
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.checkout
def test_examples_of_the_page() -> None:
    """docs/python-policy.md runs from its beginning to its end."""
    results = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert results.attempted > 30
    assert results.failed == 0


@pytest.mark.checkout
def test_a_user_of_strict_types_can_import_it(tmp_path: Path) -> None:
    """What the page shows passes mypy --strict beside the installed package; a wrong name or type does not."""
    shown = "".join(each.source for each in doctest.DocTestParser().get_examples(PAGE.read_text()))
    wrong = {
        "policy.evaluate(policies, 'request')": 'expected "Request"',
        "policy.read(text).statments": '"Document" has no attribute "statments"',
        "policy.reed(text)": 'Module has no attribute "reed"',
        "import mfasession; mfasession.sesion()": 'Module has no attribute "sesion"',
    }
    (tmp_path / "shown.py").write_text(shown + "\n".join(wrong))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--follow-imports=silent", "shown.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line.partition(": error: ") for line in done.stdout.splitlines() if ": error: " in line]
    first = shown.count("\n") + 1
    assert [place for place, _, _ in found] == [f"shown.py:{first + n}" for n in range(len(wrong))], done.stdout
    assert [text for (_, _, text), part in zip(found, wrong.values(), strict=True) if part not in text] == []


def test_a_name_loads_what_it_needs() -> None:
    """Importing the package loads no module of it, and reading a policy neither the linter nor the evaluator."""
    code = (
        "import sys\n"
        "from mfasession import policy\n"
        "ours = lambda: sorted(name for name in sys.modules if name.startswith('mfasession.policy'))\n"
        "print(*ours())\n"
        "policy.read(policy.allow_all())\n"
        "print(*ours())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first.split() == ["mfasession.policy"]
    assert not {"linter", "evaluation", "verdict"} & {name.split(".")[2] for name in second.split()[1:]}


NAMES = st.text(st.characters(), max_size=20)
"""Any script, control characters and lone surrogates, too."""
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | NAMES | st.binary(max_size=4)
KEYS = st.sampled_from(("Version", "Id", "Statement", "Sid", "Principal", "Condition")) | NAMES | st.integers()
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=15
)
STATEMENTS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(("Allow", "Deny")) | TREES,
        "Action": st.sampled_from(("*", "s3:*", ["iam:GetUser"])) | TREES,
        "Resource": st.just("*") | TREES,
    },
    optional={"Sid": TREES, "Principal": TREES, "Condition": st.dictionaries(NAMES, st.dictionaries(NAMES, TREES))},
)
MAPPINGS = st.dictionaries(KEYS, TREES, max_size=4) | st.fixed_dictionaries(
    {"Statement": STATEMENTS | st.lists(STATEMENTS, max_size=3)}, optional={"Version": st.just("2012-10-17") | TREES}
)
FRAGMENTS = st.sampled_from(
    (
        *('{"Statement": ', '"Effect": "Deny"', "Resources:\n  A: !Sub '${B}'\n", "Statement: {Effect: Allow}\n"),
        *("[", "]", "{", "}", ",", "%7B", '"', "\\u00", "- ", "&a ", "*a "),
    )
)
TEXTS = st.lists(FRAGMENTS | NAMES, max_size=8).map("".join) | MAPPINGS.map(str) | MAPPINGS.map(repr)


def refusal(call: Callable[[], object]) -> ConfigurationError | None:
    """Return the documented error of a call, or None; any other error is a failure of the test."""
    try:
        call()
    except ConfigurationError as error:
        return error
    return None


@example({"Statement": {1}})
@example({"Statement": [{"Effect": "Deny", "Action": float("nan"), "Resource": "*"}]})
@given(MAPPINGS)
def test_any_mapping_is_read_or_malformed(tree: dict[Any, Any]) -> None:
    """`read` raises nothing but its documented error, with a message, a hint and a place."""
    error = refusal(lambda: policy.read(tree))
    if error is None:
        assert policy.read(tree).statements
    else:
        assert isinstance(error, policy.Malformed)
        assert (error.message.isprintable(), bool(error.hint), error.place.line >= 1) == (True, True, True)


@example("[" * 100_000)
@example('{"Statement": ' * 5_000)
@example("\ufeff{}")
@given(TEXTS)
def test_any_text_is_read_or_malformed(text: str) -> None:
    """The same for texts; `extract`, which takes more, raises ConfigurationError at most."""
    error = refusal(lambda: policy.read(text))
    assert error is None or (isinstance(error, policy.Malformed) and error.message.isprintable())
    error = refusal(lambda: policy.extract(text))
    assert error is None or error.hint


WORDS = st.sampled_from(("*", "s3:*", "s3:GetObject", "iam:GetUser", "arn:aws:s3:::b/${aws:username}")) | NAMES
SEVERAL = WORDS | st.lists(WORDS, max_size=3)
OPERATORS = st.sampled_from(("Bool", "BoolIfExists", "Null", "StringLike", "ForAnyValue:IpAddress")) | NAMES
CONDITIONS = st.dictionaries(OPERATORS, st.dictionaries(WORDS | st.just("aws:MultiFactorAuthPresent"), SEVERAL))
USABLE = st.fixed_dictionaries(
    {"Effect": st.sampled_from(("Allow", "Deny")), "Action": SEVERAL, "Resource": SEVERAL},
    optional={"Sid": NAMES, "Condition": CONDITIONS},
)


@given(st.lists(USABLE, min_size=1, max_size=3), st.sampled_from(({}, {"Principal": "*"})))
def test_what_is_read_can_be_used(statements: list[dict[str, Any]], more: dict[str, str]) -> None:
    """It is evaluated, judged and linted without an error; `explain` and `check` refuse the same operators."""
    tree = {"Version": "2012-10-17", "Statement": [each | more for each in statements]}
    assume(refusal(lambda: policy.read(tree)) is None)
    document = policy.read(tree)
    request = policy.Request(action="s3:GetObject", resource="arn:aws:s3:::b/k")
    assert policy.evaluate(policy.Policies(identity=(document,)), request).decision in policy.Decision
    policy.lint(document)
    assert policy.fix(document).document.statements
    unknown = refusal(lambda: policy.check(document))
    assert (refusal(lambda: policy.explain(document)) is None) == (unknown is None)
    if document.kind is policy.Kind.IDENTITY:
        assert (refusal(lambda: policy.coverage([document])) is None) == (unknown is None)


def test_a_mapping_that_holds_itself() -> None:
    """It cannot be JSON."""
    tree: dict[str, Any] = {}
    tree["Statement"] = [tree]
    with pytest.raises(policy.Malformed, match="not JSON"):
        policy.read(tree)


def test_files(tmp_path: Path) -> None:
    """A path is read; what keeps it from being read is an error that names it."""
    path = tmp_path / "ours.json"
    path.write_text(json.dumps(policy.deny_all_without_mfa()))
    assert policy.read(path).where == str(path)
    assert policy.extract(path).documents == (policy.read(path),)
    path.write_bytes(b'{"Statement": "\xff"}')
    with pytest.raises(policy.Malformed, match="not text in UTF-8"):
        policy.read(path)
    with pytest.raises(policy.Malformed) as caught:
        policy.read("ours.json")
    assert 'read(pathlib.Path("policy.json"))' in caught.value.hint
    with pytest.raises(TypeError, match="a policy is JSON text, a mapping or a path"):
        policy.read(b"{}")  # type: ignore[arg-type]
    for wrong in (tmp_path / "none.json", tmp_path):
        with pytest.raises(ConfigurationError, match=re.escape(str(wrong))):
            policy.read(wrong)


@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_names_in_any_script(name: str) -> None:
    """Sids, resources and values are those that were given, in what is read as in who decides."""
    statement = {"Sid": name, "Effect": "Allow", "Action": "s3:*", "Resource": f"arn:aws:s3:::b/{name}"}
    document = policy.read({"Statement": statement}, name=name)
    (parsed,) = document.statements
    assert (document.where, parsed.name, parsed.resources) == (name, name, (f"arn:aws:s3:::b/{name}",))
    resource = f"arn:aws:s3:::b/{name.replace('*', 'x').replace('?', 'x')}"
    answer = policy.evaluate(
        policy.Policies(identity=(document,)), policy.Request(action="s3:GetObject", resource=resource)
    )
    assert [each.statement.name for each in answer.by] == [name]
    assert policy.explain(document)


def test_ten_thousand_statements() -> None:
    """They are read, evaluated and judged; the last one decides as the first would."""
    many = [{"Effect": "Allow", "Action": f"s3:Get{n}", "Resource": "*"} for n in range(10_000)]
    rule = policy.deny_all_without_mfa()
    document = policy.read({**rule, "Statement": [*many, *rule["Statement"]]})
    assert len(document.statements) == 10_001
    policies = policy.Policies(identity=(document,))
    request = policy.Request(action="s3:get9999", context={"AWS:MultiFactorAuthPresent": "true"})
    answer = policy.evaluate(policies, request)
    assert [each.statement.index for each in answer.by] == [9_999]
    assert policy.evaluate(policies, request.replace(context={})).by[0].statement.name == "DenyAllWithoutMFA"
    assert policy.coverage([document]).by == ("directly",)


def test_condition_keys_in_any_case() -> None:
    """As AWS: keys are not case-sensitive (IAM User Guide, "Condition", the context key name)."""
    rule, everything = policy.read(policy.deny_all_without_mfa()), policy.read(policy.allow_all())
    policies = policy.Policies(identity=(rule, everything))
    for key in ("aws:MultiFactorAuthPresent", "AWS:MULTIFACTORAUTHPRESENT", "aws:multifactorauthpresent"):
        request = policy.Request(action="s3:ListAllMyBuckets", context={key: "true"})
        assert policy.evaluate(policies, request).decision is policy.Decision.ALLOWED
        (each,) = (found for found in policy.statements(policies) if found.statement.effect == "Deny")
        assert policy.match(each, request).lines == (False,)
        ((cell, *_),) = policy.table(policies, ["s3:ListAllMyBuckets"], context={key: "true"})
        assert cell.is_allowed


def test_arguments_that_are_wrong() -> None:
    """They are errors of the caller, with the values that are right."""
    document = policy.read(policy.allow_all())
    with pytest.raises(ValueError, match="'robot' is not one of user, group, role, scp"):
        policy.lint(document, attached_to="robot")
    with pytest.raises(ValueError, match="'aws-mars' is not one of aws, aws-cn"):
        policy.deny_all_without_mfa("aws-mars")
    with pytest.raises(ValueError, match="is not the ARN of a user"):
        policy.coverage([document], user="alice")


def test_coverage_of_levels_documents_and_texts() -> None:
    """Documents and their texts are the same, and a service control policy covers by its name and level."""
    rule = policy.read(policy.deny_all_without_mfa(), name="Mfa")
    everything = policy.read(policy.allow_all(), name="FullAWSAccess")
    levels = (policy.Level(name="OU Prod", documents=(everything, rule)),)
    found = policy.coverage([everything], user=ALICE, organization=levels)
    assert (found.is_covered, found.by) == (True, ("SCP Mfa of OU Prod (statement DenyAllWithoutMFA)",))
    assert policy.coverage([everything.text], boundary=rule) == policy.coverage([everything], boundary=rule.text)
    assert policy.coverage([everything], boundary=rule).by == ("boundary",)


def test_values_that_are_handed_out_change_nothing() -> None:
    """The rule that one caller changes is not the next one's."""
    policy.deny_all_without_mfa()["Statement"][0]["NotAction"].clear()
    policy.allow_all()["Statement"].clear()
    assert policy.deny_all_without_mfa()["Statement"][0]["NotAction"]
    assert policy.allow_all()["Statement"]
