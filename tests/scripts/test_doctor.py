"""`mfasession doctor`: each known way to break a set-up is found, by its name, with a hint, and changes no file."""

import ast
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from mfasession.values import MARK
from tests.helpers.doctoring import PAGE, found, records
from tests.helpers.support import MFASESSION, SESSION_ID, Home, key_pair, session_section

NAME = re.compile(r"[a-z]{2,}(-[a-z]+)*-[a-z]{2,}")
ROOT = Path(__file__).parents[2]
OTHER = key_pair("default", key_id="AKIAI44QH8DHBEXAMPLE")
IN_2020 = "2020-01-01T00:00:00Z"
KEYS_IN_SHELL = {"AWS_ACCESS_KEY_ID": SESSION_ID, "AWS_SECRET_ACCESS_KEY": "x" * 40, "AWS_SESSION_TOKEN": "token"}


def test_nothing_at_all(home: Home) -> None:
    """A machine on which nobody has set up anything."""
    assert found(home) == ["profile-unusable"]


def role(name: str, source: str) -> str:
    """A profile with a role."""
    return f"[profile {name}]\nrole_arn = arn:aws:iam::123456789012:role/{name}\nsource_profile = {source}\n"


def process(name: str, served: str) -> str:
    """A profile whose program is ours, for another profile."""
    return f"[profile {name}]\ncredential_process = {MFASESSION} process -p {served}\n"


CONFIGURATIONS = {
    "a header without profile": ("[work]\nregion = eu-west-1\n", "wrong-header"),
    "an open line": ("[default\nregion = eu-west-1\n", "file-malformed"),
    "a section twice": ("[default]\nregion = a\n[default]\nregion = b\n", "file-malformed"),
    "a loop of source profiles": (
        role("a", "b") + role("b", "a"),
        "profile-unusable",
    ),
    "a source profile that is gone": (
        role("a", "gone"),
        "profile-unusable",
    ),
    "a role without a source profile": (
        "[profile a]\nrole_arn = arn:aws:iam::123456789012:role/a\n",
        "profile-unusable",
    ),
    "a duration that AWS does not take": (
        role("a", "default") + "duration_seconds = 60\n",
        "profile-unusable",
    ),
    # 99designs/aws-vault#1100, aws/aws-cli#3607: no FIDO device gives a code.
    "a FIDO device": ("[default]\nmfa_serial = arn:aws:iam::123456789012:u2f/user/a/key\n", "wrong-mfa-serial"),
    "the ARN of a user as the device": (
        "[default]\nmfa_serial = arn:aws:iam::123456789012:user/alice\n",
        "wrong-mfa-serial",
    ),
    "half a key pair": ("[profile a]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n", "profile-unusable"),
    "another key in the other file": (OTHER, "key-in-both-files"),
    # 99designs/aws-vault#605 and others: a pair hides the program, and a profile that asks for itself hangs.
    "a pair before credential_process": (
        process("default", "default").replace("profile default", "default"),
        "key-before-process",
    ),
    # 99designs/aws-vault#1180: it hangs. aws/aws-cli#7398: processes without an end.
    "a credential_process that runs itself": (process("a", "a"), "process-runs-itself"),
    "a credential_process that runs itself by a detour": (process("a", "b") + process("b", "a"), "process-runs-itself"),
    "a credential_process of a profile that is gone": (
        process("a", "gone"),
        "process-of-unusable-profile",
    ),
    "a credential_process that is not installed": (
        "[profile a]\ncredential_process = /no/such/program\n",
        "process-not-found",
    ),
    "a credential_process with an open quote": (
        "[profile a]\ncredential_process = /bin/sh -c 'exit\n",
        "process-unreadable",
    ),
    "an endpoint that is no URL": ("[default]\nendpoint_url = nowhere\n", "wrong-aws-setting"),
    "an endpoint without TLS": ("[default]\nendpoint_url = http://192.0.2.1\n", "wrong-aws-setting"),
    "certificates that are missing": ("[default]\nca_bundle = /no/such.pem\n", "wrong-aws-setting"),
}


