"""The report as one HTML page with charts, for screen and paper, which loads and runs nothing."""

from collections.abc import Iterator, Sequence
from html import escape

from mfasession import __version__, timestamps
from mfasession.admin import exceptions
from mfasession.admin.findings import AGES, CONTROLS, Account, Row
from mfasession.admin.reports import Report, cells, jsonl
from mfasession.admin.reports.charts import Part, bars, share
from mfasession.admin.reports.page_style import STYLE
from mfasession.text import counted, printable

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The page's content security policy: it may load and run nothing."""
_HEADS = ("Account", "User", "Covered", "By, or what is open", "Administrator", "Devices", "Password", "Keys",
          "Oldest key", "Last used")  # fmt: skip
_ACCOUNT_HEADS = ("Account", "Read (UTC)", "Place in the organization", "Users", "Service control policies",
                  "Root user", "Not read, and notes")  # fmt: skip
_OF_WHAT = (
    "Of the JSON lines of this run, which hold the accounts, users and exceptions of this page. The run writes them "
    "with <code>--output audit.jsonl</code>; then <code>sha256sum audit.jsonl</code> prints this number, unless the "
    "lines have been changed."
)
_NAMED = 5
"""The most accounts in the title."""


def pieces(report: Report) -> Iterator[str]:
    """Yield the page, a user at a time. The rows are read twice, first for the digest."""
    accounts = _named(report)
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n'
        f"<title>MFA audit of {_text(accounts)}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n"
        f"<header>\n<h1>MFA audit</h1>\n<p>Account {_text(accounts)}. "
        "A user is covered when nothing can be done without MFA.</p>\n</header>\n<main>\n"
    )
    yield _origin(report)
    yield _summary(report)
    yield _controls(report)
    yield from _accounts(report)
    yield from _users(report)
    yield "</main>\n</body>\n</html>\n"


def _named(report: Report) -> str:
    """The accounts, for the title."""
    named = ", ".join(each.id for each in report.accounts[:_NAMED])
    more = len(report.accounts) - _NAMED
    return f"{named} and {more:,} more" if more > 0 else named


def _origin(report: Report) -> str:
    """Who made the page, when, of what."""
    when = timestamps.show(int(report.now))
    unread = sum(bool(account.failure) for account in report.accounts)
    paths = sorted({account.path for account in report.accounts if account.path})
    in_part = sum(bool(account.missing or account.notes) for account in report.accounts)
    lacks = [
        *([f"{counted(unread, 'account was', 'accounts were')} not read"] if unread else []),
        *([f"{counted(in_part, 'account was', 'accounts were')} read in part or with notes"] if in_part else []),
    ]
    facts = {
        "Read as": _text(report.reader.line.removeprefix("as ")),
        "Read": _read(report.accounts),
        "Written": f'<time datetime="{when}">{when}</time> (UTC)',
        "With": f"mfasession {_text(__version__)}, run <code>{_text(report.run)}</code>",
        "Accounts": _text(counted(len(report.accounts), "account")),
        "Organizational units": _text(", ".join(paths) or "not read, or none"),
        "Could not be read": _text("; ".join(lacks) + ': see "Accounts"' if lacks else "nothing: all of it was read"),
        "SHA-256": f"<code>{jsonl.digest(report)}</code><br>{_OF_WHAT}",
    }
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>\n" for name, value in facts.items())
    return (
        f'<section aria-labelledby="origin">\n<h2 id="origin">About this report</h2>\n<dl>\n{listed}</dl>\n</section>\n'
    )


def _read(accounts: Sequence[Account]) -> str:
    """The times between which the accounts were read."""
    times = sorted({timestamps.show(each.read) for each in accounts if each.read})
    if not times:
        return "not at all"
    shown = [f'<time datetime="{when}">{when}</time>' for when in (times[0], times[-1])]
    return f"{' to '.join(shown[: len(times)])} (UTC)"


def _summary(report: Report) -> str:
    counts, totals = report.totals.counts, report.totals
    covered = (
        Part(name="covered", count=counts["covered"], kind="good"),
        Part(name="not covered", count=counts["not covered"], kind="bad"),
        Part(name="not known", count=counts["not known"], kind="open"),
        *([Part(name="excepted", count=counts["excepted"], kind="plain")] if counts["excepted"] else []),
    )
    kinds = ("good", "open", "open", "bad", "plain")
    ages = [Part(name=name, count=totals.ages[name], kind=kind) for name, kind in zip(AGES, kinds, strict=True)]
    admins = ", ".join(totals.admins)
    more = counts["administrators not covered"] - len(totals.admins)
    open_admins = f"{counts['administrators not covered']:,} not covered"
    facts = [
        f"{counted(counts['users'], 'user')}, {counts['with a device']:,} with an MFA device",
        f"{counted(counts['administrators'], 'administrator')}, {open_admins}"
        + (f": {admins}" + (f" and {more:,} more" if more else "") if admins else ""),
        counted(
            counts["passwords without a device"],
            "console password of a user without a device",
            "console passwords of users without a device",
        ),
        f"{counted(counts['active keys'], 'active long-term key')}, {counts['old keys']:,} older than 90 days",
        *(exceptions.line(entry, state) for entry, state in report.exceptions if state != exceptions.IN_USE),
    ]
    listed = "".join(f"<li>{_text(fact)}</li>\n" for fact in facts)
    return (
        f'<section aria-labelledby="summary">\n<h2 id="summary">Summary</h2>\n<ul>\n{listed}</ul>\n'
        f'<div class="charts">\n{_figure("Users", "users", share("users", covered))}'
        f"{_figure('Active keys by age', 'ages', bars('ages', ages))}</div>\n</section>\n"
    )


