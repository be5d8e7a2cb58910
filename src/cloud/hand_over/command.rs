//! Runs a program with a key on its standard input.
//!
//! The key is never an argument, nor in the environment, which holds nothing but PATH, HOME and what tells which key it is. The program has a
//! limited time, and whatever it started ends with it. What it prints is told only where it fails, shortened, and without the key.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use crate::cloud::answer::ActFailure;
use crate::http::redact::{redact, without};
use crate::limits::HAND_OFF_OUTPUT_BYTES_MAX;
use crate::model::address::ResourceId;
use crate::model::time::Span;
use crate::model::trouble::{Trouble, TroubleKind};

/// Why a program did not take a key.
#[derive(Debug)]
pub(super) enum Failure {
    /// It could not be started.
    NotStarted(io::Error),
    /// It took too long, and was ended.
    TooLong(Span),
    /// It ended with another code than 0, or by a signal; and what it said.
    Failed(String, String),
}

impl Failure {
    /// For people. A program that was started may have done its work; running it again is what its id is for.
    pub(super) fn of(self, resource: &ResourceId, key: &str, argv: &[String]) -> ActFailure {
        let program = argv.first().map(String::as_str).unwrap_or_default();
        let message = match self {
            Self::NotStarted(error) => format!("cannot run {program}: {error}"),
            Self::TooLong(limit) => format!("{program} took longer than {limit} and was ended"),
            Self::Failed(how, said) if said.is_empty() => format!("{program} {how}"),
            Self::Failed(how, said) => format!("{program} {how}: {said}"),
        };
        ActFailure::Refused(Trouble {
            kind: TroubleKind::Unexpected,
            doing: format!("hand over {key} of {}", resource.name()),
            message,
            ids: Box::default(),
        })
    }
}

