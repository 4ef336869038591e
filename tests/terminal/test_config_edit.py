"""`mfasession config edit` with an editor on the terminal."""

import os
import stat
from pathlib import Path

from tests.helpers.seat import seat
from tests.helpers.support import MFASESSION, Home

GOOD, WRONG = 'store = "keyring"\n', 'stor = "keyring"\n'


def editor(home: Home, script: str) -> dict[str, str]:
    """The environment with an editor that runs these lines, with the file as $1."""
    path = home.folder / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return {"EDITOR": f"{path} --wait", "VISUAL": ""}


def left(home: Home) -> list[str]:
    """The names in the folder of the configuration."""
    return sorted(each.name for each in home.settings.parent.iterdir())


def test_a_wrong_text_is_edited_again(home: Home) -> None:
    """The fault is shown; the editor gets the same text again; the file changes when it is right."""
    home.write_settings("# mine\n")
    script = f"""ls -l "$2" >>{home.folder}/seen; cat "$2" >>{home.folder}/seen
read line; printf '%s\\n' "$line" >"$2" """
    with seat(home, MFASESSION, "config", "edit", environ=editor(home, script)) as sitting:
        sitting.line(WRONG.strip())
        sitting.see("unknown key stor")
        sitting.see("did you mean store")
        sitting.see(r"edit it again\? No discards the changes \[y/N\] ")
        assert home.settings.read_text() == "# mine\n"
        sitting.line("y")
        sitting.line(GOOD.strip())
        assert sitting.end() == 0
    seen = (home.folder / "seen").read_text()
    assert seen.count("-rw------- ") == 2
    assert "# mine\n" in seen
    assert WRONG in seen
    assert home.settings.read_text() == GOOD
    assert left(home) == ["config.toml"]


def test_a_no_keeps_the_file(home: Home) -> None:
    """Exit code 3, and the copy is gone."""
    home.write_settings("# mine\n")
    with seat(home, MFASESSION, "config", "edit", environ=editor(home, f"printf '{WRONG.strip()}' >\"$2\"")) as sitting:
        sitting.see(r"\[y/N\] ")
        sitting.line("n")
        assert sitting.end() == 3
    assert "nothing was changed" in sitting.shown
    assert home.settings.read_text() == "# mine\n"
    assert left(home) == ["config.toml"]


def test_ctrl_c_is_the_editors(home: Home) -> None:
    """Many editors use it; the one that it ends has failed."""
    home.write_settings("# mine\n")
    script = """trap 'printf "duration = \\"1h\\"\\n" >"$2"; exit 0' INT; echo ready; sleep 60 & wait $!"""
    with seat(home, MFASESSION, "config", "edit", environ=editor(home, script)) as sitting:
        sitting.see("ready")
        sitting.type("\x03")
        assert sitting.end() == 0
    assert home.settings.read_text() == 'duration = "1h"\n'


def test_an_editor_that_fails(home: Home) -> None:
    """Its exit code, and the file stays, whatever is in the copy."""
    home.write_settings("# mine\n")
    with seat(home, MFASESSION, "config", "edit", environ=editor(home, 'echo >>"$2"; exit 4')) as sitting:
        assert sitting.end() == 3
    assert "failed (exit code 4), and nothing was changed" in sitting.shown
    with seat(home, MFASESSION, "config", "edit", environ={"EDITOR": "no-such-editor"}) as sitting:
        assert sitting.end() == 3
    assert "there is no program no-such-editor" in sitting.shown
    assert home.settings.read_text() == "# mine\n"
    assert left(home) == ["config.toml"]


def test_another_program_changes_the_file_meanwhile(home: Home) -> None:
    """Its change stays, and so does the edited text, where the message says."""
    home.write_settings("# mine\n")
    script = f"printf 'store = \"keyring\"\\n' >\"$2\"; echo '# theirs' >{home.settings}"
    with seat(home, MFASESSION, "config", "edit", columns=300, environ=editor(home, script)) as sitting:
        assert sitting.end() == 3
    assert home.settings.read_text() == "# theirs\n"
    (copy,) = (each for each in home.settings.parent.iterdir() if each != home.settings)
    assert f"the edited text is in {copy}" in sitting.shown
    assert copy.read_text() == GOOD
    assert stat.S_IMODE(os.stat(copy).st_mode) == 0o600
    assert Path(copy).suffix == ".toml"
