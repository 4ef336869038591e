"""moto's services behind the gate, used as clients use them."""

import hashlib
import io
import json
import socket
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from mfasession.sandbox import Sandbox, SandboxUser, sigv4, sigv4_chunks
from tests.helpers.sandbox_clients import client, refusal, session
from tests.sandbox.test_signatures import received


@pytest.fixture
def mfa(aws: Sandbox, alice: SandboxUser) -> Any:
    """Credentials of Alice with MFA."""
    return session(aws, alice, alice.devices[0])


@pytest.fixture
def bucket(aws: Sandbox, alice: SandboxUser, mfa: Any) -> str:
    """A bucket of the test's own."""
    name = f"bucket-{alice.name}"
    client(aws, "s3", mfa).create_bucket(Bucket=name)
    return name


def fetched(url: str, method: str = "GET", body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """Status and body of a plain HTTP request."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = URLLib3Session().send(AWSRequest(method, url, headers=named, data=body).prepare())
    return answer.status_code, answer.content


def test_files_go_up_and_down(aws: Sandbox, mfa: Any, bucket: str, tmp_path: Path) -> None:
    """upload_file in parts, download_file, odd names, metadata with an underscore."""
    there, back = tmp_path / "there", tmp_path / "back"
    there.write_bytes(bytes(range(256)) * 40_000)
    s3 = client(aws, "s3", mfa)
    for key in ("plain", "a b+c/ü~(1)%20.txt", "dir//double"):
        s3.upload_file(str(there), bucket, key, ExtraArgs={"Metadata": {"made_by": "us"}})
        s3.download_file(bucket, key, str(back))
        assert back.read_bytes() == there.read_bytes()
        assert s3.head_object(Bucket=bucket, Key=key)["Metadata"] == {"made_by": "us"}
    assert len(s3.list_objects_v2(Bucket=bucket)["Contents"]) == 3
    deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "plain"}, {"Key": "dir//double"}]})
    assert len(deleted["Deleted"]) == 2


@pytest.mark.parametrize("version", [None, "s3v4"])
def test_presigned_urls(aws: Sandbox, mfa: Any, bucket: str, version: str | None) -> None:
    """boto3's default (version 2) and version 4: read, write, changed, expired."""
    s3 = client(aws, "s3", mfa, signature_version=version)
    names = {"Bucket": bucket, "Key": "a b/ü.txt"}
    put = s3.generate_presigned_url("put_object", Params=names, ExpiresIn=600)
    get = s3.generate_presigned_url("get_object", Params={**names, "ResponseContentType": "text/x"}, ExpiresIn=600)
    assert fetched(put, "PUT", b"hello")[0] == 200
    assert fetched(get) == (200, b"hello")
    status, body = fetched(get.replace(".txt", ".text"))
    assert status == 403
    assert b"<Code>SignatureDoesNotMatch</Code>" in body
    aws.clock.move(601)
    status, body = fetched(get)
    assert status == 403
    assert b"<Code>AccessDenied</Code><Message>Request has expired</Message>" in body


def test_a_presigned_url_is_judged_by_the_rule(aws: Sandbox, alice: SandboxUser, bucket: str) -> None:
    """Signed by a key alone it is denied; a header that was not signed is refused."""
    names = {"Bucket": bucket, "Key": "k"}
    s3 = client(aws, "s3", alice.key, signature_version="s3v4")
    url = s3.generate_presigned_url("get_object", Params=names)
    assert b"with an explicit deny in an identity-based policy" in fetched(url)[1]
    status, body = fetched(url, x_amz_acl="public-read")
    assert status == 403
    assert b"There were headers present in the request which were not signed" in body


def test_a_body_that_is_not_the_signed_one(aws: Sandbox, mfa: Any, bucket: str) -> None:
    """S3 compares the body with the hash in the header."""
    request = AWSRequest("PUT", f"{aws.url}/{bucket}/k", data=b"signed")
    credentials = Credentials(mfa["AccessKeyId"], mfa["SecretAccessKey"], mfa["SessionToken"])
    S3SigV4Auth(credentials, "s3", "us-east-1").add_auth(request)
    request.data = b"swapped"
    answer = URLLib3Session().send(request.prepare())
    assert answer.status_code == 400
    assert b"<Code>XAmzContentSHA256Mismatch</Code>" in answer.content


class ChunkSigner(S3SigV4Auth):
    """Signs a request whose body comes in chunks, as the SDK for Java does."""

    def payload(self, request: AWSRequest) -> str:
        """The kind of chunks."""
        return str(request.headers["X-Amz-Content-SHA256"])

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        kind = request.headers["X-Amz-Content-SHA256"]
        super()._modify_request_before_signing(request)  # type: ignore[misc]
        del request.headers["X-Amz-Content-SHA256"]
        request.headers["X-Amz-Content-SHA256"] = kind


@pytest.mark.parametrize("kind", sigv4_chunks.KINDS)
def test_uploads_in_chunks(aws: Sandbox, mfa: Any, bucket: str, kind: str) -> None:
    """Signed chunks, signed chunks with a trailer, and an unsigned body with a trailer: stored without the framing."""
    data = b"some data " * 100
    url = f"{aws.url}/{bucket}/{kind}"
    headers = {
        "X-Amz-Content-SHA256": kind,
        "X-Amz-Decoded-Content-Length": str(len(data)),
        "Content-Encoding": "aws-chunked",
    }
    request = AWSRequest("PUT", url, headers=headers)
    ChunkSigner(
        Credentials(mfa["AccessKeyId"], mfa["SecretAccessKey"], mfa["SessionToken"]), "s3", "us-east-1"
    ).add_auth(request)
    seed = sigv4.read(received("PUT", f"/{bucket}/{kind}", dict(request.headers.items())))
    assert seed is not None
    body = framed(data, kind, seed, mfa["SecretAccessKey"])
    request.data = body
    assert URLLib3Session().send(request.prepare()).status_code == 200
    assert client(aws, "s3", mfa).get_object(Bucket=bucket, Key=kind)["Body"].read() == data
    if kind != sigv4_chunks.UNSIGNED_WITH_TRAILER:
        request.data = body.replace(b"some data", b"sore data", 1)
        assert b"<Code>SignatureDoesNotMatch</Code>" in URLLib3Session().send(request.prepare()).content
    if kind == sigv4_chunks.SIGNED:
        request.data = body[: len(body) // 2]
        assert b"<Code>IncompleteBody</Code>" in URLLib3Session().send(request.prepare()).content


def framed(data: bytes, kind: str, seed: sigv4.Signature, secret: str) -> bytes:
    """The data in one chunk, the last chunk, and the trailer that the kind wants."""
    if kind == sigv4_chunks.UNSIGNED_WITH_TRAILER:
        return b"%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n" % (len(data), data)
    previous, body = seed.digest, b""
    for part in (data, b""):
        hashes = f"{previous}\n{sigv4.EMPTY_SHA256}\n{hashlib.sha256(part).hexdigest()}"
        previous = sigv4.sign(seed, secret, f"AWS4-HMAC-SHA256-PAYLOAD\n{seed.stamp}\n{seed.scope}\n{hashes}")
        body += b"%x;chunk-signature=%s\r\n%s" % (len(part), previous.encode(), part + b"\r\n" if part else b"")
    if kind == sigv4_chunks.SIGNED:
        return body + b"\r\n"
    fields = b"x-amz-checksum-crc32:AAAAAA=="
    hashes = f"{previous}\n{hashlib.sha256(fields + chr(10).encode()).hexdigest()}"
    digest = sigv4.sign(seed, secret, f"AWS4-HMAC-SHA256-TRAILER\n{seed.stamp}\n{seed.scope}\n{hashes}")
    return body + fields + b"\r\nx-amz-trailer-signature:" + digest.encode() + b"\r\n\r\n"


def test_virtual_hosts(aws: Sandbox, mfa: Any, bucket: str) -> None:
    """The bucket in the Host header: the action and its resource are the same."""
    s3 = client(aws, "s3", mfa)
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    port = aws.url.rpartition(":")[2]
    request = AWSRequest("GET", f"{aws.url}/k", headers={"Host": f"{bucket}.s3.amazonaws.com:{port}"})
    credentials = Credentials(mfa["AccessKeyId"], mfa["SecretAccessKey"], mfa["SessionToken"])
    S3SigV4Auth(credentials, "s3", "us-east-1").add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    assert (answer.status_code, answer.content) == (200, b"hello")
    assert aws.calls("GetObject")[-1].params == {"Bucket": bucket, "Key": "k"}


def test_dynamodb(aws: Sandbox, mfa: Any, alice: SandboxUser) -> None:
    """A JSON service."""
    table, dynamodb = f"table-{alice.name}", client(aws, "dynamodb", mfa)
    dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName=table, Item={"id": {"S": "1"}, "name": {"S": "Zoë"}})
    assert dynamodb.get_item(TableName=table, Key={"id": {"S": "1"}})["Item"]["name"]["S"] == "Zoë"


def test_ec2(aws: Sandbox, mfa: Any) -> None:
    """The EC2 protocol, in another region."""
    ec2 = client(aws, "ec2", mfa, region="eu-west-1")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    assert vpc in [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]]
    assert refusal(ec2.describe_vpcs, VpcIds=["vpc-00000000"])[0] == "InvalidVpcID.NotFound"
    assert aws.calls("DescribeVpcs")[-1].outcome == "InvalidVpcID.NotFound"


