// A client in JavaScript: for each line on stdin, a line of JSON that says who it is to AWS, or why it was refused.
import { createInterface } from "node:readline";

import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const identities = new STSClient();
const buckets = new S3Client();

async function call() {
  try {
    const { Arn } = await identities.send(new GetCallerIdentityCommand());
    await buckets.send(new ListBucketsCommand());
    return { arn: Arn };
  } catch (error) {
    return { error: error.name, text: error.message };
  }
}

for await (const _ of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await call()));
}
