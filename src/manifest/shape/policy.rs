//! The Policy: what whoever runs afresh holds manifests to. It is read from outside the manifests only.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::super::mark::At;
use super::super::mask::clipped;
use super::super::problem::{Findings, Problem};
use super::declare::{record, words};
use super::leaf::{self, Filled, Guid, NameText, Truth};
use super::number::{Count, Length};
use super::project::{FreezeText, GuardrailsText, LedgerText};
use super::rule::{OnStarvationWord, UnknownAgeWord};
use super::signer::{self, SignerText};
use super::spot::{Shape, Spot};
use crate::model::kind::Kind;
use crate::model::policy::ActionKind;
use crate::model::suspension::Suspending;
use crate::model::trust::{HostPattern, VariablePattern};

record! {
    /// What manifests may name beyond what is always allowed, and what they must keep to. It is given with `--policy`, `AFRESH_POLICY` or the
    /// user's configuration folder, and never read from the folder that is planned.
    PolicySpec {
        /// Why, for people whose manifests it refuses.
        "reason" reason: Option<Filled>,
        /// What manifests may name; without it, Azure's own hosts and the usual sources of secrets.
        "allow" allow: Option<AllowText>,
        /// What manifests must keep to. A field that is left out bounds nothing.
        "require" require: Option<RequireText>,
        /// Times in which nothing is applied, beside those of the Project.
        "freezes" freezes: Option<Vec<At<FreezeText>>>,
        /// How what is done has to be approved before.
        "approval" approval: Option<ApprovalText>,
    }
}

record! {
    /// How what is done has to be approved before. Each of the two is asked for by itself.
    ApprovalText {
        /// An apply does only what an Approval beside the manifests covers. Default: false.
        "required" is_required: Option<Truth>,
        /// Who may sign plans. With it, an apply does only what stands in a saved plan that they signed: `ssh-keygen -Y sign -f KEY -n
        /// afresh-plan plan.json`.
        "signers" signers: Option<At<Vec<SignerText>>>,
        /// How many different signers have to sign a plan. Default: 1.
        "signatures" signatures: Option<At<Count>>,
    }
    check |findings| {
        if let (Some(signers), Some(signatures)) = (&signers, &signatures) {
            signer::check(signers.as_ref(), signatures.as_ref(), findings);
        }
    }
}

record! {
    /// What manifests may name.
    AllowText {
        /// Hosts that credentials may go to, by what they are for.
        "hosts" hosts: Option<HostsText>,
        /// Audiences of tokens, by the host that they go to.
        "audiences" audiences: Option<AudiencesText>,
        /// Environment variables that a secret may come from: `NPM_TOKEN`, or `TEAM_SECRET_*` for all that begin so.
        "variables" variables: Option<Vec<VariableText>>,
        /// Files, or folders with them, that a secret may come from: absolute paths.
        "files" files: Option<Vec<AbsoluteText>>,
        /// Ids of service connections of Azure Pipelines.
        "serviceConnections" service_connections: Option<Vec<Filled>>,
        /// Commands that may get a key, each as the program with all its arguments: `[[./deliver.sh, west]]`.
        "commands" commands: Option<Vec<Vec<Filled>>>,
    }
}

record! {
    /// Hosts by role, always over https: `login.lab.example.com`, with its port if that is not 443, or `.lab.example.com` for every host below
    /// a domain of your own.
    HostsText {
        /// Entra ID.
        "authority" authority: Option<Vec<HostText>>,
        /// Azure Resource Manager.
        "resourceManager" resource_manager: Option<Vec<HostText>>,
        /// Databricks workspaces.
        "databricks" databricks: Option<Vec<HostText>>,
        /// Key vaults.
        "vault" vault: Option<Vec<HostText>>,
        /// Azure Storage, where a ledger may lie.
        "storage" storage: Option<Vec<HostText>>,
    }
}

record! {
    /// Audiences of tokens.
    AudiencesText {
        /// Of tokens for Resource Manager.
        "resourceManager" resource_manager: Option<Vec<Filled>>,
        /// Of tokens for Databricks workspaces.
        "databricks" databricks: Option<Vec<Filled>>,
        /// Of tokens for key vaults.
        "vault" vault: Option<Vec<Filled>>,
    }
}

record! {
    /// What manifests must keep to.
    RequireText {
        /// The one ledger; a file is named as the Project names it. Only an absolute path fixes exactly one file, links followed; for a saved plan a relative one fits below any folder.
        "ledger" ledger: Option<LedgerText>,
        /// Subscriptions of all connections. A Databricks workspace that is given by host needs an entry in `workspaces`: no host shows in
        /// which subscription it lies.
        "subscriptions" subscriptions: Option<Vec<Guid>>,
        /// Databricks workspaces, by host, or by ARM id where no host is given.
        "workspaces" workspaces: Option<Vec<Filled>>,
        /// Names of connections.
        "connections" connections: Option<Vec<NameText>>,
        /// Methods of credentials.
        "credentials" credentials: Option<Vec<MethodText>>,
        /// Kinds of documents.
        "kinds" kinds: Option<Vec<KindText>>,
        /// What rules may lead to.
        "actions" actions: Option<Vec<ActionWord>>,
        /// Names of Key Vaults that keys may be handed to.
        "vaults" vaults: Option<Vec<Filled>>,
        /// Bounds on one apply. Those of the Project may be tighter; where it has none, these hold.
        "guardrails" guardrails: Option<GuardrailsText>,
        /// How rules may be suspended. Default: as they like.
        "suspend" suspend: Option<SuspendWord>,
        /// Bounds on KeyAge rules.
        "keyAge" key_age: Option<KeyAgeBounds>,
    }
}

