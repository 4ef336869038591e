"""The table of docs/clients.md: each tool on every way to a session, as the real program does it."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.opened_tools import BUCKET, EVERY_WAY, NAME, TEXT, TOOLS
from tests.helpers.programs import REGION, have_session
from tests.helpers.sandbox_clients import client
from tests.helpers.support import Home

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
COLUMNS = {"`env`": "env", "`exec`": "exec", "`exec --server`": "server", "the file": "file", "`process`": "process"}
"""The heads of the table, and the ways behind them."""


def table() -> Mapping[str, Mapping[str, str]]:
    """Return what the page says of each tool, by way."""
    (found,) = re.findall(r"^\| run \|.*\n(?:\|.*\n)+", PAGE.read_text(), re.MULTILINE)
    heads, _, *rows = ([cell.strip() for cell in line.strip("|\n").split("|")] for line in found.splitlines())
    assert heads[2:] == list(COLUMNS)
    return {row[0].split()[0]: dict(zip(COLUMNS.values(), row[2:], strict=True)) for row in rows}


def fill(home: Home, aws: Sandbox) -> None:
    """Put down what the readers of tables read, with the session that there is."""
    done = home.run("process")
    assert done.returncode == 0, done.stderr
    s3 = client(aws, "s3", json.loads(done.stdout), region=REGION)
    if BUCKET not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=BUCKET, Key=NAME, Body=TEXT)


def test_the_table_names_each_tool_that_is_run() -> None:
    """Each tool in the table has a test, except those tried by hand, in brackets."""
    shown = table()
    by_hand = {name for name, cells in shown.items() if all(cell.startswith("(") for cell in cells.values())}
    assert set(shown) - by_hand == set(TOOLS)
    assert {cell for cells in shown.values() for cell in cells.values()} <= {"yes", "no", "(yes)", "(no)"}


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_on_every_way(alices_home: Home, aws: Sandbox, alice: SandboxUser, tool: str) -> None:
    """Denied with the key alone; then as the table says, and with nothing but the session."""
    words = TOOLS[tool](aws)
    alices_home.environ |= {"AWS_EC2_METADATA_DISABLED": "true", "RESTIC_PASSWORD": "open sesame"}
    if tool != "s3cmd":
        assert alices_home.run_program(*words).returncode != 0
    have_session(alices_home, alice)
    fill(alices_home, aws)
    for way, cell in table()[tool].items():
        if cell.startswith("("):
            continue
        aws.forget_calls()
        done = EVERY_WAY[way](alices_home, TOOLS[tool](aws))
        assert (done.returncode == 0) == (cell == "yes"), f"{way}: {done.stdout}{done.stderr}"
        if cell == "yes":
            calls = [call for call in aws.calls() if call.user in ("", alice.arn)]
            assert {(call.user, call.access_key_id[:4]) for call in calls} == {(alice.arn, "ASIA")}, way
