"""Tools that people open: each does one harmless thing at AWS, and its exit code shows whether it was served."""

import os
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit
from uuid import uuid4

from mfasession.sandbox import Sandbox
from tests.helpers.programs import REGION, WAYS, Way
from tests.helpers.sdks import wanted
from tests.helpers.support import need

BUCKET, NAME, TEXT = "tables", "numbers.csv", b"a,b\n1,2\n"
"""What the readers of tables read."""

EVERY_WAY: Mapping[str, Way] = {**WAYS, "server": lambda home, words: home.run("exec", "--server", "--", *words)}
"""How a tool comes to the session of the default profile."""

POLARS = f"import polars; polars.scan_csv('s3://{BUCKET}/{NAME}').collect()"
ARROW = """
import sys
from pyarrow import fs
fs.S3FileSystem(endpoint_override=sys.argv[1], region=sys.argv[2]).get_file_info(fs.FileSelector(""))
"""
DELTA = f"""
import sys, deltalake
given = {{"aws_endpoint_url": sys.argv[1], "aws_region": sys.argv[2], "aws_allow_http": "true"}}
# Without a session it would ask the machine it runs on.
given["aws_metadata_endpoint"] = "http://127.0.0.1:9"
deltalake.DeltaTable.is_deltatable("s3://{BUCKET}/delta", storage_options=given)
"""


def rclone(aws: Sandbox) -> tuple[str, ...]:
    """List the buckets, with a remote that stands in the command."""
    remote = f":s3,provider=AWS,env_auth=true,region={REGION},force_path_style=true,endpoint='{aws.url}':"
    once = ("--retries", "1", "--low-level-retries", "1")
    return need("rclone"), "lsf", "--config", os.devnull, *once, remote


def restic(aws: Sandbox) -> tuple[str, ...]:
    """Make a repository of its own."""
    options = ("-o", "s3.bucket-lookup=path", "-o", f"s3.region={REGION}")
    return need("restic"), "--no-cache", "-r", f"s3:{aws.url}/{BUCKET}/{uuid4().hex}", *options, "init"


def s3cmd(aws: Sandbox) -> tuple[str, ...]:
    """List the buckets."""
    host = urlsplit(aws.url).netloc
    return need("s3cmd"), f"--host={host}", f"--host-bucket={host}", "--no-ssl", f"--region={REGION}", "ls"


def s5cmd(aws: Sandbox) -> tuple[str, ...]:
    """List the buckets."""
    return need("s5cmd"), "--endpoint-url", aws.url, "ls"


def cdk(aws: Sandbox) -> tuple[str, ...]:
    """Prepare an account for deployments: CloudFormation is asked, and a stack made."""
    program = wanted("cdk", "node_modules", ".bin", "cdk")
    return program, "bootstrap", f"aws://{aws.account}/{REGION}"


def polars(_aws: Sandbox) -> tuple[str, ...]:
    """Read a table; boto3 stands beside it."""
    return wanted("frames", "bin", "python"), "-c", POLARS


def pyarrow(aws: Sandbox) -> tuple[str, ...]:
    """List the buckets, by the SDK for C++."""
    return wanted("frames", "bin", "python"), "-c", ARROW, aws.url, REGION


def delta(aws: Sandbox) -> tuple[str, ...]:
    """Look for a table."""
    return wanted("frames", "bin", "python"), "-c", DELTA, aws.url, REGION


TOOLS: Mapping[str, Callable[[Sandbox], tuple[str, ...]]] = {
    "rclone": rclone,
    "restic": restic,
    "s3cmd": s3cmd,
    "s5cmd": s5cmd,
    "CDK": cdk,
    "Polars": polars,
    "pyarrow": pyarrow,
    "delta-rs": delta,
}