record! {
    /// Bounds on KeyAge rules.
    KeyAgeBounds {
        /// Greatest `maxAge`.
        "maxAge" age_max: Option<Length>,
        /// Least `overlap`.
        "overlap" overlap: Option<Length>,
        /// Choices of `unknownAge`.
        "unknownAge" unknown_age: Option<Vec<UnknownAgeWord>>,
        /// Choices of `onWindowStarvation`.
        "onWindowStarvation" on_starvation: Option<Vec<OnStarvationWord>>,
        /// Whether a rule may say `ignoreWindows: true`. Default: `true`. The policy's own freezes hold in any case.
        "ignoreWindows" ignore_windows: Option<Truth>,
    }
}

words! {
    /// How rules may be suspended.
    SuspendWord(Suspending) {
        "never" Suspending::Never = "Not at all.",
        "withUntil" Suspending::WithUntil = "With `until`: the rule acts again from then on.",
    }
}

words! {
    /// What a rule may lead to.
    ActionWord(ActionKind) {
        "regenerate" ActionKind::Regenerate = "A key is regenerated.",
        "handOver" ActionKind::HandOver = "A key is handed over.",
        "run" ActionKind::Run = "A job is run.",
        "submit" ActionKind::Submit = "A one-time run is submitted.",
        "cancel" ActionKind::Cancel = "A run is cancelled.",
    }
}

/// Declares a text that the model reads: its reader, and its schema.
macro_rules! parsed_text {
    ($(#[doc = $doc:literal])* $name:ident ( $model:ty ), $pattern:literal, $parse:expr) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub $model);

        impl Shape for $name {
            fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
                let text = String::read(spot, findings)?;
                let parse: fn(&str) -> Result<$model, String> = $parse;
                match parse(&text) {
                    Ok(value) => Some(Self(value)),
                    Err(sentence) => {
                        let message = format!("`{}` cannot stand in `{}`", clipped(&text), spot.name);
                        findings.add(Problem::at(spot.node.mark, message).help(sentence));
                        None
                    }
                }
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "description": concat!($($doc),*).trim() })
            }
        }
    };
}

parsed_text! {
    /// A host, with its port if that is not 443, or a domain with a leading dot.
    HostText(HostPattern), "^\\.?[A-Za-z0-9][A-Za-z0-9.-]*(:\\d{1,5})?$", |text| HostPattern::parse(text)
}

parsed_text! {
    /// An environment variable's name, or its beginning up to an underscore with `*` behind it.
    VariableText(VariablePattern), "^[A-Za-z_][A-Za-z0-9_]*(_\\*)?$", |text| VariablePattern::parse(text)
}

parsed_text! {
    /// An absolute path.
    AbsoluteText(std::path::PathBuf), "^([/\\\\]|[A-Za-z]:)", |text| {
        let path = std::path::PathBuf::from(text);
        if path.has_root() { Ok(path) } else { Err("write the whole path, from `/` on".to_owned()) }
    }
}

/// The methods of credentials.
const METHODS: [&str; 10] = [
    "default",
    "servicePrincipal",
    "workloadIdentity",
    "managedIdentity",
    "azureCli",
    "githubOidc",
    "azurePipelines",
    "deviceCode",
    "databricksToken",
    "databricksOauth",
];

parsed_text! {
    /// A method of credentials: `default`, `servicePrincipal`, `workloadIdentity`, `managedIdentity`, `azureCli`, `githubOidc`,
    /// `azurePipelines`, `deviceCode`, `databricksToken` or `databricksOauth`.
    MethodText(String), "^(default|servicePrincipal|workloadIdentity|managedIdentity|azureCli|githubOidc|azurePipelines|deviceCode|databricksToken|databricksOauth)$", |text| {
        one_of(text, &METHODS)
    }
}

/// A kind of document that a policy may name.
#[derive(Clone, Copy, Debug)]
pub struct KindText(pub Kind);

/// The names of those kinds.
fn chosen() -> Vec<&'static str> {
    let chosen = Kind::ALL.iter().filter(|kind| kind.is_chosen());
    chosen.map(|kind| kind.as_str()).collect()
}

impl Shape for KindText {
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
        let text = leaf::word(spot, &chosen(), findings)?;
        Kind::parse(text).map(Self)
    }
}

impl JsonSchema for KindText {
    fn schema_name() -> Cow<'static, str> {
        "KindText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": chosen(), "description": "A kind of document." })
    }
}

fn one_of(text: &str, known: &[&str]) -> Result<String, String> {
    if known.contains(&text) {
        Ok(text.to_owned())
    } else {
        Err(format!("known: {}", known.join(", ")))
    }
}
