"""The report as JUnit's XML, which CI systems show as tests: a suite for each account, a case for each user.

The form is that which Jenkins, GitLab and GitHub's readers share: `failure` for a user who is not covered, `skipped`
for one who is excepted, `error` for what was not read.
"""

from collections import Counter
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from mfasession import timestamps
from mfasession.admin.exceptions import EXPIRED
from mfasession.admin.reports import Report
from mfasession.admin.reports.problems import IN_PART, UNKNOWN, UNREAD, Problem, of_account, of_exception, of_user
from mfasession.text import printable
from mfasession.values import partition_of

_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}
_EXCEPTIONS = "exceptions"


def pieces(report: Report) -> Iterator[str]:
    """Yield the text, a case at a time. The rows are read twice, first for the numbers."""
    when = _time(int(report.now))
    counts = _counts(report)
    total = sum(counts.values(), Counter[str]())
    yield f'<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="mfasession policy audit"{_numbers(total)}>\n'
    is_open = False
    for account, row in report.pairs():
        if row is None:
            yield "</testsuite>\n" * is_open + _suite(
                account.id, _time(account.read) if account.read else when, counts[account.id]
            )
            yield _case(account.id, "account", of_account(account, partition_of(report.reader.arn)))
            is_open = True
        else:
            yield _case(account.id, row.user, of_user(account, row))
    yield "</testsuite>\n" * is_open
    if report.exceptions:
        yield _suite(_EXCEPTIONS, when, counts[_EXCEPTIONS])
        for entry, state in report.exceptions:
            yield _case(entry.account, entry.user, of_exception(entry) if state == EXPIRED else None)
        yield "</testsuite>\n"
    yield "</testsuites>\n"


def _time(epoch: int) -> str:
    return timestamps.show(epoch).removesuffix("Z")


def _counts(report: Report) -> dict[str, Counter[str]]:
    """The numbers of cases, by suite."""
    found: dict[str, Counter[str]] = {each.id: Counter() for each in report.accounts}
    for account, row in report.pairs():
        problem = of_account(account, "aws") if row is None else of_user(account, row)
        _count(found[account.id], problem)
    found[_EXCEPTIONS] = Counter()
    for entry, state in report.exceptions:
        _count(found[_EXCEPTIONS], of_exception(entry) if state == EXPIRED else None)
    return found


def _count(numbers: Counter[str], problem: Problem | None) -> None:
    numbers["tests"] += 1
    if kind := _kind(problem):
        numbers[_COUNTED[kind]] += 1


def _kind(problem: Problem | None) -> str:
    """The element of a case; empty for one that passes."""
    if problem is None or problem.rule is IN_PART:
        return ""
    if problem.accepted is not None:
        return "skipped"
    return "error" if problem.rule in (UNKNOWN, UNREAD) else "failure"


def _suite(name: str, when: str, numbers: Counter[str]) -> str:
    return f'<testsuite name={_attribute(name)} timestamp="{when}"{_numbers(numbers)}>\n'


def _numbers(numbers: Counter[str]) -> str:
    return "".join(f' {name}="{numbers[name]}"' for name in ("tests", *_COUNTED.values())) + ' time="0"'


def _case(suite: str, name: str, problem: Problem | None) -> str:
    case = f'<testcase classname={_attribute(suite)} name={_attribute(name)} time="0"'
    if problem is None:
        return f"{case}/>\n"
    kind, message = _kind(problem), printable(problem.message)
    if not kind:
        return f"{case}><system-out>{escape(message)}</system-out></testcase>\n"
    if kind == "skipped":
        return f"{case}><skipped message={_attribute(message)}/></testcase>\n"
    said = f"<{kind} type={_attribute(problem.rule.name)} message={_attribute(message)}>"
    return f"{case}>{said}{escape(problem.rule.fix)}</{kind}></testcase>\n"


def _attribute(text: str) -> str:
    return quoteattr(printable(text))
