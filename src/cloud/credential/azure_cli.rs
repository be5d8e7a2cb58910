//! A token of whoever is signed in to the Azure CLI.
//!
//! Refuses: `expiresOn`, which is local time without a zone; waiting for ever.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use tokio::process::Command;
use zeroize::Zeroizing;

use super::grant::seconds;
use super::{Fresh, TokenFailure, Why, advice};
use crate::http::redact::redact;
use crate::limits::AZURE_CLI_TIMEOUT;
use crate::model::time::Timestamp;

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "accessToken")]
    access_token: SecretString,
    /// Seconds since 1970; the Azure CLI tells them since 2.54.
    expires_on: Option<Value>,
}

/// Runs `az account get-access-token`.
///
/// # Errors
/// The last line that it wrote to stderr, with what to do about it.
pub(super) async fn token(
    program: &Path,
    tenant: Option<&str>,
    scope: &str,
    now: Timestamp,
) -> Result<Fresh, TokenFailure> {
    let mut command = Command::new(program);
    command
        .args([
            "account",
            "get-access-token",
            "-o",
            "json",
            "--scope",
            scope,
        ])
        .args(tenant.iter().flat_map(|tenant| ["--tenant", tenant]))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let mut output = match tokio::time::timeout(AZURE_CLI_TIMEOUT, command.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => {
            let program = program.display();
            return Err(TokenFailure::new(format!("cannot run {program}: {error}")));
        }
        Err(_) => {
            let limit = AZURE_CLI_TIMEOUT.as_secs();
            return Err(TokenFailure::new(format!("no answer within {limit}s")));
        }
    };
    let said = Zeroizing::new(std::mem::take(&mut output.stdout));
    if output.status.success() {
        read(&said, now)
    } else {
        Err(complaint(&output))
    }
}

fn read(said: &[u8], now: Timestamp) -> Result<Fresh, TokenFailure> {
    let answer: Answer = serde_json::from_slice(said)
        .map_err(|_| TokenFailure::new("its answer cannot be understood"))?;
    let expires = answer.expires_on.as_ref().and_then(seconds);
    let expires = expires.ok_or_else(|| {
        TokenFailure::new("it does not say when the token ends; version 2.54 or newer is needed")
    })?;
    let now = u64::try_from(now.as_second()).unwrap_or(0);
    Ok(Fresh {
        token: answer.access_token,
        lifetime: Duration::from_secs(expires.saturating_sub(now)),
    })
}

fn complaint(output: &Output) -> TokenFailure {
    let said = String::from_utf8_lossy(&output.stderr);
    // What went wrong stands first, then what to do about it.
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let error = lines().rfind(|line| line.starts_with("ERROR: "));
    let line = error.or_else(|| lines().next_back());
    let line = line.unwrap_or("it failed without a word");
    let line = redact(line.strip_prefix("ERROR: ").unwrap_or(line));
    let code = advice::code_in(&said);
    let known = advice::with(line.clone(), code);
    TokenFailure {
        why: match code {
            None if said.contains("az login") => Why::Absent,
            Some(code) if advice::has_ended(code) => Why::Ended,
            _ => Why::Refused,
        },
        ..TokenFailure::new(if known == line && !line.contains("az login") {
            format!("{line}; try `az login`")
        } else {
            known
        })
    }
}
