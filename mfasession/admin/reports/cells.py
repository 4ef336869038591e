"""A row's cells as text, for all reports."""

import time

from mfasession.admin.findings import Row, days_since
from mfasession.aws.model import Device

UNKNOWN = "-"


def covered(row: Row) -> str:
    """Return `yes` or `no`; `excepted` for one who is open on purpose."""
    if row.exception is not None:
        return "excepted"
    return UNKNOWN if row.covered is None else "yes" if row.covered else "no"


def details(row: Row, now: float) -> tuple[str, ...]:
    """Return the cells after the user's name and cover, in the order of all reports."""
    return (
        why(row),
        yes(row.admin),
        devices(row),
        password(row),
        keys(row),
        oldest(row, now),
        last_used(row),
    )


def why(row: Row) -> str:
    """Return the reasons of a user's cover, or what is open; then the exception."""
    found = _why(row)
    if row.exception is None:
        return found
    return f"{found}; until {row.exception.until}: {row.exception.reason} ({row.exception.owner})"


def _why(row: Row) -> str:
    if row.covered is None:
        return f"{', '.join(row.by)}, else open: {', '.join(row.open)}" if row.by else UNKNOWN
    reasons = ", ".join(row.by if row.covered else row.open)
    return reasons if row.works_with_mfa or not row.open else f"{reasons}; nothing works with MFA"


def yes(value: bool | None) -> str:  # noqa: FBT001  # what is shown
    """Return `yes`, `no` or UNKNOWN."""
    return UNKNOWN if value is None else "yes" if value else "no"


def devices(row: Row) -> str:
    """Return the names of the devices; `some` when only that is known."""
    if row.devices is None:
        return {None: UNKNOWN, True: "some", False: "none"}[row.has_device]
    return ", ".join(_device(Device(serial=serial)) for serial in row.devices) or "none"


def password(row: Row) -> str:
    """Return whether there is a password, and its last use."""
    if not row.has_password:
        return yes(row.has_password)
    return f"yes, {used(row.password_used)}"


def keys(row: Row) -> str:
    """Return the number of active keys, of all."""
    if row.keys is None:
        return UNKNOWN
    active = sum(key.is_active for key in row.keys)
    return str(active) if active == len(row.keys) else f"{active} of {len(row.keys)}"


def oldest(row: Row, now: float) -> str:
    """Return the age of the oldest active key."""
    made = [key.created for key in row.keys or () if key.is_active and key.created is not None]
    return f"{days_since(min(made), now)} d" if made else UNKNOWN


def last_used(row: Row) -> str:
    """Return the last use of any key."""
    known = [key.last_used for key in row.keys or () if key.last_used is not None]
    return used(max(known)) if known else UNKNOWN


def used(when: int | None) -> str:
    """Return a day, or `never`."""
    return UNKNOWN if when is None else time.strftime("%Y-%m-%d", time.gmtime(when)) if when else "never"


def _device(device: Device) -> str:
    # The name of a FIDO device ends with an ID.
    return f"{device.name.rpartition('-')[0] or device.name} (FIDO)" if device.is_fido else device.name
