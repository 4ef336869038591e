"""docs/organisation.md: its commands, as they stand, against the sandbox."""

import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox
from tests.helpers.auditing import Estate
from tests.helpers.sandbox_clients import client
from tests.helpers.support import BIN, Home

pytestmark = pytest.mark.checkout
DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "organisation.md").read_text()
NOT_RUN = ("python3 -m pip install ", "prowler ")
"""What would load from a package index, and a program that needs hundreds of packages."""


def commands() -> list[str]:
    """The commands of the page's shell blocks, each in one line."""
    blocks = re.findall(r"^```(?:sh|console)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    lines = [line.removeprefix("$ ") for line in "".join(blocks).replace("\\\n", " ").splitlines()]
    return [line for line in lines if not line.startswith(NOT_RUN)]


def test_the_commands_of_the_page(estate: Estate, aws: Sandbox) -> None:
    """In their order, in a folder with a copy of the files, with the AWS CLI; the exit code is 0, or the answer."""
    home, key = estate.home, aws.root_key()
    shutil.copytree(DOCS / "organisation", home.folder, dirs_exist_ok=True)
    (home.folder / "function").mkdir()
    home.environ |= {
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret_access_key.reveal(),
        "PATH": f"{BIN}:{home.environ['PATH']}",
    }
    client(aws, "organizations", key).create_organization(FeatureSet="ALL")
    client(aws, "s3", key).create_bucket(Bucket="code-bucket")
    for command in commands():
        done = home.run_program("bash", "-c", command)
        # alice may do everything without MFA.
        expected = 1 if command.startswith("mfasession policy audit") else 0
        assert done.returncode == expected, f"{command}\n{done.stderr}"
    lines = (home.folder / "audit.jsonl").read_text().splitlines()
    assert [json.loads(line)["user"] for line in lines] == [None, "alice"]
    assert "audit_accounts.py" in uploaded(aws)
    states = client(aws, "stepfunctions", key)
    (machine,) = states.list_state_machines()["stateMachines"]
    (started,) = states.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
    given = states.describe_execution(executionArn=started["executionArn"])["input"]
    assert json.loads(given) == {"accounts": ["111111111111"]}


def test_our_own_linter(home: Home) -> None:
    """It finds that no role has MFA, which roles of programs never have, and nothing else."""
    files = sorted((DOCS / "organisation").glob("*.yaml"))
    templates = [str(path) for path in files if "AWSTemplateFormatVersion" in path.read_text()]
    assert len(templates) == 3
    done = home.run("policy", "lint", "--format", "json", *templates)
    assert (done.returncode, {each["rule"] for each in json.loads(done.stdout)}) == (0, {"no-mfa"})


def uploaded(aws: Sandbox) -> list[str]:
    """The files of the function's code in the bucket."""
    s3 = client(aws, "s3", aws.root_key())
    (item,) = s3.list_objects_v2(Bucket="code-bucket")["Contents"]
    body = s3.get_object(Bucket="code-bucket", Key=item["Key"])["Body"].read()
    return zipfile.ZipFile(io.BytesIO(body)).namelist()
