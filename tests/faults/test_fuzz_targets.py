"""No text that a file, a keyring, a program or AWS may hold brings anything but an answer or one of our errors.

`MFASESSION_FAULTS=long` tries a hundred times as many; `fuzz.py` goes on for as long as one likes.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mfasession.sandbox import Sandbox
from tests.helpers.faults import targets
from tests.helpers.patience import scaled
from tests.helpers.support import missing

EXAMPLES = 10_000 if os.environ.get("MFASESSION_FAULTS") == "long" else 100
RUNS = re.compile(r"Done (\d+) runs")
SECONDS = 1
"""Of guided fuzzing for each target; `make faults` does a minute of each."""
DIGITS = b"9" * 5000
SECTION = (
    b"[x]\naws_access_key_id=A\naws_secret_access_key=B\naws_session_token=C\nmfasession_key_id=K\n"
    b"x_security_token_expires=%s\nmfasession_issued=%s\nmfasession_identity=a\n  b\n"
)
PAYLOAD = b"mfasession 1\naccess_key_id=A\nsecret_access_key=%s\nsession_token=c\nexpires=%s\nkey_id=d\n"
SIGNED = (
    b"authorization: AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/sts/aws4_request, SignedHeaders=host, "
    b"Signature=\xe9\nx-amz-date:20260101T000000Z\n\nAction=GetCallerIdentity"
)
CASES: dict[str, list[bytes]] = {
    "ini": [
        b"[a]\nk = v\n m\n[b]\nmanager=mfasession\n",
        b"[a] ; x]\n\x85k:v",
        b"\xef\xbb\xbf[a]",
        b"[DEFAULT]\na=\n[b]",
    ],
    "toml": [b"store = 0x" + b"F" * 6000, b"x = " + b"[" * 5000, b"a." * 5000 + b"a = 1", b'[profiles."a\\tb\\u001f"]'],
    "kept": [b"i\x1fduration\x1fx", b"duration", b"i\x1fduration\x1f" + DIGITS],
    "section": [SECTION % (b"9999-01-01T00:00:00Z", b"0000-01-01T00:00:00Z"), b"[DEFAULT]\nmanager=mfasession\n[x]\n"],
    "payload": [
        *(
            PAYLOAD % (b"b", number)
            for number in (b"1" + b"0" * 30, b"-99999999999999", b"253402300800", DIGITS, b"1.5")
        ),
        PAYLOAD % (b"\\ud800", b"1"),
        b"[" * 100_000,
    ],
    "items": [b"mfasession-split:1:%s:abc:x\ny" % number for number in (b"99999999", b"65", b"64", b"0", b"x", DIGITS)],
    "index": [b"default-mfa\n\n\\", b"\\x", b"\\u12\n\0\n"],
    "dbus": [b"l\2\1\1" + bytes(8) + b"\x0f\0\0\0\x05\1u\0\1\0\0\0\x08\1g\0\1o\0\0" + b"\1\0\0\0/\0", b"\xff" * 64],
    "state": [
        b"x = 0x" + b"F" * 6000,
        b"x = " + b"[" * 300 + b"]" * 300,
        b"a." * 3000 + b"a = 1",
        b"[codes]\na = [{at = 1, salt = 'x'}]\n[refusals]\nx = 1\n[devices]\na = 1\n",
    ],
    "times": [b"2026-11-24T07:24:00Z", b"0000-01-01T00:00:00Z", b"9999-12-31T23:59:59+00:00", b"1h30m", DIGITS],
    "headers": [b'profile "a b"\nprofile x\nprofile "', b"mfasession process -p 'a b'\n/x/mfasession --profile=y"],
    "hits": [b"env\n-p\nx\n--shell\nfish", b"exec\n--\n--", b"login\n--code\n123456", b"status\n--json\n\xff"],
    "refusal": [b"AssumeRole\nX\nSignature expired: (20261332T000000Z - 15 min.)", b"A\nRequestTimeTooSkewed\n"],
    "assuan": [b"ERR " + DIGITS + b"\n", b"D a\n" * 15_000, b"#\n" * 30_000, b"OK\nD 12%3\nERR 83886179 x\n"],
    "request": [
        b"GET http://[ HTTP",
        b"GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=%C2%B2&X-Amz-Signature=a",
        b"GET /?AWSAccessKeyId=A&Signature=%E9&Expires=%C2%B2",
        b"POST /\ncontent-length:\xb2\n" + SIGNED,
        b"POST /\n" + SIGNED,
        b"POST /\nx-amz-target:a.b\n\n" + b"[" * 100_000,
        b"GET /\nhost:" + b"9" * 100,
        b"GET /_sandbox/\xff",
    ],
}
WORDS = st.sampled_from([b"[", b"]", b"=", b"\n", b" ", b"'", b'"', b"\0", b"\x1b", b"\xff", "\u202e".encode(), DIGITS])


@pytest.fixture(autouse=True)
def _one_gate(shared_aws: Sandbox) -> None:
    """The requests go to the sandbox of this process: there can be one."""
    targets.GATES[:] = [shared_aws._server._server.app]


def test_every_target_has_cases() -> None:
    """Whoever adds a target says what it is known to choke on."""
    assert set(CASES) == set(targets.TARGETS)


@pytest.mark.parametrize(("target", "data"), [(name, data) for name, cases in CASES.items() for data in cases])
def test_known_hard_inputs(target: str, data: bytes) -> None:
    """Numbers without end, deep nestings, times past the calendar, half characters: found by fuzzing, and fixed."""
    targets.TARGETS[target](data)


@pytest.mark.parametrize("target", targets.TARGETS)
def test_anything(target: str) -> None:
    """Any bytes, and what is known put together anew."""
    pieces = st.one_of(st.binary(max_size=20), WORDS, st.sampled_from(CASES[target]).flatmap(_pieces_of))

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(st.lists(pieces, max_size=8).map(b"".join))
    def tried(data: bytes) -> None:
        targets.TARGETS[target](data)

    tried()


@pytest.mark.parametrize("target", targets.TARGETS)
def test_guided_by_coverage(target: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """A second of atheris finds what random bytes do not."""
    if find_spec("atheris") is None:
        missing("atheris")
    for number, case in enumerate(CASES[target]):
        (tmp_path / str(number)).write_bytes(case[:4096])
    driver = str(Path(targets.__file__).with_name("fuzz.py"))
    done = subprocess.run(
        [sys.executable, driver, target, f"-max_total_time={SECONDS}", f"-artifact_prefix={tmp_path}/", str(tmp_path)],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=scaled(150),
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    record_property("fuzzed", RUNS.findall(done.stderr)[-1])


def _pieces_of(case: bytes) -> st.SearchStrategy[bytes]:
    ends = st.integers(0, len(case))
    return st.tuples(ends, ends).map(lambda ends: case[min(ends) : max(ends)])
