"""The whole command line: every flag, every refusal, and help that is complete."""

import re
import shlex
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession import __version__, hints, shells
from mfasession.cli import arguments, parsers, registry
from mfasession.commands import Options, console, init, logout, serve, shell, uninstall
from mfasession.commands.config import edit as config_edit
from mfasession.commands.config import get as config_get
from mfasession.commands.config import list as config_list
from mfasession.commands.config import path as config_path
from mfasession.commands.config import set as config_set
from mfasession.commands.config import unset as config_unset
from mfasession.commands.keys import add, move, passphrase, protect, rotate
from mfasession.commands.keys import list as list_keys
from mfasession.commands.keys import remove as remove_key
from mfasession.commands.mfa import enroll, remove, resync
from mfasession.commands.mfa import list as list_
from mfasession.commands.policy import apply, audit, diff, explain, lint, show, test
from mfasession.errors import UsageError
from mfasession.values import Secret

COMMANDS = registry.names()
GROUPS = [name for name, module in registry.commands().items() if registry.has_actions(module)]
ACTIONS = [f"{name} {action}" for name in GROUPS for action in arguments.actions_of(name)]
COMMON = ("-h", "--help", "-p", "--profile", "--no-input", "--debug")
ROLE = "arn:aws:iam::123456789012:role/ops"

