"""`mfasession policy test --live`: the table as IAM's own simulator fills it, from the policies of a real user."""

from typing import TYPE_CHECKING

from mfasession.commands.policy import credentials
from mfasession.errors import UsageError
from mfasession.messages import say
from mfasession.policy import BOUNDARY, CALLERS, IDENTITY, Cell, Decider, Person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mfasession.aws.simulation import AwsSimulation, Simulated
    from mfasession.commands import CommandContext
    from mfasession.policy import Caller, Policies
    from mfasession.policy import Context as Keys

_WORDS = {"allowed": "allow", "explicitDeny": "deny", "implicitDeny": "not allowed"}
_OWN_KEYS = ("aws:multifactorauth", "aws:username", "aws:userid", "aws:principal")
"""How the condition keys begin that IAM or the caller brings."""


def table(
    context: "CommandContext",
    policies: "Policies",
    actions: "Sequence[str]",
    *,
    user: str,
    resource: str,
    keys: "Keys",
) -> list[tuple[Cell, ...]]:
    """Return a row of cells for each action: of a key, of a session, and of one with MFA. A role is no user's.

    `user`: empty for the session's own. Raises UsageError, and whatever keeps a session from being made or used.
    """
    from mfasession.aws.simulation import AwsSimulation

    profile, key = credentials.caller(context)
    aws = AwsSimulation(profile, key, context.environ)
    simulation = _Simulation(aws, _arn(aws, user), policies, keys)
    rows = [
        tuple(simulation.cell(caller, action, resource, actions) for caller in CALLERS if not caller.is_role)
        for action in actions
    ]
    if missing := simulation.missing():
        say(f"condition keys that the policies ask for, and that were not given with --context: {', '.join(missing)}")
    return rows


def _arn(aws: "AwsSimulation", user: str) -> str:
    if user:
        return aws.arn_of(user)
    own = aws.identity().arn
    if ":user/" not in own:
        raise UsageError("the session belongs to a role, which has no user's policies", "name the user: --user NAME")
    return own


class _Simulation:
    """Asks IAM once for each kind of caller and each resource."""

    def __init__(self, aws: "AwsSimulation", arn: str, policies: "Policies", keys: "Keys") -> None:
        self._aws = aws
        self._arn = arn
        self._user = Person(user=arn.rpartition("/")[2], user_arn=arn)
        self._policies = policies
        self._extra = keys
        self._answers: dict[tuple[str, str], dict[str, Simulated]] = {}

    def cell(self, caller: "Caller", action: str, resource: str, actions: "Sequence[str]") -> Cell:
        """Return what IAM says of an action; it is asked about all `actions` on the same resource together."""
        about = resource or self._user.resource_of(action)
        if word := caller.fixed(action):
            return Cell(caller=caller, action=action, resource=about, word=word)
        together = [
            each for each in actions if (resource or self._user.resource_of(each)) == about and not caller.fixed(each)
        ]
        said = self._asked(caller, together, about)[action.lower()]
        by = tuple(Decider(policy=each.policy, statement="", line=each.line) for each in said.matched)
        word = _WORDS.get(said.decision, said.decision)
        return Cell(caller=caller, action=action, resource=about, word=word, by=by, lacking=_lacking(said))

    def missing(self) -> list[str]:
        """Return the condition keys that the policies ask for and that were not given."""
        names = {name for answers in self._answers.values() for said in answers.values() for name in said.missing}
        return sorted(name for name in names if not name.lower().startswith(_OWN_KEYS))

    def _asked(self, caller: "Caller", actions: "Sequence[str]", resource: str) -> "dict[str, Simulated]":
        place = (caller.slug, resource)
        if place not in self._answers:
            keys = {"aws:username": self._user.user, **caller.mfa_keys(), **self._extra}
            self._answers[place] = self._aws.simulate(
                self._arn,
                actions,
                resource,
                keys,
                policies=[each.text for each in self._policies.identity],
                boundary=[each.text for each in self._policies.boundary or ()],
            )
        return self._answers[place]


def _lacking(said: "Simulated") -> tuple[str, ...]:
    if said.decision != "implicitDeny":
        return ()
    if not said.is_within_organisation:
        return ("policy of the organisation",)
    return (IDENTITY if said.is_within_boundary else BOUNDARY,)
