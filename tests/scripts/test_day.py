"""docs/day.md: its commands print what it shows, in one bash with the hook, against the sandbox."""

import re
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.support import Home, need

PAGE = Path(__file__).parents[2] / "docs/day.md"
PROMPT = re.compile(r"((?:\[mfa [^]]*\] )?)\$(?: (.*))?")


def transcript() -> list[str]:
    """Return the lines of the page's blocks, without the question, which is for a terminal."""
    blocks = re.findall(r"^```console\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if not line.startswith("MFA code for ")]


def constant(line: str) -> str:
    """Return a line without what is another one each time."""
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|\d+:\d\d", "TIME", line)


@pytest.fixture
def day(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> Home:
    """The page's profiles, bucket and script; the codes come from a program."""
    role = aws.add_role(f"deploy-{alice.name}", trusted=[alice.arn])
    region = "region = eu-west-1\n"
    as_role = f"role_arn = {role.arn}\nsource_profile = default\n"
    alices_home.config.write_text(f"[default]\n{region}[profile prod]\n{region}{as_role}")
    del alices_home.environ["AWS_REGION"]
    url = f"{aws.control_url}/code?device={alice.devices[0].name}"
    alices_home.write_settings(f'code = {{ command = ["curl", "-s", "{url}"] }}\n')
    script = alices_home.folder / "deploy.sh"
    script.write_text("#!/bin/sh\necho deployed\n")
    script.chmod(0o755)
    return alices_home


def test_the_page_is_what_bash_shows(day: Home, alice: SandboxUser) -> None:
    """Each command with its prompt before it, and what it prints."""
    lines = transcript()
    prompts = [found for line in lines if (found := PROMPT.fullmatch(line))]
    script = ['eval "$(mfasession shell init bash)"', "exec 2>&1"]
    for prompt in prompts:
        script += ["__mfasession_hook", f"echo \"${{MFASESSION_PS}}\\$ \"'{prompt[2] or ''}'", prompt[2] or ""]
    bucket = "mfasession exec -- aws s3 mb s3://team-reports >&2"
    assert day.run_program("bash", "-c", bucket).returncode == 0
    done = day.run_program(need("bash"), "--norc", "-c", "\n".join(script))
    shown = [constant(line.rstrip()) for line in done.stdout.splitlines()]
    # Other tests have made users and buckets of their own in this account.
    shown = [line.replace(f"deploy-{alice.name}/{alice.name}", "deploy/alice") for line in shown]
    assert [line for line in shown if not re.match("TIME (?!team-)", line)] == list(map(constant, lines))
