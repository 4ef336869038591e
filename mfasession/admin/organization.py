"""The service control policies that apply to an account: given as files, or read from AWS Organizations."""

import threading
from typing import TYPE_CHECKING, Protocol

from mfasession.aws.errors import Denied, NotFound, Throttled
from mfasession.aws.organizations import DEEPEST
from mfasession.errors import AwsRefused, MfaSessionError
from mfasession.policy import Document, Kind, Level, Malformed, allow_all, check, read
from mfasession.values import Value

if TYPE_CHECKING:
    from mfasession.aws.organizations import AwsOrganizations, Organization, PolicyName

IS_MANAGEMENT = "this is the management account: service control policies do not apply to it"
ROOT = "root"
Levels = tuple[Level, ...]
NOT_IN_ONE = "it is in no organization: the service control policies are taken as if they were attached to it"


class Limits(Value):
    """The service control policies of one account; levels from the root to the account."""

    levels: Levels = ()
    notes: tuple[str, ...] = ()
    is_complete: bool = True
    """Whether all were read. An unread one counts as allowing everything, which is the worst case."""
    read_again: bool = False
    """Whether AWS may give next time what was not read."""
    organization: str = ""
    """The ID of the organization; empty if unknown."""
    unit: str = ""
    """The ID of the OU or root that the account is in; empty if unknown."""
    path: str = ""
    """The names from the root to that OU, as in `root/Workloads/Prod`."""


class Source(Protocol):
    """Where service control policies come from."""

    def limits(self, account: str, aws: "AwsOrganizations") -> Limits:
        """Return those of an account; `aws` is the connection to it. Called from several threads."""


class Given:
    """Service control policies that apply to all accounts but the management account."""

    def __init__(self, levels: Levels) -> None:
        self._levels = levels

    def limits(self, account: str, aws: "AwsOrganizations") -> Limits:
        """Return them, or nothing for a management account."""
        if not self._levels:
            return Limits()
        try:
            organization = aws.organization()
        except MfaSessionError:
            note = (
                "organizations:DescribeOrganization was refused: if this is the management account, service control "
                "policies do not apply to it, and its users may be less covered than reported"
            )
            return Limits(levels=self._levels, notes=(note,))
        if organization is None:
            return Limits(levels=self._levels, notes=(NOT_IN_ONE,))
        return Limits(notes=(IS_MANAGEMENT,)) if organization.management == account else Limits(levels=self._levels)


class Read:
    """Service control policies that are read from AWS Organizations, each once for all accounts."""

    def __init__(self, aws: "AwsOrganizations") -> None:
        """`aws`: a connection to the management account or to a delegated administrator."""
        self._aws = aws
        self._lock = threading.Lock()
        self._home: tuple[Organization | None, bool] | None = None
        """The organization of that connection, and whether policies are enabled in it; None until it is read."""
        self._failure: MfaSessionError | None = None
        """Why it cannot be read."""
        self._paths: dict[str, Levels] = {}
        """The levels from the root to each OU."""
        self._policies: dict[str, Document] = {}
        """Policies by their ID."""
        self._unread: dict[str, str] = {}
        """The reasons for policies that were not read, by their names, which are unique in an organization."""

    def limits(self, account: str, aws: "AwsOrganizations") -> Limits:
        """Return the policies of an account, or a note why they were not read."""
        why: MfaSessionError = NotFound(f"account {account} is not in the organization of your session's account")
        # These calls have low rate limits: threads would gain nothing.
        with self._lock:
            try:
                organization, is_enabled = self._organization()
                if organization is not None and account == organization.management:
                    return Limits(notes=(IS_MANAGEMENT,))
                if organization is not None:
                    return self._read(account, organization.id) if is_enabled else Limits()
            except NotFound:
                pass
            except MfaSessionError as failure:
                why = failure
        return _from_inside(account, aws, why)

    def _organization(self) -> "tuple[Organization | None, bool]":
        if self._failure is not None:
            raise self._failure
        if self._home is None:
            try:
                found = self._aws.organization()
                self._home = found, found is not None and found.limits and self._aws.has_service_control_policies()
            except Throttled:
                # The next account may be luckier.
                raise
            except MfaSessionError as failure:
                self._failure = failure
                raise
        return self._home

    def _read(self, account: str, organization: str) -> Limits:
        own = Level(name=f"account {account}", documents=self._attached(account))
        parent = self._aws.parent(account)
        above = self._path(parent)
        levels = (*above, own)
        notes = {
            f"{policy.where} of {level.name} was not read: {self._unread[policy.where]}": None
            for level in levels
            for policy in level.documents
            if policy.where in self._unread
        }
        path = above[-1].name.replace("OU ", f"{ROOT}/", 1)
        return Limits(
            levels=levels, notes=tuple(notes), is_complete=not notes, organization=organization, unit=parent, path=path
        )

    def _path(self, entity: str, depth: int = 0) -> Levels:
        """The levels from the root to the root itself or to an OU."""
        if entity not in self._paths:
            if entity.startswith("r-") or depth > DEEPEST:
                above: Levels = ()
                name = ROOT
            else:
                above = self._path(self._aws.parent(entity), depth + 1)
                name = self._unit_name(entity, above[-1].name)
            self._paths[entity] = (*above, Level(name=name, documents=self._attached(entity)))
        return self._paths[entity]

    def _unit_name(self, unit: str, above: str) -> str:
        """The name of an OU within those above it; its ID if the name may not be read."""
        try:
            name = self._aws.unit_name(unit)
        except AwsRefused:
            name = unit
        return f"{above}/{name}" if above != ROOT else f"OU {name}"

    def _attached(self, target: str) -> tuple[Document, ...]:
        return tuple(map(self._policy, self._aws.attached(target)))

    def _policy(self, named: "PolicyName") -> Document:
        if named.id not in self._policies:
            self._policies[named.id] = self._read_policy(named)
        return self._policies[named.id]

    def _read_policy(self, named: "PolicyName") -> Document:
        try:
            policy = read(self._aws.content(named.id), name=named.name, kind=Kind.IDENTITY)
            check(policy)
        except (AwsRefused, Malformed) as failure:
            self._unread[named.name] = failure.message
            return read(allow_all(), name=named.name)
        return policy


def _from_inside(account: str, aws: "AwsOrganizations", why: MfaSessionError) -> Limits:
    """What an account's own connection says: whether it is in an organization at all, or manages one."""
    try:
        organization = aws.organization()
    except MfaSessionError as failure:
        return _unread(failure, why)
    if organization is None or not organization.limits:
        return Limits()
    return Limits(notes=(IS_MANAGEMENT,)) if organization.management == account else _unread(why)


def _unread(why: MfaSessionError, *more: MfaSessionError) -> Limits:
    lasts = all(isinstance(each, (Denied, NotFound)) for each in (why, *more))
    note = f"service control policies were not read: {why.message}"
    return Limits(notes=(note,), is_complete=False, read_again=not lasts)
