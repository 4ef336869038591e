"""The emulated account's state: keys and their owners, issued sessions, devices."""

import base64
import secrets
import string
import threading

from mfasession.sandbox.clock import Clock
from mfasession.sandbox.devices import Devices
from mfasession.sandbox.iam_resources import Directory
from mfasession.sandbox.moto_backend import MotoBackend, Role, User
from mfasession.sandbox.resources import Place
from mfasession.values import Value, account_of


class Caller(Value):
    """The signer of a request."""

    kind: str
    """`user`, `root`, `role`, or `federated` with credentials from GetFederationToken."""
    arn: str
    unique_id: str
    """`AIDA…`, the account for the root user, `AROA…:session name` for a role, `account:name` for a federated user."""
    user_name: str = ""
    role_arn: str = ""
    temporary: bool = False
    mfa_at: float | None = None
    """When the MFA code of a session was given, in epoch seconds; None without one."""
    issued: float = 0.0
    session_policies: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    """Session tags."""
    transitive: tuple[str, ...] = ()
    """Keys of the tags that a role assumed with this session inherits."""
    source_identity: str = ""
    issuer: str = ""
    """The ID of the user who asked for a federated user's credentials."""
    is_chained: bool = False
    """Whether a role was assumed with temporary credentials, a user's session included."""

    @property
    def is_user_session(self) -> bool:
        """Whether these are credentials from GetSessionToken, or from GetFederationToken."""
        return self.temporary and self.kind != "role"


class Key(Value):
    """A key pair and its owner. `token` and `expires` (epoch seconds) are those of a session."""

    access_key_id: str
    secret: str
    caller: Caller
    active: bool = True
    token: str = ""
    expires: float = 0.0


