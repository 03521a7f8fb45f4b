//! The least that a start can cost: one signed GET from S3, its encryption checked, its lines as variables, execve.
//!
//! usage: `yardstick s3://BUCKET/KEY -- /PATH/OF/COMMAND [ARG]...`, with `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
//! `AWS_REGION`, `AWS_ENDPOINT_URL_S3` and, for a private CA, `SSL_CERT_FILE`. It has none of envseal's checks, limits,
//! retries, messages or events, and it does not look the command up.

mod endpoint;
mod exec;
mod http;
mod sigv4;

use std::process::ExitCode;

fn main() -> ExitCode {
    let Err(problem) = start();
    eprintln!("yardstick: {problem}");
    ExitCode::FAILURE
}

fn start() -> Result<std::convert::Infallible, String> {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let [source, separator, command @ ..] = words.as_slice() else {
        return Err("usage: yardstick s3://BUCKET/KEY -- COMMAND [ARG]...".into());
    };
    let path = source.to_str().and_then(|uri| uri.strip_prefix("s3:/"));
    let (Some(path), "--", false) = (path, &*separator.to_string_lossy(), command.is_empty()) else {
        return Err("usage: yardstick s3://BUCKET/KEY -- COMMAND [ARG]...".into());
    };
    let url = variable("AWS_ENDPOINT_URL_S3")?;
    let endpoint = endpoint::parse(&url)?;
    let headers = sigv4::sign(&sigv4::Request {
        path,
        authority: endpoint.authority,
        region: &variable("AWS_REGION")?,
        access_key: &variable("AWS_ACCESS_KEY_ID")?,
        secret: &variable("AWS_SECRET_ACCESS_KEY")?,
        seconds: sigv4::now(),
    });
    let object = http::get(&endpoint, path, &headers)?;
    if object.header("x-amz-server-side-encryption") != Some("aws:kms") {
        return Err("the object is not sealed".into());
    }
    Err(exec::replace(command, &object.body))
}

fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("{name} is missing"))
}
