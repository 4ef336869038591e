"""`mfasession policy test`: what a policy lets each kind of caller do, as a table; and whether that is as expected."""

import sys
from typing import TYPE_CHECKING

from mfasession import hints, policy
from mfasession.commands.policy import credentials, expectations, limits, sources, test_output
from mfasession.commands.policy.credentials import AmbientFlags
from mfasession.errors import ConfigurationError, UsageError
from mfasession.messages import complain, say
from mfasession.policy import Kind, Person, Policies
from mfasession.text import printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mfasession.commands import CommandContext
    from mfasession.commands.policy.expectations import Expectation
    from mfasession.policy import Cell, Context, Document

KEY_POLICY = "aws kms get-key-policy --policy-name default --key-id ID"
_EXPECTED = "as in --expect mfa:s3:GetObject=allow, or a file of such"
SUMMARY = "Show what policies let a key, a session, a session with MFA and a role do"


class Flags(AmbientFlags):
    """The flags of `policy test`."""

    files: "Sequence[str]" = ()
    boundary: "Sequence[str]" = ()
    scp: "Sequence[str]" = ()
    rcp: "Sequence[str]" = ()
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
        help="policies that apply together; - reads stdin; an ARN is read from the account (the rule)",
    )
    limits.add_arguments(parser)
    parser.add_argument("--allow-all", action="store_true", help="also allow everything")
    parser.add_argument(
        "--action",
        dest="action_names",
        metavar="A",
        action="append",
        help="an action, such as s3:GetObject; may be repeated",
    )
    parser.add_argument("--resource", metavar="R", help="one ARN for all actions, instead of one that fits each")
    parser.add_argument("--user", metavar="NAME", help=f"the name of the user ({Person.user}; with --live you)")
    parser.add_argument(
        "--context",
        dest="keys",
        type=condition_key,
        metavar="KEY=VALUE",
        action="append",
        help="a condition key; may be repeated, for several values too",
    )
    parser.add_argument(
        "--expect",
        metavar="E",
        action="append",
        help="mfa:s3:GetObject=allow, or a file of such lines; exit 1 if it is not so",
    )
    parser.add_argument("--live", action="store_true", help="ask IAM about the policies of the user, with FILEs added")
    credentials.add_ambient(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON array, for scripts")
    parser.add_argument("--why", action="store_true", help="show which statements decide and which conditions hold")


def condition_key(text: str) -> tuple[str, str]:
    """Return a condition key and its value. Raises UsageError."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"{printable(text[:60])!r} is not KEY=VALUE", "as in --context aws:SourceIp=203.0.113.7")
    return key.strip(), value


def run(context: "CommandContext", flags: Flags) -> int:
    """Print the table; 1 when something is not as expected."""
    expected = _expectations(flags, context)
    policies = _policies(flags, context)
    actions = _actions(flags, expected) or policy.default_actions(policies)
    keys = _keys(flags)
    _say_of_keys(policies, actions, context.options.profile)
    if flags.live:
        from mfasession.commands.policy import simulated

        rows = simulated.table(context, policies, actions, user=flags.user, resource=flags.resource, keys=keys)
    else:
        whose = policy.person(flags.user, policies.resource or ())
        if whose != policy.person(flags.user):
            say(f"asked as {whose.user_arn}, and as {whose.role_arn}")
        rows = policy.table(policies, actions, whose=whose, resource=flags.resource, context=keys)
    show = test_output.as_json if flags.json else test_output.as_text
    sys.stdout.write(show(rows, policies if flags.why else None))
    return _exit_code(rows, expected)


def _say_of_keys(policies: Policies, actions: "Sequence[str]", profile: str) -> None:
    """Say that a KMS key's own policy decides, where it is not there to be asked."""
    if policies.resource is None and any(each.lower().startswith("kms:") for each in actions):
        complain(
            "of KMS this is right only where the key's own policy leaves it to the account: key policies decide",
            f"give it as a FILE, too: {hints.by_session(KEY_POLICY, profile)}",
        )


def _exit_code(rows: "Sequence[Sequence[Cell]]", expected: "Sequence[Expectation]") -> int:
    failures = list(expectations.failures(rows, expected))
    for failure in failures:
        complain(failure)
    if expected and not failures:
        say(f"{len(expected)} as expected")
    return 1 if failures else 0


def _policies(flags: Flags, context: "CommandContext") -> Policies:
    limits.check_stdin(*flags.files, *flags.boundary, *flags.scp, *flags.rcp, *flags.expect)
    if (flags.scp or flags.rcp) and flags.live:
        raise UsageError(
            f"--{'scp' if flags.scp else 'rcp'} and --live do not go together", "IAM asks the organization itself"
        )
    documents = limits.read(flags.files, context)
    identity = [each for each in documents if each.kind is Kind.IDENTITY]
    granting = tuple(each for each in documents if each.kind is not Kind.IDENTITY)
    _check_granting(granting, flags)
    if not documents and not flags.live:
        identity = [
            policy.read(policy.deny_all_without_mfa(), name="the rule"),
            policy.read(policy.allow_all(), name="all allowed"),
        ]
    elif flags.allow_all:
        identity.append(policy.read(policy.allow_all(), name="all allowed"))
    if not flags.live and all(each.effect == "Deny" for one in (*identity, *granting) for each in one.statements):
        complain("nothing here allows anything", "as if everything were allowed besides: --allow-all")
    elif granting and not identity and policy.named_accounts(granting):
        complain(
            "an account that is named leaves it to its own policies, and none of these is here",
            "give them as FILEs, too; or as if they allowed everything: --allow-all",
        )
    return Policies(
        identity=tuple(identity),
        boundary=limits.boundary(flags.boundary, context),
        organization=limits.service_control(flags.scp, context),
        resource=granting or None,
        resource_control=limits.resource_control(flags.rcp, context),
    )


def _check_granting(granting: "Sequence[Document]", flags: Flags) -> None:
    """Raise UsageError for several trust or resource policies: a request is about one resource."""
    if granting and flags.live:
        raise UsageError(f"--live takes no {granting[0].kind.value}", "leave --live out")
    if len(granting) > 1:
        names = ", ".join(each.where for each in granting[:5])
        raise UsageError(
            f"one trust or resource policy at a time can be tested, and there are {len(granting)}: {names}",
            "choose one by its name behind a #, as in FILE#NAME",
        )


def _expectations(flags: Flags, context: "CommandContext") -> "tuple[Expectation, ...]":
    expected: list[Expectation] = []
    for each in flags.expect:
        try:
            expected += (
                [expectations.expectation(each)]
                if "=" in each
                else expectations.expectations(sources.text_of(each, context, _EXPECTED))
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
        if not policy.is_action(action):
            raise UsageError(
                f"{printable(action[:80])!r} is not an action", "as in --action s3:GetObject, without wildcards"
            )
    named = (*flags.action_names, *(each.action for each in expected))
    return tuple(dict.fromkeys(named))


def _keys(flags: Flags) -> "Context":
    keys: dict[str, str | tuple[str, ...]] = {}
    for key, value in flags.keys:
        name = key.lower()
        before = keys.get(name)
        keys[name] = value if before is None else (*((before,) if isinstance(before, str) else before), value)
    return keys
