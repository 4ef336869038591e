"""README and the pages of commands and settings say what the code does: their tables and examples are held to it."""

import re
import shlex
import tomllib
from itertools import chain
from pathlib import Path

import pytest

from mfasession import cli, codes, config, exit_codes, files, plugins, shells
from mfasession.awsfiles import AwsFiles, ini
from mfasession.cli import arguments, registry
from mfasession.config import ProfileSettings, schema
from mfasession.stores.file import CredentialsFileStore, _keys
from packages import try_readme
from tests.helpers.support import made_session

pytestmark = pytest.mark.checkout
ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text()
PAGE = (ROOT / "docs" / "commands.md").read_text()
CONFIG = (ROOT / "docs" / "config.md").read_text()
STORES = (ROOT / "docs" / "stores.md").read_text()
COMMON = {"-h", "--help", "-p", "--profile", "--no-input", "--debug"}


def blocks(language: str, page: str = README) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def block(language: str, mark: str, page: str = README) -> str:
    """The one code block that holds a mark."""
    (found,) = [text for text in blocks(language, page) if mark in text]
    return found


def table(head: str, text: str = PAGE) -> list[tuple[str, str]]:
    """The rows of the table with this head."""
    _, _, rest = text.partition(f"{head}\n| --- | --- |\n")
    lines = rest.partition("\n\n")[0].splitlines()
    assert lines
    return [(cells[1].strip(), cells[2].strip()) for cells in (re.split(r"(?<!\\)\|", line) for line in lines)]


def comment(line: str) -> str:
    """What the configuration example says of a key, on its line and on the lines of comment behind it."""
    lines = block("toml", "default_profile", CONFIG).splitlines()
    (place,) = [number for number, each in enumerate(lines) if each.startswith(line)]
    said = [lines[place].rpartition("# ")[2]]
    for each in lines[place + 1 :]:
        if not each.startswith(" "):
            break
        said.append(each.rpartition("# ")[2])
    return " ".join(said).partition(": docs/")[0]


GROUPS = [name for name, module in registry.commands().items() if registry.has_actions(module)]
COMMANDS = {words.strip("`").partition(" ")[0]: (words, what) for words, what in table("| command | what it does |")}
ACTIONS = [f"{command} {action}" for command in GROUPS for action in arguments.actions_of(command)]


def test_the_command_table_names_every_command() -> None:
    """In the order of --help."""
    assert list(COMMANDS) == registry.names()


def test_the_readme_names_every_command() -> None:
    """Once, in the first column of its own table."""
    rows = [
        line
        for line in README.partition("## Commands\n")[2].partition("\n## ")[0].splitlines()
        if line[:3] == "| `" or line[:3] == "| ["
    ]
    named = [name for row in rows for name in re.findall(r"`([a-z]+)`", row.split(" | ")[0])]
    assert sorted(named) == sorted(registry.names())


def test_the_readme_is_short() -> None:
    """Who reads it decides in minutes; everything else has a page."""
    assert README.count("\n") <= 150


@pytest.mark.parametrize("command", registry.names())
def test_the_command_table_names_every_flag(command: str) -> None:
    """And none that --help does not know."""
    words = COMMANDS[command][0]
    assert set(re.findall(r"--[a-z-]+", words)) == set(arguments.words_of(command)) - COMMON


@pytest.mark.parametrize("command", GROUPS)
def test_the_actions_of_a_command_are_on_a_page_of_their_own(command: str) -> None:
    """The row of the command names them and leads there; there each has a row, in the order of --help."""
    row, what = COMMANDS[command]
    actions = arguments.actions_of(command)
    assert row.strip("`").partition(" ")[2].split(", ") == actions
    assert f"({command}.md)" in what
    assert list(action_rows(command)) == [f"{command} {action}" for action in actions]


@pytest.mark.parametrize("action", ACTIONS)
def test_the_page_names_every_flag(action: str) -> None:
    """And none that --help does not know."""
    words = action_rows(action.partition(" ")[0])[action]
    assert set(re.findall(r"--[a-z-]+", words)) == set(arguments.words_of(action)) - COMMON


def action_rows(command: str) -> dict[str, str]:
    """The first cells of the table on a command's own page, by command and action."""
    page = (ROOT / f"docs/{command}.md").read_text()
    rows = [words for words, _ in table("| command | what it does |", page)]
    return {" ".join(words.strip("`").split()[:2]): words for words in rows}


def test_flags_of_every_command() -> None:
    """The sentence above the table names the flags that all have."""
    sentence = PAGE.partition("Every command takes ")[2].partition("| command |")[0]
    flags = set(re.findall(r"(?<=[`/])--?[a-z-]+", sentence))
    assert flags == COMMON - {"-h", "--help"}
    assert all(set(arguments.words_of(command)) >= COMMON for command in ("", *registry.names()))


def test_the_shells() -> None:
    """Each NAME of `env --shell`."""
    assert COMMANDS["env"][1].partition("NAME: ")[2].split() == list(shells.names())


