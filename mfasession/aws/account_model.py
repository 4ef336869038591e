"""What IAM tells of an account, as values. Times are epoch seconds; an ARN of a policy stands for its text."""

from mfasession.values import Value

ROOT = "<root_account>"
"""What the credential report calls the root user."""


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
