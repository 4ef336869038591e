"""The nouns of the field as frozen values. Secrets are `Secret`, times are whole seconds since the epoch (UTC)."""

from mfasession.values import Secret, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY_KINDS = ("AKIA", "ASIA", "LKIA", "LSIA")
"""How access key IDs begin: long-term and temporary ones (IAM User Guide, "IAM identifiers"), and LocalStack's."""
_LONGEST_SERIAL = 37
"""Characters of what is taken for a hardware token's serial number, which has a dozen; a secret access key has 40."""


def is_key_id(text: str) -> bool:
    """Tell whether a text may be shown as an access key ID: 16 to 128 capitals and digits (IAM API, AccessKey)."""
    return (
        text[:4] in _KEY_KINDS and 16 <= len(text) <= 128 and text.isascii() and text.isalnum() and text == text.upper()
    )


def is_key_secret(text: str) -> bool:
    """Tell whether a text may be a secret access key: visible ASCII without quotes, and no access key ID."""
    return (
        text.isascii()
        and text.isprintable()
        and not any(char in text for char in " '\"")
        and not is_key_id(text)
        and bool(text)
    )


def is_name(text: str) -> bool:
    """Tell whether a text may be shown as an ARN or a device's serial number: no secret looks like that."""
    return text.startswith("arn:") or len(text) <= _LONGEST_SERIAL


class LongTermKey(Value):
    """An IAM user's access key (`AKIA…`), good only for the calls that the rule exempts."""

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
    """What the role was assumed with beside its ARN, as `profiles.role_options` writes it."""
    identity: str = ""
    """ARN of the user or the assumed role, when known."""
    region: str = ""
    """The profile's region, when it has one."""
    issued: int = 0
    """Epoch seconds, UTC; 0 when not recorded."""
    settings: "tuple[tuple[str, str], ...]" = ()
    """Names and values of the profile's settings that are written beside the session in a file, for SDKs to read."""

    def is_alive(self, now: float) -> bool:
        """Tell whether the session has time left by our clock; a policy at AWS may deny it earlier."""
        return self.expires > now

    def is_fresh(self, now: float, refresh_margin: int, min_ttl: int = 0) -> bool:
        """Tell whether it need not be renewed: more than the margin, and at least `min_ttl` seconds, are left.

        A short session (`--duration 15m`) would be inside the margin from its first second and every command would ask
        again, so the margin is at most a quarter of the session's own life.
        """
        margin = min(refresh_margin, (self.expires - self.issued) // 4) if self.issued else refresh_margin
        left = self.expires - now
        # A clock far ahead when the session was made gives it a negative life.
        return left > max(margin, 0) and left >= min_ttl


class Role(Value):
    """What AssumeRole is asked for, as the AWS configuration file has it. `duration` is seconds."""

    arn: str
    external_id: str = ""
    session_name: str = ""
    duration: int = 3600
    session_tags: str = ""
    """As in `team=blue, cost-center=42`; `roles` reads it."""
    transitive_session_tags: str = ""
    """As in `team, cost-center`."""
    source_identity: str = ""
    policy_arns: str = ""
    """ARNs of managed policies with commas between them, which narrow the session."""
    policy: str = ""
    """A policy in JSON, which narrows the session."""


def is_whole(session: Session) -> bool:
    """Tell whether what is shown of a kept session is what it should be: somebody may have edited it."""
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
"""What `env` and `exec` leave with a session, so that what they have set is known from what a person sets later.

As in `eu-west-1/eu-west-1 work`: what AWS_REGION and AWS_DEFAULT_REGION were set to (empty: the person's own were
left), and whose session it is.
"""


def held_profile(environ: "Mapping[str, str]") -> str:
    """Return the profile whose session the environment holds by our doing; empty when it holds none."""
    return environ.get(MARK, "").partition(" ")[2]


def own_region(environ: "Mapping[str, str]", name: str) -> str:
    """Return what the person has set AWS_REGION or AWS_DEFAULT_REGION to; empty when it is not set, or was by us."""
    value = environ.get(name, "")
    if not value or MARK not in environ:
        return value
    ours = environ[MARK].partition(" ")[0].split("/")
    return "" if value == ours[0 if name == "AWS_REGION" else -1] else value