GOOD: list[tuple[list[str], dict[str, Any]]] = [
    (["login"], {"command": "login"}),
    (["login", "--code", "123456"], {"command": "login", "code": Secret("123456")}),
    (["login", "--code", "123 456"], {"command": "login", "code": Secret("123 456")}),
    (["login", "--code=-"], {"command": "login", "code": Secret("-")}),
    (["login", "--code", "-"], {"command": "login", "code": Secret("-")}),
    (["login", "--serial", "GAHT12345678"], {"command": "login", "serial": "GAHT12345678"}),
    (["login", "--duration", "15m"], {"command": "login", "duration": 900}),
    (["login", "--duration=36h"], {"command": "login", "duration": 129_600}),
    (["login", "--region", "us-gov-west-1"], {"command": "login", "region": "us-gov-west-1"}),
    (
        ["exec", "--role-arn", ROLE, "--external-id", "4711", "--role-session-name", "me", "x"],
        {"command": "exec", "role_arn": ROLE, "external_id": "4711", "role_session_name": "me", "words": ("x",)},
    ),
    (["env", "--duration", "2h"], {"command": "env", "duration": 7200}),
    (["exec", "--duration", "2h", "x"], {"command": "exec", "duration": 7200, "words": ("x",)}),
    (["process", "--duration", "2h"], {"command": "process", "duration": 7200}),
    (["serve", "--duration", "2h"], {"command": "serve", "duration": 7200, "flags": serve.Flags()}),
    (["login", "--store", "keyring"], {"command": "login", "store": "keyring"}),
    (["login", "-p", "a", "-p", "b"], {"command": "login", "profile": "b", "profiles": ("a", "b")}),
    (["login", "--all-matching", "p-*"], {"command": "login", "all_matching": "p-*"}),
    (["login", "--force"], {"command": "login", "force": True}),
    (["login", "--min-ttl", "0"], {"command": "login", "min_ttl": 0}),
    (["exec", "--min-ttl", "36h"], {"command": "exec", "min_ttl": 129_600}),
    (["exec", "--", "aws", "--debug", "--", "-p"], {"command": "exec", "words": ("aws", "--debug", "--", "-p")}),
    (["exec", "--"], {"command": "exec"}),
    (["exec", "aws", "--debug", "--", "-p"], {"command": "exec", "words": ("aws", "--debug", "--", "-p")}),
    (["exec", "--min-ttl", "1h", "aws"], {"command": "exec", "min_ttl": 3600, "words": ("aws",)}),
    (["sandbox", "sh", "-c", "x"], {"command": "sandbox", "words": ("sh", "-c", "x")}),
    (["exec", "--server", "--", "sh"], {"command": "exec", "server": True, "words": ("sh",)}),
    (
        ["exec", "-p", "a", "-p", "b", "--", "x"],
        {"command": "exec", "profile": "b", "profiles": ("a", "b"), "words": ("x",)},
    ),
    (["exec", "--all-matching", "prod-*", "--jobs=64"], {"command": "exec", "all_matching": "prod-*", "jobs": 64}),
    (
        ["serve", "--port", "9911", "--shell", "fish"],
        {"command": "serve", "shell": "fish", "flags": serve.Flags(port=9911)},
    ),
    (
        ["serve", "-p", "a", "--profile=b"],
        {"command": "serve", "profile": "b", "profiles": ("a", "b"), "flags": serve.Flags()},
    ),
    (
        ["-p", "a", "serve", "-p", "b"],
        {"command": "serve", "profile": "b", "profiles": ("a", "b"), "flags": serve.Flags()},
    ),
    (
        ["console", "--service", "ec2", "--duration", "12h"],
        {"command": "console", "flags": console.Flags(services=["ec2"], lasts=43_200)},
    ),
    (["console", "--path", "/s3/home#a?b"], {"command": "console", "flags": console.Flags(path="/s3/home#a?b")}),
    (
        ["console", "--region", "eu-west-1", "--print", "--logout-first"],
        {"command": "console", "flags": console.Flags(region="eu-west-1", print_url=True, logout_first=True)},
    ),
    (["env", "--unset", "--shell", "fish"], {"command": "env", "unset": True, "shell": "fish"}),
    (["process"], {"command": "process"}),
    (["status", "--json"], {"command": "status", "json": True}),
    (["status", "--watch"], {"command": "status", "watch": True}),
    (["status", "--format", "{profile} {left}"], {"command": "status", "format": "{profile} {left}"}),
    (["logout", "--all"], {"command": "logout", "flags": logout.Flags(all=True)}),
    (["keys", "add", "-"], {"command": "keys", "action": "add", "flags": add.Flags(stdin="-")}),
    (
        ["keys", "add", "--force", "-", "--store", "file"],
        {"command": "keys", "action": "add", "force": True, "key_place": "file", "flags": add.Flags(stdin="-")},
    ),
    (["keys", "add", "--csv", "f"], {"command": "keys", "action": "add", "flags": add.Flags(csv="f")}),
    (["keys", "list", "--json"], {"command": "keys", "action": "list", "flags": list_keys.Flags(json=True)}),
    (
        ["keys", "rotate", "--code", "-", "--force"],
        {"command": "keys", "action": "rotate", "code": Secret("-"), "force": True, "flags": rotate.Flags()},
    ),
    (["keys", "protect"], {"command": "keys", "action": "protect", "flags": protect.Flags()}),
    (
        ["keys", "protect", "--all", "--yes"],
        {"command": "keys", "action": "protect", "flags": protect.Flags(all=True, yes=True)},
    ),
    (
        ["keys", "move", "--to", "encrypted-file", "--force"],
        {"command": "keys", "action": "move", "force": True, "flags": move.Flags(to="encrypted-file")},
    ),
    (
        ["keys", "passphrase", "--new-command", "pass show 'a b'"],
        {
            "command": "keys",
            "action": "passphrase",
            "flags": passphrase.Flags(new_command=("pass", "show", "a b")),
        },
    ),
    (
        ["keys", "remove", "--in-aws", "--yes"],
        {"command": "keys", "action": "remove", "flags": remove_key.Flags(in_aws=True, yes=True)},
    ),
    (
        ["mfa", "enroll", "--name", "/team/phone", "--png", "f", "--to", "keyring"],
        {
            "command": "mfa",
            "action": "enroll",
            "flags": enroll.Flags(name="/team/phone", png="f", to="keyring"),
        },
    ),
    (
        ["mfa", "enroll", "--to-command", "pass otp insert 'a b'", "--secret", "--codes", "-"],
        {
            "command": "mfa",
            "action": "enroll",
            "flags": enroll.Flags(to_command=("pass", "otp", "insert", "a b"), secret=True, codes="-"),
        },
    ),
    (["mfa", "list", "--json"], {"command": "mfa", "action": "list", "flags": list_.Flags(json=True)}),
    (
        ["mfa", "resync", "--serial", "phone", "--codes=-"],
        {"command": "mfa", "action": "resync", "flags": resync.Flags(serial="phone", codes="-")},
    ),
    (
        ["mfa", "remove", "--serial", "phone", "--yes"],
        {"command": "mfa", "action": "remove", "flags": remove.Flags(serial="phone", yes=True)},
    ),
    (["sandbox", "--", "sh"], {"command": "sandbox", "words": ("sh",)}),
    (["demo"], {"command": "demo"}),
    (["uninstall", "--keys", "--yes"], {"command": "uninstall", "flags": uninstall.Flags(keys=True, yes=True)}),
    (["policy", "show"], {"command": "policy", "action": "show", "flags": show.Flags()}),
    (
        ["policy", "show", "--partition", "aws-cn", "--format", "terraform", "--self-service"],
        {
            "command": "policy",
            "action": "show",
            "flags": show.Flags(partition="aws-cn", format="terraform", self_service=True),
        },
    ),
    (["policy", "explain", "-"], {"command": "policy", "action": "explain", "flags": explain.Flags(source="-")}),
    (
        ["policy", "explain", "a", "--scp", "b", "--scp", "c", "--rcp", "r", "--boundary", "d", "--ambient"],
        {
            "command": "policy",
            "action": "explain",
            "flags": explain.Flags(source="a", scp=["b", "c"], rcp=["r"], boundary=["d"], ambient=True),
        },
    ),
    (
        [
            "policy",
            "lint",
            "a.json",
            "b.json",
            "--fix",
            "--format",
            "sarif",
            "--partition",
            "aws",
            "--attached-to",
            "scp",
            "--ambient",
        ],
        {
            "command": "policy",
            "action": "lint",
            "flags": lint.Flags(
                sources=["a.json", "b.json"],
                fix=True,
                format="sarif",
                partition="aws",
                attached_to="scp",
                ambient=True,
            ),
        },
    ),
    (
        [
            "policy",
            "test",
            "a.json",
            "-",
            "--boundary",
            "b.json",
            "--allow-all",
            "--scp=s.json",
            "--rcp=r.json",
            "--action",
            "s3:GetObject",
            "--ambient",
        ],
        {
            "command": "policy",
            "action": "test",
            "flags": test.Flags(
                files=["a.json", "-"],
                boundary=["b.json"],
                scp=["s.json"],
                rcp=["r.json"],
                allow_all=True,
                action_names=["s3:GetObject"],
                ambient=True,
            ),
        },
    ),
    (
        [
            "policy",
            "test",
            "--resource",
            "*",
            "--user",
            "bob",
            "--context",
            "k=v=w",
            "--expect",
            "e",
            "--live",
            "--json",
            "--why",
        ],
        {
            "command": "policy",
            "action": "test",
            "flags": test.Flags(
                files=[], resource="*", user="bob", keys=[("k", "v=w")], expect=["e"], live=True, json=True, why=True
            ),
        },
    ),
    (
        [
            "policy",
            "audit",
            "--format=html",
            "--output",
            "r.html",
            "--accounts",
            "123456789012",
            "--organization",
            "--ou=r-ab12",
            "--role-name",
            "audit",
            "--parallel=2",
            "--resume",
            "r.jsonl",
            "--scp=s.json",
            "--scp=t.json",
            "--exceptions=e.toml",
            "--ambient",
        ],
        {
            "command": "policy",
            "action": "audit",
            "flags": audit.Flags(
                format="html",
                outputs=["r.html"],
                accounts="123456789012",
                organization=True,
                units=["r-ab12"],
                role_name="audit",
                parallel=2,
                resume="r.jsonl",
                scp=["s.json", "t.json"],
                exceptions="e.toml",
                ambient=True,
            ),
        },
    ),
    (
        ["policy", "diff", "a", "-", "--format=json"],
        {"command": "policy", "action": "diff", "flags": diff.Flags(old="a", new="-", format="json")},
    ),
    (
        ["policy", "apply", "f", "--name=n", "--group", "g", "--user", "a", "--user=b", "--ambient", "--yes", "--json"],
        {
            "command": "policy",
            "action": "apply",
            "flags": apply.Flags(file="f", name="n", group="g", users=["a", "b"], ambient=True, yes=True, json=True),
        },
    ),
    (["config", "get", "k"], {"command": "config", "action": "get", "flags": config_get.Flags(key="k")}),
    (
        ["config", "set", "k", "v"],
        {"command": "config", "action": "set", "flags": config_set.Flags(key="k", value="v")},
    ),
    (["config", "unset", "k"], {"command": "config", "action": "unset", "flags": config_unset.Flags(key="k")}),
    (["config", "list", "--json"], {"command": "config", "action": "list", "flags": config_list.Flags(json=True)}),
    (["config", "path"], {"command": "config", "action": "path", "flags": config_path.Flags()}),
    (["config", "edit"], {"command": "config", "action": "edit", "flags": config_edit.Flags()}),
    (
        ["init", "--tool-profile", "tools", "--role-arn", ROLE],
        {"command": "init", "role_arn": ROLE, "flags": init.Flags(tool_profile="tools")},
    ),
    (["shell", "init", "bash"], {"command": "shell", "action": "init", "flags": shell.Flags(name="bash")}),
]


