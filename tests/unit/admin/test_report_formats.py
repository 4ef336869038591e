"""Every format of an audit's report, of any names in any script: valid, whole, and nothing but text in it."""

import csv
import hashlib
import io
import json
import re
from collections import Counter
from functools import cache
from xml.etree import ElementTree as ET

import jsonschema
import junitparser
import pytest
from hypothesis import given, settings
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from mfasession import timestamps
from mfasession.admin.exceptions import EXPIRED, Entry
from mfasession.admin.findings import DAY, Account, KnownException
from mfasession.admin.reports import Report, html, jsonl, junit, ocsf, page_style, sarif, table
from mfasession.admin.reports import csv as csv_report
from mfasession.admin.reports import json as json_report
from mfasession.aws.model import KeyUse
from mfasession.text import printable
from tests.helpers import schemas
from tests.helpers.made_reports import ACCOUNT, NOW, OTHER, UNREAD, report, reports, row

FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def check_json_lines(report: Report) -> None:
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


def check_json(report: Report) -> None:
    """Valid against the schema, with the users and totals of the lines."""
    text = "".join(json_report.pieces(report))
    assert schemas.invalid(schemas.FOLDER / "policy-audit.json", text) == []
    whole = json.loads(text)
    lines = [each for each in jsonl.records(report) if each["kind"] == "user"]
    assert [each["arn"] for each in whole["users"]] == [each["arn"] for each in lines]
    for verdict in ("covered", "not covered", "excepted", "not known"):
        assert whole["totals"].get(verdict, 0) == sum(each["verdict"] == verdict for each in lines)


def check_csv_has_no_formula(report: Report) -> None:
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


@cache
def published_ocsf() -> jsonschema.Draft202012Validator:
    """The schema of a Compliance Finding with the profiles that ours name, as schema.ocsf.io publishes it."""
    published = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=ocsf.VERSION))
    name = published.lookup_class_name_from_uid(class_uid=ocsf.CLASS)
    return jsonschema.Draft202012Validator(published.get_class_schema(name, profiles=["cloud", "datetime"]))


def check_ocsf(report: Report) -> None:
    """Valid against the published schema: a finding for each user, and names of numbers as the schema has them."""
    findings = [json.loads(line) for line in "".join(ocsf.pieces(report)).splitlines()]
    assert [error.message for finding in findings for error in published_ocsf().iter_errors(finding)] == []
    users = [finding for finding in findings if finding["resources"][0]["type"] == "AWS::IAM::User"]
    assert Counter(each["unmapped"]["verdict"] for each in users) == Counter(row.verdict for row in report.rows())
    assert len({finding["metadata"]["uid"] for finding in findings}) == len(
        {f["finding_info"]["uid"] for f in findings}
    )


def test_ocsf_calls_numbers_what_the_schema_does() -> None:
    """Each `…_id` has the caption beside it."""
    published = get_ocsf_schema(version=ocsf.VERSION)
    finding, compliance = published["classes"]["compliance_finding"], published["objects"]["compliance"]
    for line in ocsf.pieces(every_verdict()):
        found = json.loads(line)
        for name in ("activity", "severity", "status"):
            shown = found["activity_name" if name == "activity" else name]
            assert finding["attributes"][f"{name}_id"]["enum"][str(found[f"{name}_id"])]["caption"] == shown
        for each in (found["compliance"], *found["compliance"]["checks"]):
            assert compliance["attributes"]["status_id"]["enum"][str(each["status_id"])]["caption"] == each["status"]


def every_verdict() -> Report:
    """A report with each verdict, an account that was not read, one that was read in part, and an ended exception."""
    known = KnownException(reason="break glass", owner="ops@example.org", until="2999-12-31")
    rows = [
        row("covered", covered=True, by=("group staff",), admin=True),
        row("open", covered=False, open=("s3:*", "ec2:*"), admin=False, works_with_mfa=True),
        row("root-like", covered=False, open=("*",), admin=True, works_with_mfa=True),
        row("excepted", covered=False, open=("*",), exception=known),
        row("unknown", OTHER),
    ]
    entry = Entry(user="gone-*", account="*", reason="r", owner="o", until="2020-01-01")
    part = Account(id="444444444444", users=0, missing=("iam:GetCredentialReport",))
    return report(rows, Account(id=UNREAD, failure="AWS denied AssumeRole"), part, exceptions=[(entry, EXPIRED)])


