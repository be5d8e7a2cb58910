//! Where the keys of a rule go: the entries of its `handOff`, and the Key Vaults that they name.

use std::collections::BTreeMap;

use crate::limits::{HAND_OFF_TEXT_CHARS_MAX, HAND_OFF_TIMEOUT};
use crate::model::connection::KeyConnection;
use crate::model::hand_off::{HandOff, Serves};
use crate::model::key_service::KeyService;
use crate::model::runtime::Slot;
use crate::model::time::Span;
use crate::model::vault::{SecretName, VaultConnection, VaultName};

use super::super::mark::{At, Mark};
use super::super::mask::clipped;
use super::super::problem::Problem;
use super::super::shape::leaf::Filled;
use super::super::shape::rule::{HandOffText, KeyAgeSpec, ServesText, ServesWord, VaultText};
use super::context::Context;

/// The vaults that rules name, each with the place that named it first.
#[derive(Default)]
pub struct Vaults(BTreeMap<VaultName, Vault>);

#[derive(Clone)]
struct Vault {
    connection: VaultConnection,
    /// The name of its credential, if one is written.
    credential: Option<String>,
    mark: Mark,
}

impl Vaults {
    /// For the plan.
    pub fn connections(self) -> BTreeMap<VaultName, VaultConnection> {
        let all = self.0.into_iter();
        all.map(|(name, vault)| (name, vault.connection)).collect()
    }

    /// Each with the name of its credential, if one is written, and the place that named it first.
    pub fn iter(&self) -> impl Iterator<Item = (&VaultConnection, Option<&str>, Mark)> {
        let all = self.0.values();
        all.map(|one| (&one.connection, one.credential.as_deref(), one.mark))
    }
}

/// What a rule selects.
pub struct Selection<'a> {
    /// Through which connection.
    pub connection: &'a KeyConnection,
    /// More than one resource, now or later.
    pub is_several: bool,
}

/// The hand-offs of one rule; `None`: one was not understood, and that has been noted.
pub fn build(
    context: &mut Context<'_>,
    vaults: &mut Vaults,
    spec: &KeyAgeSpec,
    selection: &Selection<'_>,
) -> Option<Vec<HandOff>> {
    let mut all: Vec<(HandOff, Mark)> = Vec::new();
    let mut is_whole = true;
    for at in spec.hand_offs.iter().flatten() {
        let Some(one) = entry(context, vaults, at, selection) else {
            is_whole = false;
            continue;
        };
        if let Some((_, first)) = all.iter().find(|(known, _)| *known == one) {
            let problem = Problem::at(at.mark, "the key would go there twice").label("second");
            context.findings.add(problem.also(*first, "first"));
        }
        all.push((one, at.mark));
    }
    is_whole.then(|| all.into_iter().map(|(one, _)| one).collect())
}

/// Which key a rule serves: by the names that its service has for keys.
pub fn serves(
    context: &mut Context<'_>,
    written: Option<&At<ServesWord>>,
    service: KeyService,
) -> Serves {
    let Some(at) = written else {
        return Serves::default();
    };
    let (slot, is_of_account) = match at.value.0 {
        ServesText::Newest => return Serves::Newest,
        ServesText::AuthKey1 => (Slot::One, false),
        ServesText::AuthKey2 => (Slot::Two, false),
        ServesText::Key1 => (Slot::One, true),
        ServesText::Key2 => (Slot::Two, true),
    };
    if is_of_account != (service == KeyService::Storage) {
        let name = service.key_name(slot);
        let message = format!("the keys of {} have other names", service.title());
        let problem = Problem::at(at.mark, message);
        context
            .findings
            .add(problem.help(format!("write `serves: {name}`")));
    }
    Serves::Key(slot)
}

fn entry(
    context: &mut Context<'_>,
    vaults: &mut Vaults,
    at: &At<HandOffText>,
    selection: &Selection<'_>,
) -> Option<HandOff> {
    let text = &at.value;
    match (&text.vault, &text.command, &text.confirm) {
        (Some(vault), None, None) => vault_secret(context, vaults, vault, selection),
        (None, Some(command), None) => Some(HandOff::Command {
            argv: command.value.iter().map(|word| word.0.clone()).collect(),
            timeout: text
                .timeout
                .as_ref()
                .map_or(Span::seconds(HAND_OFF_TIMEOUT.as_secs()), |at| at.value.0),
        }),
        (None, None, Some(what)) => person(context, what),
        // It was noted where the entry was read.
        _ => None,
    }
}

