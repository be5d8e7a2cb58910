//! What is trusted in this command, gathered from everything but the manifests and the plan file that ask for it.
//!
//! A command does not go on while something is not allowed. All of it is reported at once, with what to allow and where, before anything is
//! read, sent or signed in to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use super::args::Global;
use super::error::{Exit, Failure};
use super::links::root;
use super::remembered;
use super::screen::{Screen, answer};
use super::surroundings::variable;
use crate::cloud::{Surroundings, whole, without_links};
use crate::escape;
use crate::model::address::Name;
use crate::model::connection::{Cloud, KeyConnection, Workspace};
use crate::model::desired::LedgerPlace;
use crate::model::policy::Policy;
use crate::model::trust::{
    Allowed, Ask, Asked, Commands, Denied, HostPattern, Lack, Role, SECRET_FOLDERS, Source, Trust,
};
use crate::model::vault::{VaultConnection, VaultName};

/// Stands for `--allow-loopback`.
const ALLOW_LOOPBACK: &str = "AFRESH_ALLOW_LOOPBACK";

/// What is asked about: where the manifests are (of a saved plan, the folder that the command runs in), and what they reach.
pub struct Scope<'a> {
    /// Folders and files of the manifests.
    pub project: &'a [PathBuf],
    /// Where the ledger is.
    pub ledger: &'a LedgerPlace,
    /// Connections to resources with keys.
    pub key_connections: &'a BTreeMap<Name, KeyConnection>,
    /// Key Vaults that keys are handed to.
    pub vaults: &'a BTreeMap<VaultName, VaultConnection>,
    /// Workspaces.
    pub workspaces: &'a BTreeMap<Name, Workspace>,
}

impl Scope<'_> {
    fn clouds(&self) -> impl Iterator<Item = &Cloud> {
        let factories = self.key_connections.values().map(KeyConnection::cloud);
        let workspaces = self.workspaces.values().map(|one| &one.cloud);
        let vaults = self.vaults.values().map(|one| &one.cloud);
        factories.chain(workspaces).chain(vaults)
    }
}

/// Everything that is trusted in a command on this.
pub fn gather(
    global: &Global,
    scope: &Scope<'_>,
    around: &Surroundings,
    policy: &Policy,
) -> Result<Trust, Failure> {
    if global.sim.is_some() {
        return Ok(Trust {
            commands: commands(global),
            allowed: Allowed {
                commands: policy.allow.commands.clone(),
                ..Allowed::default()
            },
            ..Trust::simulated()
        });
    }
    let trust = Trust {
        commands: commands(global),
        allows_loopback: global.allow_loopback || is_on(ALLOW_LOOPBACK, around)?,
        allowed: Allowed {
            files: policy
                .allow
                .files
                .iter()
                .map(|path| without_links(path))
                .collect(),
            ..policy.allow.clone()
        },
        remembered: remembered::read(scope.project)?,
        folders: folders(scope.project),
        service_connection: around.service_connection().map(str::to_owned),
        ..Trust::default()
    };
    Ok(trust.whole(scope.ledger, scope.clouds()))
}

const fn commands(global: &Global) -> Commands {
    if global.allow_commands {
        Commands::All
    } else {
        Commands::Listed
    }
}

/// Is a variable set that stands for a flag? A word that it does not take must not pass for a no.
fn is_on(name: &str, around: &Surroundings) -> Result<bool, Failure> {
    match around.var(name).map(str::to_ascii_lowercase).as_deref() {
        Some("1" | "true") => Ok(true),
        None | Some("" | "0" | "false") => Ok(false),
        Some(_) => Err(Failure::new(format!(
            "{name} is set to something else than 1, true, 0 or false"
        ))
        .with_exit(Exit::Usage)),
    }
}

/// Where a manifest may take secrets from: below itself, and where secrets are mounted.
fn folders(project: &[PathBuf]) -> Vec<PathBuf> {
    // Everything is below `/`, also what is nobody's manifest: `/proc/self/environ`.
    let is_of_a_project = |folder: &PathBuf| folder.parent().is_some();
    let own = project.iter().map(|path| root(path));
    let own = own.filter(is_of_a_project);
    let mounted = SECRET_FOLDERS
        .iter()
        .map(|folder| without_links(Path::new(folder)));
    own.chain(mounted).collect()
}

/// Holds that everything that is asked has its yes. Whoever is at the terminal is asked about hosts, once: the answer is remembered.
///
/// # Errors
/// What has none, and what to allow where; exit code 5.
pub async fn settle(
    trust: Trust,
    asks: &[Asked],
    policy: &Policy,
    screen: &Screen,
) -> Result<Trust, Failure> {
    let denied = denied(&trust, asks);
    let mut remembered = trust.remembered.clone();
    for (asked, denied) in &denied {
        let Some(host) = for_a_person(denied).filter(|_| can_ask()) else {
            return Err(refusal(
                &denied_now(&trust, asks, &remembered),
                policy,
                screen,
            ));
        };
        screen.prompt(&question(asked, policy));
        if answer().await?.trim() != "yes" {
            return Err(
                Failure::new("not allowed; nothing was read or sent").with_exit(Exit::Refused)
            );
        }
        remembered.insert(host);
        // At once: whatever becomes of the next question, this one has its answer.
        remembered::write(&remembered)?;
    }
    Ok(Trust {
        remembered,
        ..trust
    })
}

/// What has no yes, with what a person has said meanwhile.
fn denied_now<'a>(
    trust: &Trust,
    asks: &'a [Asked],
    remembered: &BTreeSet<(Role, HostPattern)>,
) -> Vec<(&'a Asked, Denied)> {
    let trust = Trust {
        remembered: remembered.clone(),
        ..trust.clone()
    };
    denied(&trust, asks)
}

