"""Reports of an audit that no account was read for: any names in any script, for tests of the formats."""

from collections.abc import Sequence

from hypothesis import strategies as st

from mfasession.admin.exceptions import EXPIRED, Entry
from mfasession.admin.findings import Account, KnownException, Row, Totals
from mfasession.admin.reports import Reader, Report
from mfasession.aws.model import KeyUse

NOW = 1_795_500_000
ACCOUNT, OTHER, UNREAD = "111111111111", "222222222222", "333333333333"
AUDITOR = f"arn:aws:sts::{ACCOUNT}:assumed-role/auditor/build-7"
HOSTILE = (
    "=cmd|' /C calc'!A0", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "\uff1d1",
    "</script><script>alert(1)</script>", "<!--", "]]>", "&amp;",
    '"', "'", "a,b", "a\nb", "\x00\x07\x1b[31m", "\u202e\u2066", "\ud800", "Ünïcödé", "用户",
    "مستخدم", "%0A::error::x", "",
)  # fmt: skip
"""Names that would be something else in one of the formats: formulas, markup, ends of lines, escapes, lone surrogates.
IAM allows few of them in the name of a user, and any in a policy, an OU or a file of exceptions."""

names = st.sampled_from(HOSTILE) | st.text(max_size=20)
_times = st.none() | st.integers(0, NOW)
_keys = st.builds(lambda is_active, created, used: KeyUse(is_active=is_active, created=created, last_used=used),
                  st.booleans(), _times, _times)  # fmt: skip
_exceptions = st.builds(
    lambda reason, owner: KnownException(reason=reason, owner=owner, until="2999-12-31"), names, names
)
_known = st.none() | st.booleans()
_lists = st.lists(names, max_size=2).map(tuple)


def report(rows: Sequence[Row], *more: Account, exceptions: Sequence[tuple[Entry, str]] = ()) -> Report:
    """Return the report of these users, and of accounts besides theirs."""
    totals = Totals(NOW)
    for row in rows:
        totals.add(row)
    read = dict.fromkeys(row.account for row in rows)
    counted = (Account(id=each, users=sum(row.account == each for row in rows)) for each in read)
    return Report(
        accounts=(*counted, *more),
        rows=lambda: iter(rows),
        totals=totals,
        now=NOW,
        reader=Reader(arn=AUDITOR, ambient="web identity"),
        run="6a2b1d0e-0f5c-4a53-9d0e-5d1f3a0c7b11",
        exceptions=tuple(exceptions),
    )


def row(user: str = "alice", account: str = ACCOUNT, **fields: object) -> Row:
    """Return the row of a user of whom only the fields are known."""
    return Row(account=account, user=user, arn=f"arn:aws:iam::{account}:user/{user}", **fields)  # type: ignore[arg-type]


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Reports of up to six users in two accounts, one account that was not read, and exceptions."""
    rows = [
        row(
            draw(names), account, covered=draw(_known), by=draw(_lists), open=draw(_lists), admin=draw(_known),
            works_with_mfa=draw(_known), devices=draw(st.none() | _lists), has_device=draw(_known),
            has_password=draw(_known), password_used=draw(_times),
            keys=draw(st.none() | st.lists(_keys, max_size=2).map(tuple)), exception=draw(st.none() | _exceptions),
        )
        for account in (ACCOUNT, OTHER) for _ in range(draw(st.integers(0, 3)))
    ]  # fmt: skip
    unread = Account(
        id=UNREAD,
        failure=draw(names),
        notes=draw(_lists),
        missing=draw(_lists),
        organization="o-ab12",
        unit="ou-ab12-11112222",
        path=draw(names),
    )
    entry = Entry(user=draw(names), account="*", reason=draw(names), owner=draw(names), until="2020-01-01")
    return report(rows, unread, exceptions=[(entry, EXPIRED)])
