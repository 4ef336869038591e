//! A client in Rust: for each line on stdin, a line of JSON that says who it is to AWS, or why it was refused.

use aws_config::BehaviorVersion;
use aws_sdk_sts::error::{DisplayErrorContext, ProvideErrorMetadata};
use serde_json::{json, Value};
use std::error::Error;

async fn call(identities: &aws_sdk_sts::Client, buckets: &aws_sdk_s3::Client) -> Value {
    let identity = match identities.get_caller_identity().send().await {
        Ok(identity) => identity,
        Err(error) => return refused(error),
    };
    match buckets.list_buckets().send().await {
        Ok(_) => json!({ "arn": identity.arn() }),
        Err(error) => refused(error),
    }
}

fn refused(error: impl Error + ProvideErrorMetadata) -> Value {
    let name = error.code().unwrap_or("SdkError").to_owned();
    json!({ "error": name, "text": DisplayErrorContext(error).to_string() })
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let http = aws_smithy_http_client::Builder::new().build_http();
    let settings = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .load()
        .await;
    let identities = aws_sdk_sts::Client::new(&settings);
    let buckets = aws_sdk_s3::Client::new(&settings);
    for _ in std::io::stdin().lines() {
        println!("{}", call(&identities, &buckets).await);
    }
}
