"""What `mfasession shell init` gives a shell besides the prompt: the function `mfa`, and newer sessions taken over."""

import os
import re

import pytest

from mfasession.values import Value
from tests.helpers.support import HOOKS, SESSION_ID, Home, in_seconds, key_pair, need, session_section

NEWER = "ASIANEWER00EXAMPLE00"
OTHER = "ASIAOTHER00EXAMPLE00"
LONG = 40_000
SHORT = 600
"""Seconds: a session that a hook looks after, and one that it leaves alone."""


class Shell(Value):
    """One shell: how a script loads the hook, comes to its prompt, shows and sets variables, and the name `mfa`."""

    name: str
    argv: tuple[str, ...]
    load: str
    prompt: str = "__mfasession_hook"
    show: str = 'echo "$AWS_ACCESS_KEY_ID/$MFASESSION_PROFILE"'
    set: str = "export {}={}"
    text: str = 'echo "$MFASESSION_PS"'
    own: str = ""
    strict: str = ""


BASH = Shell(
    name="bash",
    argv=("bash", "--norc", "-c"),
    load='eval "$(mfasession shell init bash)"',
    show='echo "${AWS_ACCESS_KEY_ID-}/${MFASESSION_PROFILE-}"',
    own="mfa() { echo mine; }",
    strict="set -eu",
)
ZSH = BASH.replace(
    name="zsh", argv=("zsh", "-f", "-c"), load='setopt aliases; eval "$(mfasession shell init zsh)"', strict="set -eu"
)
FISH = Shell(
    name="fish",
    argv=("fish", "--no-config", "-c"),
    load="mfasession shell init fish | source",
    prompt="emit fish_prompt",
    set="set -gx {} {}",
    text="mfasession_prompt; echo",
    own="function mfa; echo mine; end",
)
NU = Shell(
    name="nu",
    argv=("nu", "--no-config-file"),
    load=f"source {HOOKS / 'mfasession.nu'}",
    prompt="mfasession hook",
    show="print $'($env.AWS_ACCESS_KEY_ID?)/($env.MFASESSION_PROFILE?)'",
    set="$env.{} = {}",
    text="print $env.MFASESSION_PS",
)
XONSH = Shell(
    name="xonsh",
    argv=("xonsh", "--no-rc"),
    load="execx($(mfasession shell init xonsh))",
    prompt="events.on_pre_prompt.fire()",
    show="print(${...}.get('AWS_ACCESS_KEY_ID', '') + '/' + ${...}.get('MFASESSION_PROFILE', ''), flush=True)",
    set="${} = {}",
    text="print($PROMPT_FIELDS['mfasession'](), flush=True)",
    own="aliases['mfa'] = lambda args: print('mine')",
)
TCSH = Shell(
    name="tcsh",
    argv=("tcsh", "-f"),
    load='eval "`mfasession shell init tcsh`"',
    show="""sh -c 'echo "$AWS_ACCESS_KEY_ID/$MFASESSION_PROFILE"'""",
    set="setenv {} {}",
    own="alias mfa 'echo mine'",
)
SHELLS = (BASH, ZSH, FISH, NU, TCSH, XONSH)
every_shell = pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell.name)


def run(home: Home, shell: Shell, *lines: str) -> list[str]:
    """Run lines one after the other, each as if it were typed, after the hook was loaded twice; what they print."""
    script = "\n".join(filter(None, (shell.strict, shell.load, shell.load, *lines)))
    if shell.name == "zsh":
        # Aliases are expanded in what is read afterwards.
        script = "\n".join(f"eval {quoted(line)}" for line in script.splitlines())
    if shell.argv[-1] != "-c":
        (home.folder / "script").write_text(script + "\n")
        script = "script"
    done = home.run_program(need(shell.argv[0]), *shell.argv[1:], script)
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout.splitlines()


def quoted(line: str) -> str:
    """Return a line as one word of a Bourne shell."""
    return "'" + line.replace("'", "'\\''") + "'"