@pytest.mark.parametrize("case", CONFIGURATIONS)
def test_the_configuration_file(home: Home, case: str) -> None:
    """What stands in `~/.aws/config` beside a key pair."""
    text, name = CONFIGURATIONS[case]
    home.write_credentials(key_pair())
    home.config.write_text(text)
    if "endpoint" in case:
        del home.environ["AWS_ENDPOINT_URL"]
    assert name in found(home)


def test_each_profile_of_a_circle_once(home: Home) -> None:
    """The chosen one as well, and no other finding follows from it."""
    home.config.write_text(process("default", "b").replace("profile default", "default") + process("b", "default"))
    assert [(each["name"], each["profile"]) for each in records(home, "--offline")] == [
        ("process-runs-itself", "default"),
        ("process-runs-itself", "b"),
    ]


def test_a_profile_that_serves_itself(keyring_home: Home) -> None:
    """With its key in the keyring nothing is wrong, and without one it runs itself."""
    assert keyring_home.run("keys", "protect").returncode == 0
    keyring_home.config.write_text(process("default", "default").replace("profile default", "default"))
    assert found(keyring_home) == []
    keyring_home.config.write_text(process("work", "work") + process("other", "work-mfa"))
    keyring_home.write_credentials(session_section("other-mfa").replace("other-mfa", "work-mfa"))
    names = [(each["name"], each["profile"]) for each in records(keyring_home, "--offline")]
    assert ("process-runs-itself", "work") in names


CREDENTIALS = {
    "a header with profile": (key_pair() + key_pair("profile work"), "wrong-header"),
    # trek10inc/awsume and the AWS CLI's `mfa-login` leave temporary keys where a long-term key was.
    "temporary keys": (key_pair(key_id=SESSION_ID), "profile-unusable"),
    "a token beside a long-term key": (key_pair() + "aws_session_token = x\n", "profile-unusable"),
    "a secret with a space": (key_pair(secret="a b"), "profile-unusable"),
    # broamski/aws-mfa keeps the pair in [NAME-long-term].
    "the pair of aws-mfa": (key_pair("default-long-term"), "profile-unusable"),
    "a NUL": (key_pair() + "\0\n", "file-malformed"),
}


@pytest.mark.parametrize("case", CREDENTIALS)
def test_the_credentials_file(home: Home, case: str) -> None:
    """What stands in `~/.aws/credentials`."""
    text, name = CREDENTIALS[case]
    home.write_credentials(text)
    assert name in found(home)


def test_a_role_on_the_profile_of_a_session(home: Home) -> None:
    """AWS tools assume it in place of using the session."""
    home.write_credentials(key_pair() + session_section())
    home.config.write_text("[profile default-mfa]\nrole_arn = arn:aws:iam::123456789012:role/a\n")
    assert "role-on-session-profile" in found(home)


