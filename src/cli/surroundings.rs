//! What the cloud is told of the process it runs in: its environment, and whether it may run the Azure CLI.

use std::io::{self, Write as _};
use std::path::PathBuf;

use crate::cloud::Surroundings;
use crate::model::connection::{Credential, Limits};
use crate::model::desired::Desired;

/// Stands in for every credential against the embedded cloud, which needs no account.
const STAND_INS: [(&str, &str); 3] = [
    ("AZURE_TENANT_ID", "00000000-0000-0000-0000-00000000aaaa"),
    ("AZURE_CLIENT_ID", "00000000-0000-0000-0000-00000000bbbb"),
    ("AZURE_CLIENT_SECRET", "embedded"),
];

/// The environment of this process, and the Azure CLI if it is installed.
pub fn of_process() -> Surroundings {
    let env = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Surroundings::new(env)
        .with_azure_cli(azure_cli())
        .telling(show)
}

/// A code and a link, for a person: to stderr, `--quiet` or not, since nothing goes on without them.
fn show(message: &str) {
    // Where stderr is closed nobody sees it, and the wait ends with the code's life.
    let _ = writeln!(io::stderr().lock(), "{message}");
}

/// Where the Azure CLI is: only a program that is there can be offered as a way to sign in.
fn azure_cli() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("az"))
        .find(|program| program.is_file())
}

/// Around the embedded cloud: nothing of the machine but a complete service principal, if it has one; else one that stands in.
pub fn embedded() -> Surroundings {
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
    Surroundings::new(complete.unwrap_or_else(stand_ins))
}

/// Against the embedded cloud every connection is reached, whatever credential it names: it needs no account.
pub fn without_account(desired: &mut Desired) {
    for factory in desired.factories.values_mut() {
        factory.credential = Credential::Default;
    }
    for workspace in desired.workspaces.values_mut() {
        workspace.credential = Credential::Default;
    }
}

/// Before a world that does not throttle nothing has to be waited for.
pub fn without_limits(desired: &mut Desired) {
    for factory in desired.factories.values_mut() {
        factory.cloud.limits = Limits::NONE;
    }
    for workspace in desired.workspaces.values_mut() {
        workspace.cloud.limits = Limits::NONE;
    }
}