def test_lambda(aws: Sandbox, mfa: Any, alice: SandboxUser) -> None:
    """A REST-JSON service; the operation is in the path."""
    role = aws.add_role(f"lambda-{alice.name}", trusted=[alice.arn])
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("main.py", "def handle(event, context): return 1")
    functions, name = client(aws, "lambda", mfa), f"function-{alice.name}"
    functions.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role.arn,
        Handler="main.handle",
        Code={"ZipFile": archive.getvalue()},
    )
    assert functions.get_function(FunctionName=name)["Configuration"]["Handler"] == "main.handle"
    assert aws.calls("GetFunction")[-1].permission == "lambda:GetFunction"
    assert refusal(functions.get_function, FunctionName="none")[0] == "ResourceNotFoundException"
    assert aws.calls("GetFunction")[-1].outcome == "ResourceNotFoundException"


def test_ssm_and_secrets_are_not_in_the_calls(aws: Sandbox, mfa: Any, alice: SandboxUser) -> None:
    """A JSON service whose parameters are secrets."""
    ssm, name = client(aws, "ssm", mfa), f"/{alice.name}/password"
    ssm.put_parameter(Name=name, Value="hunter2", Type="SecureString")
    assert ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"] == "hunter2"
    secrets = client(aws, "secretsmanager", mfa)
    secrets.create_secret(Name=f"s-{alice.name}", SecretString="hunter3")
    assert secrets.get_secret_value(SecretId=f"s-{alice.name}")["SecretString"] == "hunter3"
    assert "hunter" not in json.dumps([dict(call.params) for call in aws.calls()])


def test_other_query_and_rest_services(aws: Sandbox, mfa: Any) -> None:
    """SNS, SQS, CloudWatch, Route 53, API Gateway: each under its own protocol."""
    assert client(aws, "sns", mfa).create_topic(Name="t")["TopicArn"].endswith(":t")
    assert client(aws, "sqs", mfa).create_queue(QueueName="q")["QueueUrl"]
    assert "Metrics" in client(aws, "cloudwatch", mfa).list_metrics()
    assert client(aws, "route53", mfa).list_hosted_zones()["HostedZones"] == []
    assert client(aws, "apigateway", mfa).create_rest_api(name="api")["name"] == "api"
    assert aws.calls("CreateRestApi")[-1].permission == "apigateway:CreateRestApi"


def test_an_answer_leaves_in_one_piece(aws: Sandbox) -> None:
    """The SDK for Go before 2024 closes the connection now and then when a body comes later than its headers."""
    address = urlsplit(aws.url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: s3.amazonaws.com\r\n\r\n")
        assert connection.recv(65536).endswith(b"</Error>")
