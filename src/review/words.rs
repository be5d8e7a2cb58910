//! Sentences that text and Markdown share. Each is one line, with foreign words already escaped for a terminal.

use super::nodes;
use crate::escape::line;
use crate::model::address::ResourceId;
use crate::model::birth::{AgeRange, Birth, Evidence};
use crate::model::joint::Correction;
use crate::model::key_service::KeyService;
use crate::model::requests::{self, RequestClass, Requests};
use crate::model::runtime::Slot;
use crate::model::shard::Part;
use crate::model::survey::Refresh;
use crate::model::time::{Span, Timestamp, minute};
use crate::model::trouble::{Trouble, TroubleKind};
use crate::model::verdict::{
    Action, Cause, Counts, Exceeded, OutsideChange, Receipt, RuntimeFacts, Settled, Settlement,
    SlotFacts, Step, Target,
};

/// `rotated by afresh 2026-08-17 03:12 UTC`.
pub(super) fn evidence(evidence: &Evidence, service: KeyService) -> String {
    match *evidence {
        Evidence::Rotated { answered, .. } => format!("rotated by afresh {}", minute(answered)),
        Evidence::Changed { after, by } => {
            format!("changed between {} and {}", minute(after), minute(by))
        }
        Evidence::FirstSeen { at } => format!("first seen {}", minute(at)),
        Evidence::KnownBefore { seen, .. } => format!(
            "known to the ledger from before; here since {}",
            minute(seen)
        ),
        Evidence::Told { at } => format!("created {}, says Azure", minute(at)),
        Evidence::RuntimeCreated { at } => {
            format!("{} created {}", service.resource(), minute(at))
        }
        Evidence::LogSilent { since, .. } => format!(
            "no regeneration in the Activity Log since {}",
            minute(since)
        ),
        Evidence::LogEvents { known, newest, .. } => log_events(known, newest),
        Evidence::Declared { at } => format!("declared: made {}", minute(at)),
    }
}

/// What others did to a key, or to what has it, since it was last read: `authKey2 was regenerated outside afresh on 2026-12-02 07:00 UTC, by …`.
/// `own`: the runtime's own id, if it is known.
pub(super) fn outside(change: &OutsideChange, own: Option<&Target>) -> String {
    let service = own.map(Target::key_service).unwrap_or_default();
    let resource = service.resource();
    match change {
        OutsideChange::CreatedAnew { at } => {
            format!(
                "the {resource} was deleted and created anew on {}: its keys are new",
                minute(*at)
            )
        }
        OutsideChange::Rotated {
            slot,
            at,
            by,
            by_afresh,
        } => {
            let who = if *by_afresh {
                "by afresh with another ledger"
            } else {
                "outside afresh"
            };
            let at = at
                .map(|at| format!(" on {}", minute(at)))
                .unwrap_or_default();
            let by = by
                .as_ref()
                .map(|by| format!(", by {}", line(by)))
                .unwrap_or_default();
            let name = service.key_name(*slot);
            format!("{name} was regenerated {who}{at}{by}")
        }
        OutsideChange::Returned { slot, from, was } if is_runtime(own, from) => {
            let before = if was == slot { "" } else { ", which was in " };
            let name = service.key_name(*slot);
            let was = if was == slot {
                "before"
            } else {
                service.key_name(*was)
            };
            format!("{name} holds a key that this {resource} had{before}{was}; it keeps its age")
        }
        OutsideChange::Returned { slot, from, was } => format!(
            "{} is a key that the ledger knows: {} of {}; it keeps its age",
            service.key_name(*slot),
            KeyService::of(from).key_name(*was),
            line(from.as_str())
        ),
    }
}

fn is_runtime(target: Option<&Target>, id: &ResourceId) -> bool {
    let runtime = target.and_then(Target::runtime);
    runtime.is_some_and(|target| target.id == *id)
}

