"""The sandbox: an AWS account on loopback that enforces MFA and policies."""

import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from mfasession import policy
from mfasession.errors import ConfigurationError
from mfasession.sandbox.call_log import Call, CallLog
from mfasession.sandbox.control import Control
from mfasession.sandbox.faults import Faults
from mfasession.sandbox.gateway import Gateway
from mfasession.sandbox.handles import PolicyDocument, SandboxDevice, SandboxUser
from mfasession.sandbox.moto_backend import REGIONS
from mfasession.sandbox.server import Server
from mfasession.sandbox.state import State
from mfasession.values import LongTermKey, Secret

ACCOUNT = "123456789012"
_one_at_a_time = threading.Lock()


class SandboxRole:
    """A role that users may assume."""

    def __init__(self, name: str, arn: str) -> None:
        self.name = name
        self.arn = arn


class SandboxAccount:
    """The users, roles and policies of one account."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.account = state.account
        self.users: list[SandboxUser] = []

    def add_user(self, name: str, policies: Sequence[PolicyDocument] | None = None) -> SandboxUser:
        """Create a user with a key pair. Without policies: deny everything unless MFA is present, allow the rest."""
        rules = (policy.deny_all_without_mfa(), policy.allow_all()) if policies is None else policies
        user = SandboxUser(self._state, name, rules)
        self.users.append(user)
        return user

    def root_key(self) -> LongTermKey:
        """Make a key pair of the account's root user."""
        key = self._state.add_root_key()
        return LongTermKey(access_key_id=key.access_key_id, secret_access_key=Secret(key.secret))

    def age_sessions(self, seconds: float) -> None:
        """Make all sessions older by `seconds`, without moving the clock."""
        self._state.age_sessions(seconds)

    def add_role(
        self,
        name: str,
        trusted: Sequence[str],
        *,
        max_session_duration: int = 3600,
        external_id: str | None = None,
        require_mfa: bool = False,
        policies: Sequence[PolicyDocument] | None = None,
        trusted_to: Sequence[str] = ("sts:AssumeRole",),
    ) -> SandboxRole:
        """Create a role that the ARNs or accounts in `trusted` may assume. Without policies it may do anything.

        `trusted_to` are the actions of the trust policy, such as `sts:TagSession` and `sts:SetSourceIdentity`.
        """
        conditions: dict[str, Any] = {}
        if external_id is not None:
            conditions["StringEquals"] = {"sts:ExternalId": external_id}
        if require_mfa:
            conditions["Bool"] = {"aws:MultiFactorAuthPresent": "true"}
        trust: dict[str, Any] = {
            "Effect": "Allow",
            "Principal": {"AWS": list(trusted)},
            "Action": list(trusted_to),
            **({"Condition": conditions} if conditions else {}),
        }
        documents = (policy.allow_all(),) if policies is None else policies
        for document in documents:
            policy.check(policy.read(document, kind=policy.Kind.IDENTITY))
        role = self._state.moto.iam.create_role(
            role_name=name,
            assume_role_policy_document=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
            path="/",
            permissions_boundary=None,
            description="",
            tags=[],
            max_session_duration=str(max_session_duration),
        )
        for number, document in enumerate(documents):
            role.put_policy(f"policy-{number}", json.dumps(document))
        return SandboxRole(name, str(role.arn))

    def add_policy(self, name: str, document: PolicyDocument) -> str:
        """Create a managed policy and return its ARN."""
        policy.check(policy.read(document, kind=policy.Kind.IDENTITY))
        made = self._state.moto.iam.create_policy(
            description="", path="/", policy_document=json.dumps(document), policy_name=name, tags=[]
        )
        return str(made.arn)


