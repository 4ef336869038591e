"""`mfasession doctor`: each known way to break a set-up is found, by its name, with a hint, and changes no file."""

import ast
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from mfasession.shells import hooks
from tests.helpers import broken_setups
from tests.helpers.broken_setups import CONFIGURATIONS, CREDENTIALS, ENVIRONMENTS, OUR_CONFIGURATIONS, process
from tests.helpers.doctoring import PAGE, found, records
from tests.helpers.support import PACKAGE, SESSION_ID, Home, key_pair, session_section

NAME = re.compile(r"[a-z]{2,}(-[a-z]+)*-[a-z]{2,}")
ROOT = Path(__file__).parents[2]


def test_nothing_at_all(home: Home) -> None:
    """A machine on which nobody has set up anything."""
    assert found(home) == ["profile-unusable"]


@pytest.mark.parametrize("case", CONFIGURATIONS)
def test_the_configuration_file(home: Home, case: str) -> None:
    """What stands in `~/.aws/config` beside a key pair."""
    home.write_credentials(key_pair())
    home.config.write_text(CONFIGURATIONS[case].text)
    if "endpoint" in case:
        del home.environ["AWS_ENDPOINT_URL"]
    assert CONFIGURATIONS[case].finding in found(home)


def test_each_profile_of_a_circle_once(home: Home) -> None:
    """The chosen one as well, and no other finding follows from it."""
    home.config.write_text(process("default", "b") + process("b", "default"))
    assert [(each["name"], each["profile"]) for each in records(home, "--offline")] == [
        ("process-runs-itself", "default"),
        ("process-runs-itself", "b"),
    ]


def test_a_profile_that_serves_itself(keyring_home: Home) -> None:
    """With its key in the keyring nothing is wrong, and without one it runs itself."""
    assert keyring_home.run("keys", "protect").returncode == 0
    keyring_home.config.write_text(process("default", "default"))
    assert found(keyring_home) == []
    keyring_home.config.write_text(process("work", "work") + process("other", "work-mfa"))
    keyring_home.write_credentials(session_section("other-mfa").replace("other-mfa", "work-mfa"))
    names = [(each["name"], each["profile"]) for each in records(keyring_home, "--offline")]
    assert ("process-runs-itself", "work") in names


@pytest.mark.parametrize("case", CREDENTIALS)
def test_the_credentials_file(home: Home, case: str) -> None:
    """What stands in `~/.aws/credentials`."""
    home.write_credentials(CREDENTIALS[case].text)
    assert CREDENTIALS[case].finding in found(home)


def test_a_role_on_the_profile_of_a_session(home: Home) -> None:
    """AWS tools assume it in place of using the session."""
    home.write_credentials(key_pair() + session_section())
    home.config.write_text("[profile default-mfa]\nrole_arn = arn:aws:iam::123456789012:role/a\n")
    assert "role-on-session-profile" in found(home)


@pytest.mark.parametrize("case", ENVIRONMENTS)
def test_the_environment(home: Home, case: str) -> None:
    """What the shell has set."""
    home.write_credentials(key_pair())
    assert ENVIRONMENTS[case].finding in found(home, environ=ENVIRONMENTS[case].environ)


def test_each_case_is_named_somewhere() -> None:
    """Forty ways and more, each with the issue or the page that names it."""
    for case in broken_setups.ALL:
        is_page = (ROOT / case.named_by).is_file() or case.named_by.startswith("https://docs.aws.amazon.com/")
        assert is_page or re.fullmatch(r"[\w-]+/[\w-]+#\d+", case.named_by), case.named_by
    assert len(broken_setups.ALL) >= 40


def test_a_code_program_that_is_not_installed(home: Home) -> None:
    """Before a code is needed."""
    home.write_credentials(key_pair())
    home.write_settings('code = { command = ["/no/such/ykman"] }\n')
    assert found(home) == ["code-program-not-found"]


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        (".zshrc", 'eval "$(mfasession shell init bash)"\n', "hook-of-another-shell"),
        (".bashrc", "PS1='${MFASESSION_PS}'$PS1\n", "prompt-without-hook"),
        (".cshrc", 'eval "`mfasession shell init bash`"\n', "hook-of-another-shell"),
        (".tcshrc", 'set prompt = "%$MFASESSION_PS%# "\n', "prompt-without-hook"),
        (".config/elvish/rc.elv", "eval (mfasession shell init zsh | slurp)\n", "hook-of-another-shell"),
        (".config/nushell/config.nu", "$env.PROMPT_INDICATOR = {|| $env.MFASESSION_PS }\n", "prompt-without-hook"),
        (".xonshrc", "execx($(mfasession shell init fish))\n", "hook-of-another-shell"),
        (".config/xonsh/rc.xsh", "$PROMPT = '{$MFASESSION_PS}@ '\n", "prompt-without-hook"),
    ],
)
def test_the_hook(home: Home, file: str, text: str, name: str) -> None:
    """A start-up file with the wrong hook, or without one."""
    home.write_credentials(key_pair())
    (home.folder / file).parent.mkdir(parents=True, exist_ok=True)
    (home.folder / file).write_text(text)
    assert found(home) == [name]