/// Runs it to its end.
///
/// # Errors
/// It did not take the key.
pub(super) async fn run(
    argv: &[String],
    told: &[(&str, String)],
    value: &SecretString,
    timeout: Span,
) -> Result<(), Failure> {
    let Some((program, arguments)) = argv.split_first() else {
        return Err(Failure::NotStarted(io::ErrorKind::InvalidInput.into()));
    };
    let mut command = Command::new(program);
    command.args(arguments).env_clear();
    command
        .envs(told.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn().map_err(Failure::NotStarted)?;
    let group = Group::of(&child);
    let limit = Duration::from_secs(timeout.as_secs());
    let ended = tokio::time::timeout(limit, to_the_end(&mut child, value)).await;
    // What it left running must not outlive it with the key.
    group.end();
    match ended {
        Err(_) => Err(Failure::TooLong(timeout)),
        Ok(Err(error)) => Err(Failure::NotStarted(error)),
        Ok(Ok((status, _))) if status.success() => Ok(()),
        Ok(Ok((status, said))) => Err(Failure::Failed(how(status), shown(&said, value))),
    }
}

fn how(status: ExitStatus) -> String {
    status.code().map_or_else(
        || "was ended by a signal".to_owned(),
        |code| format!("ended with exit code {code}"),
    )
}

/// Gives it the key, and waits for it. One that ends without reading the key has told by its exit code what it thinks of that.
async fn to_the_end(
    child: &mut Child,
    value: &SecretString,
) -> io::Result<(ExitStatus, Zeroizing<Vec<u8>>)> {
    let (stdin, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let give = async {
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(value.expose_secret().as_bytes()).await;
        }
    };
    let ((), out, err) = tokio::join!(give, last_of(out), last_of(err));
    let status = child.wait().await?;
    let said = if err.iter().all(u8::is_ascii_whitespace) {
        out
    } else {
        err
    };
    Ok((status, said))
}

/// The end of what it prints: all is read, so that it does not wait for a reader.
async fn last_of(pipe: Option<impl AsyncRead + Unpin>) -> Zeroizing<Vec<u8>> {
    let mut last = Zeroizing::new(Vec::new());
    let Some(mut pipe) = pipe else { return last };
    let mut buffer = Zeroizing::new([0_u8; 4096]);
    while let Ok(read) = pipe.read(&mut buffer[..]).await {
        if read == 0 {
            break;
        }
        last.extend_from_slice(&buffer[..read]);
        let beyond = last.len().saturating_sub(2 * HAND_OFF_OUTPUT_BYTES_MAX);
        last.drain(..beyond);
    }
    last
}

/// The last lines of what it printed, without the key in any of its spellings.
fn shown(said: &[u8], value: &SecretString) -> String {
    let clean = without(said, [value.expose_secret()]);
    let text = String::from_utf8_lossy(clean.as_deref().unwrap_or(said));
    let text = redact(text.trim());
    let beyond = text.len().saturating_sub(HAND_OFF_OUTPUT_BYTES_MAX);
    let start = (beyond..text.len()).find(|at| text.is_char_boundary(*at));
    text.get(start.unwrap_or(0)..)
        .unwrap_or_default()
        .to_owned()
}

/// The program and all that it started.
struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    fn of(child: &Child) -> Self {
        #[cfg(not(unix))]
        let _ = child;
        Self {
            #[cfg(unix)]
            leader: child
                .id()
                .and_then(|id| i32::try_from(id).ok())
                .and_then(rustix::process::Pid::from_raw),
        }
    }

    fn end(&self) {
        #[cfg(unix)]
        if let Some(leader) = self.leader {
            // It is gone already where everything has ended.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "IR@00000000-planted-secret-of-a-test@there@0123456789abcdef";

    async fn sh(script: &str, timeout: Span) -> Result<(), Failure> {
        let argv = ["sh", "-c", script].map(str::to_owned);
        let told = [
            ("AFRESH_SLOT", "authKey1".to_owned()),
            ("HOME", "/nowhere".to_owned()),
            ("PATH", "/usr/bin:/bin".to_owned()),
        ];
        run(&argv, &told, &SecretString::from(KEY), timeout).await
    }

    fn failed(ended: Result<(), Failure>) -> String {
        match ended {
            Err(Failure::Failed(how, said)) => format!("{how}: {said}"),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn the_key_comes_on_stdin_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("got");
        let script = format!(
            "cat > {0}; env | sort > {0}.env; tr '\\0' ' ' < /proc/$$/cmdline > {0}.argv",
            file.display()
        );
        sh(&script, Span::seconds(20)).await.unwrap();
        let read = |end: &str| std::fs::read_to_string(format!("{}{end}", file.display())).unwrap();
        assert_eq!(read(""), KEY);
        assert!(!read(".argv").contains("planted"));
        let names: Vec<String> = read(".env")
            .lines()
            .filter_map(|line| Some(line.split_once('=')?.0.to_owned()))
            .filter(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(&name.as_str()))
            .collect();
        assert_eq!(names, ["AFRESH_SLOT", "HOME", "PATH"]);
    }

    #[tokio::test]
    async fn what_it_says_of_a_failure_is_told_without_the_key() {
        let said = failed(
            sh(
                "cat >&2; echo; echo no such host >&2; exit 7",
                Span::seconds(20),
            )
            .await,
        );
        assert!(said.starts_with("ended with exit code 7"), "{said}");
        assert!(
            said.contains("no such host") && !said.contains("planted"),
            "{said}"
        );
        let coded = failed(sh("cat | base64 -w0 >&2; exit 1", Span::seconds(20)).await);
        assert!(!coded.contains("cGxhbnRlZ"), "{coded}");
        let long = failed(sh("yes wrong | head -c 100000 >&2; exit 1", Span::seconds(20)).await);
        assert!(long.len() < HAND_OFF_OUTPUT_BYTES_MAX + 100);
    }

    #[tokio::test]
    async fn one_that_does_not_read_the_key_decides_by_its_exit_code() {
        sh("exit 0", Span::seconds(20)).await.unwrap();
        assert!(failed(sh("exit 3", Span::seconds(20)).await).contains("exit code 3"));
    }

    #[tokio::test]
    async fn what_it_started_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("sleep 600 & echo $! > {}; wait", file.display());
        let ended = sh(&script, Span::seconds(1)).await;
        assert!(matches!(ended, Err(Failure::TooLong(_))), "{ended:?}");
        let id = std::fs::read_to_string(&file).unwrap();
        let status = || std::fs::read_to_string(format!("/proc/{}/stat", id.trim()));
        for _ in 0..100 {
            if status().map_or(true, |stat| stat.contains(") Z")) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it still runs: {:?}", status());
    }
}