class State:
    """One account in one partition, and the others that its users reach through roles."""

    def __init__(
        self,
        account: str,
        partition: str,
        *,
        role_sessions_carry_mfa: bool,
        enrolment_lag: float,
        first: "State | None" = None,
    ) -> None:
        """`first` is the account that this one is beside; without it, this is the first one."""
        self.account = account
        self.partition = partition
        self.role_sessions_carry_mfa = role_sessions_carry_mfa
        self.enrolment_lag = enrolment_lag
        self.clock: Clock = first.clock if first else Clock()
        self.moto = MotoBackend(account, partition, resets=first is None)
        self.devices = Devices()
        self.lock = threading.RLock()
        self.boundaries: dict[str, str] = {}
        """ARNs of the policies that limit users, by the users' IDs."""
        self.report_in = 1
        """Calls until the credential report is ready."""
        self._keys: dict[str, Key] = {}
        self.accounts: dict[str, State] = first.accounts if first else {}
        self.accounts[account] = self

    def beside(self, account: str) -> "State":
        """Return another account, in the same partition and at the same time."""
        return State(
            account,
            self.partition,
            role_sessions_carry_mfa=self.role_sessions_carry_mfa,
            enrolment_lag=self.enrolment_lag,
            first=self,
        )

    def of(self, arn: str) -> "State | None":
        """Return the account that an ARN names."""
        return self.accounts.get(account_of(arn))

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this account that has no region."""
        return f"arn:{self.partition}:{service}::{self.account}:{resource}"

    def place(self, region: str) -> Place:
        """Return the place of a request's resources in a region."""
        return Place(
            partition=self.partition,
            account=self.account,
            region=region,
            directory=Directory(arn_of=self.moto.arn_of, owner_of=self.moto.owner_of),
        )

    def key(self, access_key_id: str) -> Key | None:
        """Return the key pair with this ID: the root user's, a session's or a user's. None when it is unknown."""
        states = list(self.accounts.values())
        # Sessions first: they are found without a look at every user.
        issued = [state for state in states if access_key_id in state._keys]  # noqa: SLF001  # of this class
        found = (state.own_key(access_key_id) for state in issued or states)
        return next((key for key in found if key is not None), None)

    @property
    def access_key_ids(self) -> set[str]:
        """The IDs of this account's keys and sessions."""
        return {*self._keys, *self.moto.access_key_ids}

    def own_key(self, access_key_id: str) -> Key | None:
        """Return a key pair of this account only."""
        if (own := self._keys.get(access_key_id)) is not None:
            return self._with_user_as_now(own)
        found = self.moto.key(access_key_id)
        if found is None:
            return None
        user, key = found
        return Key(
            access_key_id=access_key_id,
            secret=key.secret_access_key,
            caller=self.caller_of(user),
            active=key.status == "Active",
        )

    def caller_of(self, user: User) -> Caller:
        """Return a user as the caller of a long-term key."""
        return Caller(kind="user", arn=user.arn, unique_id=user.id, user_name=user.name)

    def assuming(self, role: Role, name: str) -> Caller:
        """Return the caller of a session of this account's role, which begins now."""
        return Caller(
            kind="role",
            arn=self.arn("sts", f"assumed-role/{role.name}/{name}"),
            unique_id=f"{role.id}:{name}",
            role_arn=role.arn,
            temporary=True,
            issued=self.clock.now(),
        )

    def root(self) -> Caller:
        """Return the account's root user."""
        return Caller(kind="root", arn=self.arn("iam", "root"), unique_id=self.account)

    def issue(self, caller: Caller, seconds: int) -> Key:
        """Make temporary credentials for a caller; no two are alike."""
        key = Key(
            access_key_id=new_key_id("ASIA"),
            secret=new_secret(),
            caller=caller,
            token=base64.b64encode(b"sandbox session " + secrets.token_bytes(224)).decode(),
            expires=self.clock.now() + seconds,
        )
        with self.lock:
            self._keys[key.access_key_id] = key
        return key

    def age_sessions(self, seconds: float) -> None:
        """Make all sessions older by `seconds`."""
        with self.lock:
            for key_id, key in self._keys.items():
                if key.token:
                    self._keys[key_id] = key.replace(expires=key.expires - seconds)

    def add_root_key(self) -> Key:
        """Make a long-term key for the root user."""
        key = Key(access_key_id=new_key_id("AKIA"), secret=new_secret(), caller=self.root())
        with self.lock:
            self._keys[key.access_key_id] = key
        return key

    @property
    def has_root_key(self) -> bool:
        """Whether the root user has a long-term key."""
        return any(key.caller.kind == "root" and not key.token for key in self._keys.values())

    def empty(self) -> None:
        """Reset everything but the clock."""
        with self.lock:
            self.moto = MotoBackend(self.account, self.partition)
            self.devices = Devices()
            self._keys.clear()
            self.boundaries.clear()
            self.report_in = 1
            self.accounts.clear()
            self.accounts[self.account] = self

    def user_name_of(self, unique_id: str) -> str:
        """Return the present name of a user; empty when the user is gone."""
        user = self.moto.user_by_id(unique_id)
        return "" if user is None else str(user.name)

    def _with_user_as_now(self, key: Key) -> Key | None:
        """A session follows a change of its user's name, and ends with its user or role."""
        caller = key.caller
        if caller.kind == "role":
            return key if self.moto.role(caller.role_arn) else None
        if caller.kind == "federated":
            return key if caller.issuer == self.account or self.moto.user_by_id(caller.issuer) else None
        if caller.kind == "root":
            return key
        user = self.moto.user_by_id(caller.unique_id)
        return None if user is None else key.replace(caller=caller.replace(arn=user.arn, user_name=user.name))


def new_key_id(prefix: str) -> str:
    """Return a new access key ID: the prefix and sixteen capitals and digits (base32)."""
    return prefix + "".join(secrets.choice(string.ascii_uppercase + "234567") for _ in range(16))


def new_secret() -> str:
    """Return a new secret access key: forty characters of base64, `+` and `/` among them as in AWS's own."""
    return base64.b64encode(secrets.token_bytes(30)).decode()