def test_a_user_has_one_finding_and_each_ended_exception_its_own() -> None:
    """The uid of a user is the same whatever is found; exceptions of one name differ by account and last day."""
    found = [[*ocsf.pieces(report([row(covered=covered)]))] for covered in (True, False, None)]
    uids = {json.loads(line)["finding_info"]["uid"] for (line,) in found}
    assert uids == {f"mfasession/user-not-covered/arn:aws:iam::{ACCOUNT}:user/alice"}
    entries = [
        Entry(user="ci", account=account, reason="r", owner="o", until=until)
        for account in (ACCOUNT, OTHER, "*") for until in ("2020-01-01", "2021-01-01")
    ]  # fmt: skip
    ended = report([], exceptions=[(entry, EXPIRED) for entry in entries])
    assert len({json.loads(line)["finding_info"]["uid"] for line in ocsf.pieces(ended)}) == len(entries)
    results = json.loads("".join(sarif.pieces(ended)))["runs"][0]["results"]
    assert len({each["partialFingerprints"]["primaryLocationLineHash"] for each in results}) == len(entries)


@pytest.mark.parametrize(("days", "is_old"), [(90.5, False), (91, True)])
def test_the_age_of_a_key_is_in_whole_days(days: float, is_old: bool) -> None:  # noqa: FBT001  # the case
    """The page, the lines and the chart agree where 90 days end."""
    key = KeyUse(is_active=True, created=int(NOW - days * DAY), last_used=0)
    made = report([row(covered=True, keys=(key,))])
    _, line = jsonl.records(made)
    assert (line["oldest_active_key_days"] > 90) is is_old
    assert (made.totals.counts["old keys"], made.totals.ages["to 90 days"]) == (int(is_old), int(not is_old))


def test_every_format_says_when_an_account_was_read() -> None:
    """By an earlier run, as somebody else: 40 days before the report."""
    made = report([row(covered=True)])
    (account,) = made.accounts
    earlier = "arn:aws:iam::111111111111:user/earlier"
    made = made.replace(accounts=(account.replace(read=NOW - 40 * DAY, read_as=earlier),))
    when = timestamps.show(NOW - 40 * DAY)
    for form in (table, csv_report, json_report, jsonl, html, ocsf):
        assert when in "".join(form.pieces(made)), form
    for form in (table, csv_report, json_report, jsonl, ocsf):
        assert earlier in "".join(form.pieces(made)), form
    assert f'timestamp="{when[:-1]}"' in "".join(junit.pieces(made))


def test_ocsf_of_each_verdict() -> None:
    """Result, severity and state; the controls are checks; the place of the account is in `cloud`."""
    found = [json.loads(line) for line in ocsf.pieces(every_verdict())]
    assert [
        (each["resources"][0]["name"], each["compliance"]["status"], each["severity"], each["status"]) for each in found
    ] == [
        ("covered", "Pass", "Informational", "Resolved"),
        ("open", "Fail", "High", "New"),
        ("root-like", "Fail", "Critical", "New"),
        ("excepted", "Fail", "Low", "Suppressed"),
        ("unknown", "Unknown", "Medium", "New"),
        ("account", "Unknown", "Medium", "New"),
        ("account", "Warning", "Low", "New"),
        ("gone-*", "Fail", "High", "New"),
    ]
    assert found[1]["message"] == f"user open in {ACCOUNT} can act without MFA: s3:*, ec2:*"
    assert {check["uid"]: check["status"] for check in found[1]["compliance"]["checks"]} == {
        "SOC 2 TSC 2017 CC6.1": "Fail",
        "PCI DSS 4.0.1 8.4.2": "Fail",
        "CIS AWS Foundations 3.0 1.10": "Unknown",
        "CIS AWS Foundations 7.0 2.10": "Unknown",
    }
    assert found[0]["cloud"]["account"]["uid"] == ACCOUNT


def check_sarif(report: Report) -> None:
    """Valid against the published schema; a result for each user who is not covered; paths that need no escaping."""
    log = json.loads("".join(sarif.pieces(report)))
    assert schemas.sarif_faults(log) == []
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    users = [each for each in run["results"] if each["ruleId"] in ("user-not-covered", "cover-not-known")]
    assert len(users) == sum(not row.covered for row in report.rows())
    uris = [each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run["results"]]
    assert all(re.fullmatch(r"[A-Za-z0-9/._~%-]+", uri) for uri in uris)


def test_sarif_of_each_verdict() -> None:
    """Rules and levels; what is excepted is suppressed, with the reason; a place and a fingerprint for GitHub."""
    (run,) = json.loads("".join(sarif.pieces(every_verdict())))["runs"]
    results = run["results"]
    assert [(each["ruleId"], each["level"], "suppressions" in each) for each in results] == [
        ("user-not-covered", "error", False),
        ("user-not-covered", "error", False),
        ("user-not-covered", "error", True),
        ("cover-not-known", "warning", False),
        ("account-not-read", "error", False),
        ("account-read-in-part", "note", False),
        ("exception-ended", "error", False),
    ]
    assert results[2]["suppressions"][0]["justification"] == "break glass (ops@example.org), until 2999-12-31"
    assert results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == f"{ACCOUNT}/open"
    again = json.loads("".join(sarif.pieces(every_verdict())))["runs"][0]["results"]
    prints = [each["partialFingerprints"]["primaryLocationLineHash"] for each in results]
    assert prints == [each["partialFingerprints"]["primaryLocationLineHash"] for each in again]
    assert len(set(prints)) == len(prints)


