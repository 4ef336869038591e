"""The report as OCSF Compliance Findings (class 2003), one a line: for each user, and for what was not read.

Version 1.6.0 of the schema, which Security Hub uses (Security Hub User Guide, "OCSF"). Profiles: cloud and datetime.
Times are in milliseconds.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from mfasession import __version__, timestamps
from mfasession.admin.exceptions import EXPIRED
from mfasession.admin.findings import CONTROLS, Account, Row, outcome
from mfasession.admin.reports import Report, cells
from mfasession.admin.reports.problems import ENDED, IN_PART, OPEN, Problem, of_account, of_exception, of_user
from mfasession.admin.sarif_driver import PAGE
from mfasession.text import printable
from mfasession.values import Value, partition_of

VERSION = "1.6.0"
CLASS, CREATE, CLOSE = 2003, 1, 3
_AWS_ACCOUNT = 10
_SUPPRESSED = 3
_ACTIVITIES = {CREATE: "Create", CLOSE: "Close"}
_SEVERITIES = {1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical"}
_STATES = {1: "New", _SUPPRESSED: "Suppressed", 4: "Resolved"}
_RESULTS = {0: "Unknown", 1: "Pass", 2: "Warning", 3: "Fail"}
_OUTCOMES = {"passed": 1, "failed": 3, "unknown": 0}


class _Grade(Value):
    """The numbers of a finding by OCSF's enumerations."""

    result: int
    severity: int
    state: int
    activity: int = CREATE


_COVERED = _Grade(result=1, severity=1, state=4, activity=CLOSE)


def pieces(report: Report) -> Iterator[str]:
    """Yield a line for each finding: all users, and accounts and exceptions with a problem."""
    partition = partition_of(report.reader.arn)
    for account, row in report.pairs():
        problem = of_account(account, partition) if row is None else of_user(account, row)
        if row is not None or problem is not None:
            yield json.dumps(_finding(report, account, row, problem)) + "\n"
    for entry, state in report.exceptions:
        if state == EXPIRED:
            problem = of_exception(entry)
            yield json.dumps(_finding(report, problem.account, None, problem)) + "\n"


def _finding(report: Report, account: Account, row: Row | None, problem: Problem | None) -> Mapping[str, Any]:
    grade, title = _grade(row, problem), _title(row, problem)
    now, seen = int(report.now), account.read or int(report.now)
    when = timestamps.show(now)
    # A user has one finding, whatever is found.
    rule = problem.rule if problem is not None and row is None else OPEN
    name = f"mfasession/{rule.name}/{_uid(row, problem)}"
    return {
        "activity_id": grade.activity, "activity_name": _ACTIVITIES[grade.activity],
        "category_uid": 2, "category_name": "Findings",
        "class_uid": CLASS, "class_name": "Compliance Finding",
        "type_uid": CLASS * 100 + grade.activity,
        "type_name": f"Compliance Finding: {_ACTIVITIES[grade.activity]}",
        "time": now * 1000, "time_dt": when,
        "severity_id": grade.severity, "severity": _SEVERITIES[grade.severity],
        "status_id": grade.state, "status": _STATES[grade.state],
        "message": title,
        "metadata": _metadata(report, name),
        "finding_info": {
            "uid": name, "title": title, "types": ["Compliance"],
            "last_seen_time": seen * 1000, "last_seen_time_dt": timestamps.show(seen),
            "modified_time": now * 1000, "modified_time_dt": when,
        },
        "compliance": _compliance(grade, row, problem),
        "cloud": _cloud(account, partition_of(report.reader.arn)),
        "resources": [_resource(row, problem, partition_of(report.reader.arn))],
        **({"remediation": {"desc": problem.rule.fix, "references": [PAGE]}} if problem else {}),
        **({"unmapped": _unmapped(row, account)} if row else {}),
    }  # fmt: skip


def _grade(row: Row | None, problem: Problem | None) -> _Grade:
    if problem is None:
        return _COVERED
    if problem.accepted is not None:
        return _Grade(result=3 if problem.rule is OPEN else 0, severity=2, state=_SUPPRESSED)
    if problem.rule in (OPEN, ENDED):
        return _Grade(result=3, severity=5 if row is not None and row.admin else 4, state=1)
    return _Grade(result=2 if problem.rule is IN_PART else 0, severity=2 if problem.rule is IN_PART else 3, state=1)


def _title(row: Row | None, problem: Problem | None) -> str:
    if row is not None and problem is None:
        return printable(f"user {row.user} in {row.account} cannot act without MFA: {cells.why(row)}")
    return printable(problem.message) if problem is not None else ""


def _uid(row: Row | None, problem: Problem | None) -> str:
    """Something that is the same for this user, account or exception in every run."""
    return printable(row.arn if row is not None else problem.uid if problem is not None else "")


def _metadata(report: Report, name: str) -> Mapping[str, Any]:
    return {
        "version": VERSION,
        "product": {"name": "mfasession", "vendor_name": "mfasession", "version": __version__, "url_string": PAGE},
        "profiles": ["cloud", "datetime"],
        "uid": str(uuid.uuid5(uuid.UUID(report.run), name)),
        "correlation_uid": report.run,
    }


def _compliance(grade: _Grade, row: Row | None, problem: Problem | None) -> Mapping[str, Any]:
    found = {control.name: outcome(control, row) for control in CONTROLS} if row is not None else {}
    checks = [
        {
            "uid": control.name, "name": control.name, "desc": control.says,
            "status_id": _OUTCOMES[found[control.name]], "status": _RESULTS[_OUTCOMES[found[control.name]]],
        }
        for control in CONTROLS if found.get(control.name) in _OUTCOMES
    ]  # fmt: skip
    return {
        "control": problem.rule.name if problem else OPEN.name,
        "desc": (problem.rule if problem else OPEN).title,
        "status_id": grade.result,
        "status": _RESULTS[grade.result],
        "requirements": [each["name"] for each in checks],
        "checks": checks,
    }


def _cloud(account: Account, partition: str) -> Mapping[str, Any]:
    found: dict[str, Any] = {"provider": "AWS", "cloud_partition": partition}
    if account.id:
        found["account"] = {"uid": account.id, "type": "AWS Account", "type_id": _AWS_ACCOUNT}
    if account.unit:
        found["org"] = {"uid": account.organization, "ou_uid": account.unit, "ou_name": printable(account.path)}
    return found


def _resource(row: Row | None, problem: Problem | None, partition: str) -> Mapping[str, Any]:
    kind = "AWS::IAM::User" if row is not None else "AWS::::Account" if problem and problem.arn else "Exception"
    name = row.user if row is not None else problem.name if problem is not None else ""
    return {"type": kind, "uid": _uid(row, problem), "name": printable(name), "cloud_partition": partition}


def _unmapped(row: Row, account: Account) -> Mapping[str, Any]:
    """What OCSF has no field for."""
    return {
        "verdict": row.verdict,
        "covered_by": [*map(printable, row.by)],
        "open_without_mfa": [*map(printable, row.open)],
        "administrator": row.admin,
        "mfa": row.has_device,
        "read_as": account.read_as or None,
    }
