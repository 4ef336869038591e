"""`mfasession shell init`: the prompt's segment and the Tab key, at real interactive shells."""

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.values import Value
from tests.helpers.patience import wait_for
from tests.helpers.seat import Seat, expired, question, shell
from tests.helpers.support import Home, key_pair


class Corner(Value):
    """How one shell is set up: the README's line, a prompt with our segment, and how a variable is set."""

    shell: str
    init: str
    prompt: str
    expires: str
    status: str = "echo status=$?"
    tab: str = "\t"


CORNERS = (
    Corner(
        shell="bash",
        init='set -u; eval "$(mfasession shell init bash)"; eval "$(mfasession shell init bash)"',
        prompt="PS1='${MFASESSION_PS}> '",
        expires="MFASESSION_EXPIRES={}",
    ),
    Corner(
        shell="zsh",
        init='autoload -Uz compinit; compinit -u -D; setopt nounset; eval "$(mfasession shell init zsh)"',
        prompt="setopt prompt_subst; PS1='${MFASESSION_PS}> '",
        expires="MFASESSION_EXPIRES={}",
    ),
    Corner(
        shell="fish",
        init="mfasession shell init fish | source",
        prompt="function fish_prompt; mfasession_prompt; echo '> '; end",
        expires="set -g MFASESSION_EXPIRES {}",
        status="echo status=$status",
    ),
    Corner(
        shell="tcsh",
        init='eval "`mfasession shell init tcsh`"; eval "`mfasession shell init tcsh`"',
        prompt="set prompt = '%$MFASESSION_PS> '",
        expires="setenv MFASESSION_EXPIRES {}",
        status="echo status=$status",
    ),
)
every_shell = pytest.mark.parametrize("corner", CORNERS, ids=lambda corner: corner.shell)


def set_up(sitting: Seat, corner: Corner) -> None:
    """Do what the head of the file says."""
    sitting.line(corner.init)
    sitting.line(corner.prompt)
    sitting.see("> ")


def clear(sitting: Seat) -> None:
    """Take back what stands in the line."""
    sitting.type("\x15")


@every_shell
def test_the_prompt_shows_the_time_left(home: Home, corner: Corner) -> None:
    """Nothing without a session, hours and minutes with one, `expired` behind it; `$?` stays the command's."""
    with shell(home, corner.shell) as sitting:
        set_up(sitting, corner)
        sitting.line(corner.expires.format("99999999999"))
        sitting.see(r"\[mfa \d{8}:\d\d\] > ")
        sitting.line("false")
        sitting.line(corner.status)
        sitting.see("status=1")
        sitting.line(corner.expires.format("5"))
        sitting.see(r"\[mfa expired\] > ")
        sitting.line(corner.expires.format("what"))
        sitting.line("echo the; echo end")
        sitting.see("the\r\n")
        sitting.see("end\r\n")
        assert "mfa" not in sitting.see("> ")[0]


@every_shell
def test_tab_completes(home: Home, corner: Corner) -> None:
    """Commands, flags, values, profiles, names of files, and the command behind `--`."""
    (home.folder / "our-policy.json").touch()
    home.write_credentials(key_pair("acme-production"))
    with shell(home, corner.shell) as sitting:
        set_up(sitting, corner)
        for typed, completed in (
            ("mfasession logi", "login "),
            ("mfasession login --du", "--duration "),
            ("mfasession login --store keyr", "keyring "),
            ("mfasession env -p acme", "acme-production "),
            ("mfasession exec -- unam", "uname "),
            ("mfa acme", "acme-production "),
            ("mfasession policy lint our-p", "our-policy.json "),
        ):
            sitting.type(typed + corner.tab)
            sitting.see(completed.strip())
            clear(sitting)
            sitting.line(corner.status)
            sitting.see(r"status=\d+")
        assert "mfasession: " not in sitting.shown, "a completion has complained"


@every_shell
def test_mfa_asks_for_a_code_and_sets_the_session(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, corner: Corner
) -> None:
    """In this shell, and the prompt shows it at once. No prompt has asked before."""
    alices_home.write_credentials(expired(alice))
    with shell(alices_home, corner.shell) as sitting:
        set_up(sitting, corner)
        sitting.line(corner.expires.format("5"))
        sitting.see(r"\[mfa expired\] > ")
        assert "MFA code" not in sitting.shown
        sitting.line("mfa")
        sitting.see(question(alice))
        sitting.line(alice.devices[0].code())
        wait_for(lambda: aws.calls("GetSessionToken"))
        sitting.see(r"\[mfa 1[12]:\d\d\] > ")
        sitting.line("mfa off")
        sitting.line("echo the; echo end")
        sitting.see("the\r\n")
        sitting.see("end\r\n")
        assert "mfa" not in sitting.see("> ")[0]