/// A fact that had to give way to stronger ones.
pub(super) fn correction(correction: &Correction, service: KeyService) -> String {
    let (name, resource) = (|slot| service.key_name(slot), service.resource());
    match *correction {
        Correction::Declared { slot, born } => format!(
            "corrected: {} was declared as created {}, and stronger evidence excludes that",
            name(slot),
            minute(born)
        ),
        Correction::Silence { slot } => format!(
            "corrected: {} changed, and the Activity Log shows no regeneration: the log is late, or the {resource} was created anew",
            name(slot)
        ),
        Correction::Created { slot, at } => format!(
            "corrected: the {resource} says that it was created {}, and {} was seen before that",
            minute(at),
            name(slot)
        ),
        Correction::Event { at } => format!(
            "corrected: the Activity Log shows a regeneration at {}, and neither key changed then",
            minute(at)
        ),
        Correction::Ahead { slot, at } => format!(
            "corrected: Azure says that {} was created {}, which is yet to come, so that time is not believed",
            name(slot),
            minute(at)
        ),
    }
}

/// `the last attempt was refused at 2026-11-28 10:00 UTC: cannot …; apply tries again`; nothing where none was.
pub(super) fn refused(step: &Step) -> Option<String> {
    let refusal = step.refused.as_ref()?;
    Some(format!(
        "the last attempt was refused at {}: {}; apply tries again",
        minute(refusal.at),
        line(&refusal.why)
    ))
}

/// What a row of a runtime tells below it.
pub(super) fn runtime_notes(step: &Step) -> Vec<String> {
    let Some(facts) = step.facts.runtime() else {
        return Vec::new();
    };
    let (own, service) = (step.target.as_ref(), step.key_service());
    let outside = facts.outside.iter().map(|change| outside(change, own));
    outside
        .chain(facts.corrected.iter().map(|one| correction(one, service)))
        .chain(nodes::remarks(step))
        .collect()
}

fn log_events(known: Option<Timestamp>, newest: Timestamp) -> String {
    match known {
        Some(known) if known == newest => {
            format!("regenerated {}, says the Activity Log", minute(known))
        }
        Some(known) => format!(
            "regenerated {}, says the Activity Log; a regeneration at {} may have been of this key",
            minute(known),
            minute(newest)
        ),
        None => format!(
            "a regeneration at {} may have been of this key",
            minute(newest)
        ),
    }
}

/// The pieces of evidence that set a bound, or the words for none.
pub(super) fn birth(birth: &Birth, service: KeyService) -> String {
    let sets_bound = |piece: &&Evidence| {
        let (not_before, not_after) = piece.bounds();
        (not_before.is_some() && not_before == birth.earliest)
            || (not_after.is_some() && not_after == birth.latest)
    };
    let pieces: Vec<String> = birth
        .evidence
        .iter()
        .filter(sets_bound)
        .map(|piece| evidence(piece, service))
        .collect();
    if pieces.is_empty() {
        "no evidence of when it was made".to_owned()
    } else {
        pieces.join("; ")
    }
}

/// `97d old`, or that its age is unknown.
pub(super) fn old(age: AgeRange) -> String {
    if age.at_most.is_none() && age.at_least == Span::ZERO {
        "of unknown age".to_owned()
    } else {
        format!("{age} old")
    }
}

/// Why something is to be done.
pub(super) fn cause(cause: &Cause) -> String {
    match cause {
        Cause::KeyDue { age, .. } if age.to_string() == "unknown" => {
            line(&cause.to_string()).replacen("unknown old", "of unknown age", 1)
        }
        other => line(&other.to_string()),
    }
}

/// That a key breaks the rule's `bornAfter`, or may: `may have been made before 2026-11-28 10:00 UTC, bornAfter`.
pub(super) fn made_before(facts: &RuntimeFacts, slot: Slot) -> Option<String> {
    let (leak, birth) = (facts.spec.born_after?, &facts.slots.get(slot).birth);
    let made = if birth.is_before(leak) {
        "made"
    } else if birth.may_be_before(leak) {
        "may have been made"
    } else {
        return None;
    };
    Some(format!("{made} before {}, bornAfter", minute(leak)))
}

