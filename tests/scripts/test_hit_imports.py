"""What a hit imports: read from the interpreter's own account of it, through the console script."""

import sys

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import have_session
from tests.helpers.support import Home, imported, key_pair, session_section
from tests.scripts.test_roles import profile

HEAVY = {
    "boto3", "botocore", "keyring", "prompt_toolkit", "argparse", "tomllib", "tomli_w", "json", "re", "typing",
    "dataclasses", "enum", "pathlib", "datetime", "collections", "configparser", "ssl", "socket", "subprocess",
    "threading", "logging", "importlib", "inspect", "hashlib", "mfasession.sandbox", "mfasession.cli.arguments",
}  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [("process",), ("env",), ("env", "--shell", "fish"), ("exec", "--", "true"), ("status",), ("login",)],
    ids=" ".join,
)
@pytest.mark.parametrize(
    "settings", ["", 'store = "file"\n[profiles.default]\nduration = "8h"\n'], ids=["bare", "config"]
)
def test_a_hit_imports_nothing_heavy(home: Home, words: tuple[str, ...], settings: str) -> None:
    """99designs/aws-vault starts in 10 ms: so do we, by importing next to nothing when the session is live."""
    home.write_credentials(key_pair() + session_section())
    if settings:
        home.write_settings(settings)
        assert home.run("process").returncode == 0  # the first run parses the TOML and keeps the result
    modules = imported(home, *words)
    assert modules & {"mfasession.cli"}
    assert not {module for module in modules if module in HEAVY or module.split(".")[0] in HEAVY}
    # The grammar of AWS files, and the paths that only changes need.
    assert not modules & {"mfasession.awsfiles.ini", "mfasession.files.paths", "mfasession.errors.refusals"}
    assert len(modules) <= 21, sorted(modules)


@pytest.mark.parametrize(
    "words", [("process",), ("env",), ("exec", "--", "true"), ("status",), ("login",)], ids=" ".join
)
def test_a_hit_in_the_kernels_keyring_imports_nothing_heavy(
    alices_home: Home, alice: SandboxUser, words: tuple[str, ...]
) -> None:
    """Not even ctypes, a fifth of a hit."""
    alices_home.write_settings('store = "kernel"\n')
    done = alices_home.run("login", "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    try:
        modules = imported(alices_home, *words)
    finally:
        assert alices_home.run("logout").returncode == 0
    assert "mfasession.stores.keyctl" in modules
    assert not {module for module in modules if module in {*HEAVY, "ctypes"} or module.split(".")[0] in HEAVY}
    assert len(modules) <= 36, sorted(modules)


LOADED_BY_BOTO3 = {"boto3", "botocore", "urllib3", "jmespath", "dateutil", "s3transfer"}
FOR_OTHER_NAMES = {"encodings.idna", "stringprep", "unicodedata"}
"""What `socket` and `ssl` load for each host name that they get as text; AWS's are ASCII."""


def needless(modules: set[str]) -> set[str]:
    """Those that a request to STS can do without."""
    return {module for module in modules if module.split(".")[0] in LOADED_BY_BOTO3} | modules & FOR_OTHER_NAMES


def test_a_login_with_a_given_code_is_made_without_boto3(alices_home: Home, alice: SandboxUser) -> None:
    """To load it takes longer, and more memory, than all else."""
    alices_home.config.write_text(f"[default]\nmfa_serial = {alice.devices[0].serial}\n")
    modules = imported(alices_home, "login", "--code", alice.devices[0].code())
    assert "mfasession.aws.sts" in modules
    assert not needless(modules)


@pytest.mark.parametrize("words", [("process",), ("exec", "--", "true"), ("env",)], ids=" ".join)
def test_a_role_is_assumed_without_boto3(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, words: tuple[str, ...]
) -> None:
    """Programs wait for it in the middle of their work."""
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    alices_home.config.write_text(profile("admin", role.arn))
    have_session(alices_home, alice.devices[0])
    modules = imported(alices_home, words[0], "-p", "admin", *words[1:])
    assert "mfasession.aws.sts" in modules
    assert not needless(modules)


@pytest.mark.parametrize(
    "words", [("exec", "--profile", ""), ("login", "-p", "d"), ("env", "--shell", ""), ("status", "--")], ids=" ".join
)
def test_the_tab_key_imports_no_other_command(home: Home, words: tuple[str, ...]) -> None:
    """A completion of one command has no need for what `serve`, `console` or `doctor` load."""
    home.write_credentials(key_pair())
    modules = imported(home, "shell", "complete", "--", *words)
    assert "mfasession.cli.completion" in modules
    others = ("mfasession.server", "mfasession.console", "mfasession.aws.", "mfasession.setup.checks", "asyncio", "ssl")
    changing = ("difflib", "mfasession.files.shared_edit", "mfasession.setup.file_change")
    # argparse itself imports it from Python 3.14 on, for its colours.
    slow = () if sys.version_info >= (3, 14) else ("inspect",)
    assert not [module for module in modules if module.startswith((*others, *changing, *slow))]
