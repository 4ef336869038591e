"""`mfasession shell init elvish`, which works in interactive shells alone: typed in tmux and read from its window."""

from collections.abc import Iterator
from contextlib import contextmanager

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.seat import expired
from tests.helpers.support import SESSION_ID, Home, in_seconds, key_pair, session_section
from tests.helpers.tmux import Tmux, tmux

SHOW = "echo K=$E:AWS_ACCESS_KEY_ID/$E:MFASESSION_PROFILE/"
LOAD = "eval (mfasession shell init elvish | slurp)"
PROMPT = "set edit:rprompt = { }; set edit:prompt = { print $E:MFASESSION_PS'> ' }"
NEWER = "ASIANEWER00EXAMPLE00"


@contextmanager
def elvish(home: Home, *lines: str) -> Iterator[Tmux]:
    """Open a window with the shell, which has evaluated the hook twice."""
    with tmux(home.folder, columns=120, environ=home.environ) as window:
        window.type("elvish -norc")
        window.see("~")
        for line in (*lines, f"{LOAD}; {LOAD}", PROMPT):
            window.type(line)
        yield window


def sessions(home: Home, seconds: int, session_id: str = SESSION_ID) -> None:
    """Write a session for each of two profiles."""
    default = session_section(expires=in_seconds(seconds)).replace(SESSION_ID, session_id)
    home.write_credentials(key_pair() + default + key_pair("prod") + session_section("prod-mfa", in_seconds(40_000)))


def test_the_function_sets_the_session_in_this_shell(home: Home) -> None:
    """And takes it back; the prompt shows the time left at once."""
    sessions(home, 27_750)
    with elvish(home) as window:
        window.type(f"mfa; {SHOW}")
        window.see(f"K={SESSION_ID}/default/\n[mfa 7:42] >")
        window.type(f"mfa -p prod; {SHOW}; mfa default; {SHOW}; mfa prod")
        window.see(f"K={SESSION_ID}/prod/\nK={SESSION_ID}/default/\n[mfa prod 11:0")
        window.type("set-env MFASESSION_HOLDS 'a/a///role prod'")
        window.see("\n[mfa role of prod 11:0")
        window.type(f"mfa off; {SHOW}")
        window.see("K=//\n>")
        window.type("mfa '?'")
        window.see("PROFILE ")
        window.type("set-env MFASESSION_EXPIRES 5")
        window.see("\n[mfa expired] >")
        window.type("set-env MFASESSION_EXPIRES what; echo 'the 'end")
        window.see("\nthe end\n>")


def test_a_newer_session_is_taken_over(home: Home) -> None:
    """At the next prompt when the old one is in its last minutes; a login in another shell has brought it."""
    sessions(home, 50_000, NEWER)
    newer = home.credentials.rename(home.folder / "newer")
    sessions(home, 600)
    with elvish(home) as window:
        window.type(f"mfa --no-input; {SHOW}; cp {newer} {home.credentials}")
        window.see(f"K={SESSION_ID}/default/\n[mfa 13:5")
        window.type(SHOW)
        window.see(f"K={NEWER}/default/")


def test_tab_completes_and_a_function_of_the_users_own_stays(home: Home) -> None:
    """Commands, values, profiles, and the command behind `--`."""
    (home.folder / "our-policy.json").touch()
    home.write_credentials(key_pair("acme-production"))
    with elvish(home, "fn mfa { echo 'mi'ne }") as window:
        window.type("mfa")
        window.see("\nmine\n")
        for typed, completed in (
            ("mfasession logi", "login"),
            ("mfasession login --store keyr", "keyring"),
            ("mfasession env -p acme", "acme-production"),
            ("mfasession exec -- unam", "uname"),
            ("mfasession policy lint our-p", "our-policy.json"),
        ):
            window.run("send-keys", "-l", typed)
            window.run("send-keys", "Tab")
            window.see(f"> {typed.rpartition(' ')[0]} {completed}")
            window.run("send-keys", "C-u")


def test_mfa_asks_for_a_code(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """No prompt has asked before."""
    alices_home.write_credentials(expired(alice))
    with elvish(alices_home) as window:
        window.type("set-env MFASESSION_EXPIRES 5")
        assert not any("MFA code" in line for line in window.see("\n[mfa expired] >"))
        window.type("mfa")
        window.see("this code lives")
        window.type(alice.devices[0].code())
        window.see("\n[mfa 1")
    assert len(aws.calls("GetSessionToken")) == 1
