"""Frozen values: their base class, and the values that all packages share (secret, key, session, role).

Times are whole seconds since the epoch (UTC). Every command imports this, so it imports nothing: `dataclasses` and
`typing` cost more time than a bare interpreter start (16 and 9 ms against 11). So the declaration is a dataclass's,
checked by mypy through `dataclass_transform` (PEP 681), and the machinery is a few lines.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn, Self, dataclass_transform
else:

    def dataclass_transform(**_: object) -> object:
        """Do nothing: the real one is there for type checkers alone."""
        return lambda cls: cls


class Secret:
    """A string that is shown only by `reveal`. Comparisons take constant time."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the secret text, for the one place that must write or send it."""
        return self.__value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        from hmac import compare_digest

        # Texts from files may have surrogates (surrogateescape).
        ours, theirs = self.__value.encode("utf-8", "surrogatepass"), other.__value.encode("utf-8", "surrogatepass")
        return compare_digest(ours, theirs)

    def __hash__(self) -> int:
        return hash(self.__value)

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __reduce__(self) -> "NoReturn":
        raise TypeError("a secret is not pickled")


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Value:
    """A frozen record of the annotated fields, set by keyword. Class attributes are defaults."""

    __fields__: "tuple[str, ...]" = ()

    def __init_subclass__(cls) -> None:
        # The class's own alone, and since Python 3.14 evaluated here (PEP 649).
        own = tuple(name for name in cls.__annotations__ if not name.startswith("__"))
        cls.__fields__ = cls.__fields__ + own

    def __init__(self, **fields: "Any") -> None:
        own = self.__dict__
        for name in self.__fields__:
            if name in fields:
                own[name] = fields[name]
            elif not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} needs {name}")
        if len(own) < len(fields):
            raise TypeError(f"{type(self).__name__} has no field {sorted(fields.keys() - own.keys())}")

    def __setattr__(self, name: str, value: object) -> "NoReturn":
        raise AttributeError(f"{type(self).__name__} is frozen: {name}")

    def __delattr__(self, name: str) -> "NoReturn":
        raise AttributeError(f"{type(self).__name__} is frozen: {name}")

    def replace(self, **changes: "Any") -> "Self":
        """Return a copy with these fields changed."""
        return type(self)(**{**self.__dict__, **changes})

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__fields__)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self.__fields__))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__fields__)
        return f"{type(self).__name__}({shown})"


_KEY_KINDS = ("AKIA", "ASIA", "LKIA", "LSIA")
"""Prefixes of access key IDs: long-term and temporary ones (IAM User Guide, "IAM identifiers"), and LocalStack's."""
_LONGEST_SERIAL = 37
"""The longest serial number of a hardware token, in characters; usual ones have a dozen, a secret access key has 40."""


def is_key_id(text: str) -> bool:
    """Return whether a text may be shown as an access key ID: 16 to 128 capitals and digits (IAM API, AccessKey)."""
    return (
        text[:4] in _KEY_KINDS and 16 <= len(text) <= 128 and text.isascii() and text.isalnum() and text == text.upper()
    )


def is_key_secret(text: str) -> bool:
    """Return whether a text may be a secret access key: visible ASCII without quotes, and not an access key ID."""
    return (
        text.isascii()
        and text.isprintable()
        and not any(char in text for char in " '\"")
        and not is_key_id(text)
        and bool(text)
    )


def is_name(text: str) -> bool:
    """Return whether a text may be shown as an ARN or a device's serial number: no secret looks like that."""
    return text.startswith("arn:") or len(text) <= _LONGEST_SERIAL


class LongTermKey(Value):
    """An IAM user's access key (`AKIA…`), which may make only the calls that the rule exempts."""

    access_key_id: str
    secret_access_key: Secret


