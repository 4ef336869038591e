"""What IAM reports of devices and accounts, as values. Times are epoch seconds; a policy's ARN stands for its text."""

from mfasession.values import Value, account_of

ROOT = "<root_account>"
"""The root user's name in the credential report."""


class Device(Value):
    """An MFA device of a user, from `iam:ListMFADevices`."""

    serial: str
    user: str = ""

    @property
    def is_fido(self) -> bool:
        """Whether it is a FIDO key or passkey, which cannot give codes (IAM User Guide, MFA-protected API access)."""
        return ":u2f/" in self.serial or ":fido/" in self.serial

    @property
    def is_virtual(self) -> bool:
        """Whether it is an authenticator app, or a program that acts as one."""
        return ":mfa/" in self.serial

    @property
    def name(self) -> str:
        """The device's name: the last part of its ARN, or the serial number of a hardware token."""
        return self.serial.rpartition("/")[2]

    @property
    def account(self) -> str:
        """Twelve digits from the ARN; empty for a hardware serial number."""
        return account_of(self.serial)


class Inline(Value):
    """An inline policy of a user or a group; `text` is its JSON."""

    name: str
    text: str


class Group(Value):
    """A group, its inline policies, and the ARNs of its attached ones."""

    name: str
    inline: tuple[Inline, ...] = ()
    attached: tuple[str, ...] = ()


class User(Value):
    """A user: inline policies, ARNs of attached ones, names of groups, and the boundary's ARN or empty."""

    name: str
    arn: str
    inline: tuple[Inline, ...] = ()
    attached: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    boundary: str = ""


class KeyUse(Value):
    """A long-term key in the credential report, which has no key IDs."""

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
    """A version of a managed policy; `text` is the JSON of the default version, and empty for the others."""

    name: str
    is_default: bool
    created: int
    text: str = ""


class Attachments(Value):
    """The names of those that a managed policy is attached to."""

    groups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
