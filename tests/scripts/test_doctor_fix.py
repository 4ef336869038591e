"""`mfasession doctor --fix`: each safe change is shown, and made as it was shown; nothing else is changed."""

import re

import pytest

from tests.helpers.doctoring import found
from tests.helpers.support import Home, key_pair


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


def test_fix_closes_our_own_configuration(home: Home) -> None:
    """It counts at once."""
    home.write_settings('default_profile = "gone"\n')
    home.settings.chmod(0o666)
    home.write_credentials(key_pair())
    done = home.run("doctor", "--offline", "--fix", "--yes")
    assert (done.returncode, home.settings.stat().st_mode & 0o002) == (1, 0)
    assert f"  mode of {home.settings}: 0666 -> 06" in done.stderr
    assert "gone" in done.stdout