@pytest.mark.parametrize(
    ("files", "environ"),
    [
        # `init` writes the hook of fish to a file of its own.
        (
            {
                ".config/fish/conf.d/mfasession.fish": "mfasession shell init fish | source\n",
                ".config/fish/config.fish": "echo $MFASESSION_PS\n",
            },
            {},
        ),
        ({"zsh/.zshrc": 'eval "$(mfasession shell init zsh)"\n'}, {"ZDOTDIR": "zsh"}),
        ({".bashrc": 'test $ZSH && eval "$(mfasession shell init zsh)"\neval "$(mfasession shell init bash)"\n'}, {}),
        ({".bash_profile": 'eval "$(mfasession shell init bash)"\n', ".bashrc": "PS1='$MFASESSION_PS'\n"}, {}),
    ],
    ids=["fish", "ZDOTDIR", "two shells", "two files"],
)
def test_a_hook_that_works(home: Home, files: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """Wherever the shell reads it."""
    home.write_credentials(key_pair())
    for name, text in files.items():
        (home.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (home.folder / name).write_text(text)
    assert found(home, environ={name: str(home.folder / value) for name, value in environ.items()}) == []


def test_the_hooks_that_install_writes(home: Home) -> None:
    """Of every shell, also of nushell, whose file has the hook itself and shows the variable."""
    home.write_credentials(key_pair())
    for name in hooks.names():
        assert home.run("shell", "init", name, "--install", "--yes").returncode == 0
    done = home.run("doctor", "--offline")
    assert re.findall(r"^shell hook +(\w+), in", done.stdout, re.MULTILINE) == list(hooks.names())
    assert found(home) == []


def test_a_keyring_that_is_configured_and_absent(home: Home) -> None:
    """99designs/aws-vault#683: no desktop."""
    home.write_credentials(key_pair())
    home.write_settings('store = "keyring"\n')
    assert found(home) == ["keyring-unusable"]


def test_a_keyring_in_plain_text(home: Home) -> None:
    """One of keyrings.alt, which the user has named."""
    home.write_credentials(key_pair())
    home.write_settings('store = "keyring"\n')
    home.environ["PYTHON_KEYRING_BACKEND"] = "keyrings.alt.file.PlaintextKeyring"
    assert found(home) == ["keyring-in-plain-text"]


def test_a_key_in_plain_text_beside_a_keyring(keyring_home: Home) -> None:
    """Where a keyring could keep it; after `keys protect` nothing is found."""
    assert found(keyring_home) == ["key-in-plain-text"]
    assert keyring_home.run("keys", "protect").returncode == 0
    assert found(keyring_home) == []


def test_no_key(home: Home) -> None:
    """A profile with settings alone."""
    home.config.write_text("[default]\nregion = eu-west-1\n")
    assert found(home) == ["no-key"]


def test_only_the_named_profile(home: Home) -> None:
    """With -p the other profiles are left alone."""
    home.write_credentials(key_pair() + "[work]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n")
    assert found(home) == ["profile-unusable"]
    assert found(home, "-p", "default") == []


def test_profiles_of_other_tools_are_left_alone(home: Home) -> None:
    """Temporary keys, IAM Identity Center and roles of the machine need no session of ours."""
    home.write_credentials(key_pair() + key_pair("their", key_id=SESSION_ID) + "aws_session_token = x\n")
    home.config.write_text(
        "[profile sso]\nsso_session = corp\n[sso-session corp]\nsso_region = eu-west-1\n"
        "[profile machine]\nrole_arn = arn:aws:iam::123456789012:role/a\ncredential_source = Ec2InstanceMetadata\n"
    )
    assert found(home) == []


def test_the_page_has_a_heading_for_each_finding() -> None:
    """In docs/doctor.md, by the name that is printed; and for no other."""
    checks = (PACKAGE / "setup" / "checks").glob("*.py")
    texts = [
        node.value
        for path in checks
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
    ]
    names = {text for text in texts if isinstance(text, str) and NAME.fullmatch(text)}
    headings = re.findall(r"^### ([a-z-]+)$", (ROOT / "docs" / "doctor.md").read_text(), re.MULTILINE)
    assert sorted(headings) == sorted(names)


def test_the_page_is_where_the_project_is() -> None:
    """Its address begins with that of the project's own metadata."""
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
    assert f"{urls['Homepage']}/blob/main/docs/doctor.md" == PAGE


@pytest.mark.parametrize("case", OUR_CONFIGURATIONS)
def test_our_own_configuration(home: Home, case: str) -> None:
    """Every other command exits with 3; here it is one finding, and all that else is wrong is found as well."""
    broken, environ = OUR_CONFIGURATIONS[case], OUR_CONFIGURATIONS[case].environ
    home.write_settings(broken.text)
    home.settings.chmod(broken.mode)
    home.write_credentials(key_pair())
    (home.folder / ".zshrc").write_text('eval "$(mfasession shell init bash)"\n')
    assert home.run("status", environ=environ).returncode == 3
    assert found(home, environ=environ) == [broken.finding, "hook-of-another-shell"]


def test_a_broken_configuration_may_name_another_profile(home: Home) -> None:
    """That there is no profile `default` is not found then, unless it is named."""
    home.write_settings('default_profile = "work"\nstoer = "file"\n')
    home.write_credentials(key_pair("work"))
    assert found(home) == ["config-unusable"]
    assert found(home, "-p", "default") == ["config-unusable", "profile-unusable"]


def test_a_file_that_others_may_read_hides_nothing(home: Home) -> None:
    """The other checks read it all the same."""
    home.write_credentials(key_pair() + "[half]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n", 0o644)
    assert found(home) == ["file-open-to-others", "profile-unusable"]
