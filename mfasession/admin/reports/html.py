"""The report as one HTML page with charts, for screen and paper, which loads and runs nothing."""

from collections.abc import Iterator, Sequence
from html import escape

from mfasession import timestamps
from mfasession.admin import exceptions
from mfasession.admin.findings import AGES, CONTROLS, Account, Row
from mfasession.admin.reports import Report, cells
from mfasession.admin.reports.charts import Part, bars, share
from mfasession.text import counted, printable

STYLE = """
:root { color-scheme: light dark; --good: #1a7f37; --bad: #cf222e; --open: #9a6700; --line: #8885; --soft: #8882; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #f85149; --open: #d29922; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1, h2 { line-height: 1.2; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { position: sticky; top: 0; background: Canvas; overflow-wrap: normal; }
tbody th { min-width: 4rem; } td:first-child, td:last-child { white-space: nowrap; }
tr.no { background: var(--soft); }
td.number { text-align: right; }
.yes { color: var(--good); } .no-word { color: var(--bad); font-weight: 600; } .unknown { color: var(--open); }
.charts { display: flex; flex-wrap: wrap; gap: 2rem; }
figure { margin: 0; flex: 1 1 20rem; }
figcaption { font-weight: 600; }
svg { width: 100%; height: auto; }
svg text { fill: CanvasText; font: 13px system-ui, sans-serif; }
svg .good { fill: var(--good); } svg .bad { fill: var(--bad); } svg .open { fill: var(--open); }
svg .plain { fill: GrayText; } svg .ground { fill: var(--soft); }
@media print {
  body { margin: 0; max-width: none; font-size: 10pt; } table { font-size: 9pt; }
  thead th { position: static; } thead { display: table-header-group; } tr, figure { break-inside: avoid; }
}
""".strip()
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The page's content security policy: it may load and run nothing."""
_HEADS = ("Account", "User", "Covered", "By, or what is open", "Administrator", "Devices", "Password", "Keys",
          "Oldest key", "Last used")  # fmt: skip
_NAMED = 5
"""The most accounts in the title."""


def pieces(report: Report) -> Iterator[str]:
    """Yield the page, a user at a time."""
    when = timestamps.show(int(report.now))
    accounts = ", ".join(each.id for each in report.accounts[:_NAMED])
    if len(report.accounts) > _NAMED:
        accounts += f" and {len(report.accounts) - _NAMED:,} more"
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n'
        f"<title>MFA audit of {_text(accounts)}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n"
        f"<header>\n<h1>MFA audit</h1>\n<p>Account {_text(accounts)}, "
        f'<time datetime="{when}">{when}</time>. '
        f"Read {_text(report.reader.line)}. "
        "A user is covered when nothing can be done without MFA.</p>\n</header>\n<main>\n"
    )
    yield _summary(report)
    yield _controls(report)
    yield from _users(report)
    yield "</main>\n</body>\n</html>\n"


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
    open_admins = f"{counts['administrators not covered']:,} of them not covered"
    facts = [
        f"{counted(counts['users'], 'user')}, {counts['with a device']:,} of them with an MFA device",
        f"{counted(counts['administrators'], 'administrator')}, {open_admins}"
        + (f": {admins}" + (f" and {more:,} more" if more else "") if admins else ""),
        counted(
            counts["passwords without a device"],
            "console password of a user without a device",
            "console passwords of users without a device",
        ),
        f"{counted(counts['active keys'], 'active long-term key')}, {counts['old keys']:,} of them older than 90 days",
        *(exceptions.line(entry, state) for entry, state in report.exceptions if state != exceptions.IN_USE),
        *(fact for account in report.accounts for fact in _about(account)),
    ]
    listed = "".join(f"<li>{_text(fact)}</li>\n" for fact in facts)
    return (
        f'<section aria-labelledby="summary">\n<h2 id="summary">Summary</h2>\n<ul>\n{listed}</ul>\n'
        f'<div class="charts">\n{_figure("Users", "users", share("users", covered))}'
        f"{_figure('Active keys by age', 'ages', bars('ages', ages))}</div>\n</section>\n"
    )


def _about(account: Account) -> Iterator[str]:
    """Notes about an account besides its users."""
    if account.root_has_device is not None:
        has = "has an MFA device" if account.root_has_device else "has no MFA device"
        yield f"the root user of {account.id} {has}" + (" and has long-term keys" if account.root_keys else "")
    if account.missing:
        yield f"not allowed in {account.id}, and so not in this report: {', '.join(account.missing)}"
    yield from (f"{account.id}: {note}" for note in account.notes)


def _figure(title: str, name: str, drawing: str) -> str:
    return f'<figure>\n<figcaption id="{name}-title">{_text(title)}</figcaption>\n{drawing}</figure>\n'


def _controls(report: Report) -> str:
    rows = []
    for control in CONTROLS:
        tally = report.totals.tally(control)
        numbers = "".join(f'<td class="number">{each:,}</td>' for each in (tally.passed, tally.failed, tally.unknown))
        rows.append(f'<tr><th scope="row">{_text(control.name)}</th><td>{_text(control.says)}</td>{numbers}</tr>\n')
    return (
        '<section aria-labelledby="controls">\n<h2 id="controls">Controls</h2>\n<table>\n'
        f"{_head(('Control', 'What is checked', 'Pass', 'Fail', 'Not known'))}<tbody>\n{''.join(rows)}</tbody>\n"
        "</table>\n</section>\n"
    )


def _users(report: Report) -> Iterator[str]:
    yield (f'<section aria-labelledby="users">\n<h2 id="users">Users</h2>\n<table>\n{_head(_HEADS)}<tbody>\n')
    for row in report.rows():
        yield _user(row, report.now)
    for account in report.accounts:
        if account.failure:
            yield (
                f'<tr class="no"><td>{_text(account.id)}</td>'
                f'<td class="unknown" colspan="{len(_HEADS) - 1}">not read: {_text(account.failure)}</td></tr>\n'
            )
    yield "</tbody>\n</table>\n</section>\n"


def _user(row: Row, now: float) -> str:
    kind = {True: "yes", False: "no-word", None: "unknown"}[row.covered]
    details = "".join(f"<td>{_text(cell)}</td>" for cell in cells.details(row, now))
    mark = ' class="no"' if row.covered is False else ""
    return (
        f'<tr{mark}><td>{_text(row.account)}</td><th scope="row">{_text(row.user)}</th>'
        f'<td class="{kind}">{cells.covered(row)}</td>{details}</tr>\n'
    )


def _head(names: Sequence[str]) -> str:
    listed = "".join(f'<th scope="col">{_text(name)}</th>' for name in names)
    return f"<thead><tr>{listed}</tr></thead>\n"


def _text(text: str) -> str:
    return escape(printable(text))
