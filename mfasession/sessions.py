"""What a kept session is still good for: values in, an answer out, the time given. On the path of every command."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mfasession.model import Role, Session
    from mfasession.profiles import Profile


def fits(session: "Session", profile: "Profile") -> bool:
    """Tell whether the session is bound to the profile's long-term key, device and role as they are now."""
    if session.role_arn != (profile.role.arn if profile.role else "") or session.role_options != role_options(profile):
        return False
    if profile.key is not None and session.key_id != profile.key.access_key_id:
        return False
    return not profile.mfa_serial or profile.mfa_serial in (session.mfa_serial, session.instead_of)


def role_options(profile: "Profile") -> str:
    """Return all that makes a role's session what it is beside its ARN, in one line; empty when nothing is set.

    As in `external_id=42 duration=900 < arn:aws:iam::…:role/first`, the roles that it is assumed through behind.
    """
    parts: list[str] = []
    at: Profile | None = profile
    while at is not None and at.role is not None:
        parts.append(" ".join((*([at.role.arn] if parts else []), *_options(at.role))))
        at = at.source
    return " < ".join(parts).strip()


def _options(role: "Role") -> list[str]:
    set_here = ((name, getattr(role, name)) for name in role.__fields__ if name != "arn")
    return [f"{name}={_in_one_word(str(value))}" for name, value in set_here if value != getattr(type(role), name)]


def _in_one_word(text: str) -> str:
    return "".join(char if char.isprintable() and char not in " %" else f"%{ord(char):x}%" for char in text)


def is_alive(session: "Session", now: float) -> bool:
    """Tell whether AWS still honours the session."""
    return session.expires > now


def is_fresh(session: "Session", now: float, refresh_margin: int, min_ttl: int = 0) -> bool:
    """Tell whether the session need not be renewed: more than the margin, and at least `min_ttl` seconds, are left.

    A short session (`--duration 15m`) would be inside the margin from its first second and every command would ask
    again, so the margin is at most a quarter of the session's own life.
    """
    margin = min(refresh_margin, (session.expires - session.issued) // 4) if session.issued else refresh_margin
    left = session.expires - now
    # A clock far ahead when the session was made gives it a negative life.
    return left > max(margin, 0) and left >= min_ttl
