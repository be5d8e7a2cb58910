//! A token of whoever is signed in to the Azure CLI.
//!
//! `expiresOn` is not read, since it is local time without a time zone. The command has a timeout, and its output a limit.

use std::io;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use zeroize::Zeroizing;

use super::advice;
use super::grant::seconds;
use super::token::{Fresh, TokenFailure, Why};
use crate::http::redact::redact;
use crate::limits::{AZURE_CLI_BYTES_MAX, AZURE_CLI_TIMEOUT};
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
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut output = match tokio::time::timeout(AZURE_CLI_TIMEOUT, output_of(command)).await {
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

/// What it prints, unless that has no end.
async fn output_of(mut command: Command) -> io::Result<Output> {
    let mut child = command.spawn()?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = tokio::try_join!(all_of(out), all_of(err))?;
    Ok(Output {
        status: child.wait().await?,
        stdout,
        stderr,
    })
}

async fn all_of(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut said = Vec::new();
    if let Some(pipe) = pipe {
        let mut pipe = pipe.take(AZURE_CLI_BYTES_MAX + 1);
        pipe.read_to_end(&mut said).await?;
    }
    if said.len() as u64 > AZURE_CLI_BYTES_MAX {
        let limit = AZURE_CLI_BYTES_MAX / 1024;
        return Err(io::Error::other(format!(
            "it printed more than {limit} KiB"
        )));
    }
    Ok(said)
}

fn read(said: &[u8], now: Timestamp) -> Result<Fresh, TokenFailure> {
    let plain = uncoloured(said);
    let answer = answer(&plain).ok_or_else(|| TokenFailure::new(unread(&plain)))?;
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

/// The token among what else was said: warnings stand before it, and behind it.
fn answer(said: &[u8]) -> Option<Answer> {
    let begins = said.iter().enumerate().filter(|(_, byte)| **byte == b'{');
    let mut answers = begins.filter_map(|(at, _)| {
        let mut values = serde_json::Deserializer::from_slice(&said[at..]).into_iter();
        values.next()?.ok()
    });
    answers.next()
}

/// What to say of an answer without a token in it. Its first line is shown unless it may be one.
fn unread(said: &[u8]) -> String {
    const SHOWN_MAX: usize = 120;
    let text = String::from_utf8_lossy(said);
    let mut lines = text.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty());
    let is_prose = |line: &&str| line.contains(' ') && !line.contains(['{', '"']);
    match first {
        None => "`az` printed nothing".to_owned(),
        Some(first) => match Some(first).filter(is_prose) {
            Some(prose) => {
                let shown: String = prose.chars().take(SHOWN_MAX).collect();
                format!("could not parse the output of `az`: {}", redact(&shown))
            }
            None => "could not parse the output of `az`: it is not the JSON of a token".to_owned(),
        },
    }
}

/// Without the sequences that colour a terminal: `ESC [ … m` and its like, `ESC ] … BEL`.
fn uncoloured(said: &[u8]) -> Zeroizing<Vec<u8>> {
    const ESCAPE: u8 = 0x1b;
    const BELL: u8 = 0x07;
    let mut plain = Zeroizing::new(Vec::with_capacity(said.len()));
    let mut rest = said.iter().copied();
    while let Some(byte) = rest.next() {
        if byte != ESCAPE {
            plain.push(byte);
            continue;
        }
        let ends: fn(&u8) -> bool = match rest.next() {
            Some(b'[') => |byte| (0x40..=0x7e).contains(byte),
            Some(b']') => |byte| matches!(*byte, BELL | ESCAPE),
            _ => continue,
        };
        let _ = rest.by_ref().find(ends);
    }
    plain
}

fn complaint(output: &Output) -> TokenFailure {
    let said = uncoloured(&output.stderr);
    let said = String::from_utf8_lossy(&said);
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

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn token(said: &str) -> Result<String, String> {
        let read = read(said.as_bytes(), Timestamp::UNIX_EPOCH);
        let read = read.map(|fresh| fresh.token.expose_secret().to_owned());
        read.map_err(|failure| failure.message)
    }

    #[test]
    fn a_token_is_found_among_warnings_and_colours() {
        let json = r#"{"accessToken": "t", "expires_on": 4102444800, "tokenType": "Bearer"}"#;
        for said in [
            json.to_owned(),
            format!("WARNING: 2 updates are there.\n{json}\n"),
            format!("\u{feff}{json}\r\n"),
            format!("\u{1b}[0m{json}\n\u{1b}[0m"),
            format!(
                "\u{1b}[33mWARNING: {{x}} is old {{}}\u{1b}[0m\n{json}\nA new version is there.\n"
            ),
            format!("\u{1b}]0;az\u{7}{json}"),
            json.replace("accessToken\"", "\u{1b}[34maccessToken\"\u{1b}[39m"),
        ] {
            assert_eq!(token(&said), Ok("t".to_owned()), "{said:?}");
        }
    }

    #[test]
    fn what_holds_no_token_is_told_without_showing_one() {
        assert_eq!(token(""), Err("`az` printed nothing".to_owned()));
        assert_eq!(
            token("\nPlease update your installation.\n"),
            Err("could not parse the output of `az`: Please update your installation.".to_owned())
        );
        for hidden in ["{\"accessToken\": \"hush\"", "hush", "token \"hush\""] {
            assert!(!token(hidden).unwrap_err().contains("hush"));
        }
    }
}
