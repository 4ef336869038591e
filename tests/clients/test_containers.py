"""docs/containers.md in networks of their own, as containers have: with a loopback and socket files alone."""

import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.patience import wait_for
from tests.helpers.programs import REGION, have_session
from tests.helpers.sdks import boto3, client
from tests.helpers.serving import Served, serve
from tests.helpers.support import Home, missing, need

ADDRESSES = ("127.0.0.1", "169.254.170.2", "169.254.170.23", "172.17.0.1")
"""What the loopback there answers to: its own, those of ECS and EKS, and Docker's usual one of the host."""

NOT_CONNECTED = 7
"""curl's exit code."""


class Container:
    """A network of its own; socket files lead from ports there to the same ports here."""

    def __init__(self, folder: Path, ports: tuple[int, ...]) -> None:
        self._folder = folder
        self._ports = ports

    def words(self, *command: str, forwards: bool = True) -> list[str]:
        """Return the words that run a command there."""
        lines = ["ip link set lo up"]
        lines += [f"ip address add {address}/32 dev lo" for address in ADDRESSES[1:]]
        if forwards:
            for port in self._ports:
                target = f"UNIX-CONNECT:{shlex.quote(str(self._folder / str(port)))}"
                lines += [f"{{ socat TCP-LISTEN:{port},fork,reuseaddr {target} </dev/null & }}"]
            # Listening, all of them.
            lines += [f"until grep -q ':{port:04X} .* 0A ' /proc/net/tcp; do sleep 0.05; done" for port in self._ports]
        # The forwarders end with the process number namespace.
        script = " && ".join([*lines, '"$@"'])
        return [
            need("unshare"),
            "--net",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "sh",
            "-c",
            script,
            "sh",
            *command,
        ]


@contextmanager
def container(folder: Path, *ports: int) -> Iterator[Container]:
    """Lead these ports out; the block's end closes them."""
    if os.geteuid() != 0:
        missing("root, for a network of its own,")
    need("ip")
    with ExitStack() as stack:
        for port in ports:
            socket = folder / str(port)
            listen = f"UNIX-LISTEN:{socket},fork,mode=600"
            process = stack.enter_context(subprocess.Popen([need("socat"), listen, f"TCP:127.0.0.1:{port}"]))
            stack.callback(process.terminate)
            wait_for(socket.exists)
        yield Container(folder, ports)


def port_of(aws: Sandbox) -> int:
    """The port of AWS."""
    port = urlsplit(aws.url).port
    assert port
    return port


def variables(aws: Sandbox, served: Served, address: str = "127.0.0.1") -> Mapping[str, str]:
    """Return what the page sets in a container, with its token file where `serve` has it."""
    return {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": served.uri.replace("127.0.0.1", address),
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(served.token_file),
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def test_a_socket_file_leads_out(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, words: tuple[str, ...], tmp_path: Path
) -> None:
    """Each SDK there is served through its own loopback; without the forwarder there is nothing to connect to."""
    have_session(alices_home, alice)
    with serve(alices_home) as served, container(tmp_path, served.port, port_of(aws)) as there:
        environ = variables(aws, served)
        alone = alices_home.run_program(*there.words(need("curl"), "-s", served.uri, forwards=False))
        assert alone.returncode == NOT_CONNECTED, "the networks are one"
        with client(alices_home, *there.words(*words), environ=environ) as program:
            assert program.call() == {"arn": alice.arn}, program.stderr


def test_the_variables_alone(alices_home: Home, aws: Sandbox, alice: SandboxUser, tmp_path: Path) -> None:
    """`exec` around the container's program, which hands its variables on."""
    have_session(alices_home, alice)
    with container(tmp_path, port_of(aws)) as there:
        done = alices_home.run("exec", "--", *there.words(*boto3()), stdin="\n")
        assert alice.arn in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("169.254.170.2", "this endpoint is for programs on this computer"),
        ("169.254.170.23", "this endpoint is for programs on this computer"),
        ("172.17.0.1", "Unsupported host '172.17.0.1'"),
    ],
)
def test_other_addresses_are_refused(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, address: str, why: str, tmp_path: Path
) -> None:
    """SDKs would ask the addresses of ECS and EKS, and the endpoint refuses; those of a bridge SDKs refuse."""
    have_session(alices_home, alice)
    with serve(alices_home) as served, container(tmp_path, served.port, port_of(aws)) as there:
        environ = variables(aws, served, address)
        with client(alices_home, *there.words(*boto3()), environ=environ) as program:
            answer = program.call()
    assert why in answer["text"], answer