/// A person may allow hosts; audiences and sources of secrets are for a policy, loopback for its flag.
fn for_a_person(denied: &Denied) -> Option<(Role, HostPattern)> {
    match (&denied.ask, denied.lack) {
        (Ask::Host { role, host, .. }, Lack::Leave) => {
            Some((*role, HostPattern::parse(host.as_str()).ok()?))
        }
        (Ask::Host { .. } | Ask::Audience { .. } | Ask::Source(_), _) => None,
    }
}

/// Is a person there who can see the question and answer it?
fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal() && variable("CI").is_none()
}

fn question(asked: &Asked, policy: &Policy) -> String {
    let place = asked.place.as_ref().map(ToString::to_string);
    let place = place.map(|place| format!(" ({})", escape::line(&place)));
    let by = policy
        .name
        .as_ref()
        .map(|name| format!(" The policy {name} does not name it."));
    format!(
        "\nOnly the manifests name {}{}.{}\nAllow credentials to be sent there, now and in later commands? Type `yes`: ",
        asked.ask,
        place.unwrap_or_default(),
        by.unwrap_or_default()
    )
}

/// What has no yes, once each.
pub fn denied<'a>(trust: &Trust, asks: &'a [Asked]) -> Vec<(&'a Asked, Denied)> {
    let mut told = BTreeSet::new();
    let answers = asks.iter().filter_map(|asked| {
        let denied = trust.judge(&asked.ask, without_links).err()?;
        told.insert(asked.ask.to_string())
            .then_some((asked, denied))
    });
    answers.collect()
}

fn refusal(denied: &[(&Asked, Denied)], policy: &Policy, screen: &Screen) -> Failure {
    let mut summary = "not trusted, so nothing was read or sent:".to_owned();
    for (asked, _) in denied {
        // Writing to a String cannot fail.
        let _ = match &asked.place {
            Some(place) => {
                let place = escape::line(&place.to_string());
                write!(summary, "\n  {}\n      {place}", asked.ask)
            }
            None => write!(summary, "\n  {}", asked.ask),
        };
    }
    let lacks = |lack: Lack| denied.iter().any(|(_, denied)| denied.lack == lack);
    let mut advice = Vec::new();
    if lacks(Lack::LoopbackFlag) {
        advice.push(format!(
            "If whatever listens on this machine may have your credentials:\n    {}",
            screen.typed.again(["--allow-loopback"])
        ));
    }
    if lacks(Lack::OnlyLoopback) {
        advice.push(
            "--allow-loopback holds only if every host of the cloud and of the ledger is loopback."
                .to_owned(),
        );
    }
    if lacks(Lack::Leave) {
        let asks = denied
            .iter()
            .filter(|(_, denied)| denied.lack == Lack::Leave);
        let fields = allowance(asks.map(|(asked, _)| &asked.ask));
        advice.push(match &policy.name {
            Some(name) => format!(
                "To allow it, add this below `spec.allow` of the policy {name}:\n{}",
                indented(&fields, "    ")
            ),
            None => format!(
                "To allow it, write a policy outside of the manifests and name it with --policy:\n{}\n{}",
                indented(&HEAD.map(str::to_owned), "    "),
                indented(&fields, "        ")
            ),
        });
        advice.extend(policy.reason.as_deref().map(escape::paragraph));
    }
    Failure::new(summary)
        .with_exit(Exit::Refused)
        .with_advice(advice.join("\n\n"))
}

/// What a policy begins with, up to what it allows.
const HEAD: [&str; 5] = [
    "apiVersion: afresh/v1",
    "kind: Policy",
    "metadata: {name: trusted}",
    "spec:",
    "  allow:",
];

fn indented(lines: &[String], by: &str) -> String {
    let lines = lines.iter().map(|line| format!("{by}{line}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The fields below `spec.allow` of a policy that would allow all of this, line by line.
fn allowance<'a>(asks: impl Iterator<Item = &'a Ask>) -> Vec<String> {
    let mut hosts: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut audiences: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut sources: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for ask in asks {
        let (list, key, value) = match ask {
            Ask::Host { role, host, .. } => (&mut hosts, role.field(), host.to_string()),
            Ask::Audience { role, audience, .. } => {
                (&mut audiences, role.field(), audience.clone())
            }
            Ask::Source(Source::Variable(name)) => (&mut sources, "variables", name.clone()),
            Ask::Source(Source::ServiceConnection(id)) => {
                (&mut sources, "serviceConnections", id.clone())
            }
            Ask::Source(Source::File(path)) => {
                (&mut sources, "files", whole(path).display().to_string())
            }
        };
        list.entry(key).or_default().insert(value);
    }
    let mut lines = Vec::new();
    for (name, list) in [("hosts", &hosts), ("audiences", &audiences)] {
        if !list.is_empty() {
            lines.push(format!("{name}:"));
        }
        lines.extend(
            list.iter()
                .map(|(role, all)| format!("  {role}: {}", flow(all))),
        );
    }
    lines.extend(
        sources
            .iter()
            .map(|(field, all)| format!("{field}: {}", flow(all))),
    );
    lines
}

/// A list on one line.
fn flow(all: &BTreeSet<String>) -> String {
    let quoted = all.iter().map(|text| escape::quoted(text));
    format!("[{}]", quoted.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_at_the_root_of_all_files_has_no_folder_of_secrets() {
        let mounted = folders(&[]);
        assert_eq!(folders(&[PathBuf::from("/")]), mounted);
        assert_eq!(folders(&[PathBuf::from("/afresh.yaml")]), mounted);
        let own = folders(&[PathBuf::from("/usr")]);
        assert_eq!(own[1..], mounted);
    }
}
