"""Reads an account for its audit, and records what IAM denies."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from mfasession.admin import credential_report, findings
from mfasession.admin.findings import Account, Row, Rules
from mfasession.admin.organization import Limits, Source
from mfasession.aws.errors import Denied, NotFound
from mfasession.aws.model import Credentials, User
from mfasession.errors import AwsRefused

if TYPE_CHECKING:
    from mfasession.aws.account import AwsAccount

Read = TypeVar("Read")
OnRow = Callable[[Row], object]
Progress = Callable[[int, int], object]
"""Takes the number of users done and of all users; 0 of all while that is unknown."""


class Audit:
    """One audit of one account."""

    def __init__(
        self, aws: "AwsAccount", account: str, on_row: OnRow, progress: Progress, organization: Source | None = None
    ) -> None:
        """`organization`: where the account's service control policies come from."""
        self._aws = aws
        self._account = account
        self._on_row = on_row
        self._progress = progress
        self._organization = organization
        self._missing: list[str] = []
        self._notes: list[str] = []
        self._above = Limits()
        self._has_report = True
        self._credentials: dict[str, Credentials] = {}
        self._virtual: dict[str, tuple[str, ...]] | None = None

    def run(self) -> Account:
        """Call `on_row` for each user. Raises Denied when nothing may be read, AwsRefused, AwsUnreachable."""
        # AWS makes the report while we read the rest.
        has_begun = self._begin_report()
        rules = self._unless_denied("GetAccountAuthorizationDetails", lambda: Rules(self._aws.rules(), self._limits()))
        if has_begun:
            self._read_report()
        if rules is None and not self._credentials:
            raise self._nothing()
        self._virtual = self._unless_denied("ListVirtualMFADevices", self._virtual_devices)
        total, done = sum(not each.is_root for each in self._credentials.values()), 0
        for user in self._users(rules):
            self._on_row(self._row(user, rules))
            done += 1
            self._progress(done, total)
        return self._read(done)

    def _limits(self) -> Limits:
        if self._organization is None:
            return Limits()
        found = self._organization.limits(self._account, self._aws)
        self._notes += found.notes
        self._above = found
        return found

    def _users(self, rules: Rules | None) -> Iterator[User]:
        if rules is not None:
            yield from self._aws.users()
            return
        for each in self._credentials.values():
            if not each.is_root:
                yield User(name=each.user, arn=each.arn)

    def _row(self, user: User, rules: Rules | None) -> Row:
        verdict = rules.verdict(user) if rules else None
        if rules is not None and verdict is None:
            self._notes.append(f"a policy of user {user.name} cannot be read")
        credentials = self._credentials.get(user.arn)
        return findings.row(
            self._account,
            user.name,
            user.arn,
            verdict=verdict,
            credentials=credentials,
            devices=self._devices(user.name, credentials),
        )

    def _devices(self, user: str, credentials: Credentials | None) -> tuple[str, ...] | None:
        """The serial numbers of a user's devices; without a virtual one, IAM is asked for other kinds."""
        virtual = self._virtual.get(user) if self._virtual is not None else None
        if virtual:
            return virtual
        if credentials is not None and not credentials.has_device:
            return ()
        if "iam:ListMFADevices" in self._missing:
            return None
        try:
            found = self._unless_denied("ListMFADevices", lambda: self._aws.devices_of(user))
        except NotFound:
            return None
        return None if found is None else tuple(device.serial for device in found)

    def _virtual_devices(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for device in self._aws.virtual_devices():
            found[device.user] = (*found.get(device.user, ()), device.serial)
        return found

    def _begin_report(self) -> bool:
        try:
            return self._unless_denied("GenerateCredentialReport", self._aws.begin_report) is not None
        except AwsRefused as failure:
            self._note_report(failure.message)
            return False

    def _read_report(self) -> None:
        try:
            text = self._unless_denied("GetCredentialReport", lambda: self._aws.report(lambda: self._progress(0, 0)))
            if text is not None:
                self._credentials = {each.arn: each for each in credential_report.read(text)}
            elif "iam:GetCredentialReport" not in self._missing:
                self._note_report("AWS was still making it; run it again in some minutes")
        except AwsRefused as failure:
            self._note_report(failure.message)
        except ValueError as failure:
            self._note_report(str(failure))

    def _note_report(self, why: str) -> None:
        self._has_report = False
        self._notes.append(f"the credential report was not read: {why}")

    def _unless_denied(self, operation: str, read: Callable[[], Read]) -> Read | None:
        try:
            return read()
        except Denied:
            self._missing.append(f"iam:{operation}")
            return None

    def _nothing(self) -> Denied:
        return Denied(
            f"nothing may be read of account {self._account}: {', '.join(self._missing)} denied",
            "attach AWS's policy SecurityAudit, or name another profile with -p",
        )

    def _read(self, users: int) -> Account:
        root = next((each for each in self._credentials.values() if each.is_root), None)
        return Account(
            id=self._account,
            users=users,
            missing=tuple(self._missing),
            notes=tuple(self._notes),
            read_again=self._above.read_again or not self._has_report,
            root_has_device=root.has_device if root else None,
            root_keys=sum(key.is_active for key in root.keys) if root else None,
            policies=tuple(
                f"{policy.where} of {level.name}" if level.name else policy.where
                for level in self._above.levels
                for policy in level.documents
            ),
            organization=self._above.organization,
            unit=self._above.unit,
            path=self._above.path,
        )
