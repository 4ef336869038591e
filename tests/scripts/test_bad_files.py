"""Files that are unsafe, broken or in the way: a clear error, the right exit code, every byte as it was."""

import os
import shutil
from pathlib import Path

import pytest

from mfasession.sandbox import SandboxUser
from tests.helpers.checks import complaint
from tests.helpers.support import Home, key_pair, need, session_section

COMMANDS = [
    ("login", "--code", "123456"),
    ("env",),
    ("process",),
    ("exec", "--", "true"),
    ("status",),
    ("logout", "--all"),
]
WRITERS = [COMMANDS[0], COMMANDS[-1]]
HALF = "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"
OTHER_HALF = "[default]\naws_secret_access_key = wJalrXUtnFEMI\n"


def as_an_ordinary_user(home: Home, *words: str) -> tuple[int, str, str]:
    """Run mfasession where permission bits count: root gives up the rights that pass them by."""
    around = []
    if os.geteuid() == 0:
        around = [need("setpriv"), "--bounding-set=-dac_override,-dac_read_search,-fowner,-chown"]
    done = home.run_program(*around, "mfasession", *words)
    return done.returncode, done.stdout, done.stderr


def snapshot(home: Home) -> dict[str, bytes]:
    """All files of the AWS folder and their bytes."""
    return {str(path): path.read_bytes() for path in sorted(home.aws.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        (key_pair() + "\n" + key_pair(), 5, "section [default] appears twice"),
        (key_pair() + "aws_access_key_id = AKIATWICE\n", 4, "aws_access_key_id appears twice in section [default]"),
        ("\ufeff" + key_pair(), 1, "starts with a byte order mark"),
        (key_pair() + "# \0\0\n", 4, "holds a NUL byte"),
        (key_pair() + "what is this\n", 4, "neither a section nor key = value"),
    ],
    ids=["twice", "key twice", "bom", "nul", "no key"],
)
def test_a_malformed_credentials_file(home: Home, words: tuple[str, ...], text: str, line: int, fault: str) -> None:
    """No Python tool can read it: which line, what is wrong, and never what the line holds."""
    home.credentials.write_text(text, encoding="utf-8")
    home.credentials.chmod(0o600)
    before = snapshot(home)
    done = home.run(*words)
    merged = ", though some SDKs merge the two" if "twice" in fault else ""
    assert done.returncode == 3
    assert done.stderr == complaint(
        f"{home.credentials}, line {line}: {fault}",
        f"fix line {line}" + ("" if "NUL" in fault else ": botocore and the AWS CLI refuse the file as it is") + merged,
    )
    assert snapshot(home) == before


@pytest.mark.parametrize("words", [COMMANDS[0], *COMMANDS[4:]], ids=lambda words: words[0])
def test_a_fault_elsewhere_is_reported_by_commands_that_read_the_whole_file(home: Home, words: tuple[str, ...]) -> None:
    """A live session is served from its own sections; nothing is ever written to a file that is broken."""
    home.write_credentials("aws_access_key_id = AKIA\n" + key_pair() + session_section())
    before = snapshot(home)
    assert home.run("process").returncode == 0
    done = home.run(*words, *(["--force"] if words[0] == "login" else []))
    assert done.returncode == 3
    assert done.stderr == complaint(
        f"{home.credentials}, line 1: no section header before this line",
        "fix line 1: botocore and the AWS CLI refuse the file as it is",
    )
    assert snapshot(home) == before


@pytest.mark.parametrize("words", COMMANDS[:4], ids=lambda words: words[0])
def test_a_malformed_config_file(home: Home, words: tuple[str, ...]) -> None:
    """The other AWS file is read as strictly."""
    home.write_credentials(key_pair() + session_section())
    home.config.write_text("[default]\nregion\n")
    before = snapshot(home)
    done = home.run(*words)
    assert done.returncode == 3
    assert done.stderr == complaint(
        f"{home.config}, line 2: neither a section nor key = value",
        "fix line 2: botocore and the AWS CLI refuse the file as it is",
    )
    assert snapshot(home) == before


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        (
            HALF,
            "profile default has half a key pair: aws_secret_access_key is missing",
            "aws configure --profile default",
        ),
        (
            OTHER_HALF,
            "profile default has half a key pair: aws_access_key_id is missing",
            "aws configure --profile default",
        ),
        ("[default]\n", "profile default has no long-term key", "aws configure --profile default"),
        (
            key_pair(key_id="ASIAIOSFODNN7EXAMPLE"),
            "profile default holds temporary credentials, not a long-term key",
            "a session is made from a long-term key (AKIA…): put that key pair into the profile",
        ),
        (
            key_pair() + "aws_session_token = FwoGZXIvYXdzEXAMPLE\n",
            "profile default has an aws_session_token beside its long-term key, and AWS refuses the two together",
            "remove the line aws_session_token = … from section [default] of the AWS files",
        ),
    ],
    ids=["no secret", "no id", "nothing", "ASIA", "token"],
)
def test_an_invalid_key_pair(home: Home, text: str, what: str, hint: str) -> None:
    """trek10inc/awsume#27: half a pair, none, or a session in its place."""
    home.write_credentials(text)
    before = snapshot(home)
    done = home.run("login", "--code", "123456")
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith(f"mfasession: {what}\n  hint: {hint}")
    assert done.stderr.count("\n") == 2
    assert snapshot(home) == before


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_may_use(home: Home, words: tuple[str, ...], mode: int) -> None:
    """Keys that others can read or change are not used, and the hint fixes it."""
    home.write_credentials(key_pair() + session_section(), mode)
    before = snapshot(home)
    done = home.run(*words)
    assert done.returncode == 3
    assert done.stderr == complaint(f"{home.credentials} is open to other users", f"chmod 600 {home.credentials}")
    assert snapshot(home) == before
    assert home.run_program("sh", "-c", done.stderr.rpartition("hint: ")[2]).returncode == 0
    assert home.run("process").returncode == 0


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_file_without_read_permission(home: Home, words: tuple[str, ...]) -> None:
    """What is said when the system says no."""
    home.write_credentials(key_pair() + session_section(), 0o200)
    code, _, stderr = as_an_ordinary_user(home, *words)
    assert code == 3
    assert stderr == complaint(
        f"{home.credentials} cannot be read: no permission",
        f"ls -ld {home.credentials} {home.aws}; chmod u+r {home.credentials}",
    )


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize("kind", ["directory", "fifo"])
def test_something_else_in_its_place(home: Home, words: tuple[str, ...], kind: str) -> None:
    """A directory or a FIFO is reported at once, without waiting for a writer that never comes."""
    if kind == "directory":
        home.credentials.mkdir()
    else:
        os.mkfifo(home.credentials)
    done = home.run(*words)
    what = "a directory" if kind == "directory" else "not a regular file"
    assert done.returncode == 3
    assert done.stderr == complaint(
        f"{home.credentials} is {what}", f"move it away: mv {home.credentials} {home.credentials}.old"
    )


