"""The prompt's segment in fish, which has no clock of its own: right, and without a process."""

import time

import pytest

from tests.helpers.support import HOOKS, Home, need

HOOK = HOOKS / "mfasession.fish"
UPTIME = "/proc/uptime"
HOUR = 3600


def prompts(home: Home, script: str, *, clock: str = UPTIME, builtin: str = "path", path: str = "/nowhere") -> str:
    """Return what a script of fish prints after the hook; there are no programs unless `path` names their folder.

    Another `clock` is a system without /proc, another `builtin` a fish before 3.5.
    """
    text = HOOK.read_text().replace(UPTIME, clock).replace("contains -- path", f"contains -- {builtin}")
    script = script.replace("mfasession_prompt", "emit fish_prompt; mfasession_prompt")
    hook = home.folder / "hook.fish"
    hook.write_text(text)
    script = f"set -gx PATH {path}; source {hook}; {script}"
    done = home.run_program(need("fish"), "--no-config", "-c", script)
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout


@pytest.mark.parametrize("clock", [UPTIME, "/no/uptime"])
def test_no_program_runs_at_the_prompt(home: Home, clock: str) -> None:
    """None can be found. Each new session is shown at once, and so is none."""
    now = int(time.time())
    script = "".join(
        f"set -gx MFASESSION_EXPIRES '{value}'; mfasession_prompt; mfasession_prompt; echo; "
        for value in (now + 7 * HOUR + 42 * 60 + 50, now + 90 * HOUR + 30, now - 1, "what", "")
    )
    shown = prompts(home, script + "set -e MFASESSION_EXPIRES; mfasession_prompt", clock=clock)
    assert shown.splitlines() == ["[mfa 7:42] " * 2, "[mfa 90:00] " * 2, "[mfa expired] " * 2, "", ""]


@pytest.mark.parametrize(("clock", "builtin"), [(UPTIME, "path"), ("/no/uptime", "path"), ("/no/uptime", "none")])
def test_the_text_changes_with_its_minute(home: Home, clock: str, builtin: str) -> None:
    """It is kept no longer than it is right, here for a second. Without either clock `date` is run."""
    script = "set -gx MFASESSION_EXPIRES (math (date +%s) + 62); mfasession_prompt; sleep 3.2; mfasession_prompt"
    assert prompts(home, script, clock=clock, builtin=builtin, path="$PATH") == "[mfa 0:01] [mfa 0:00] "


def test_a_clock_that_went_back(home: Home) -> None:
    """The age of / goes back when something is added to /: the text is made anew."""
    script = (
        "set -gx MFASESSION_EXPIRES (math (date +%s) + 3630); mfasession_prompt; "
        "set __mfasession_from (math $__mfasession_from + 1000000000); "
        "set __mfasession_until (math $__mfasession_until + 1000000000); "
        "set __mfasession_shown 'old '; mfasession_prompt"
    )
    assert prompts(home, script, clock="/no/uptime", path="$PATH") == "[mfa 1:00] [mfa 1:00] "