def parsed(words: Sequence[str]) -> Options:
    """The options alone, without the words that they came from."""
    return arguments.parse(words).replace(typed=())


@pytest.mark.parametrize(("words", "changes"), GOOD, ids=lambda value: " ".join(value) if value else "")
def test_every_flag(words: list[str], changes: dict[str, Any]) -> None:
    """What is typed is what the command gets, and nothing else."""
    assert parsed(words) == Options(**changes)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_common_flags_stand_before_or_behind_the_command(command: str) -> None:
    """Wherever users write them; two profiles are one too many, but for those that take several."""
    words = [command, *arguments.actions_of(command)[:1], *(["store"] if command == "config" else [])]
    flags = ["-p", "work", "--no-input", "--debug"]
    expected = parsed(words).replace(profile="work", no_input=True, debug=True)
    assert parsed([*flags, *words]) == expected
    assert parsed([*words, *flags]) == expected
    assert parsed(["--profile=work", *words, *flags]) == expected
    if command in ("exec", "serve", "login"):
        assert parsed(["--profile=other", *words, *flags]).profiles == ("other", "work")
    else:
        with pytest.raises(UsageError, match="names several: other, work"):
            parsed(["--profile=other", *words, *flags])


def test_every_option_can_be_said() -> None:
    """No field of Options is unused."""
    said = {name for _, changes in GOOD for name in changes} | {"profile", "no_input", "debug", "typed"}
    assert said == set(Options.__fields__)