def sessions(home: Home, seconds: int, session_id: str = SESSION_ID) -> str:
    """Return a credentials file with the sessions of two profiles."""
    default = session_section(expires=in_seconds(seconds)).replace(SESSION_ID, session_id)
    prod = session_section("prod-mfa", in_seconds(LONG)).replace(SESSION_ID, OTHER)
    text = key_pair() + default + key_pair("prod") + prod
    home.write_credentials(text)
    return text


def newer(home: Home) -> str:
    """Return the line that brings a newer session, as a login in another shell does."""
    file = home.folder / "newer"
    file.write_text(sessions(home, LONG, NEWER))
    file.chmod(0o600)
    return f"cp {file} {home.credentials}"


@every_shell
def test_the_function_sets_the_session_in_this_shell(home: Home, shell: Shell) -> None:
    """And takes it back; `mfa status` lists all.

    The prompt names the profile, also where two sessions end in the same second, and the role of `--role-arn`;
    `default` needs no name.
    """
    sessions(home, LONG)
    role = shell.set.format("MFASESSION_HOLDS", "'a/a///role prod'")
    choices = ("mfa", "mfa -p prod", "mfa default", "mfa prod", role, "mfa off")
    lines = [line for words in choices for line in (words, shell.show, shell.prompt, shell.text)]
    shown = [re.sub(r"\d+:\d\d", "TIME", each) for each in run(home, shell, *lines, "mfa status")]
    default, prod = (f"{SESSION_ID}/default", "[mfa TIME] "), (f"{OTHER}/prod", "[mfa prod TIME] ")
    as_role = (f"{OTHER}/prod", "[mfa role of prod TIME] ")
    assert shown[:12] == [*default, *prod, *default, *prod, *as_role, "/", ""]
    assert shown[12].startswith("PROFILE ")


def test_a_file_of_one_character_does_not_change_what_is_asked(home: Home) -> None:
    """Bash makes `?` the names of such files."""
    sessions(home, LONG)
    for name in "ab":
        (home.folder / name).touch()
    assert run(home, BASH, "mfa ?")[0].startswith("PROFILE ")


@every_shell
def test_the_function_shows_help_and_evaluates_none_of_it(home: Home, shell: Shell) -> None:
    """It is that of `env`."""
    assert run(home, shell, "mfa --help")[0].startswith("Print the lines that set a session's credentials")


@pytest.mark.parametrize("shell", [each for each in SHELLS if each.own], ids=lambda shell: shell.name)
def test_a_function_of_the_users_own_stays(home: Home, shell: Shell) -> None:
    """No name is taken away from anybody."""
    sessions(home, LONG)
    script = shell.replace(load=f"{shell.own}\n{shell.load}")
    assert run(home, script, "mfa") == ["mine"]


@every_shell
def test_a_newer_session_is_taken_over(home: Home, shell: Shell) -> None:
    """At the next prompt when the old one is in its last minutes; nothing is asked."""
    bring = newer(home)
    sessions(home, SHORT)
    assert run(home, shell, "mfa", shell.show, bring, shell.prompt, shell.show) == [
        f"{SESSION_ID}/default",
        f"{NEWER}/default",
    ]


@every_shell
def test_a_session_that_stays(home: Home, shell: Shell) -> None:
    """No newer one is taken over when another profile was chosen since, or when it is that of a role without one."""
    bring = newer(home)
    sessions(home, SHORT)
    changes = (shell.set.format("AWS_PROFILE", "'prod'"), shell.set.format("MFASESSION_HOLDS", "'////role default'"))
    for change in changes:
        assert run(home, shell, "mfa", bring, change, shell.prompt, shell.show)[-1].startswith(SESSION_ID)
        sessions(home, SHORT)


@every_shell
def test_a_session_that_lives_long_stays(home: Home, shell: Shell) -> None:
    """No program is started for it."""
    bring = newer(home)
    sessions(home, LONG)
    assert run(home, shell, "mfa", bring, shell.prompt, shell.show) == [f"{SESSION_ID}/default"]