ENVIRONMENTS: Mapping[str, tuple[Mapping[str, str], str]] = {
    # broamski/aws-mfa#44: they shadow the new session without a word.
    "a long-term key": (
        {"AWS_ACCESS_KEY_ID": "AKIAI44QH8DHBEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x" * 40},
        "keys-in-environment",
    ),
    "the keys of another tool": (KEYS_IN_SHELL, "keys-in-environment"),
    "an ID alone": ({"AWS_ACCESS_KEY_ID": "AKIAI44QH8DHBEXAMPLE"}, "half-a-key-in-environment"),
    "a token alone": ({"AWS_SESSION_TOKEN": "token"}, "half-a-key-in-environment"),
    "a token beside a long-term key": (
        {**KEYS_IN_SHELL, "AWS_ACCESS_KEY_ID": "AKIAI44QH8DHBEXAMPLE"},
        "token-beside-long-term-key",
    ),
    "a session that has expired": (
        {**KEYS_IN_SHELL, MARK: "1 default", "AWS_CREDENTIAL_EXPIRATION": IN_2020},
        "expired-session-in-environment",
    ),
    # broamski/aws-mfa#30: a traceback.
    "a profile that is gone": ({"AWS_PROFILE": "gone"}, "unknown-profile"),
    # boto/botocore#1725: which of the two counts depends on the tool.
    "two profiles": ({"AWS_PROFILE": "default", "AWS_DEFAULT_PROFILE": "work"}, "two-profile-variables"),
    "a configuration file that is gone": ({"AWS_CONFIG_FILE": "~/gone"}, "file-missing"),
    "a credentials file that is gone": ({"AWS_SHARED_CREDENTIALS_FILE": "~/gone"}, "file-missing"),
    "certificates that are gone": ({"AWS_CA_BUNDLE": "/no/such.pem"}, "wrong-aws-setting"),
    "an endpoint without TLS": ({"AWS_ENDPOINT_URL": "http://192.0.2.1"}, "wrong-aws-setting"),
    "a proxy before an endpoint on this machine": ({"HTTP_PROXY": "http://192.0.2.1:3128"}, "wrong-aws-setting"),
    "a region that is none": ({"AWS_REGION": "eu west"}, "wrong-aws-setting"),
}


@pytest.mark.parametrize("case", ENVIRONMENTS)
def test_the_environment(home: Home, case: str) -> None:
    """What the shell has set."""
    environ, name = ENVIRONMENTS[case]
    home.write_credentials(key_pair())
    assert name in found(home, environ=environ)


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
    ],
)
def test_the_hook(home: Home, file: str, text: str, name: str) -> None:
    """A start-up file with the wrong hook, or without one."""
    home.write_credentials(key_pair())
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


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660])
def test_fix_closes_a_file(home: Home, mode: int) -> None:
    """`--fix --yes` does what the hint says, and nothing is found afterwards."""
    home.write_credentials(key_pair(), mode)
    assert found(home) == ["file-open-to-others"]
    done = home.run("doctor", "--offline", "--fix", "--yes")
    assert done.returncode == 0
    assert home.credentials.stat().st_mode & 0o777 == 0o600
    assert home.credentials.read_text() == key_pair()


def test_fix_closes_a_folder(home: Home) -> None:
    """Others may no longer write there, and the other rights stay."""
    home.write_credentials(key_pair())
    home.aws.chmod(0o777)
    assert home.run("doctor", "--offline", "--fix", "--yes").returncode == 0
    assert home.aws.stat().st_mode & 0o757 == 0o755


def test_fix_renames_sections(home: Home) -> None:
    """Each header is shown and corrected, and all other bytes stay; a section that is there already is left alone."""
    config = (
        "# mine\n[work]\nregion=eu-west-1  ; \n\n[ops]\r\nregion = eu-west-1\n[profile both]\n[both]\noutput = json"
    )
    home.write_credentials(key_pair() + key_pair("profile cloud"))
    home.config.write_bytes(config.encode())
    assert found(home) == ["wrong-header"] * 4
    done = home.run("doctor", "--offline", "--fix", "--yes")
    assert (done.returncode, re.findall(r"\[\w+\]", done.stdout)) == (1, ["[both]"])
    right = config.replace("[work]", "[profile work]").replace("[ops]", "[profile ops]")
    assert home.config.read_bytes() == right.encode()
    assert home.credentials.read_text() == key_pair() + key_pair("cloud")
    assert "  -[work]\n  +[profile work]\n" in done.stderr
    assert key_pair("cloud").splitlines()[2] not in done.stderr


