// Answers cases of policies and requests with iam-simulate: one JSON document a line, in and out, in order.
// The one argument is the folder that its packages are in.
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const packages = join(process.argv[2], "@cloud-copilot");
const load = (file) => import(pathToFileURL(join(packages, file)));

// What the package exports gives a resource's policy no name, and then fails for want of one: so its engine itself.
const { loadPolicy } = await load("iam-policy/dist/esm/index.js");
const { authorize } = await load("iam-simulate/dist/esm/core_engine/CoreSimulatorEngine.js");
const { AwsRequestImpl } = await load("iam-simulate/dist/esm/request/request.js");
const { RequestContextImpl } = await load("iam-simulate/dist/esm/requestContext.js");
const { DiscoveryContextKeyConstraints } = await load(
  "iam-simulate/dist/esm/context_keys/discoveryContextKeyConstraints.js",
);

const FULL_ACCESS = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: "*", Action: "*", Resource: "*" }],
};
const named = (policies) => policies.map((policy, index) => loadPolicy(policy, { name: `p${index}` }));

for await (const line of createInterface({ input: process.stdin })) {
  const { identity, boundary, organization, resource_control, granted, principal, action, resource, context } = JSON.parse(line);
  const answer = authorize({
    request: new AwsRequestImpl(
      principal,
      // The account of the resource is that of the caller.
      { resource, accountId: principal.split(":")[4] },
      action,
      new RequestContextImpl(context),
    ),
    sessionPolicy: undefined,
    identityPolicies: named(identity),
    serviceControlPolicies: (organization ?? []).map((level, index) => ({
      orgIdentifier: `level ${index}`,
      policies: named(level),
    })),
    // RCPFullAWSAccess cannot be detached.
    resourceControlPolicies: resource_control
      ? [{ orgIdentifier: "root", policies: named([FULL_ACCESS, ...resource_control]) }]
      : [],
    resourcePolicy: granted ? loadPolicy(granted, { name: "granted" }) : undefined,
    permissionBoundaries: boundary ? named(boundary) : undefined,
    vpcEndpointPolicies: undefined,
    simulationParameters: {
      simulationMode: "Strict",
      discoveryContextKeyConstraints: new DiscoveryContextKeyConstraints([]),
    },
    serviceSettings: { s3: {} },
  });
  console.log(JSON.stringify(answer.result));
}