class Session(Value):
    """Temporary credentials and what they are bound to: the long-term key, the device and the role they came from."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret
    expires: int
    """Epoch seconds, UTC."""
    key_id: str
    """Access key ID of the long-term key that was exchanged for this session."""
    mfa_serial: str = ""
    """Serial number or ARN of the device whose code was used; empty when not recorded."""
    instead_of: str = ""
    """Serial number that the profile named when `login --serial` took another device; else empty."""
    role_arn: str = ""
    """The assumed role, or empty for the user's own session."""
    role_options: str = ""
    """The role's options besides its ARN, as `profiles.role_options` writes it."""
    identity: str = ""
    """ARN of the user or the assumed role, when known."""
    region: str = ""
    """The profile's region, when it has one."""
    issued: int = 0
    """Epoch seconds, UTC; 0 when not recorded."""
    settings: "tuple[tuple[str, str], ...]" = ()
    """Settings of the profile that are written with the session in a file, for SDKs."""

    def is_alive(self, now: float) -> bool:
        """Return whether the session has time left by our clock; a policy may deny it earlier."""
        return self.expires > now

    def is_fresh(self, now: float, refresh_margin: int, min_ttl: int = 0) -> bool:
        """Return whether it need not be renewed: more than the margin, and at least `min_ttl` seconds, are left."""
        return now < self.renew_at(refresh_margin) and self.expires - now >= min_ttl

    def renew_at(self, refresh_margin: int) -> int:
        """Return the epoch second from which on only the margin is left.

        The margin is at most a quarter of the session's life: a short session (`--duration 15m`) would be inside a
        longer one from the start, and every command would ask again.
        """
        margin = min(refresh_margin, (self.expires - self.issued) // 4) if self.issued else refresh_margin
        # The life is negative if our clock was far ahead when the session was made.
        return self.expires - max(margin, 0)


class Role(Value):
    """AssumeRole's parameters from the AWS configuration file. `duration` is in seconds."""

    arn: str
    external_id: str = ""
    session_name: str = ""
    duration: int = 3600
    session_tags: str = ""
    """As in `team=blue, cost-center=42`; `role_request` parses it."""
    transitive_session_tags: str = ""
    """As in `team, cost-center`."""
    source_identity: str = ""
    policy_arns: str = ""
    """Comma-separated ARNs of managed policies that restrict the session."""
    policy: str = ""
    """A policy in JSON that restricts the session."""


def is_whole(session: Session) -> bool:
    """Return whether the shown fields of a stored session are well-formed: the file may have been edited."""
    return (
        is_key_id(session.access_key_id)
        and is_key_id(session.key_id)
        and is_name(session.mfa_serial)
        and is_name(session.instead_of)
        and is_name(session.identity)
        and is_name(session.role_arn)
    )


def account_of(arn: str) -> str:
    """Return the account ID (12 digits) in an ARN, or an empty string."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 and parts[0] == "arn" else ""


def partition_of(arn: str) -> str:
    """Return the partition (aws, aws-cn, aws-us-gov, …) in an ARN, or an empty string."""
    parts = arn.split(":")
    return parts[1] if len(parts) > 5 and parts[0] == "arn" else ""


MARK = "MFASESSION_HOLDS"
"""The variable in which `env` and `exec` record what they have set, so that later changes by the user are recognised.

As in `eu-west-1/eu-west-1 work`: what AWS_REGION and AWS_DEFAULT_REGION were set to (empty: they kept the user's
value), and the profile. Where `--region` has replaced values of the user's, these follow:
`eu-west-1/eu-west-1/us-east-1/ work`. ROLE_MARK follows these when the session is that of `--role-arn`.
"""
ROLE_MARK = "role"


def held_profile(environ: "Mapping[str, str]") -> str:
    """Return the profile whose session we have put into the environment; empty when there is none."""
    return environ.get(MARK, "").partition(" ")[2]


def own_region(environ: "Mapping[str, str]", name: str) -> str:
    """Return the user's own value of AWS_REGION or AWS_DEFAULT_REGION; empty when it was not set, or by us only."""
    value = environ.get(name, "")
    if not value or MARK not in environ:
        return value
    ours = (*environ[MARK].partition(" ")[0].split("/"), "", "", "")
    place = 0 if name == "AWS_REGION" else 1
    return ours[place + 2] if value == ours[place] else value
