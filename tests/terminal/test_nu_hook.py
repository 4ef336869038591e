"""`mfasession shell init nu` at a real prompt: the Tab key, typed in tmux and read from its window."""

from tests.helpers.support import HOOKS, Home, key_pair, need
from tests.helpers.tmux import tmux


def test_tab_completes(home: Home) -> None:
    """Commands, flags, a program behind `--`, and files behind that."""
    (home.folder / "our-policy.json").touch()
    home.write_credentials(key_pair("acme-production"))
    with tmux(home.folder, columns=120, environ=home.environ) as window:
        window.type(f"{need('nu')} --no-config-file")
        window.see("> ")
        window.type(f"source {HOOKS / 'mfasession.nu'}; 'rea' + 'dy'")
        window.see("\nready\n")
        for typed, completed in (
            ("mfasession logi", "mfasession login"),
            ("mfasession exec --min-t", "mfasession exec --min-ttl"),
            ("mfasession exec -- unam", "mfasession exec -- uname"),
            ("mfasession exec -- cat our-p", "mfasession exec -- cat our-policy.json"),
        ):
            window.run("send-keys", "-l", typed)
            window.see(f"> {typed}")
            window.run("send-keys", "Tab")
            window.see(f"> {completed}")
            window.run("send-keys", "C-u")
