"""The accounts of an organization, all of them or those of organizational units, page by page."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from mfasession.aws import answers
from mfasession.aws.client import Aws
from mfasession.errors import AwsRefused
from mfasession.values import Value

DEEPEST = 12
"""The most levels of OUs that are followed; AWS lets them be nested five deep (quotas of AWS Organizations)."""


class Member(Value):
    """An account of an organization."""

    id: str
    state: str
    """`ACTIVE`; others are `SUSPENDED`, `PENDING_CLOSURE` and the like (Organizations API Reference, Account)."""

    @property
    def is_active(self) -> bool:
        """Whether its users and roles can be used."""
        return self.state == "ACTIVE"


class AwsMemberAccounts(Aws):
    """Calls that the management account and delegated administrators may make.

    Every call raises AwsRefused, AwsUnreachable or ConfigurationError.
    """

    # A page has twenty accounts, and a large organization thousands.
    size_limit = 4_000_000

    def accounts(self, parents: Sequence[str] = ()) -> list[Member]:
        """Return the accounts of the organization, or those below these OUs or roots, at any depth; each once."""
        try:
            listed = self._below(parents) if parents else self._pages("list_accounts", "Accounts")
            return list({each.id: each for each in map(_member, listed)}.values())
        except AwsRefused as failure:
            failure.hint = (
                "Organizations answers the management account and delegated administrators, to "
                "organizations:ListAccounts (with --ou: ListAccountsForParent, ListOrganizationalUnitsForParent)"
            )
            raise

    def _below(self, parents: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Yield the accounts below, level by level."""
        level = list(parents)
        for _ in range(DEEPEST):
            units: list[str] = []
            for parent in level:
                yield from self._pages("list_accounts_for_parent", "Accounts", ParentId=parent)
                found = self._pages("list_organizational_units_for_parent", "OrganizationalUnits", ParentId=parent)
                units += [answers.required_text(each, "Id") for each in found]
            level = units

    def _pages(self, method: str, name: str, **request: str) -> Iterator[Mapping[str, Any]]:
        operation = "".join(map(str.capitalize, method.split("_")))
        token: dict[str, str] = {}
        while True:
            page = self._call(operation, partial(self._page, method, name, {**request, **token}))
            yield from page[0]
            if not page[1]:
                return
            token = {"NextToken": page[1]}

    def _page(self, method: str, name: str, request: Mapping[str, str]) -> tuple[list[Mapping[str, Any]], str]:
        answer = getattr(self._client("organizations"), method)(**request)
        return list(answer[name]), str(answer.get("NextToken") or "")


def _member(listed: Mapping[str, Any]) -> Member:
    number = answers.required_text(listed, "Id")
    # Status is what older answers have; AWS has replaced it by State.
    state = str(listed.get("State") or listed.get("Status") or "")
    return Member(id=number if answers.is_account(number) else "", state=state)
