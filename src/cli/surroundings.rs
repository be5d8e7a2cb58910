//! What the cloud is told of the process it runs in: its environment, and whether it may run the Azure CLI.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use super::args::Global;
use super::error::Failure;
use crate::cloud::Surroundings;
use crate::escape::{self, line};
use crate::http::Proxies;
use crate::model::connection::{Credential, Limits};
use crate::model::desired::Desired;
use crate::model::job::VARIABLE_PREFIX;
use crate::regular;

/// Names a file of certificates that are trusted.
const ROOTS: &str = "SSL_CERT_FILE";
/// Stands in for every credential against the simulated cloud, which needs no account.
const STAND_INS: [(&str, &str); 3] = [
    ("AZURE_TENANT_ID", "00000000-0000-0000-0000-00000000aaaa"),
    ("AZURE_CLIENT_ID", "00000000-0000-0000-0000-00000000bbbb"),
    ("AZURE_CLIENT_SECRET", "embedded"),
];

/// Where credentials are looked for: around the simulated cloud, or in this process.
pub fn of(global: &Global) -> Surroundings {
    if global.sim.is_some() {
        embedded()
    } else {
        of_process()
    }
}

/// The environment of this process, the Azure CLI if it is installed, and whoever watches the terminal that stderr is.
fn of_process() -> Surroundings {
    let env = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let here = Surroundings::new(env).with_azure_cli(azure_cli());
    if io::stderr().is_terminal() {
        here.telling(show)
    } else {
        here
    }
}

/// A variable of this process that is set and not empty.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What this process's environment says of proxies.
pub fn proxies() -> Proxies {
    Proxies::of(|name| std::env::var(name).ok())
}

/// Holds that the file of trusted roots, if there is one, is one that ends: the library that reads it waits for a pipe, deaf to interrupts.
///
/// # Errors
/// It is no regular file.
pub fn hold_roots() -> Result<(), Failure> {
    let Some(path) = variable(ROOTS).map(PathBuf::from) else {
        return Ok(());
    };
    match regular::check(&path) {
        Err(error) if regular::is_about_kind(&error) => {
            let summary = format!("cannot read {}, which {ROOTS} names", path.display());
            Err(Failure::because(&summary, &error))
        }
        _ => Ok(()),
    }
}

/// Pipelines: how people call a run, the variable with its number, and the one that says of what.
const PIPELINES: [(&str, &str, &str); 3] = [
    ("GitHub run", "GITHUB_RUN_ID", "GITHUB_REPOSITORY"),
    (
        "Azure Pipelines build",
        "BUILD_BUILDID",
        "SYSTEM_TEAMPROJECT",
    ),
    ("GitLab pipeline", "CI_PIPELINE_ID", "CI_PROJECT_PATH"),
];
/// Most characters of one name in [`who`].
const NAME_CHARS_MAX: usize = 64;

/// Whose process this is, for people who meet what it left in a ledger: `alice on build-7, process 4711`, with the pipeline's run
/// behind it. Only names: no other part of the environment comes along.
pub fn who() -> String {
    let host = gethostname::gethostname();
    said(
        |name| std::env::var(name).ok(),
        &host.to_string_lossy(),
        std::process::id(),
    )
}

fn said(variable: impl Fn(&str) -> Option<String>, host: &str, process: u32) -> String {
    let name = |text: &str| -> Option<String> {
        let plain: String = line(text).chars().take(NAME_CHARS_MAX).collect();
        Some(plain).filter(|plain| !plain.is_empty())
    };
    let of = |key: &str| variable(key).and_then(|text| name(&text));
    let place = match (of("USER").or_else(|| of("USERNAME")), name(host)) {
        (Some(user), Some(host)) => format!("{user} on {host}, "),
        (Some(one), None) | (None, Some(one)) => format!("{one}, "),
        (None, None) => String::new(),
    };
    let run = PIPELINES.iter().find_map(|(what, number, whole)| {
        let number = of(number)?;
        let whole = of(whole).map(|whole| format!(" of {whole}"));
        Some(format!(", {what} {number}{}", whole.unwrap_or_default()))
    });
    format!("{place}process {process}{}", run.unwrap_or_default())
}

/// A code and a link, for a person: to stderr, `--quiet` or not, since nothing goes on without them.
fn show(message: &str) {
    // Where stderr is closed nobody sees it, and the wait ends with the code's life.
    let _ = writeln!(io::stderr().lock(), "{}", escape::page(message, false));
}

/// Where the Azure CLI is: only a program that is there can be offered as a way to sign in.
fn azure_cli() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("az"))
        .find(|program| program.is_file())
}

/// Around the simulated cloud: nothing of the machine but a complete service principal, if it has one; else one that stands in.
fn embedded() -> Surroundings {
    let own = |name: &str| {
        std::env::var(name)
            .ok()
            .filter(|value| !value.is_empty())
            .map(|value| (name.to_owned(), value))
    };
    let complete: Option<Vec<(String, String)>> =
        STAND_INS.iter().map(|(name, _)| own(name)).collect();
    let stand_ins = || {
        STAND_INS
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    let parameters = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        // A command that gets a key needs the others.
        .filter(|(name, _)| {
            name.starts_with(VARIABLE_PREFIX) || matches!(name.as_str(), "PATH" | "HOME")
        });
    let known = complete.unwrap_or_else(stand_ins);
    Surroundings::new(known.into_iter().chain(parameters))
}

/// Against the simulated cloud every connection is reached, whatever credential it names: it needs no account.
pub fn without_account(desired: &mut Desired) {
    for connection in desired.key_connections.values_mut() {
        *connection.credential_mut() = Credential::Default;
    }
    for vault in desired.vaults.values_mut() {
        vault.credential = Credential::Default;
    }
    for workspace in desired.workspaces.values_mut() {
        workspace.credential = Credential::Default;
    }
}

/// Before a world that does not throttle nothing has to be waited for.
pub fn without_limits(desired: &mut Desired) {
    for connection in desired.key_connections.values_mut() {
        connection.cloud_mut().limits = Limits::NONE;
    }
    for vault in desired.vaults.values_mut() {
        vault.cloud.limits = Limits::NONE;
    }
    for workspace in desired.workspaces.values_mut() {
        workspace.cloud.limits = Limits::NONE;
    }
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn a_process_is_known_by_its_user_machine_and_pipeline() {
        let around = |pairs: &'static [(&str, &str)], host: &str| {
            let find = |name: &str| {
                let pair = pairs.iter().find(|(known, _)| *known == name);
                pair.map(|(_, value)| (*value).to_owned())
            };
            said(find, host, 4711)
        };
        assert_eq!(around(&[], ""), "process 4711");
        assert_eq!(around(&[("USER", " ")], "build-7"), "build-7, process 4711");
        assert_eq!(
            around(&[("USER", "al\x1b[1mice\n")], "build-7"),
            "al\\u{1b}[1mice on build-7, process 4711"
        );
        assert_eq!(
            around(
                &[
                    ("GITHUB_RUN_ID", "42"),
                    ("GITHUB_REPOSITORY", "o/r"),
                    ("GITHUB_TOKEN", "t"),
                ],
                "fv-1"
            ),
            "fv-1, process 4711, GitHub run 42 of o/r"
        );
    }
}
