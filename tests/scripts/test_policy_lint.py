"""`mfasession policy lint`, `explain` and `show`: files, stdin, a policy of the account, and invalid input."""

import json
import os
import re
import shlex
from pathlib import Path

import pytest
import yaml

from mfasession.policy import rule
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers import schemas
from tests.helpers.checks import complaint, have_session, keys_of
from tests.helpers.support import Home

ROOT = Path(__file__).parents[2]
HOLE = json.dumps(rule.document(), indent=2).replace("BoolIfExists", "Bool")
GOOD = json.dumps(rule.document(), indent=2)


@pytest.fixture
def policy(home: Home) -> Path:
    """A file with the rule, but for one word."""
    path = home.folder / "policy.json"
    path.write_text(HOLE)
    return path


def test_a_hole_is_reported_with_its_place_and_its_fix(home: Home, policy: Path) -> None:
    """Nothing is asked of AWS; the exit code is for a CI."""
    done = home.run("policy", "lint", "policy.json")
    assert done.returncode == 1
    assert re.search(r"^policy\.json:18: error: .*\[bool-without-ifexists\]$", done.stdout, re.MULTILINE)
    assert '  should be: "BoolIfExists": {"aws:MultiFactorAuthPresent": …}' in done.stdout
    assert done.stderr == "mfasession: 1 problem\n"
    assert policy.read_text() == HOLE


def test_the_rule_that_we_print_is_right(home: Home) -> None:
    """Information alone does not give exit code 1."""
    shown = home.run("policy", "show")
    done = home.run("policy", "lint", "-", stdin=shown.stdout)
    assert (done.returncode, done.stderr) == (0, "mfasession: no problems\n")


def test_fix_changes_the_file_and_keeps_its_mode(home: Home, policy: Path) -> None:
    """One word is changed; a second time there is nothing to do."""
    policy.chmod(0o640)
    done = home.run("policy", "lint", "--fix", "policy.json")
    assert done.returncode == 0
    assert done.stderr == "mfasession: fixed 1 finding in policy.json\n"
    assert (policy.read_text(), policy.stat().st_mode & 0o777) == (GOOD, 0o640)
    assert home.run("policy", "lint", "--fix", "policy.json").stderr == "mfasession: no problems\n"


def test_fix_of_stdin_prints_the_policy(home: Home) -> None:
    """For pipes: the policy on stdout, what was found on stderr."""
    done = home.run("policy", "lint", "--fix", "-", stdin=HOLE)
    assert (done.returncode, done.stdout) == (0, GOOD)


def test_several_files_in_one_go(home: Home, policy: Path) -> None:
    """Each finding names its file."""
    (home.folder / "good.json").write_text(GOOD)
    done = home.run("policy", "lint", "good.json", policy.name, "--format", "json")
    records = json.loads(done.stdout)
    assert {each["file"] for each in records if each["severity"] == "error"} == {"policy.json"}
    assert {each["fixable"] for each in records if each["rule"] == "bool-without-ifexists"} == {True}