/// `resolved: the earlier "regenerate authKey1" did happen`.
pub(super) fn settlement(settlement: &Settlement, service: KeyService) -> String {
    let what = line(&settlement.action.title(service));
    match &settlement.settled {
        Settled::Done(receipt) => format!(
            "resolved: the earlier \"{what}\" did happen ({})",
            left_behind(receipt)
        ),
        Settled::NotDone => format!("resolved: the earlier \"{what}\" did not happen"),
        Settled::Repeat => {
            format!(
                "to resolve: the earlier \"{what}\" is sent again with its token, which cannot start a second run"
            )
        }
    }
}

/// What an effect left behind: `new key 1a2b3c4d`, `run 7`.
pub(super) fn left_behind(receipt: &Receipt) -> String {
    match receipt {
        Receipt::Regenerated { fingerprint, .. } => format!("new key {}", fingerprint.short()),
        Receipt::HandedOver { fingerprint, .. } => format!("key {}", fingerprint.short()),
        Receipt::Started { run, .. } => format!("run {run}"),
        Receipt::Cancelled { run, .. } => format!("run {run} is ending or has ended"),
    }
}

/// `maxRegenerations.perApply is 20, and 25 are wanted`.
pub(super) fn exceeded(exceeded: &Exceeded) -> String {
    format!(
        "{} is {}, and {} {} wanted",
        line(&exceeded.guardrail),
        exceeded.limit,
        exceeded.wanted,
        if exceeded.wanted == 1 { "is" } else { "are" }
    )
}

/// The right that is missing, if that is the trouble.
pub(super) fn missing_right(trouble: &Trouble) -> Option<String> {
    match &trouble.kind {
        TroubleKind::Forbidden { right } => Some(line(right)),
        _ => None,
    }
}

/// `11 subjects`, `1 subject`, `no subject`.
pub(super) fn count(n: usize, one: &str, many: &str) -> String {
    match n {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    }
}

/// What is done about all subjects: `1 to regenerate, 1 to run, 1 to cancel, 1 on hold, 3 up to date`. Actions only where something
/// is pending, and what is rare only where it is.
pub(super) fn counts(counts: Counts) -> String {
    let mut parts = Vec::new();
    if counts.pending() {
        parts.push(format!("{} to regenerate", counts.regenerate));
        if counts.hand_over > 0 {
            parts.push(format!("{} to hand over", counts.hand_over));
        }
        parts.push(format!("{} to run", counts.run));
        parts.push(format!("{} to cancel", counts.cancel));
    }
    if counts.resolve > 0 {
        let what = count(counts.resolve, "operation", "operations");
        parts.push(format!("{what} to resolve"));
    }
    if counts.wait > 0 {
        parts.push(format!("{} to wait for", count(counts.wait, "run", "runs")));
    }
    parts.push(match counts.suspended {
        0 => format!("{} on hold", counts.on_hold),
        suspended => format!("{} on hold ({suspended} suspended)", counts.on_hold),
    });
    if counts.without_action > 0 {
        parts.push(format!(
            "{} broken without an action",
            counts.without_action
        ));
    }
    parts.push(format!("{} up to date", counts.up_to_date));
    parts.join(", ")
}

/// `3 kept, 2 broken, 1 unproven, 0 unknown`.
pub(super) fn promises(counts: Counts) -> String {
    format!(
        "{} kept, {} broken, {} unproven, {} unknown",
        counts.kept, counts.broken, counts.unproven, counts.unknown
    )
}

