"""What IAM reports of devices and accounts, as values. Times are epoch seconds; a policy's ARN stands for its text."""

from mfasession.values import Value, account_of

ROOT = "<root_account>"
"""What the credential report calls the root user."""


class Device(Value):
    """One MFA device of a user, as `iam:ListMFADevices` tells it."""

    serial: str
    user: str = ""

    @property
    def is_fido(self) -> bool:
        """A FIDO key or passkey cannot answer an API call (IAM User Guide, MFA-protected API access)."""
        return ":u2f/" in self.serial or ":fido/" in self.serial

    @property
    def is_virtual(self) -> bool:
        """An authenticator app, or a program that plays one."""
        return ":mfa/" in self.serial

    @property
    def name(self) -> str:
        """The name people gave the device: the last part of its ARN, or a hardware serial number as it is."""
        return self.serial.rpartition("/")[2]

    @property
    def account(self) -> str:
        """Twelve digits from the ARN; empty for a hardware serial number."""
        return account_of(self.serial)


class Inline(Value):
    """A policy that is written into a user or a group; `text` is its JSON."""

    name: str
    text: str


class Group(Value):
    """A group: its own policies, and the ARNs of those that are attached."""

    name: str
    inline: tuple[Inline, ...] = ()
    attached: tuple[str, ...] = ()


class User(Value):
    """A user: own policies, attached ones, the names of the groups, and the ARN of the boundary or empty."""

    name: str
    arn: str
    inline: tuple[Inline, ...] = ()
    attached: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    boundary: str = ""


class KeyUse(Value):
    """A long-term key as the credential report has it: it names no ID."""

    is_active: bool
    created: int | None
    """None when the report does not say."""
    last_used: int | None
    """0 for never; None when the report does not say."""


class Credentials(Value):
    """A row of the credential report."""

    user: str
    arn: str
    has_password: bool
    password_used: int | None
    """0 for never; None when the report does not say."""
    has_device: bool
    keys: tuple[KeyUse, ...] = ()

    @property
    def is_root(self) -> bool:
        """Whether this is the account's root user."""
        return self.user == ROOT


class Version(Value):
    """A version of a managed policy; `text` is the JSON of the one that is in force, and empty for the others."""

    name: str
    is_default: bool
    created: int
    text: str = ""


class Attachments(Value):
    """Who has a managed policy, by name."""

    groups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
