//! `afresh ledger confirm` of a key: a person says that it is where its rule says that it goes.

use super::super::error::{Exit, Failure};
use super::super::screen::Screen;
use super::super::session::Session;
use super::super::surroundings;
use super::known::{not_written, unknown};
use crate::escape::line;
use crate::ledger::event::{Event, HandOffConfirmation, Subject};
use crate::model::address::{Address, Identity};
use crate::model::desired::KeyAgeRule;
use crate::model::hand_off::{Destination, HandOff, Serves};
use crate::model::memory::Memory;
use crate::model::runtime::{Fingerprint, RuntimeMemory, Slot};
use crate::model::time::minute;
use crate::survey;

/// Is it about a key? A destination was named, or a rule about keys selects the address.
pub(super) fn is_of_keys(session: &Session, address: &Address, to: Option<&str>) -> bool {
    to.is_some() || rule(session, address).is_some()
}

fn rule<'a>(session: &'a Session, address: &Address) -> Option<&'a KeyAgeRule> {
    let mut rules = session.desired.key_ages.iter();
    rules.find(|rule| {
        rule.connection == address.connection && survey::selects(rule, &address.subject)
    })
}

/// A hand-off that a person can confirm.
struct Open {
    to: Destination,
    slot: Slot,
    key: Fingerprint,
    is_done: bool,
}

/// Records that the key of `address` is at `to`; without it, at the only place that waits for a person.
pub(super) async fn confirm(
    session: &Session,
    address: &Address,
    to: Option<&str>,
    reason: Option<&str>,
    screen: &Screen,
) -> Result<(), Failure> {
    let ledger = &session.ground.ledger;
    let memory = ledger.memory();
    let Some(rule) = rule(session, address) else {
        let why = format!("no rule about keys selects {address}");
        return Err(Failure::new(why).with_command(
            "These are the subjects that rules cover:",
            &session.typed.command(["plan", "--verbose"]),
        ));
    };
    let identity = memory.identity_of(address);
    let identity = identity.ok_or_else(|| unknown(session, address))?;
    resolved(session, address, identity, &memory)?;
    let known = memory.runtime(identity);
    let all = open(rule, address, identity, &known);
    let one = chosen(session, address, &all, to)?;
    let service = identity.key_service();
    let said = HandOffConfirmation {
        subject: Subject {
            identity: identity.clone(),
            address: address.clone(),
        },
        to: one.to.clone(),
        slot: one.slot,
        fingerprint: one.key.clone(),
        at: session.ground.now(),
        by: surroundings::who(),
        reason: reason.map(str::to_owned),
    };
    let events = vec![Event::HandOffConfirmed(said)];
    let written = ledger.record_if_untouched(identity, events).await;
    written.map_err(|error| not_written(session, address, error))?;
    screen.tell(&line(&format!(
        "Confirmed: {} of {address} ({}) is handed over: {}.",
        service.key_name(one.slot),
        one.key.short(),
        one.to
    )));
    Ok(())
}

fn resolved(
    session: &Session,
    address: &Address,
    identity: &Identity,
    memory: &Memory,
) -> Result<(), Failure> {
    let Some(doubt) = memory.doubts(identity).first() else {
        return Ok(());
    };
    let title = doubt.action.title(identity.key_service());
    let since = minute(doubt.at);
    let summary = format!("`{title}` of {since} on {address} is unresolved");
    Err(Failure::new(summary).with_exit(Exit::Busy).with_command(
        "Let the next apply resolve it first:",
        &session.typed.command(["apply"]),
    ))
}

/// Where keys that afresh has made go, by the rule.
fn open(
    rule: &KeyAgeRule,
    address: &Address,
    identity: &Identity,
    known: &RuntimeMemory,
) -> Vec<Open> {
    let Some(resource) = identity.resource() else {
        return Vec::new();
    };
    let served = match rule.spec.serves {
        Serves::Key(slot) => Some(slot),
        Serves::Newest => known.last_rotation().map(|(slot, _)| slot),
    };
    let of = |hand_off: &HandOff, slot: Slot| {
        let to = hand_off.of(address, resource, slot).ok()?;
        let key = known.slots.get(slot).fingerprint.clone()?;
        let delivered = known.delivered.get(&to);
        let is_done = delivered.is_some_and(|known| known.fingerprint == key);
        Some(Open {
            to,
            slot,
            key,
            is_done,
        })
    };
    let mut all = Vec::new();
    for hand_off in &rule.spec.hand_offs {
        let slots = if hand_off.is_of_each_key() {
            Slot::BOTH.to_vec()
        } else {
            served.into_iter().collect()
        };
        all.extend(slots.into_iter().filter_map(|slot| of(hand_off, slot)));
    }
    all
}

fn chosen<'a>(
    session: &Session,
    address: &Address,
    all: &'a [Open],
    to: Option<&str>,
) -> Result<&'a Open, Failure> {
    let Some(to) = to else {
        let mut waiting = all
            .iter()
            .filter(|one| !one.is_done && !one.to.is_automatic());
        return match (waiting.next(), waiting.next()) {
            (Some(one), None) => Ok(one),
            (Some(one), Some(_)) => Err(Failure::new(format!(
                "several hand-offs of {address} wait for a person: say which one"
            ))
            .with_exit(Exit::Usage)
            .with_command("For example:", &command(session, address, one))),
            (None, _) => Err(none(session, address)),
        };
    };
    if let Some(one) = all.iter().find(|one| one.to.to_string() == to) {
        return Ok(one);
    }
    let failure = Failure::new(format!(
        "no key of {address} that afresh knows goes to `{to}`"
    ));
    Err(match all.first() {
        Some(one) => failure.with_command("For example:", &command(session, address, one)),
        None => none(session, address),
    })
}

fn none(session: &Session, address: &Address) -> Failure {
    Failure::new(format!("no hand-off of {address} waits for a person")).with_command(
        "This is how its hand-offs stand:",
        &session.typed.command(["why", &address.to_string()]),
    )
}

fn command(session: &Session, address: &Address, one: &Open) -> String {
    let (address, to) = (address.to_string(), one.to.to_string());
    session
        .typed
        .command(["ledger", "confirm", &address, "--destination", &to])
}
