"""Codes from programs: what a preset's program prints, and the seed it reads, are in no message and no other file."""

import pytest

from mfasession.sandbox import SandboxUser
from tests.helpers import code_programs
from tests.helpers.faults.canaries import Canaries, Run
from tests.helpers.support import Home, need

OUTPUT = "canary-of-what-the-program-prints-4c1b"
PRESETS = {
    "ykman": '{ preset = "ykman" }',
    "1password": '{ preset = "1password", vault = "Work" }',
    "bitwarden": '{ preset = "bitwarden" }',
    "pass": '{ preset = "pass", account = "aws/phone" }',
    "gopass": '{ preset = "gopass" }',
    "keepassxc": '{ preset = "keepassxc", database = "/home/alice/db.kdbx" }',
    "zenity": '"zenity"',
    "kdialog": '"kdialog"',
}


@pytest.mark.parametrize("preset", PRESETS)
def test_what_a_program_prints(alices_home: Home, alice: SandboxUser, canaries: Canaries, preset: str) -> None:
    """A code that AWS takes, one that it refuses, and failures of the program, each with --debug."""
    home, code = alices_home, alice.devices[0].code()
    canaries.plant(code=code, output=OUTPUT)
    home.write_settings(f"code = {PRESETS[preset]}\n")
    is_window = preset in code_programs.WINDOWS
    # A window's program prints the answer alone.
    around = "" if is_window else f"{OUTPUT} "
    runs = (
        ({"prints": f"{around}{code}\n"}, 0),
        ({"prints": f"{OUTPUT}\n"}, 3),
        ({"prints": f"{OUTPUT} {code}\n", "status": 9}, 6 if is_window else 3),
    )
    for how, expected in runs:
        home.environ |= code_programs.fake(preset, home.folder, **how)
        run = Run(home, "--debug", "login", "--force")
        assert run.done.returncode == expected, run.done.stderr
        canaries.search_run(run)
        (home.folder / "bin").rename(home.folder.parent / f"bin{len(list(home.folder.parent.iterdir()))}")
    canaries.search_folder(home.folder, but={})


def test_the_seed_that_oathtool_reads(alices_home: Home, alice: SandboxUser, canaries: Canaries) -> None:
    """It stays in its file, and is in no word of a program."""
    need("oathtool")
    home, seed = alices_home, alice.devices[0].seed
    canaries.plant(seed=seed)
    path = code_programs.seed_file(home.folder, seed)
    home.write_settings(f'code = {{ preset = "oathtool", file = "{path}" }}\n')
    for words in (("login",), ("process",), ("login", "--force")):
        run = Run(home, "--debug", *words)
        assert run.done.returncode == 0, run.done.stderr
        canaries.search_run(run)
    canaries.search_folder(home.folder, but={"seed": ("seed",)})
