"""`import` with secrets of other tools: a passphrase and the keys behind it are in their places, and nowhere else."""

import pytest

from mfasession.sandbox import SandboxUser
from tests.helpers import vault_collections
from tests.helpers.faults import file_keyring
from tests.helpers.faults.canaries import Canaries, Run
from tests.helpers.other_tools import GIVEN, PASSPHRASE, add_to_vault, copy_vault
from tests.helpers.seat import APART, outcome, seat
from tests.helpers.secret_service import SecretService
from tests.helpers.support import MFASESSION, SECRET, Home

OTHER_SECRET = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
"""Of the second key in the recorded files."""
WRONG = "canary-of-a-wrong-passphrase-77f0"
KEYS = ("mine", "recorded", "other")
IMPORT = ("import", "aws-vault", "--debug", "--store")
OFFLINE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
"""AWS cannot say that it does not know the recorded keys."""
ASKED = r"\(not shown\): "


@pytest.fixture
def nest(alices_home: Home, alice: SandboxUser, canaries: Canaries) -> Home:
    """A home with the recorded files of aws-vault and one more, where temporary files are inside too."""
    (alices_home.folder / "tmp").mkdir()
    alices_home.environ |= {
        "TMPDIR": str(alices_home.folder / "tmp"),
        "PYTHONDONTWRITEBYTECODE": "1",
        **file_keyring.ENVIRON,
    }
    alices_home.credentials.unlink()
    add_to_vault(copy_vault(alices_home), "mine", alice)
    secret = alice.key.secret_access_key.reveal()
    canaries.plant(passphrase=PASSPHRASE, wrong=WRONG, mine=secret, recorded=SECRET, other=OTHER_SECRET)
    return alices_home


def test_into_the_file(nest: Home, canaries: Canaries) -> None:
    """AWS refuses two of the keys, which go nowhere; forced without AWS, they are in the credentials file alone."""
    for flags, offline, code in ((), {}, 4), (("--force",), OFFLINE, 0):
        run = Run(nest, *IMPORT, "file", "--yes", *flags, environ=GIVEN | offline)
        assert run.done.returncode == code, run.done.stderr
        canaries.search_run(run, environ=("passphrase",))
        canaries.search_folder(nest.folder, but={"credentials": KEYS if flags else ("mine",)})
    assert canaries.counts(nest.credentials.read_bytes()) == {"passphrase": 0, "wrong": 0, **dict.fromkeys(KEYS, 1)}


def test_into_the_keyring(nest: Home, canaries: Canaries) -> None:
    """Each key is in its item of the keyring alone."""
    run = Run(nest, *IMPORT, "keyring", "--yes", "--force", environ=GIVEN | OFFLINE)
    assert run.done.returncode == 0, run.done.stderr
    canaries.search_run(run, environ=("passphrase",))
    own = {"key%2Fmine": ("mine",), "key%2Fwork": ("recorded",), "key%2Fteam%2Fdeploy": ("other",)}
    canaries.search_folder(nest.folder, but=own)
    items = nest.folder / file_keyring.FOLDER
    assert all(canaries.counts((items / name).read_bytes())[key] == 1 for name, (key,) in own.items())


def test_failures(nest: Home, canaries: Canaries) -> None:
    """A wrong passphrase, no terminal, no AWS, an unknown key: what a traceback shows has no secret in it."""
    (nest.folder / "key.csv").write_text(f"Access key ID,Secret access key\nAKIAIOSFODNN7EXAMPLE,{SECRET}\n")
    for words, environ, code in (
        (IMPORT, {"AWS_VAULT_FILE_PASSPHRASE": WRONG}, 3),
        (IMPORT, {}, 6),
        (IMPORT, GIVEN | OFFLINE, 5),
        (("import", "csv", "key.csv", "--debug", "--store"), {}, 4),
    ):
        run = Run(nest, *words, "file", "--yes", environ=environ)
        assert run.done.returncode == code, run.done.stderr
        assert "Traceback" in run.done.stderr
        canaries.search_run(run, environ=("passphrase", "wrong"))
    canaries.search_folder(nest.folder, but={"key.csv": ("recorded",)})


def test_typed(nest: Home, canaries: Canaries) -> None:
    """A wrong and a right passphrase are on no screen, in no argument and in no file."""
    with seat(nest, *APART, MFASESSION, *IMPORT, "file", "--force", environ=OFFLINE) as sitting:
        for passphrase in (WRONG, PASSPHRASE):
            sitting.see(ASKED)
            canaries.search_process(sitting.process)
            sitting.line(passphrase)
        sitting.see(r"\[y/N\] ")
        canaries.search_process(sitting.process)
        sitting.line("y")
        code, said = outcome(sitting)
    assert code == 0, said
    canaries.search("the terminal", sitting.seen)
    canaries.search_folder(nest.folder, but={"credentials": KEYS})


@pytest.mark.parametrize("tool", ["aws-vault", "granted"])
def test_from_the_secret_service(alices_home: Home, alice: SandboxUser, canaries: Canaries, tool: str) -> None:
    """From a collection into the credentials file alone; refused, done, locked and done again, each with --debug."""
    collection = {"aws-vault": "awsvault", "granted": "granted-aws-iam-credentials"}[tool]
    secret = alice.key.secret_access_key.reveal()
    canaries.plant(mine=secret)
    alices_home.credentials.unlink()
    with SecretService() as service:
        alices_home.environ |= service.environ
        key = {"AccessKeyID": alice.key.access_key_id, "SecretAccessKey": secret}
        vault_collections.make(service, collection, {"mine": key, "half": {**key, "AccessKeyID": "AKIA"}})
        words = ("import", tool, "--debug", "--store", "file", "--yes")
        for environ, code in ((OFFLINE, 5), ({}, 0), ({}, 0)):
            run = Run(alices_home, *words, environ=environ)
            assert run.done.returncode == code, run.done.stderr
            canaries.search_run(run)
        vault_collections.lock(service, collection)
        run = Run(alices_home, *words)
        assert run.done.returncode == 7, run.done.stderr
        canaries.search_run(run)
    canaries.search_folder(alices_home.folder, but={"credentials": ("mine",)})