def _figure(title: str, name: str, drawing: str) -> str:
    return f'<figure>\n<figcaption id="{name}-title">{_text(title)}</figcaption>\n{drawing}</figure>\n'


def _controls(report: Report) -> str:
    rows = []
    for control in CONTROLS:
        tally = report.totals.tally(control)
        numbers = "".join(f'<td class="number">{each:,}</td>' for each in (tally.passed, tally.failed, tally.unknown))
        rows.append(f'<tr><th scope="row">{_text(control.name)}</th><td>{_text(control.says)}</td>{numbers}</tr>\n')
    heads = ("Control", "What is checked", "Pass", "Fail", "Not known")
    begin = _begin(
        "controls", "Controls", "The numbers of users who pass each control", heads, ("Pass", "Fail", "Not known")
    )
    return f"{begin}{''.join(rows)}{_END}"


def _accounts(report: Report) -> Iterator[str]:
    yield _begin("accounts", "Accounts", "What was read, account by account", _ACCOUNT_HEADS, ("Users",))
    for account in report.accounts:
        lacking = [account.failure and f"not read: {account.failure}", *account.notes]
        if account.missing:
            lacking.insert(0, f"not allowed: {', '.join(account.missing)}")
        users = "-" if account.failure else f"{account.users:,}"
        cells_ = (account.path or "-", ", ".join(account.policies) or "-")
        yield (
            f'<tr><th scope="row" class="whole">{_text(account.id)}</th>'
            f"<td>{timestamps.show(account.read) if account.read else '-'}</td><td>{_text(cells_[0])}</td>"
            f'<td class="number">{users}</td><td>{_text(cells_[1])}</td><td>{_text(_root(account))}</td>'
            f"<td>{_text('; '.join(filter(None, lacking)) or 'nothing')}</td></tr>\n"
        )
    yield _END


def _root(account: Account) -> str:
    """What is known of the root user."""
    if account.root_has_device is None:
        return "-"
    device = "has an MFA device" if account.root_has_device else "has no MFA device"
    return f"{device} and {counted(account.root_keys, 'long-term key')}" if account.root_keys else device


def _users(report: Report) -> Iterator[str]:
    yield _begin("users", "Users", "Each user: cover, devices, password and keys", _HEADS)
    for row in report.rows():
        yield _user(row, report.now)
    yield _END


def _user(row: Row, now: float) -> str:
    kind = {"covered": "yes", "not covered": "no-word"}.get(row.verdict, "unknown")
    why, admin, devices, *whole = (_text(cell) for cell in cells.details(row, now))
    details = "".join(f"<td>{cell}</td>" for cell in (why, admin, devices))
    details += "".join(f'<td class="whole">{cell}</td>' for cell in whole)
    mark = ' class="no"' if row.covered is False else ""
    return (
        f'<tr{mark}><td class="whole">{_text(row.account)}</td><th scope="row">{_text(row.user)}</th>'
        f'<td class="whole {kind}">{cells.covered(row)}</td>{details}</tr>\n'
    )


def _begin(name: str, title: str, caption: str, heads: Sequence[str], numbers: Sequence[str] = ()) -> str:
    """A section that is one table, up to its first row. `numbers`: the heads of columns of numbers."""
    listed = "".join(f'<th scope="col"{_NUMBER if head in numbers else ""}>{_text(head)}</th>' for head in heads)
    return (
        f'<section aria-labelledby="{name}">\n<h2 id="{name}">{title}</h2>\n'
        f'<div class="wide" role="region" aria-labelledby="{name}-caption" tabindex="0">\n<table>\n'
        f'<caption id="{name}-caption">{_text(caption)}</caption>\n<thead><tr>{listed}</tr></thead>\n<tbody>\n'
    )


_NUMBER = ' class="number"'
_END = "</tbody>\n</table>\n</div>\n</section>\n"


def _text(text: str) -> str:
    return escape(printable(text))
