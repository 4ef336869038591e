"""The principals in a trust or resource policy.

Source: IAM User Guide, "AWS JSON policy elements: Principal" and "NotPrincipal". The ARNs of principals have no
wildcards: only `*` means all principals.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from mfasession.policy.document import Document, Statement
from mfasession.policy.located_json import Text
from mfasession.values import Value, account_of

_ACCOUNT = re.compile(r"[0-9]{12}|arn:aws[a-z-]*:iam::[0-9]{12}:root")
ANYBODY = "*"


class Principal(Value):
    """The caller of a request: the ARN of a user or of a role's session, and then the role's ARN."""

    arn: str
    role: str = ""

    @property
    def account(self) -> str:
        """The account ID, 12 digits."""
        return account_of(self.arn)


class Named(Value):
    """How a statement names a caller: `directly` (or `*`), by its session's role, by its account."""

    directly: bool = False
    by_role: bool = False
    by_account: bool = False

    def __bool__(self) -> bool:
        """Whether it names the caller in any way."""
        return self.directly or self.by_role or self.by_account


_ALL = Named(directly=True)


def named(statement: Statement, who: Principal | None) -> Named:
    """Return how a statement names a caller. Without principals, or for an unknown caller, it counts as named."""
    if who is None or (statement.principals is None and statement.not_principals is None):
        return _ALL
    if statement.principals is not None:
        return _among(of_aws(statement.principals), who)
    spared = _among(of_aws(statement.not_principals or {}), who)
    return Named(directly=not (spared.directly or spared.by_role))


def of_aws(principals: Mapping[Text, tuple[Text, ...]]) -> tuple[str, ...]:
    """Return the users, roles and accounts of a Principal element; `*` for all."""
    return tuple(
        str(name)
        for kind, several in principals.items()
        if str(kind) in (ANYBODY, "AWS")
        for name in (several or ((ANYBODY,) if str(kind) == ANYBODY else ()))
    )


def others(statement: Statement) -> Iterator[str]:
    """Yield the services and identity providers that a statement names."""
    for kind, several in (statement.principals or {}).items():
        if kind not in (ANYBODY, "AWS"):
            yield from map(str, several)


def all_of_aws(documents: Iterable[Document]) -> list[str]:
    """Return the users, roles and accounts that the documents' statements name, each once, in their order."""
    found: dict[str, None] = {}
    for document in documents:
        for statement in document.statements:
            for element in (statement.principals, statement.not_principals):
                found |= dict.fromkeys(of_aws(element or {}))
    return list(found)


def named_accounts(documents: Iterable[Document]) -> tuple[str, ...]:
    """Return the IDs of the accounts that trust and resource policies name as a whole, each once.

    >>> from mfasession import policy
    >>> trust = {"Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}}
    >>> policy.named_accounts([policy.read(trust)])
    ('111122223333',)
    """
    return tuple(dict.fromkeys(account_in(name) for name in all_of_aws(documents) if is_account(name)))


@lru_cache(maxsize=4096)
def is_account(name: str) -> bool:
    """Return whether a principal is a whole account: its ID, or the ARN of its root."""
    return _ACCOUNT.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def account_in(name: str) -> str:
    """Return the account of a principal; empty if it has none."""
    found = re.fullmatch(r"arn:aws[a-z-]*:(?:iam|sts)::([0-9]{12}):.*", name)
    return found[1] if found else name if is_account(name) else ""


def concerning(statements: Iterable[Statement], names: Iterable[str]) -> Iterator[tuple[str, tuple[Statement, ...]]]:
    """Yield users, roles and accounts that a document names, or `*`, each with the statements about it or about all."""
    known = [(each, _Concerned(each)) for each in statements]
    for name in names:
        yield name, tuple(statement for statement, concerned in known if concerned.holds(name))


def concerns(statement: Statement, name: str) -> bool:
    """Return whether a statement is about a user, role or account that a document names, or about all."""
    return _Concerned(statement).holds(name)


class _Concerned:
    """The users, roles and accounts that a statement is about."""

    def __init__(self, statement: Statement) -> None:
        self._is_positive = statement.principals is not None
        self._names = set(of_aws((statement.principals if self._is_positive else statement.not_principals) or {}))
        self._accounts = {account_in(each) for each in self._names if is_account(each)}

    def holds(self, name: str) -> bool:
        if not self._is_positive:
            return name not in self._names
        return (
            not self._names
            or name in self._names
            or ANYBODY in self._names
            or (account_in(name) or None) in self._accounts
        )


def called(name: str) -> str:
    """Return a principal's name in texts: its ARN, `account 111122223333`, `all principals`."""
    if name == ANYBODY:
        return "all principals"
    return f"account {account_in(name)}" if is_account(name) else name


def listed(element: Mapping[Text, tuple[Text, ...]]) -> list[str]:
    """Return all names in a Principal element for texts, with services and identity providers."""
    found: dict[str, None] = {}
    for kind, several in element.items():
        for name in several or ((ANYBODY,) if kind == ANYBODY else ()):
            if kind in (ANYBODY, "AWS"):
                found[called(name)] = None
            else:
                found[str(name) if kind == "Service" else f"{kind} {name}"] = None
    return list(found)


def _among(names: Iterable[str], who: Principal) -> Named:
    names = tuple(names)
    return Named(
        directly=ANYBODY in names or who.arn in names,
        by_role=who.role in names,
        by_account=any(is_account(name) and account_in(name) == who.account for name in names),
    )