def check_junit(report: Report) -> None:
    """A reader of JUnit's XML finds each account as a suite and each user as a case; the numbers are right."""
    text = "".join(junit.pieces(report))
    root = ET.fromstring(text)  # noqa: S314  # our own
    suites = junitparser.JUnitXml.fromstring(text.encode())
    assert [suite.get("name") for suite in root] == [*(each.id for each in report.accounts), "exceptions"]
    for element, suite in zip(root, suites, strict=True):
        written = (suite.tests, suite.failures, suite.errors, suite.skipped)
        counted = Counter(child.tag for case in element for child in case)
        assert written == (len(element), counted["failure"], counted["error"], counted["skipped"])
    assert sum(len(suite) for suite in root) == int(root.get("tests", ""))
    assert int(root.get("failures", "")) == 1 + sum(row.verdict == "not covered" for row in report.rows())


def test_junit_of_each_verdict() -> None:
    """Covered passes, excepted is skipped, unknown is an error."""
    cases = ET.fromstring("".join(junit.pieces(every_verdict()))).iter("testcase")  # noqa: S314  # our own
    assert [(case.get("classname"), case.get("name"), *(child.tag for child in case)) for case in cases] == [
        (ACCOUNT, "account"),
        (ACCOUNT, "covered"),
        (ACCOUNT, "open", "failure"),
        (ACCOUNT, "root-like", "failure"),
        (ACCOUNT, "excepted", "skipped"),
        (OTHER, "account"),
        (OTHER, "unknown", "error"),
        (UNREAD, "account", "error"),
        ("444444444444", "account", "system-out"),
        ("*", "gone-*", "failure"),
    ]


@pytest.mark.parametrize("scheme", [page_style.LIGHT, page_style.DARK], ids=["light", "dark"])
def test_contrast(scheme: dict[str, str]) -> None:
    """Text has 4.5:1 on each ground (WCAG 2.2, 1.4.3), parts of charts 3:1 (1.4.11)."""
    for ground in ("paper", "soft"):
        for text in ("ink", "good", "bad", "open"):
            assert contrast(scheme[text], scheme[ground]) >= 4.5, (text, ground)
    for part in ("good", "bad", "open", "plain", "line"):
        assert contrast(scheme[part], scheme["paper"]) >= 3, part


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as in #1f2328 (WCAG 2.2, "contrast ratio")."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_one_of_everything_is_not_a_plural() -> None:
    """`1 user`, never `1 users`, in what people read."""
    key = KeyUse(is_active=True, created=NOW - 400 * DAY, last_used=0)
    alone = report([row(covered=False, open=("*",), admin=True, has_password=True, has_device=False, keys=(key,))])
    (account,) = alone.accounts
    alone = alone.replace(accounts=(account.replace(root_has_device=True, root_keys=1, notes=("a note",)),))
    for form in (html, table, junit, sarif):
        text = "".join(form.pieces(alone))
        assert not re.findall(r"\b1 (?:[a-z-]+ ){0,2}(?:users|accounts|keys|administrators|passwords|devices)\b", text)
    assert "1 active long-term key, 1 older than 90 days" in "".join(html.pieces(alone))


def check_html(report: Report) -> None:
    """Well-formed but for HTML's own empty elements; names are text, and ids are there once."""
    text = "".join(html.pieces(report))
    body = text[text.index("<body>") : text.index("</html>")].replace("<br>", "<br/>")
    root = ET.fromstring(body)  # noqa: S314  # our own
    assert not {element.tag for element in root.iter()} & {"script", "img", "iframe", "a", "link"}
    users = root.findall("./main/section[@aria-labelledby='users']//tbody/tr")
    assert [user[1].text or "" for user in users] == [printable(row.user) for row in report.rows()]
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert f"<code>{jsonl.digest(report)}</code>" in text


def test_the_page_breaks_no_verdict_and_no_date() -> None:
    """An excepted user is open on purpose: not marked as one who is not covered."""
    text = "".join(html.pieces(every_verdict()))
    found = re.findall(r'<th scope="row">([^<]+)</th><td class="whole ([a-z-]+)">([a-z-]+)</td>', text)
    assert found == [
        ("covered", "yes", "yes"),
        ("open", "no-word", "no"),
        ("root-like", "no-word", "no"),
        ("excepted", "unknown", "excepted"),
        ("unknown", "unknown", "-"),
    ]


@settings(max_examples=60)
@given(reports())
def test_any_names_in_any_script(report: Report) -> None:
    """Every format is valid and whole, whatever the names are."""
    for check in (
        check_json_lines, check_json, check_csv_has_no_formula, check_ocsf, check_sarif, check_junit, check_html,
    ):  # fmt: skip
        check(report)
