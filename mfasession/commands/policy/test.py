"""`mfasession policy test`: what a policy lets each kind of caller do, as a table; and whether that is as expected."""

import json
import sys
from typing import TYPE_CHECKING, Any

from mfasession.commands.policy import sources
from mfasession.errors import ConfigurationError, UsageError
from mfasession.messages import complain, say
from mfasession.policy import callers, document, evaluation, rule, truth, truth_shown
from mfasession.policy.evaluation import Policies
from mfasession.text import printable
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mfasession.context import Context
    from mfasession.policy import patterns
    from mfasession.policy.document import Document
    from mfasession.policy.truth import Cell, Expectation

_EXPECTED = "as in --expect mfa:s3:GetObject=allow, or a file of such"
HELP = "show what policies let a key, a session, one with MFA and a role do"


class Flags(Value):
    """What `policy test` is told."""

    files: "Sequence[str]" = ()
    boundary: "Sequence[str]" = ()
    allow_all: bool = False
    action_names: "Sequence[str]" = ()
    resource: str = ""
    user: str = ""
    keys: "Sequence[tuple[str, str]]" = ()
    """Condition keys and their values, as they are said."""
    expect: "Sequence[str]" = ()
    live: bool = False
    json: bool = False
    why: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="policies, together; - is stdin, an ARN one of the account; none: the rule",
    )
    parser.add_argument("--boundary", metavar="FILE", action="append", help="a permissions boundary, which limits them")
    parser.add_argument("--allow-all", action="store_true", help="as if everything were allowed besides")
    parser.add_argument(
        "--action", dest="action_names", metavar="A", action="append", help="an action, as s3:GetObject; several: again"
    )
    parser.add_argument("--resource", metavar="R", help="the ARN that all actions are about, not each one's own")
    parser.add_argument("--user", metavar="NAME", help=f"the user's name, else {callers.USER}; --live: yours")
    parser.add_argument(
        "--context",
        dest="keys",
        type=condition_key,
        metavar="KEY=VALUE",
        action="append",
        help="a condition key; the same one again: several values",
    )
    parser.add_argument(
        "--expect", metavar="E", action="append", help="mfa:s3:GetObject=allow, or a file of such; exit 1 if not so"
    )
    parser.add_argument("--live", action="store_true", help="ask IAM what the user's policies say, with FILEs besides")
    parser.add_argument("--json", action="store_true", help="one JSON array, for scripts")
    parser.add_argument("--why", action="store_true", help="which statements decide, and which conditions hold")


def condition_key(text: str) -> tuple[str, str]:
    """Return a condition key and its value. Raises UsageError."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"{printable(text[:60])!r} is not KEY=VALUE", "as in --context aws:SourceIp=203.0.113.7")
    return key.strip(), value


def run(context: "Context", flags: Flags) -> int:
    """Print the table; 1 when something is not as expected."""
    expected = _expectations(flags, context)
    actions = _actions(flags, expected)
    policies = _policies(flags, context)
    about: dict[str, Any] = {"resource": flags.resource, "extra": _extra(flags)}
    if flags.live:
        from mfasession.commands.policy import simulated

        rows = simulated.table(context, policies, actions, user=flags.user, **about)
    else:
        rows = truth.table(policies, actions, user=flags.user or callers.USER, **about)
    show = truth_shown.as_json if flags.json else truth_shown.as_text
    sys.stdout.write(show(rows, policies if flags.why else None))
    return _told(rows, expected)


def _told(rows: "Sequence[Sequence[Cell]]", expected: "Sequence[Expectation]") -> int:
    failures = list(truth.failures(rows, expected))
    for failure in failures:
        complain(failure)
    if expected and not failures:
        say(f"{len(expected)} as expected")
    return 1 if failures else 0


def _policies(flags: Flags, context: "Context") -> Policies:
    if [*flags.files, *flags.boundary, *flags.expect].count("-") > 1:
        raise UsageError("stdin can be one file only", "write the others into files")
    identity = [_read(source, context) for source in flags.files]
    if not identity and not flags.live:
        identity = [_built_in("the rule", rule.DENY_ALL_WITHOUT_MFA), _built_in("all allowed", rule.ALLOW_ALL)]
    elif flags.allow_all:
        identity.append(_built_in("all allowed", rule.ALLOW_ALL))
    if not flags.live and all(statement.effect == "Deny" for each in identity for statement in each.statements):
        complain("nothing here allows anything", "as if everything were allowed besides: --allow-all")
    boundary = tuple(_read(source, context) for source in flags.boundary) if flags.boundary else None
    return Policies(identity=tuple(identity), boundary=boundary)


def _built_in(name: str, policy: object) -> "Document":
    return document.parse(json.dumps(policy, indent=2), name)


def _read(source: str, context: "Context") -> "Document":
    parsed = sources.parsed(source, context, limit=document.ROLE_SIZE)
    evaluation.check(parsed)
    return parsed


def _expectations(flags: Flags, context: "Context") -> "tuple[Expectation, ...]":
    expected: list[Expectation] = []
    for each in flags.expect:
        try:
            expected += (
                [truth.expectation(each)]
                if "=" in each
                else truth.expectations(sources.text_of(each, context, _EXPECTED))
            )
        except ValueError as error:
            if "=" in each:
                raise UsageError(f"--expect: {error}", _EXPECTED) from None
            raise ConfigurationError(
                f"{printable(each)}: {error}", 'as in [mfa], and under it: "s3:GetObject" = "allow"'
            ) from None
    return tuple(expected)


def _actions(flags: Flags, expected: "Sequence[Expectation]") -> tuple[str, ...]:
    for action in flags.action_names:
        if not truth.is_action(action):
            raise UsageError(
                f"{printable(action[:80])!r} is no action", "as in --action s3:GetObject, without wildcards"
            )
    named = (*flags.action_names, *(each.action for each in expected))
    return tuple(dict.fromkeys(named)) or truth.default_actions()


def _extra(flags: Flags) -> "patterns.Context":
    extra: dict[str, str | tuple[str, ...]] = {}
    for key, value in flags.keys:
        name = key.lower()
        before = extra.get(name)
        extra[name] = value if before is None else (*((before,) if isinstance(before, str) else before), value)
    return extra