def test_sarif(home: Home, policy: Path) -> None:
    """As code scanning takes it: rules, levels, places."""
    done = home.run("policy", "lint", policy.name, "--format", "sarif")
    report = json.loads(done.stdout)
    assert schemas.sarif_faults(report) == []
    (run,) = report["runs"]
    rules = run["tool"]["driver"]["rules"]
    (error,) = [each for each in run["results"] if each["level"] == "error"]
    assert rules[error["ruleIndex"]]["id"] == error["ruleId"] == "bool-without-ifexists"
    (place,) = error["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "policy.json"
    assert place["physicalLocation"]["region"]["startLine"] == 18


def test_github_annotations(home: Home) -> None:
    """One command a line, whatever the file is called."""
    name = "a,b:c%.json"
    (home.folder / name).write_text(HOLE)
    done = home.run("policy", "lint", name, "--format", "github")
    lines = done.stdout.splitlines()
    assert all(
        re.match(r"::(error|warning|notice) file=a%2Cb%3Ac%25\.json,line=\d+,col=\d+,title=", line) for line in lines
    )
    assert done.stderr == ""


@pytest.mark.parametrize("words", [("lint",), ("explain",)], ids=" ".join)
def test_a_policy_of_the_account(alices_home: Home, aws: Sandbox, alice: SandboxUser, words: tuple[str, ...]) -> None:
    """By its ARN, through the session with MFA: the version in force."""
    arn = aws.add_policy(f"rule-{alice.name}", json.loads(HOLE))
    have_session(alices_home, alice.devices[0])
    done = alices_home.run("policy", *words, arn)
    assert ("sessions without MFA" if words == ("explain",) else "bool-without-ifexists") in done.stdout


@pytest.mark.parametrize("action", ["lint", "explain"])
def test_a_policy_that_the_account_has_not(alices_home: Home, alice: SandboxUser, action: str) -> None:
    """AWS's no, in a line that names the policy, and where to look."""
    have_session(alices_home, alice.devices[0])
    arn = "arn:aws:iam::123456789012:policy/none"
    done = alices_home.run("policy", action, arn)
    hint = "see what there is: mfasession exec -- aws iam list-policies --scope Local"
    assert (done.returncode, done.stdout, done.stderr) == (4, "", complaint(f"there is no policy {arn}", hint))


@pytest.mark.parametrize("action", ["lint", "explain"])
@pytest.mark.parametrize("arn", ["arn:x", "arn:aws:iam::123456789012:role/deploy", "arn:aws:iam::aws:policy/a b"])
def test_an_arn_of_something_else(alices_home: Home, aws: Sandbox, arn: str, action: str) -> None:
    """The command line is wrong: no code is asked for and nothing is sent."""
    before = len(aws.calls())
    done = alices_home.run("policy", action, arn)
    hint = "as in arn:aws:iam::123456789012:policy/NAME; a file of that name is ./arn:…"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", complaint(f"{arn} is not the ARN of a policy", hint))
    assert len(aws.calls()) == before


def test_a_policy_that_one_may_not_read(aws: Sandbox, tmp_path: Path) -> None:
    """What is missing is named, for whoever asks an administrator for it."""
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    bob = aws.add_user("bob-who-may-not-read", [allow])
    device = bob.add_device("phone-bob-who-may-not-read")
    home = Home(tmp_path, {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "eu-west-1"})
    home.write_credentials(keys_of(bob))
    done = home.run("login", "--serial", device.serial, "--code", device.code())
    assert done.returncode == 0, done.stderr
    done = home.run("policy", "explain", aws.add_policy("secret-rule", json.loads(GOOD)))
    assert (done.returncode, done.stdout) == (4, "")
    assert "iam:GetPolicy" in done.stderr
    assert "  hint: " in done.stderr


def test_a_policy_of_aws_may_be_longer_than_ours(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """AWS's own managed policies hold more than IAM takes from others; in a file that is an error still."""
    names = [f"ec2:Get{number:04}" for number in range(900)]
    long = json.loads(HOLE)
    long["Statement"].append({"Effect": "Allow", "Action": names, "Resource": "*"})
    arn = aws.add_policy(f"long-{alice.name}", long)
    have_session(alices_home, alice.devices[0])
    assert "bool-without-ifexists" in alices_home.run("policy", "lint", arn).stdout
    assert "SESSION WITH MFA" in alices_home.run("policy", "explain", arn).stdout
    (alices_home.folder / "long.json").write_text(json.dumps(long))
    assert "too large" in alices_home.run("policy", "lint", "long.json").stderr


def test_a_policy_of_the_account_is_not_fixed_in_place(home: Home) -> None:
    """`policy apply` is for that."""
    done = home.run("policy", "lint", "--fix", "arn:aws:iam::123456789012:policy/x")
    assert done.returncode == 2


BAD = {
    "no JSON": ("{", "not JSON"),
    "a list": ("[]", "not a policy"),
    "another document": ('{"a": 1}', "unknown element 'a'"),
    "a version to come": (GOOD.replace("2012-10-17", "2030-01-01"), "Version must be"),
    "too large": (GOOD.replace('"iam:GetUser"', ",".join(f'"iam:Get{number}"' for number in range(1000))), "too large"),
    "empty": ("", "not JSON"),
    "NUL": ("\0", "not JSON"),
}


@pytest.mark.parametrize("action", ["lint", "explain"])
@pytest.mark.parametrize("case", BAD)
def test_invalid_policies(home: Home, case: str, action: str) -> None:
    """Exit code 3, the line, and no file changed."""
    text, report = BAD[case]
    path = home.folder / "policy.json"
    path.write_text(text)
    done = home.run("policy", action, *(["--fix"] if action == "lint" else []), "policy.json")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("mfasession: policy.json, line ")
    assert report in done.stderr
    assert path.read_text() == text


def test_a_file_that_is_not_there(home: Home) -> None:
    """Not a traceback, and not a policy without a finding."""
    done = home.run("policy", "lint", "policy.json")
    hint = "name a file that holds a policy, as JSON"
    assert (done.returncode, done.stderr) == (3, complaint("there is no file policy.json", hint))


def test_an_operator_that_aws_has_not(home: Home) -> None:
    """`lint` offers the right one, `explain` says that IAM would not take it."""
    (home.folder / "policy.json").write_text(GOOD.replace("BoolIfExists", "BoolIfExist"))
    assert "did you mean BoolIfExists?" in home.run("policy", "lint", "policy.json").stdout
    done = home.run("policy", "explain", "policy.json")
    assert done.returncode == 3
    assert "BoolIfExist" in done.stderr


def test_names_reach_the_terminal_as_text(home: Home) -> None:
    """A policy is another's file: escape sequences in it are shown, not obeyed."""
    text = GOOD.replace("DenyAllWithoutMFA", "\\u001b[31mred").replace('"*"', '"arn:aws:s3:::\\u001b]0;x"')
    (home.folder / "policy.json").write_text(text)
    for action in ("lint", "explain"):
        done = home.run("policy", action, "policy.json")
        assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("written", ["text", "json", "sarif", "github"])
def test_odd_texts_and_file_names_are_shown_in_every_format(home: Home, written: str) -> None:
    """Half a surrogate pair, an escape sequence, a name that is not UTF-8: words, not a traceback, and nothing raw."""
    name = b"caf\xe9 \x1b[1m.json"
    text = GOOD.replace("iam:GetUser", "no\\ud800\\u001b[31m").replace('"*"', '"arn:aws:s3:::a\\"b"')
    Path(os.fsdecode(bytes(home.folder) + b"/" + name)).write_text(text)
    done = home.run("policy", "lint", os.fsdecode(name), "--format", written)
    assert done.returncode == 1
    assert "misspelt-action" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    if written == "sarif":
        (run,) = json.loads(done.stdout)["runs"]
        (uri,) = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run["results"]}
        assert uri == "caf%E9%20%1B%5B1m.json"


def test_one_bad_file_among_several(home: Home, policy: Path) -> None:
    """It is named, the others are checked all the same, and nothing is written into it."""
    (home.folder / "bad.json").write_text("{")
    done = home.run("policy", "lint", "--fix", "bad.json", "none.json", policy.name)
    assert done.returncode == 3
    assert "mfasession: bad.json, line 1: not JSON" in done.stderr
    assert "mfasession: there is no file none.json" in done.stderr
    assert (policy.read_text(), (home.folder / "bad.json").read_text()) == (GOOD, "{")
    assert "policy.json:7: info" in done.stdout


def test_the_hook_of_pre_commit(home: Home, policy: Path) -> None:
    """The definition runs as pre-commit would run it: the entry with the files that match."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert re.search(hook["files"], policy.name)
    assert re.search(hook["files"], "infra/policies/mfa.json")
    assert not re.search(hook["files"], "package.json")
    done = home.run_program(*shlex.split(hook["entry"]), policy.name)
    assert done.returncode == 1


@pytest.mark.parametrize("partition", rule.PARTITIONS)
def test_show_for_a_partition(home: Home, partition: str) -> None:
    """ARNs are of the partition; the evaluator and the linter take it as it is."""
    done = home.run("policy", "show", "--self-service", "--partition", partition)
    assert done.returncode == 0
    assert set(re.findall(r"arn:([a-z-]+):", done.stdout)) == {partition}
    checked = home.run("policy", "lint", "-", "--partition", partition, stdin=done.stdout)
    assert checked.returncode == 0
    other = next(each for each in rule.PARTITIONS if each != partition)
    assert home.run("policy", "lint", "-", "--partition", other, stdin=done.stdout).returncode == 1


def test_on_a_role_it_is_an_error(home: Home) -> None:
    """It would end every role."""
    done = home.run("policy", "lint", "-", "--attached-to", "scp", stdin=GOOD)
    assert done.returncode == 1
    assert "attached-to-roles" in done.stdout


def test_fix_leaves_a_read_only_file(home: Home, policy: Path) -> None:
    """Replacing a file takes no right to it: its own mode says that it is not to be written, also to root."""
    policy.chmod(0o444)
    done = home.run("policy", "lint", "--fix", "policy.json")
    assert done.returncode == 3
    assert done.stderr.endswith("mfasession: policy.json is read-only\n  hint: chmod u+w policy.json\n")
    assert (policy.read_text(), policy.stat().st_mode & 0o777) == (HOLE, 0o444)


def test_a_policy_from_another_command(home: Home) -> None:
    """Bash's `<(…)`: what is only read may be a pipe; what is to be fixed may not, and no hint moves a pipe away."""
    for action in ("explain", "lint", "test"):
        done = home.run_program("bash", "-c", f"mfasession policy {action} <(mfasession policy show)")
        assert done.returncode == 0, done.stderr
    done = home.run_program("bash", "-c", "mfasession policy lint --fix <(mfasession policy show)")
    assert done.returncode == 2
    assert re.fullmatch(
        r"mfasession: /dev/fd/\d+ is a pipe, which cannot be fixed in place\n  hint: fix stdin, .*--fix -\n",
        done.stderr,
    )


def test_a_pipe_in_the_place_of_a_file_that_is_kept(home: Home) -> None:
    """The AWS files are read again and again: no pipe, and no command that would move /dev/fd away."""
    done = home.run_program("bash", "-c", "AWS_CONFIG_FILE=<(echo '[default]') mfasession process")
    assert done.returncode == 3
    assert re.fullmatch(
        r"mfasession: /dev/fd/\d+ is not a regular file\n  hint: name a regular file instead\n",
        done.stderr,
    )