def test_fix_changes_no_value_that_looks_like_a_header(home: Home) -> None:
    """An indented line belongs to the value before it."""
    config = "[profile a]\ns3 =\n  [work]\n  addressing_style = path\n"
    home.write_credentials(key_pair())
    home.config.write_text(config)
    home.run("doctor", "--offline", "--fix", "--yes")
    assert home.config.read_text() == config


def test_fix_names_the_right_shell(home: Home) -> None:
    """In the file that the link leads to."""
    home.write_credentials(key_pair())
    text = "export TOKEN=of-another\n" + 'eval "$(mfasession shell init bash)"  # hook\n'
    (home.folder / "zshrc").write_text(text)
    (home.folder / ".zshrc").symlink_to("zshrc")
    done = home.run("doctor", "--offline", "--fix", "--yes")
    assert done.returncode == 0, done.stderr
    assert (home.folder / "zshrc").read_text() == text.replace("bash", "zsh")
    assert (home.folder / ".zshrc").is_symlink()
    assert "of-another" not in done.stderr


def test_fix_asks(home: Home) -> None:
    """Without a terminal and without --yes nothing is changed."""
    home.write_credentials(key_pair(), 0o644)
    done = home.run("doctor", "--fix")
    assert (done.returncode, done.stdout) == (6, "")
    assert "hint: mfasession doctor --fix --yes\n" in done.stderr
    assert home.credentials.stat().st_mode & 0o777 == 0o644


def test_yes_alone(home: Home) -> None:
    """It answers the question of --fix."""
    done = home.run("doctor", "--yes")
    assert (done.returncode, done.stdout) == (2, "")


def test_the_page_has_a_heading_for_each_finding() -> None:
    """In docs/doctor.md, by the name that is printed; and for no other."""
    checks = (ROOT / "mfasession" / "setup" / "checks").glob("*.py")
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


BROKEN_CONFIGS = {
    "not TOML": ("store =\n", 0o600, {}),
    "an unknown key": ('stoer = "file"\n', 0o600, {}),
    "a wrong value": ('store = "keyrnig"\n', 0o600, {}),
    "others may change it": ('default_profile = "default"\n', 0o666, {}),
    "a file that is gone": ("", 0o600, {"MFASESSION_CONFIG": "/no/such/config.toml"}),
}


@pytest.mark.parametrize("case", BROKEN_CONFIGS)
def test_our_own_configuration(home: Home, case: str) -> None:
    """Every other command exits with 3; here it is one finding, and all that else is wrong is found as well."""
    text, mode, environ = BROKEN_CONFIGS[case]
    home.write_settings(text)
    home.settings.chmod(mode)
    home.write_credentials(key_pair())
    (home.folder / ".zshrc").write_text('eval "$(mfasession shell init bash)"\n')
    assert home.run("status", environ=environ).returncode == 3
    assert found(home, environ=environ) == ["config-unusable", "hook-of-another-shell"]


def test_a_broken_configuration_may_name_another_profile(home: Home) -> None:
    """That there is no profile `default` is not found then, unless it is named."""
    home.write_settings('default_profile = "work"\nstoer = "file"\n')
    home.write_credentials(key_pair("work"))
    assert found(home) == ["config-unusable"]
    assert found(home, "-p", "default") == ["config-unusable", "profile-unusable"]


def test_fix_closes_our_own_configuration(home: Home) -> None:
    """It counts at once."""
    home.write_settings('default_profile = "gone"\n')
    home.settings.chmod(0o666)
    home.write_credentials(key_pair())
    done = home.run("doctor", "--offline", "--fix", "--yes")
    assert (done.returncode, home.settings.stat().st_mode & 0o002) == (1, 0)
    assert f"  mode of {home.settings}: 0666 -> 06" in done.stderr
    assert "gone" in done.stdout


def test_a_file_that_others_may_read_hides_nothing(home: Home) -> None:
    """The other checks read it all the same."""
    home.write_credentials(key_pair() + "[half]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n", 0o644)
    assert found(home) == ["file-open-to-others", "profile-unusable"]