@pytest.mark.parametrize("name", ACTIONS)
def test_every_flag_of_an_action_can_be_said(name: str) -> None:
    """No field of its Flags is unused."""
    command, _, action = name.partition(" ")
    given = [
        changes["flags"] for _, changes in GOOD if (changes["command"], changes.get("action")) == (command, action)
    ]
    assert given
    said = {field for flags in given for field in vars(flags)}
    assert said == set(given[0].__fields__)


@pytest.mark.parametrize(
    "words",
    [
        ["logn"],
        ["--nonsense"],
        ["login", "--nonsense"],
        ["login", "--code"],
        ["login", "--forc"],
        ["login", "--code", "12345"],
        ["login", "--code", "hunter2"],
        ["login", "--store", "vault"],
        ["login", "--duration", "899"],
        ["login", "--duration", "36h1s"],
        ["login", "--duration", "9" * 5000],
        ["exec", "--min-ttl", "37h"],
        ["exec", "--min-ttl", "-1"],
        ["exec", "--frob", "aws"],
        ["console", "--duration", "12h1s"],
        ["console", "--path", "https://console.aws.amazon.com/"],
        ["console", "--service", "é"],
        ["console", "--service", ""],
        ["exec", "--jobs", "9" * 5000],
        ["process", "--", "aws"],
        ["status", "extra"],
        ["keys"],
        ["keys", "ad"],
        ["policy"],
        ["policy", "sho"],
        ["policy", "show", "--nonsense"],
        ["keys", "add", "AKIAIOSFODNN7EXAMPLE"],
        ["env", "--shell", "fisch"],
        ["-p"],
    ],
    ids=lambda words: " ".join(words)[:30],
)
def test_invalid_arguments_are_usage_errors_with_a_hint(words: list[str]) -> None:
    """In one line, and the hint is something to type or to read."""
    with pytest.raises(UsageError) as caught:
        arguments.parse(words)
    assert caught.value.message
    assert caught.value.hint
    assert "\n" not in caught.value.message + caught.value.hint
    assert len(caught.value.message) < 200