/// `1 needs attention`, `2 need attention`; nothing of none.
pub(super) fn attention(counts: Counts) -> Option<String> {
    match counts.attention {
        0 => None,
        1 => Some("1 needs attention".to_owned()),
        n => Some(format!("{n} need attention")),
    }
}

/// `Could not read 2 of 3 resources; nothing was decided about them`; nothing where all were read, or needed no reading.
pub(super) fn unread(counts: Counts, refresh: Refresh) -> Option<String> {
    let who = match (counts.unread, counts.subjects) {
        (0, _) => return None,
        (1, 1) => "1 of 1 resource".to_owned(),
        (n, all) => format!("{n} of {all} resources"),
    };
    let them = if counts.unread == 1 { "it" } else { "them" };
    Some(match refresh {
        Refresh::Auto | Refresh::All => {
            format!("Could not read {who}; nothing was decided about {them}")
        }
        Refresh::None => {
            format!("The ledger is not enough for {who}; nothing was decided about {them}")
        }
    })
}

/// That nothing is newer than the last read, where nothing was read.
pub(super) const fn as_of_last_read(refresh: Refresh) -> Option<&'static str> {
    match refresh {
        Refresh::Auto | Refresh::All => None,
        Refresh::None => {
            Some("Nothing was read (--refresh none): all of this is as of the last read")
        }
    }
}

/// Which job a name meant when it was read last, where nothing was read now: `job 101, as of the last read`.
pub(super) fn remembered_id(step: &Step, refresh: Refresh) -> Option<String> {
    match (&step.target, refresh) {
        (Some(Target::Job(target)), Refresh::None) => {
            Some(format!("job {}, as of the last read", target.job))
        }
        (Some(Target::Job(_) | Target::Runtime(_) | Target::Submission(_)) | None, _) => None,
    }
}

/// `21 requests (9 ARM reads, 5 ARM writes, 4 Databricks, 3 sign-ins)`.
pub(super) fn requests(requests: &Requests) -> String {
    let sum = usize::try_from(requests::sum(requests)).unwrap_or(usize::MAX);
    let all = count(sum, "request", "requests");
    let classes = requests.iter().map(|(class, kinds)| {
        let n = requests::of_class(kinds);
        format!("{n} {}", metered_as(*class, n))
    });
    let classes = classes.collect::<Vec<_>>().join(", ");
    if classes.is_empty() {
        all
    } else {
        format!("{all} ({classes})")
    }
}

const fn metered_as(class: RequestClass, n: u64) -> &'static str {
    match (class, n) {
        (RequestClass::ArmReads, 1) => "ARM read",
        (RequestClass::ArmReads, _) => "ARM reads",
        (RequestClass::ArmWrites, 1) => "ARM write",
        (RequestClass::ArmWrites, _) => "ARM writes",
        (RequestClass::Databricks, _) => "Databricks",
        (RequestClass::Vault, _) => "Key Vault",
        (RequestClass::SignIns, 1) => "sign-in",
        (RequestClass::SignIns, _) => "sign-ins",
        (RequestClass::Ledger, _) => "ledger",
    }
}

/// What is known of the key that an action replaces.
pub(super) fn replaced<'a>(step: &'a Step, action: &Action) -> Option<(Slot, &'a SlotFacts)> {
    let slot = action.regenerated()?;
    let facts = step.facts.runtime()?;
    Some((slot, facts.slots.get(slot)))
}

/// What a plan says that is about a part only: nothing of the rest.
pub(super) fn part(part: Part) -> String {
    let others = count(part.left_out, "subject", "subjects");
    let fate = match part.left_out {
        0 => "of other shards were found",
        _ => "of other shards left out, not looked at",
    };
    format!("Shard {}: {others} {fate}", part.shard)
}

/// That there is nothing to do, as far as the plan goes.
pub(super) fn nothing(part: Option<Part>) -> String {
    match part {
        None => "Nothing to do".to_owned(),
        Some(part) => format!("Nothing to do in shard {}", part.shard),
    }
}
