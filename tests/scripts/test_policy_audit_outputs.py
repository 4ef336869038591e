"""Where `policy audit` writes: several files, of which one fails or is another of its files, and stdout."""

import subprocess

from tests.helpers.auditing import Estate
from tests.helpers.patience import wait_for
from tests.helpers.support import MFASESSION

MANY = ("--accounts", "123456789012", "--role-name", "auditor")


SAME = (
    (("--output", "a.csv", "--output", "./a.csv"), "--output ./a.csv is the same file as --output a.csv"),
    (("--output", "a.csv", "--output", "link.html"), "--output link.html is the same file as --output a.csv"),
    (("--output", "folder/a.csv", "--output", "a.csv"), "--output a.csv is the same file as --output folder/a.csv"),
    ((*MANY, "--resume", "a.csv", "--output", "link.html"), "--output link.html is the same file as --resume a.csv"),
    (("--exceptions", "mine", "--output", "mine"), "--output mine is the same file as mine, which the audit reads"),
    ((*MANY, "--exceptions", "mine", "--resume", "mine"), "--resume mine is the same file as mine, which"),
    (("--scp", "root=mine", "--output", "mine"), "--output mine is the same file as mine, which"),
    (("--accounts", "mine", "--role-name", "auditor", "--output", "mine"), "--output mine is the same file as mine,"),
)
"""Command lines that name a file for two things, and what is said."""


def test_a_file_for_two_things(estate: Estate) -> None:
    """It is refused before anything is read, and the user's files stay as they are."""
    folder = estate.home.folder
    (folder / "mine").write_text("mine\n")
    (folder / "link.html").symlink_to("a.csv")
    (folder / "folder").symlink_to(".")
    for words, said in SAME:
        done = estate.home.run("policy", "audit", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
        assert "  hint: name another file\n" in done.stderr
    assert ((folder / "mine").read_text(), (folder / "a.csv").exists()) == ("mine\n", False)
    assert not estate.aws.calls()


def test_words_of_scp_are_no_files(estate: Estate) -> None:
    """A report may be called as they are."""
    assert estate.home.run("policy", "audit", "--scp", "none", "--output", "none").returncode == 1
    assert (estate.home.folder / "none").exists()


def test_a_report_that_cannot_be_written(estate: Estate) -> None:
    """The others are written, the users are summed up, and what was read is kept for `--resume`."""
    folder = estate.home.folder
    estate.aws.add_role("auditor", [estate.alice.arn])
    (folder / "gone").mkdir()
    estate.aws.faults.add("ListVirtualMFADevices", "delay", seconds=3.0)
    outputs = [word for name in ("gone/a.html", "a.jsonl", "gone/a.csv", "a.xml") for word in ("--output", name)]
    running = subprocess.Popen(
        [MFASESSION, "policy", "audit", *MANY, "--resume", "read", *outputs],
        env=estate.home.environ, cwd=folder, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_for(lambda: bool(estate.aws.calls("GetAccountAuthorizationDetails")))
    (folder / "gone").rmdir()
    (folder / "gone").touch()
    _, said = running.communicate()
    assert running.returncode == 7, said
    assert ((folder / "a.jsonl").exists(), (folder / "a.xml").exists(), (folder / "read").exists()) == (True,) * 3
    summed, html, csv = (said.index(each) for each in ("1 user: 1 not covered", "gone/a.html was", "gone/a.csv was"))
    assert summed < min(html, csv)