class Sandbox(SandboxAccount):
    """An AWS on 127.0.0.1, served from this process while the `with` block lasts.

    One sandbox at a time in a process: moto keeps its state in module variables. Starting empties that state;
    starting a second one before the first has stopped raises ConfigurationError.

    `partition` is `aws`, `aws-cn`, `aws-us-gov` or `aws-eusc`. `role_sessions_carry_mfa`: whether the key
    aws:MultiFactorAuthPresent is true in the sessions of roles that were assumed with MFA; AWS's documentation says
    that it is not. `enrolment_lag`: the seconds after which STS knows a device that IAM has enabled, 8 to 14
    on AWS.
    """

    def __init__(
        self, *, partition: str = "aws", role_sessions_carry_mfa: bool = False, enrolment_lag: float = 0.0
    ) -> None:
        if partition not in REGIONS:
            raise ConfigurationError(f"no partition {partition}", f"one of {', '.join(REGIONS)}")
        if "MOTO_ACCOUNT_ID" in os.environ:
            raise ConfigurationError("MOTO_ACCOUNT_ID is set, but the sandbox has its own account", "unset it")
        if not _one_at_a_time.acquire(blocking=False):
            raise ConfigurationError(
                "a sandbox is running in this process already", "stop it, or start another process"
            )
        try:
            super().__init__(
                State(ACCOUNT, partition, role_sessions_carry_mfa=role_sessions_carry_mfa, enrolment_lag=enrolment_lag)
            )
            self.faults = Faults()
            self._calls = CallLog()
            self._control = Control(self._state, self.faults, self._calls)
            gateway = Gateway(self._state, self.faults, self._calls, self._control)
            self._server = Server(gateway, self._state.clock.of_requests)
        except BaseException:
            _one_at_a_time.release()
            raise
        self.partition = partition
        self.region = REGIONS[partition]
        self.clock = self._state.clock
        self._running = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The endpoint of every service."""
        return self._server.url

    @property
    def listening(self) -> int:
        """The descriptor of the listening socket."""
        return self._server.listening

    @property
    def control_url(self) -> str:
        """The URL for codes, clock, faults and calls, with its token; see `control`."""
        return self.url + self._control.path

    def stop(self) -> None:
        """Stop serving. A second time does nothing."""
        if self._running:
            self._running = False
            self._server.stop()
            _one_at_a_time.release()

    def empty(self) -> None:
        """Delete every user, group, role, policy, device and key."""
        self._state.empty()
        self.users.clear()

    def delay_report(self, calls: int) -> None:
        """Discard the credential report; the next one is ready after `calls` calls of GenerateCredentialReport."""
        self._state.report_in = calls

    def add_account(self, account: str) -> SandboxAccount:
        """Create another account beside this one, which users reach through roles that trust them."""
        return SandboxAccount(self._state.beside(account))

    def add_leftover_device(self, name: str) -> SandboxDevice:
        """Create an unassigned virtual device, as an abandoned enrolment leaves it."""
        serial = self._state.arn("iam", f"mfa/{name}")
        self._state.devices.add(serial, self._state.clock.now())
        return SandboxDevice(self._state, serial)

    def set_enrolment_lag(self, seconds: float) -> None:
        """Set the seconds after which STS knows devices that IAM enables from now on."""
        self._state.enrolment_lag = seconds

    def add_root_device(self, name: str = "root-account-mfa-device") -> SandboxDevice:
        """Enable a virtual device for the account's root user, with the console's default name."""
        serial, now = self._state.arn("iam", f"mfa/{name}"), self._state.clock.now()
        self._state.devices.add(serial, now).give_to(self._state.root().unique_id, now - 60)
        return SandboxDevice(self._state, serial)

    def calls(self, action: str | None = None) -> list[Call]:
        """Return the calls in the order of their answers: all, or those of one operation (`GetSessionToken`)."""
        return self._calls.find(action)

    def forget_calls(self) -> None:
        """Empty the list of calls."""
        self._calls.clear()

    def environ(self, user: SandboxUser | None = None, *, home: Path) -> dict[str, str]:
        """Write a user's key pair as the default profile into `home`/.aws, and return the variables for it.

        The user is the first one unless named. Files are made with mode 0600, folders with 0700. The caller
        should drop AWS_* variables that are not in the result.
        """
        if user is None and not self.users:
            raise ConfigurationError("the sandbox has no user yet", "add one first")
        key = (user or self.users[0]).key
        folder = home / ".aws"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = (
            "[default]",
            f"aws_access_key_id = {key.access_key_id}",
            f"aws_secret_access_key = {key.secret_access_key.reveal()}",
        )
        _write(folder / "credentials", lines)
        _write(folder / "config", ("[default]", f"region = {self.region}"))
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
            "AWS_CONFIG_FILE": str(folder / "config"),
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "MFASESSION_SANDBOX_CONTROL": self.control_url,
            "NO_PROXY": "127.0.0.1,localhost",
        }


def _write(path: Path, lines: Sequence[str]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, 0o600)
        file.write("".join(f"{line}\n" for line in lines))
