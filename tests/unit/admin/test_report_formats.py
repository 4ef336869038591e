"""Every format of an audit's report, of any names in any script: valid, whole, and nothing but text in it."""

import csv
import hashlib
import io
import json

from hypothesis import given

from mfasession.admin.reports import Report, jsonl
from mfasession.admin.reports import csv as csv_report
from mfasession.admin.reports import json as json_report
from tests.helpers import schemas
from tests.helpers.made_reports import reports

FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@given(reports())
def test_json_lines(report: Report) -> None:
    """Valid against the schema, a line for each account, user and exception, and each line has them by itself."""
    lines = "".join(jsonl.pieces(report)).splitlines()
    assert [
        fault for line in lines for fault in schemas.invalid(schemas.FOLDER / "policy-audit-lines.json", line)
    ] == []
    records = [json.loads(line) for line in lines]
    users = [record for record in records if record["kind"] == "user"]
    assert [(each["account"], each["user"]) for each in users] == [(row.account, row.user) for row in report.rows()]
    assert [each["account"] for each in records if each["kind"].endswith("account")] == [
        each.id for each in report.accounts
    ]
    assert [each["exception"]["state"] for each in records if each["kind"] == "expired exception"] == ["expired"]
    assert {(each["run"], each["read_as"], each["partition"]) for each in records} == {
        (report.run, report.reader.arn, "aws")
    }
    assert jsonl.digest(report) == hashlib.sha256("\n".join([*lines, ""]).encode()).hexdigest()


@given(reports())
def test_json(report: Report) -> None:
    """Valid against the schema, with the users and totals of the lines."""
    text = "".join(json_report.pieces(report))
    assert schemas.invalid(schemas.FOLDER / "policy-audit.json", text) == []
    whole = json.loads(text)
    lines = [each for each in jsonl.records(report) if each["kind"] == "user"]
    assert [each["arn"] for each in whole["users"]] == [each["arn"] for each in lines]
    for verdict in ("covered", "not covered", "excepted", "not known"):
        assert whole["totals"].get(verdict, 0) == sum(each["verdict"] == verdict for each in lines)


@given(reports())
def test_csv_has_no_formula(report: Report) -> None:
    """A line for each user and unread account; no cell begins as a formula does, also after blanks."""
    head, *lines = csv.reader(io.StringIO("".join(csv_report.pieces(report)), newline=""))
    assert len(lines) == sum(1 for _ in report.rows()) + sum(bool(each.failure) for each in report.accounts)
    assert {len(line) for line in lines} <= {len(head)}
    assert not [cell for line in lines for cell in line if cell.lstrip().startswith(FORMULA)]
    assert not [cell for line in lines for cell in line if not cell.isprintable()]


def test_the_versions_of_the_schemas() -> None:
    """Those that the program writes, also in the document that says what may change."""
    page = " ".join((schemas.FOLDER.parent / "stability.md").read_text().split())
    assert f"`schema_version` is {json_report.VERSION} in JSON and {jsonl.VERSION} in JSON lines" in page
    for name, version in (("policy-audit-lines", jsonl.VERSION), ("policy-audit", json_report.VERSION)):
        schema = json.loads((schemas.FOLDER / f"{name}.json").read_text())
        assert schema["properties"]["schema_version"]["examples"] == [version]
