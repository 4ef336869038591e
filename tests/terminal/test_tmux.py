"""The README's day as it stands on a screen: the three habits, typed in tmux and read from its window."""

import re
from collections.abc import Iterator
from itertools import count

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.seat import expired
from tests.helpers.support import Home
from tests.helpers.tmux import Tmux, tmux

pytestmark = pytest.mark.usefixtures("device_known")

_numbers = count(1)
NEXT_STEP = [
    'mfasession: aws and other tools use it after eval "$(mfasession env)", or within mfasession exec -- aws s3 ls'
]
"""What a first login says."""


@pytest.fixture
def window(alices_home: Home) -> Iterator[Tmux]:
    """Alice's window, with bash in it and the AWS CLI on its PATH."""
    with tmux(alices_home.folder, columns=120, lines=30, environ=alices_home.environ) as opened:
        yield opened


def ask(alice: SandboxUser) -> str:
    """Return the question as it stands in a transcript."""
    return f"MFA code for {alice.name} in 123456789012 (device {alice.devices[0].name}):"


def grouped(code: str) -> str:
    """Return a code as it stands in a transcript: `123 456`."""
    return f"{code[:3]} {code[3:]}"


def start(window: Tmux, line: str) -> str:
    """Type a line on a clear screen; return what the screen shows when it is done, and never before."""
    end = f"END-{next(_numbers)}"
    window.type(f"clear; {line}; echo; echo {end[:2]}''{end[2:]}")
    return end


def ended(window: Tmux, end: str) -> list[str]:
    """Wait for the end; return the lines before it, with times that are the same on each day."""
    shown = window.see(f"\n{end}\n")
    return [
        re.sub(r"\d\d:\d\d( tomorrow)?", "HH:MM", text).replace("11 h 59 min", "12 h")
        for text in shown[: shown.index(end)]
    ]


def transcript(window: Tmux, line: str, *answers: str) -> list[str]:
    """Type a line and the answers to its questions; return the screen when the shell is back."""
    end = start(window, line)
    for text in answers:
        window.see("this code lives")
        window.type(text)
    return ended(window, end)


def test_the_three_habits(window: Tmux, alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Refused, then login, exec and eval: a screen holds what was asked and what came of it, and nothing else."""
    device = alice.devices[0]
    refused = transcript(window, "aws s3 ls")
    assert "(AccessDenied) when calling the ListBuckets operation" in refused[0]
    code = device.code()
    assert transcript(window, "mfasession login", code) == [
        f"{ask(alice)} {grouped(code)}",
        "mfasession: session for default until HH:MM (12 h left)",
        *NEXT_STEP,
    ]
    bucket = f"reports-of-{alice.name}"
    assert transcript(window, f"mfasession exec -- aws s3 mb s3://{bucket}") == [f"make_bucket: {bucket}"]
    assert transcript(window, "mfasession exec -- aws s3 ls")[-1].endswith(f" {bucket}")
    alices_home.write_credentials(expired(alice))
    code = device.next_code()
    assert transcript(window, 'eval "$(mfasession env)"', code) == [f"{ask(alice)} {grouped(code)}"]
    assert transcript(window, "aws s3 ls")[-1].endswith(f" {bucket}")
    assert len(aws.calls("GetSessionToken")) >= 2


def test_a_mistyped_code(window: Tmux, alice: SandboxUser) -> None:
    """What was typed, why AWS did not take it, and the question again below."""
    device = alice.devices[0]
    code = device.code()
    wrong = next(each for each in ("000000", "111111") if each not in {device.code(step) for step in range(-3, 4)})
    end = start(window, "mfasession login")
    window.see("this code lives")
    window.type(wrong)
    window.see("AWS refused that code")
    window.see("this code lives")
    window.type(code)
    assert ended(window, end) == [
        f"{ask(alice)} {grouped(wrong)}",
        "AWS refused that code: it is wrong, too old, or was used before",
        f"{ask(alice)} {grouped(code)}",
        "mfasession: session for default until HH:MM (12 h left)",
        *NEXT_STEP,
    ]


def test_env_typed_by_hand_ends_with_the_line_to_type(window: Tmux, alices_home: Home, alice: SandboxUser) -> None:
    """No line for the shell, and no secret, but what it is for and what to type."""
    assert alices_home.run("login", "--code", alice.devices[0].code()).returncode == 0
    assert transcript(window, "mfasession env") == [
        "mfasession: env prints lines for a shell to evaluate, secrets too, and so nothing on a terminal",
        '  hint: eval "$(mfasession env)"',
    ]


def test_no_leaves_a_tidy_screen(window: Tmux, alice: SandboxUser) -> None:
    """The question without its clock, and one word below."""
    end = start(window, "mfasession login")
    window.see("this code lives")
    window.run("send-keys", "12", "C-c")
    assert ended(window, end) == [f"{ask(alice)} 12", "mfasession: interrupted"]
