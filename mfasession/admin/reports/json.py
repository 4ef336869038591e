"""The report as one JSON object. Times are UTC; null stands for values that could not be read."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mfasession import __version__, timestamps
from mfasession.admin.findings import CONTROLS, Account, Row
from mfasession.admin.reports import Report
from mfasession.aws.model import Device, KeyUse

VERSION = "1.1"
"""Of docs/schemas/policy-audit.json: a new key or value raises the second number, any other change the first."""


def pieces(report: Report) -> Iterator[str]:
    """Yield the text, a user at a time."""
    head = {
        "schema_version": VERSION,
        "run": report.run,
        "tool_version": __version__,
        "read_as": {"arn": report.reader.arn, "ambient_credentials": report.reader.ambient or None},
        "generated": timestamps.show(int(report.now)),
        "accounts": [*map(account, report.accounts)],
    }
    yield "{" + "".join(f'\n"{name}": {json.dumps(value)},' for name, value in head.items()) + '\n"users": ['
    between = "\n"
    for row in report.rows():
        yield between + json.dumps(user(row))
        between = ",\n"
    yield f'\n],\n"totals": {json.dumps(dict(report.totals.counts))},\n"controls": {_controls(report)},\n'
    listed = [{**vars(entry), "state": state} for entry, state in report.exceptions]
    yield f'"exceptions": {json.dumps(listed)}\n}}\n'


def account(one: Account) -> Mapping[str, Any]:
    """Return the record of an account without its users."""
    return {
        "account": one.id,
        "users": None if one.failure else one.users,
        "failure": one.failure or None,
        "read": _when(one.read),
        "read_as": {"arn": one.read_as, "ambient_credentials": one.ambient or None} if one.read else None,
        "missing_permissions": one.missing,
        "notes": one.notes,
        "service_control_policies": one.policies,
        "root_mfa": one.root_has_device,
        "root_access_keys": one.root_keys,
    }


def user(row: Row) -> Mapping[str, Any]:
    """Return the record of a user."""
    return {
        "account": row.account,
        "user": row.user,
        "arn": row.arn,
        "covered": row.covered,
        "covered_by": row.by,
        "open_without_mfa": row.open,
        "administrator": row.admin,
        "works_with_mfa": row.works_with_mfa,
        "mfa": row.has_device,
        "devices": None if row.devices is None else [_device(serial) for serial in row.devices],
        "password": row.has_password,
        "password_last_used": _when(row.password_used),
        "access_keys": None if row.keys is None else [_key(key) for key in row.keys],
        "exception": None if row.exception is None else vars(row.exception),
    }


def _device(serial: str) -> Mapping[str, Any]:
    return {"serial": serial, "fido": Device(serial=serial).is_fido}


def _key(key: KeyUse) -> Mapping[str, Any]:
    used = None if key.last_used is None else key.last_used > 0
    return {
        "active": key.is_active,
        "created": _when(key.created),
        "ever_used": used,
        "last_used": _when(key.last_used),
    }


def _controls(report: Report) -> str:
    controls = []
    for control in CONTROLS:
        tally = report.totals.tally(control)
        controls.append({"control": control.name, "says": control.says, **vars(tally)})
    return json.dumps(controls)


def _when(epoch: int | None) -> str | None:
    return timestamps.show(epoch) if epoch else None
