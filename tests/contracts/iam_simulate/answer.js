// Answers cases of policies and requests with iam-simulate: one JSON document a line, in and out, in order.
import { createInterface } from "node:readline";

import { runUnsafeSimulation } from "@cloud-copilot/iam-simulate";

const named = (policies) => policies.map((policy, index) => ({ name: `p${index}`, policy }));

for await (const line of createInterface({ input: process.stdin })) {
  const { identity, boundary, action, resource, context } = JSON.parse(line);
  const answer = runUnsafeSimulation(
    {
      identityPolicies: named(identity),
      permissionBoundaryPolicies: boundary ? named(boundary) : undefined,
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      request: {
        action,
        principal: "arn:aws:iam::123456789012:user/alice",
        resource: { resource, accountId: "123456789012" },
        contextVariables: context,
      },
    },
    {},
  );
  console.log(JSON.stringify(answer));
}
