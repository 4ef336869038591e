"""Runs a state machine of the sandbox's account: moto has the interpreter, a process of its own is each function call.

The interpreter calls the sandbox with a session of the state machine's role, and a function with one of its own role,
so that both have the permissions of their policies and no others. What differs from AWS: an item of a distributed map
is no execution of its own, and a function of moto would run in Docker.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from moto.awslambda.models import LambdaBackend
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval import resource_eval_s3
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from mfasession.sandbox import Sandbox
from mfasession.sandbox.state import Caller
from tests.helpers.patience import wait_for
from tests.helpers.sandbox_clients import Credentials, client

CALL = "import json, sys; from {module} import {name}; print(json.dumps({name}(json.load(sys.stdin), None)))"


class StateMachines:
    """The state machines and functions of an account. `folder` is what was uploaded as the functions' code."""

    def __init__(self, aws: Sandbox, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._aws = aws
        self._folder = folder
        self._role = ""
        self.calls: list[tuple[Mapping[str, Any], int]] = []
        """The events of the functions, with the exit codes."""
        patch.setattr(LambdaBackend, "invoke", self._invoke)
        for module in (resource_eval_s3, lambda_eval_utils):
            patch.setattr(module, "boto_client_for", self._connect)

    def run(self, name: str, given: Mapping[str, Any], *, retries: bool = True) -> tuple[str, Any]:
        """Run it to its end; return the status and the output, or the error and its cause."""
        states = self._root("stepfunctions")
        (arn,) = [m["stateMachineArn"] for m in states.list_state_machines()["stateMachines"] if m["name"] == name]
        machine = states.describe_state_machine(stateMachineArn=arn)
        definition = machine["definition"]
        if not retries:
            definition = re.sub(r'"MaxAttempts": \d+', '"MaxAttempts": 0', definition)
        self._role = machine["roleArn"]
        backend = stepfunctions_parser_backends[self._aws.account][self._aws.region]
        run = f"{name}-{len(self.calls)}"
        made = backend.create_state_machine(run, definition, machine["roleArn"])
        started = backend.start_execution(made.arn, run, json.dumps(given)).execution_arn
        wait_for(lambda: backend.describe_execution(started).status != "RUNNING")
        found = backend.describe_execution(started)
        return found.status, found.output if found.status == "SUCCEEDED" else (found.error, found.cause)

    def session(self, role: str) -> Credentials:
        """Return credentials of a role as a service of AWS has them, which the role trusts."""
        state = self._aws._state
        found = state.moto.role(role)
        assert found is not None, role
        name = "service"
        caller = Caller(
            kind="role",
            arn=f"arn:aws:sts::{state.account}:assumed-role/{found.name}/{name}",
            unique_id=f"{found.id}:{name}",
            role_arn=role,
            temporary=True,
            issued=state.clock.now(),
        )
        key = state.issue(caller, 3600)
        return {"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret, "SessionToken": key.token}

    def _connect(self, region: str, service: str, state_credentials: Any = None) -> Any:
        """Return a client of the sandbox with a session of the state's role, or else of the state machine's."""
        role = state_credentials.role_arn if state_credentials else self._role
        return client(self._aws, service, self.session(role), region=region)

    def _root(self, service: str) -> Any:
        return client(self._aws, service, self._aws.root_key())

    def _invoke(
        self, function_name: str, _qualifier: object, body: Any, _headers: object, response_headers: dict[str, Any]
    ) -> str:
        """Call a function in an environment that has what AWS Lambda's has."""
        function = self._root("lambda").get_function_configuration(FunctionName=function_name)
        session = self.session(function["Role"])
        environ = {
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(self._folder),
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
            "AWS_REGION": self._aws.region,
            "AWS_DEFAULT_REGION": self._aws.region,
            "AWS_ENDPOINT_URL": self._aws.url,
            **{name: str(value) for name, value in function["Environment"]["Variables"].items()},
        }
        module, name = function["Handler"].rsplit(".", 1)
        done = subprocess.run(
            [sys.executable, "-c", CALL.format(module=module, name=name)],
            input=body, env=environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.calls.append((json.loads(body), done.returncode))
        if done.returncode == 0:
            return str(done.stdout)
        response_headers["x-amz-function-error"] = "Unhandled"
        kind, _, message = done.stderr.strip().splitlines()[-1].partition(": ")
        return json.dumps({"errorType": kind.rpartition(".")[2], "errorMessage": message})