@given(st.text(alphabet="0123456789 abc", min_size=3).filter(lambda text: len(text.replace(" ", "")) > 2))
def test_no_refusal_quotes_a_code(code: str) -> None:
    """A mistyped code is a code nearly, and stderr may be kept in a log."""
    try:
        options = arguments.parse(["login", f"--code={code}"])
    except UsageError as wrong:
        said = wrong.message + wrong.hint
    else:
        said = ""
        assert options.code.reveal() == code
    assert code.strip() not in said.replace("123456", "")


word = st.sampled_from(
    (
        *COMMANDS,
        "-p",
        "--code",
        "--shell",
        "fish",
        "--",
        "",
        "-",
        "--store",
        "file",
        "--min-ttl",
        "1h",
        "init",
    )
)


@pytest.mark.parametrize(("words", "changes"), GOOD, ids=lambda value: " ".join(value) if value else "")
def test_the_same_again_for_a_profile(words: list[str], changes: dict[str, Any]) -> None:
    """What a hint repeats is the command that was run, for the profile that it names, and without a code that is used.

    What is behind -- is another command's and is left out.
    """
    line = hints.command_line(*arguments.parse(words).typed, profile="a b")
    kept = {name: value for name, value in changes.items() if name not in ("profiles", "words")}
    if kept.get("code", Secret("-")) != Secret("-"):
        del kept["code"]
    program, *again = shlex.split(line)
    assert program == "mfasession"
    assert parsed(again) == Options(**{**kept, "profile": "a b"})


@given(st.lists(word | st.text(max_size=4), max_size=6))
def test_any_words_are_options_or_a_usage_error(words: list[str]) -> None:
    """Nothing that is typed ends in a traceback."""
    if {"-h", "--help", "--version"} & set(words):
        return
    try:
        options = parsed(words)
    except (UsageError, SystemExit):
        return
    assert options.command in COMMANDS


@pytest.mark.parametrize("command", ["", *COMMANDS, *ACTIONS])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_names_every_flag(command: str, flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On stdout, exit code 0: what it does in one sentence, and all that it takes."""
    with pytest.raises(SystemExit) as caught:
        arguments.parse([*command.split(), flag])
    shown = capsys.readouterr()
    assert (caught.value.code, shown.err) == (0, "")
    sentence, empty, usage = shown.out.splitlines()[:3]
    assert re.fullmatch(r"[A-Z][^.]+(127\.0\.0\.1[^.]*)?\.", sentence)
    assert (empty, usage.startswith(f"usage: mfasession {command}".rstrip())) == ("", True)
    assert all(name in shown.out for name in (*arguments.words_of(command), *arguments.actions_of(command)))
    assert set(COMMON) <= set(arguments.words_of(command))
    if command == "env":
        assert all(name in shown.out for name in shells.names())


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    """One line."""
    with pytest.raises(SystemExit) as caught:
        arguments.parse(["--version"])
    assert (caught.value.code, capsys.readouterr().out) == (0, f"mfasession {__version__}\n")


@pytest.mark.parametrize("words", [["login"], ["keys"], ["keys", "add"], []], ids=" ".join)
def test_help_is_a_command_too(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """`help login` is `login --help`."""
    shown = []
    for line in (["help", *words], [*words, "--help"]):
        with pytest.raises(SystemExit):
            arguments.parse(line)
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_examples(command: str) -> None:
    """Two to four that can be pasted; `tests/scripts/test_examples.py` runs them."""
    parser = parsers.of(command)
    assert (1 if command == "demo" else 2) <= len(parser.examples) <= 4
    for line, what in parser.examples:
        assert "mfasession" in line
        assert f"  # {what}\n  {line}\n" in parser.format_help()