def test_the_exit_codes() -> None:
    """The table is the one in the code, with 0 for done."""
    assert [int(code) for code, _ in table("| code | meaning |")] == sorted({0, *exit_codes.EXIT_CODES.values()})


def test_the_configuration_example_is_one(tmp_path: Path) -> None:
    """It is read without complaint, and it shows every key."""
    text = block("toml", "default_profile", CONFIG)
    flat = schema.read("config.toml", text)
    assert {key[-1] for key in flat} - {"work"} == {"default_profile", *ProfileSettings.__fields__}
    named = tmp_path / "config.toml"
    named.write_text(text)
    loaded = config.load({"HOME": str(tmp_path), "MFASESSION_CONFIG": str(named), "XDG_CACHE_HOME": str(tmp_path)})
    assert loaded.of("work").session_profile == "work"


def test_the_configuration_example_shows_the_defaults_and_the_choices() -> None:
    """What stands behind a key is what may stand there; the durations are the defaults."""
    example = tomllib.loads(block("toml", "default_profile", CONFIG))
    default = ProfileSettings()
    assert schema.read("", f'duration = "{example["duration"]}"')["duration",] == default.duration
    assert schema.read("", f'refresh_margin = "{example["refresh_margin"]}"')["refresh_margin",] == (
        default.refresh_margin
    )
    assert example["code"] == default.code
    assert tuple(comment("store").split(" | ")) == plugins.names("stores")
    *sources, command = comment("code").split(" | ")
    assert set(sources) == set(codes.names())
    assert schema.read("", f"code = {command}")
    least, most = comment("duration").split(" to ")
    for text in (least, most):
        assert schema.read("", f'duration = "{text}"')


def test_the_places_of_the_configuration() -> None:
    """Both folders, and the variable that wins."""
    assert "`~/.config/mfasession/config.toml` (macOS: `~/Library/Application Support/mfasession/`)" in CONFIG
    home = {"HOME": "/h"}
    assert files.config_file(home, "linux") == "/h/.config/mfasession/config.toml"
    assert files.config_file(home, "darwin") == "/h/Library/Application Support/mfasession/config.toml"
    assert files.config_file({"MFASESSION_CONFIG": "x"}) == "x"


def test_the_section_is_written_as_shown(tmp_path: Path) -> None:
    """The keys of the example, in their order, are keys of a session; and the example is read as one."""
    text = block("ini", "manager = mfasession", STORES)
    (shown,) = ini.parse(text).values()
    written = [key for key in _keys(made_session()) if key in shown]
    assert list(shown) == written
    file = tmp_path / "credentials"
    file.write_text(text)
    file.chmod(0o600)
    environ = {"HOME": str(tmp_path), "AWS_SHARED_CREDENTIALS_FILE": str(file)}
    session = CredentialsFileStore(AwsFiles(environ), environ).load("default-mfa")
    assert session is not None
    assert session.mfa_serial == "arn:aws:iam::123456789012:mfa/phone"


def typed() -> list[str]:
    """Every line of a shell block that runs mfasession, as it is typed."""
    pages = [
        README,
        PAGE,
        STORES,
        *((ROOT / "docs" / f"{name}.md").read_text() for name in ("roles", "long-jobs", "keys")),
    ]
    texts = [text for page in pages for language in ("sh", "console") for text in blocks(language, page)]
    lines = chain.from_iterable(text.splitlines() for text in texts)
    return [line.removeprefix("$ ") for line in lines if re.match(r"(\$ )?(mfasession |eval )", line)]


@pytest.mark.parametrize("line", typed())
def test_command_lines_of_the_examples_are_valid(line: str) -> None:
    """Each line of the examples is a command line that we read."""
    inner = re.search(r"\$\((mfasession[^)]*)\)", line)
    words = shlex.split(inner[1] if inner else line, comments=True)
    assert words[0] == "mfasession"
    assert arguments.parse(words[1:]).command in registry.names()


def test_the_credential_process_example_is_one() -> None:
    """An absolute path without a tilde, which no SDK expands, and words that never load argparse."""
    (keys,) = ini.parse(block("ini", "credential_process")).values()
    program, *words = shlex.split(keys["credential_process"])
    assert program.startswith("/")
    options = cli.read_hit(words)
    assert options is not None
    assert options.command == "process"


def test_the_targets_of_make() -> None:
    """`make …` in the README is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b(?!\.)", README.replace("and make", ""))) <= targets


def test_the_python_that_is_needed() -> None:
    """The README's number is the package's."""
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert f"Python {needed.removeprefix('>=')}" in README


def test_the_lines_that_a_stranger_types() -> None:
    """`make test-readme` types them on a machine with nothing on it: these are what it finds in README."""
    install, trial, habits = (
        try_readme.commands(README, section) for section in ("Install", "Try it without an account", "The three habits")
    )
    assert install == ["pipx install mfasession", "pipx ensurepath", "mfasession init"]
    assert trial[0] == "pipx install --force 'mfasession[sandbox]'"
    assert trial[-2:] == ["mfasession demo", "mfasession sandbox -- bash"]
    assert habits == ["mfasession login", 'eval "$(mfasession env)"', "mfasession exec -- aws s3 ls"]