START_UP_FILES = {
    "bash": ".bashrc",
    "zsh": ".zshrc",
    "fish": ".config/fish/conf.d/mfasession.fish",
    "nu": ".config/nushell/autoload/mfasession.nu",
    "elvish": ".config/elvish/rc.elv",
    "tcsh": ".tcshrc",
    "xonsh": ".xonshrc",
}
TEXTS = (
    ("export A=1", "export B=2\n", "export A=1\nexport B=2\n"),
    ("", "", ""),
    ("# mine\n\n", "export B=2\n", "# mine\n\nexport B=2\n"),
    ("# mine\r\nexport A=1", "", "# mine\r\nexport A=1"),
)


@pytest.mark.parametrize(
    ("name", "before", "added", "after"),
    [(name, *text) for name in START_UP_FILES for text in (TEXTS if name in ("bash", "nu") else TEXTS[:1])],
)
def test_a_hook_is_added_and_taken_out_again(home: Home, name: str, before: str, added: str, after: str) -> None:
    """Byte for byte; what was written behind it stays."""
    file = home.folder / START_UP_FILES[name]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(before.encode())
    for _ in range(2):
        done = home.run("shell", "init", name, "--install", "--yes")
        assert (done.returncode, file.read_text().count("mfasession shell init")) == (0, 1), done.stderr
    with file.open("a") as more:
        more.write(added)
    for _ in range(2):
        assert home.run("shell", "init", name, "--uninstall", "--yes").returncode == 0
        assert file.read_bytes() == after.encode()


def test_tab_completes_in_xonsh(home: Home) -> None:
    """What its completer offers for a line; the other shells are asked at a terminal."""
    home.write_credentials(key_pair("acme-production"))
    (home.folder / "our-policy.json").touch()
    offers = "print(*__import__('xonsh.completer').completer.Completer().complete_line({!r})[0], flush=True)"
    expected = {
        "mfasession logi": "login",
        "mfasession env -p acme": "acme-production",
        "mfasession policy lint our-p": "our-policy.json",
        "mfasession exec -- unam": "uname",
        "mfasession exec -- ls our-p": "our-policy.json",
        "mfa acme": "acme-production",
    }
    offered = run(home, XONSH, *(offers.format(line) for line in expected))
    assert [each.split()[0] for each in offered] == [*expected.values()]


def test_the_line_in_the_start_up_file_of_tcsh(home: Home) -> None:
    """It goes where tcsh reads it: a new ~/.tcshrc would keep ~/.cshrc from being read. Scripts stay as they are."""
    file = home.folder / ".cshrc"
    file.write_text("set mine\n")
    done = home.run("shell", "init", "tcsh", "--install", "--yes")
    assert (done.returncode, (home.folder / ".tcshrc").exists()) == (0, False)
    script = "echo $?mine $?MFASESSION_PS\n"
    (home.folder / "script").write_text(script)
    for words, shown in ((("script",), "1 0"), (("-i",), "1 1")):
        done = home.run_program(need("tcsh"), *words, stdin=script)
        assert shown in done.stdout
        assert done.stderr == ""


def test_without_a_terminal_nothing_is_changed(home: Home) -> None:
    """`--yes` is the way; a hook that the user wrote is the user's to take out."""
    done = home.run("shell", "init", "bash", "--install")
    assert (done.returncode, (home.folder / ".bashrc").exists()) == (6, False)
    assert "--yes" in done.stderr
    assert done.stderr.startswith(f"  --- {os.devnull}\n  +++ {home.folder / '.bashrc'}\n  @@ ")
    (home.folder / ".bashrc").write_text('eval "$(mfasession shell init bash)"\n')
    done = home.run("shell", "init", "bash", "--uninstall", "--yes")
    assert done.returncode == 3
    assert "a line of your own" in done.stderr
