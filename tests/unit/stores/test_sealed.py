"""The text of the encrypted file: what is written is read, and no changed byte is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.errors import ConfigurationError, InputNeeded, MfaSessionError, StoreError
from mfasession.stores.encrypted import EncryptedFile, sealed
from mfasession.stores.encrypted.sealed import Cost, Entry
from mfasession.values import Secret
from tests.helpers.support import KEY_ID, SECRET, Home

QUICK = Cost(n=2)
"""The derivation of a key takes no time."""
PASSPHRASE = Secret("correct horse")
ENTRIES: list[Entry] = [
    ({"kind": "key", "profile": "work", "key_id": KEY_ID}, {"secret": Secret(SECRET)}),
    ({"kind": "seed", "device": "arn:aws:iam::123456789012:mfa/alice"}, {"seed": Secret("JBSWY3DPEHPK3PXP")}),
]
TEXT = sealed.seal(ENTRIES, PASSPHRASE, QUICK)

texts = st.text(max_size=20)
entries = st.lists(st.tuples(st.dictionaries(texts, texts), st.dictionaries(texts, texts.map(Secret))), max_size=4)


@given(entries, texts)
def test_what_is_sealed_is_opened(made: list[Entry], passphrase: str) -> None:
    """Whatever the labels, the secrets and the passphrase are."""
    text = sealed.seal(made, Secret(passphrase), QUICK)
    assert sealed.opened(text, Secret(passphrase)) == made
    assert list(sealed.labels(text)) == [label for label, _ in made]


@given(st.integers(0, len(TEXT) - 1), st.integers(0, 127))
def test_a_changed_byte_is_refused(place: int, byte: int) -> None:
    """In the head and in the ciphertext; and the labels are read without a surprise."""
    changed = TEXT[:place] + chr(byte) + TEXT[place + 1 :]
    if changed == TEXT:
        return
    with pytest.raises((sealed.WrongPassphrase, sealed.Malformed)):
        sealed.opened(changed, PASSPHRASE)


@pytest.mark.parametrize("place", range(len(TEXT)))
def test_a_truncated_text_is_refused(place: int) -> None:
    """Wherever it ends."""
    with pytest.raises((sealed.WrongPassphrase, sealed.Malformed)):
        sealed.opened(TEXT[:place], PASSPHRASE)


@given(st.text(max_size=200))
def test_any_text_is_refused_or_read(text: str) -> None:
    """Without any other error."""
    for whole in (text, f"{sealed.MAGIC}\n{text}\n", TEXT + text):
        try:
            sealed.labels(whole)
        except sealed.Malformed:
            continue


def test_nothing_of_a_secret_is_readable() -> None:
    """Neither in the text nor in what is shown of it."""
    assert SECRET not in TEXT
    assert SECRET not in repr(sealed.opened(TEXT, PASSPHRASE))


def test_each_text_has_its_own_salt_and_nonce() -> None:
    """The same entries and passphrase give no line twice but magic and labels."""
    again = sealed.seal(ENTRIES, PASSPHRASE, QUICK).splitlines()
    same = [line for line in again if line in TEXT.splitlines()]
    assert same == [again[0], *again[3:5]]


def test_two_spellings_of_one_passphrase() -> None:
    """One keyboard sends é as a character, another as two."""
    text = sealed.seal(ENTRIES, Secret("caf\u00e9"), QUICK)
    assert sealed.opened(text, Secret("cafe\u0301")) == ENTRIES
    with pytest.raises(sealed.WrongPassphrase):
        sealed.opened(text, Secret("cafe"))


@pytest.mark.parametrize(
    "cost",
    [
        Cost(n=1 << 20),
        Cost(n=1 << 40),
        Cost(n=1 << 17, r=1 << 10),
        Cost(n=1 << 10, p=1 << 20),
        Cost(n=3),
        Cost(n=0),
        Cost(n=2, r=0),
        Cost(n=2, p=0),
    ],
    ids=repr,
)
def test_a_head_that_wants_too_much_is_refused(cost: Cost) -> None:
    """Before any memory is taken: the file may come from elsewhere."""
    lines = TEXT.split("\n")
    salt = lines[1].split(" ")[4]
    lines[1] = f"scrypt {cost.n} {cost.r} {cost.p} {salt}"
    with pytest.raises(sealed.Malformed):
        sealed.opened("\n".join(lines), PASSPHRASE)


def test_the_cost_of_a_new_file() -> None:
    """128 MiB, and a reader of today may afford it."""
    assert 128 * sealed.COST.n * sealed.COST.r == 128 << 20
    assert sealed.COST.is_within_limits


def written(home: Home, text: str, mode: int = 0o600) -> EncryptedFile:
    """The encrypted file of a home with this text."""
    file = EncryptedFile({"HOME": str(home.folder)}, no_input=True)
    path = home.folder / ".local" / "share" / "mfasession" / "keys.encrypted"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    assert file.path == str(path)
    return file


@pytest.mark.parametrize("text", ["", "x", TEXT[:-1], TEXT + "\n", TEXT.replace("keys 1", "keys 2"), "\udce9"])
def test_a_damaged_file(home: Home, text: str) -> None:
    """One error that names the file; no passphrase is asked for."""
    file = written(home, "")
    with open(file.path, "w", encoding="utf-8", errors="surrogateescape") as raw:
        raw.write(text)
    for read in (file.labels, file.entries, file.check):
        with pytest.raises(ConfigurationError, match=r"keys\.encrypted is damaged, or not an encrypted file"):
            read()


def test_a_file_that_others_may_read(home: Home) -> None:
    """It is refused as the AWS credentials file is."""
    with pytest.raises(ConfigurationError, match=r"keys\.encrypted"):
        written(home, TEXT, 0o644).labels()


def test_no_passphrase_without_a_person(home: Home) -> None:
    """The labels need none; the secrets do, and a new file too."""
    file = written(home, TEXT)
    assert len(file.labels()) == 2
    with pytest.raises(InputNeeded, match="no terminal to ask for the passphrase"):
        file.entries()


@pytest.mark.parametrize(
    ("command", "kind", "words"),
    [
        ("echo wrong", StoreError, "the passphrase is wrong, or .*keys.encrypted is damaged"),
        ("false", ConfigurationError, r"false failed \(exit code 1\) and gave no passphrase"),
        ("true", ConfigurationError, "true printed no passphrase"),
        ("/nowhere/x", ConfigurationError, "there is no program /nowhere/x"),
        ("'", ConfigurationError, "MFASESSION_PASSPHRASE_COMMAND is not a command"),
    ],
)
def test_a_command_that_does_not_give_it(home: Home, command: str, kind: type[MfaSessionError], words: str) -> None:
    """One line, without what the command printed."""
    path = written(home, TEXT).path
    file = EncryptedFile({"HOME": str(home.folder), "MFASESSION_PASSPHRASE_COMMAND": command}, no_input=True)
    with pytest.raises(kind, match=words) as raised:
        file.entries()
    assert path == file.path
    assert raised.value.hint


def test_the_first_line_of_the_command_is_the_passphrase(home: Home) -> None:
    """As `pass show` prints it: what follows is not part of it."""
    written(home, TEXT)
    environ = {"HOME": str(home.folder), "MFASESSION_PASSPHRASE_COMMAND": "printf 'correct horse\\r\\nurl: x\\n'"}
    assert EncryptedFile(environ, no_input=True).entries() == ENTRIES