@pytest.mark.parametrize("words", WRITERS, ids=lambda words: words[0])
def test_a_folder_that_cannot_be_written(home: Home, words: tuple[str, ...]) -> None:
    """Reported before a code is spent: nothing is written, nothing is left beside it."""
    home.write_credentials(key_pair() + session_section(expires="2020-01-01T00:00:00Z"))
    before = snapshot(home)
    home.aws.chmod(0o500)
    try:
        code, stdout, stderr = as_an_ordinary_user(home, *words)
    finally:
        home.aws.chmod(0o700)
    assert (code, stdout) == (7, "")
    assert stderr == complaint(
        f"{home.credentials} was not written: no permission in its folder", f"ls -ld {home.aws}; chmod u+rwx {home.aws}"
    )
    assert snapshot(home) == before


def test_a_live_session_needs_no_writing(home: Home) -> None:
    """A home that is read-only, as in a container: what is kept there serves."""
    home.write_credentials(key_pair() + session_section())
    home.write_settings('duration = "8h"\n')
    home.aws.chmod(0o500)
    home.folder.chmod(0o500)
    try:
        for words in (("env",), ("process",), ("exec", "--", "true"), ("login",), ("status", "-p", "default")):
            code, _, stderr = as_an_ordinary_user(home, *words)
            assert code == 0, stderr
    finally:
        home.folder.chmod(0o700)
        home.aws.chmod(0o700)


def test_a_home_that_cannot_be_written_has_no_lock(home: Home) -> None:
    """Without a lock there is no login: which folder, and how to fix it."""
    home.write_credentials(key_pair())
    home.folder.chmod(0o500)
    try:
        code, stdout, stderr = as_an_ordinary_user(home, "login", "--code", "123456")
    finally:
        home.folder.chmod(0o700)
    assert (code, stdout) == (7, "")
    assert stderr.startswith(f"mfasession: {home.folder}/.local")
    assert "\n  hint: " in stderr


def test_a_folder_that_anyone_may_write(home: Home) -> None:
    """Another user could put a file of theirs in its place."""
    home.write_credentials(key_pair())
    home.aws.chmod(0o777)
    done = home.run("login", "--code", "123456")
    assert (done.returncode, done.stderr) == (
        3,
        complaint(f"{home.credentials} is not safe: other users can write in {home.aws}", f"chmod o-w {home.aws}"),
    )


def test_a_circle_of_links(home: Home) -> None:
    """Neither read nor waited for."""
    home.credentials.symlink_to(home.credentials)
    done = home.run("login", "--code", "123456")
    assert (done.returncode, done.stderr) == (
        3,
        complaint(f"{home.credentials} cannot be read: its symbolic links form a loop", f"rm {home.credentials}"),
    )


def test_the_folder_of_the_aws_files_may_be_missing(home: Home, tmp_path: Path) -> None:
    """No ~/.aws at all is a first run, not a failure of its own."""
    shutil.rmtree(home.aws)
    done = home.run("login")
    assert (done.returncode, done.stderr) == (
        3,
        complaint("there is no profile default", "mfasession init -p default"),
    )
    assert not (tmp_path / ".aws").exists()


def test_a_nested_value_without_an_equals_sign(alices_home: Home, alice: SandboxUser) -> None:
    """The AWS CLI refuses the file and quotes the line; here it is the file and the number of the line."""
    alices_home.config.write_text("[default]\nregion = eu-west-1\ns3 =\n  addressing_style = path\n  signature v4\n")
    done = alices_home.run("login", "--code", alice.devices[0].code())
    assert done.returncode == 3
    assert done.stderr == complaint(
        f"{alices_home.config}, line 5: a nested value without =",
        "fix line 5: botocore and the AWS CLI refuse the file as it is, though some SDKs read it",
    )


def test_a_section_twice_in_the_configuration(alices_home: Home) -> None:
    """File, line, and the truth: the SDKs for Java, Rust, Go and JavaScript merge the two."""
    alices_home.config.write_text("[profile work]\nregion = eu-west-1\n[profile work]\noutput = json\n")
    done = alices_home.run("login", "-p", "work")
    assert done.returncode == 3
    assert done.stderr == complaint(
        f"{alices_home.config}, line 3: section [profile work] appears twice",
        "fix line 3: botocore and the AWS CLI refuse the file as it is, though some SDKs merge the two",
    )
