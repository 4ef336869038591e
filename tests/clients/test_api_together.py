"""`import mfasession` by many at once: threads, forked children, other processes and the command share one question."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.clients.test_refreshing import keys_of, log_in_with
from tests.helpers.patience import scaled
from tests.helpers.programs import have_session, let_it_be_old
from tests.helpers.support import MFASESSION, Home

CODE = """
import sys
import mfasession

def code():
    with open("questions", "a") as questions:
        questions.write("asked\\n")
    return sys.argv[1]

"""
"""A function that gives the code of the command line and notes that it was called."""
SHARED = """
aws = mfasession.session(code=code)
clients = [aws.client("s3") for _ in range(20)]
"""
OWN = """
clients = [mfasession.session(code=code).client("s3") for _ in range(8)]
"""
AT_ONCE = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(len(clients)) as threads:
    answers = list(threads.map(lambda client: "Buckets" in client.list_buckets(), clients))
print(all(answers), len(answers))
"""
FORKED = """
import multiprocessing
aws = mfasession.session(code=code if len(sys.argv) > 1 else None)
client = aws.client("s3")
if len(sys.argv) == 1:
    client.list_buckets()
    print("used", flush=True)
    sys.stdin.readline()

def child():
    for used in (client, aws.client("s3")):
        used.list_buckets()
    print("child", flush=True)

forked = multiprocessing.get_context("fork").Process(target=child)
forked.start()
forked.join()
client.list_buckets()
print("parent", forked.exitcode)
"""
ONE = """
print(mfasession.session(code=code).client("sts").get_caller_identity()["Arn"])
"""


def made(aws: Sandbox, user: SandboxUser) -> int:
    """Return how many sessions AWS was asked for."""
    return len([call for call in aws.calls("GetSessionToken") if call.access_key_id == user.key.access_key_id])


def questions(home: Home) -> int:
    """Return how often the function was called."""
    return (home.folder / "questions").read_text().count("asked")


@pytest.mark.parametrize(
    ("script", "many", "left"),
    [(SHARED, 20, 0), (SHARED, 20, 14 * 60), (OWN, 8, 0)],
    ids=["ended", "ending", "a session each"],
)
def test_threads_ask_once(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, script: str, many: int, left: int
) -> None:
    """ByteNess/aws-vault#337: many threads with an ended or an ending session: one question, one exchange."""
    log_in_with(alices_home, aws, alice, left)
    let_it_be_old(alices_home)
    done = alices_home.run_program(sys.executable, "-c", CODE + script + AT_ONCE, alice.devices[0].code())
    assert (done.returncode, done.stdout, done.stderr) == (0, f"True {many}\n", "")
    assert questions(alices_home) == 1
    assert made(aws, alice) == 2


def test_a_forked_child_renews(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """`multiprocessing`: the child renews through its parent's clients, and the parent then takes what it made."""
    log_in_with(alices_home, aws, alice, 0)
    let_it_be_old(alices_home)
    done = alices_home.run_program(sys.executable, "-c", CODE + FORKED, alice.devices[0].code())
    assert (done.returncode, done.stdout, done.stderr) == (0, "child\nparent 0\n", "")
    assert questions(alices_home) == 1
    assert made(aws, alice) == 2
    assert len(keys_of(aws, alice)) == 1


def test_a_forked_child_goes_over_to_the_next_session(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """What its parent has in memory is about to end: the child takes the new session from the store, as the parent."""
    log_in_with(alices_home, aws, alice, 14 * 60)
    with subprocess.Popen(
        [sys.executable, "-c", CODE + FORKED],
        env=alices_home.environ,
        cwd=alices_home.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "used\n"
        have_session(alices_home, alice, "--force")
        assert program.communicate("\n", timeout=scaled(60))[0] == "child\nparent 0\n"
    assert len(keys_of(aws, alice)) == 2


def test_programs_and_the_command_at_once(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Two programs and three commands want a session in the same moment: whoever is first asks, for all."""
    code = alice.devices[0].code()
    alices_home.write_settings(f"code = {{ command = ['sh', '-c', 'echo asked >>questions; echo {code}'] }}\n")
    words = [[sys.executable, "-c", CODE + ONE, code]] * 2 + [[MFASESSION, "env"], [MFASESSION, "process"]]
    words.append([MFASESSION, "exec", "--", "printenv", "AWS_ACCESS_KEY_ID"])
    with ThreadPoolExecutor(len(words)) as threads:
        ended = list(threads.map(lambda each: alices_home.run_program(*each), words))
    assert [done.returncode for done in ended] == [0] * len(words), [done.stderr for done in ended]
    assert [done.stdout for done in ended[:2]] == [f"{alice.arn}\n"] * 2
    assert all(ended[-1].stdout.strip() in done.stdout for done in ended[2:])
    assert questions(alices_home) == 1
    assert made(aws, alice) == 1