fn person(context: &mut Context<'_>, what: &At<Filled>) -> Option<HandOff> {
    let text = what.value.0.trim();
    if text.chars().count() > HAND_OFF_TEXT_CHARS_MAX || text.contains(['\n', '\r']) {
        let message = format!(
            "what a person has to do is one line of at most {HAND_OFF_TEXT_CHARS_MAX} characters"
        );
        let help = "name the page that says the rest";
        context
            .findings
            .add(Problem::at(what.mark, message).help(help));
        return None;
    }
    Some(HandOff::Person {
        what: text.to_owned(),
    })
}

fn vault_secret(
    context: &mut Context<'_>,
    vaults: &mut Vaults,
    at: &At<VaultText>,
    selection: &Selection<'_>,
) -> Option<HandOff> {
    let text = &at.value;
    let vault = match VaultName::parse(&text.vault.value.0) {
        Ok(vault) => Some(vault),
        Err(why) => {
            let shown = clipped(&text.vault.value.0);
            let message = format!("`{shown}` is not the name of a Key Vault");
            context
                .findings
                .add(Problem::at(text.vault.mark, message).help(why));
            None
        }
    };
    let secret = secret(context, &text.secret, selection);
    let (vault, secret) = (vault?, secret?);
    let credential = match &text.credential {
        Some(written) => context.credential(Some(written))?,
        None => selection.connection.credential().clone(),
    };
    let cloud = selection.connection.cloud();
    if cloud.vault_host(&vault).is_none() {
        let message = format!("the cloud {} has no Key Vaults", clipped(&cloud.name));
        let help = "write `vault: {domain: …}` in its Cloud document";
        context
            .findings
            .add(Problem::at(at.mark, message).help(help));
        return None;
    }
    let connection = VaultConnection {
        vault: vault.clone(),
        cloud: selection.connection.cloud().clone(),
        credential,
    };
    match vaults.0.get(&vault) {
        Some(known) if known.connection != connection => {
            let message = format!(
                "the vault {vault} is reached with another credential, or in another cloud, by another hand-off"
            );
            let problem = Problem::at(at.mark, message).also(known.mark, "first");
            let help = "reach each vault with one credential";
            context.findings.add(problem.help(help));
        }
        Some(_) => {}
        None => {
            let credential = text.credential.as_ref().map(|at| at.value.0.clone());
            let mark = at.mark;
            vaults.0.insert(
                vault.clone(),
                Vault {
                    connection,
                    credential,
                    mark,
                },
            );
        }
    }
    Some(HandOff::Vault {
        vault,
        secret,
        adopt: text.adopt.as_ref().is_some_and(|at| at.value.0),
    })
}

/// The name of a secret with its placeholders.
fn secret(
    context: &mut Context<'_>,
    written: &At<Filled>,
    selection: &Selection<'_>,
) -> Option<String> {
    let text = &written.value.0;
    let (own, others): (&[&str], &[&str]) = match selection.connection.service() {
        KeyService::DataFactory | KeyService::Synapse => {
            (&["{runtime}", "{factory}"], &["{account}"])
        }
        KeyService::Storage => (&["{account}"], &["{runtime}", "{factory}"]),
    };
    let mut rest = text.clone();
    for name in own.iter().chain(&["{connection}", "{slot}"]) {
        rest = rest.replace(name, "a");
    }
    let known = format!("known here: {}, {{connection}}, {{slot}}", own.join(", "));
    if let Some(strange) = others.iter().find(|other| rest.contains(**other)) {
        let message = format!("`{strange}` does not go with this rule");
        context
            .findings
            .add(Problem::at(written.mark, message).help(known));
        return None;
    }
    if rest.contains(['{', '}']) {
        let message = format!("`{}` names in braces what is not known here", clipped(text));
        context
            .findings
            .add(Problem::at(written.mark, message).help(known));
        return None;
    }
    if let Err(why) = SecretName::parse(&rest) {
        let message = format!("`{}` is not the name of a secret", clipped(text));
        context
            .findings
            .add(Problem::at(written.mark, message).help(why));
        return None;
    }
    let one = own.first().copied().unwrap_or_default();
    if selection.is_several && !text.contains(one) {
        let message = "the keys of several resources would go to one secret";
        let help = format!("write `{one}` in the name: `\"{one}\"`");
        context
            .findings
            .add(Problem::at(written.mark, message).help(help));
        return None;
    }
    Some(text.clone())
}
