"""Where our own files live, against the library that knows the platforms' rules but is too dear to import."""

import os
from collections.abc import Mapping

import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from mfasession import files
from mfasession.files import paths

XDG = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")
PLATFORMS = {"linux": Unix, "freebsd14": Unix, "darwin": MacOS}
HOME = {"HOME": "/home/alice"}


def ours(environ: Mapping[str, str], platform: str = "linux") -> tuple[str, str, str, str]:
    """Our folders of configuration, state, cache and data."""
    return (
        os.path.dirname(files.config_file(environ, platform)),
        files.state_folder(environ, platform),
        files.cache_folder(environ, platform),
        os.path.dirname(paths.encrypted_keys(environ, platform)),
    )


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("xdg", [{}, {name: f"/xdg/{name}" for name in XDG}, dict.fromkeys(XDG, ""), {XDG[0]: "/x"}])
def test_the_folders_are_the_platforms(monkeypatch: pytest.MonkeyPatch, platform: str, xdg: dict[str, str]) -> None:
    """XDG's on Unix, Apple's on macOS, and the XDG variables where they are set."""
    environ = {**HOME, **xdg}
    for name in (*XDG, "XDG_CONFIG_DIRS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    theirs = PLATFORMS[platform]("mfasession", appauthor=False)
    assert ours(environ, platform) == (
        theirs.user_config_dir,
        theirs.user_state_dir,
        theirs.user_cache_dir,
        theirs.user_data_dir,
    )


def test_a_relative_xdg_path_is_ignored() -> None:
    """The XDG Base Directory Specification calls it invalid; elsewhere it would be another folder in every folder."""
    for relative in ("config", "./config", "~/config"):
        assert ours({**HOME, **dict.fromkeys(XDG, relative)}) == ours(HOME)


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}])
def test_without_home_the_user_database_knows(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]) -> None:
    """As cron and some services start programs."""
    monkeypatch.delenv("HOME", raising=False)
    assert files.home(environ) == os.path.expanduser("~")
    assert all(os.path.isabs(folder) for folder in ours(environ))


def test_a_named_configuration_is_taken_as_it_is() -> None:
    """MFASESSION_CONFIG wins over every folder; empty it names nothing."""
    assert files.config_file({**HOME, "MFASESSION_CONFIG": "some/where.toml"}) == "some/where.toml"
    assert files.config_file({**HOME, "MFASESSION_CONFIG": ""}) == files.config_file(HOME)


def test_each_resource_has_its_own_lock() -> None:
    """The same for every process of ours, another for another kind or resource; any text names one."""
    one = paths.lock_file(HOME, "login", "/home/alice/.aws/credentials\ndefault-mfa")
    assert one == paths.lock_file(dict(HOME), "login", "/home/alice/.aws/credentials\ndefault-mfa")
    others = [
        paths.lock_file(HOME, "file", "/home/alice/.aws/credentials\ndefault-mfa"),
        paths.lock_file(HOME, "login", "/home/alice/.aws/credentials\nwork-mfa"),
        paths.lock_file(HOME, "login", "\udcff/../.."),
    ]
    assert len({one, *others}) == 4
    assert all(os.path.dirname(path) == os.path.dirname(one) for path in others)
    assert os.path.dirname(one).startswith(files.state_folder(HOME))


def test_the_list_of_the_keyring_is_state() -> None:
    """It is remembered, not configured and not made again."""
    assert os.path.dirname(paths.store_index(HOME, "keyring")) == files.state_folder(HOME)
