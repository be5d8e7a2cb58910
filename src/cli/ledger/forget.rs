//! `afresh ledger forget`: all that is known of a subject, its failed attempts, or its unresolved operations.
//!
//! A subject with an unresolved operation cannot be forgotten as a whole, since the operation could then be done twice.

use std::collections::{BTreeMap, BTreeSet};

use super::super::error::{Exit, Failure};
use super::super::screen::Screen;
use super::super::session::Session;
use super::super::surroundings;
use super::super::typed::Typed;
use super::known::{identity_of, not_written, unknown};
use super::once::Once;
use crate::escape::line;
use crate::ledger::event::{Ending, Event, Subject, Why};
use crate::limits;
use crate::model::address::{Address, Identity};
use crate::model::memory::{Doubt, Memory};
use crate::model::time::{Span, Timestamp, minute};

/// How much is forgotten of a subject.
#[derive(Clone, Copy)]
pub(super) enum Forget {
    All,
    Attempts,
    Doubts { may_run_twice: bool },
}

/// What is written, and said of it.
struct Forgetting {
    events: Vec<Event>,
    said: String,
}

/// Everything, the failed attempts, or only what is unresolved.
pub(super) async fn forget(
    session: &Session,
    address: &Address,
    how: Forget,
    screen: &Screen,
) -> Result<(), Failure> {
    let ledger = &session.ground.ledger;
    let memory = ledger.memory();
    let once = Once::of(session, address).await?;
    let identity = match &once {
        Some(once) => once.identity.clone(),
        None => identity_of(session, &memory, address)?.clone(),
    };
    let subject = Subject {
        identity: identity.clone(),
        address: address.clone(),
    };
    let at = session.ground.now();
    let forgetting = match how {
        Forget::All => all(session, &memory, &subject, once.as_ref(), at)?,
        Forget::Attempts => attempts(subject, at)?,
        Forget::Doubts { may_run_twice } => {
            let doubts = match &once {
                Some(once) => once.contents(&memory).doubts(&identity, &once.digest),
                None => doubts(&memory, &memory.all_called(address)),
            };
            unresolved(session, &subject, &doubts, may_run_twice, at)?
        }
    };
    let written = ledger
        .record_if_untouched(&identity, forgetting.events)
        .await;
    written.map_err(|error| not_written(session, address, error))?;
    screen.tell(&forgetting.said);
    Ok(())
}

/// What is unresolved on any of these.
fn doubts(memory: &Memory, called: &[&Identity]) -> Vec<Doubt> {
    let doubts = called.iter().map(|identity| memory.doubts(identity));
    doubts.flatten().cloned().collect()
}

/// Of a one-time run, its content is forgotten under every name that it had, and gets another token. Of anything else, all that was
/// ever known under the address.
fn all(
    session: &Session,
    memory: &Memory,
    subject: &Subject,
    once: Option<&Once>,
    at: Timestamp,
) -> Result<Forgetting, Failure> {
    let (address, identity) = (&subject.address, &subject.identity);
    let mut subjects: BTreeMap<Identity, Address> = BTreeMap::new();
    let doubts = if let Some(once) = once {
        let contents = once.contents(memory);
        for holder in contents.holders(&once.digest) {
            let known = memory.addresses.get(holder).unwrap_or(address);
            subjects.insert(holder.clone(), known.clone());
        }
        contents.doubts(identity, &once.digest)
    } else {
        let called = memory.all_called(address);
        subjects.extend(
            called
                .iter()
                .map(|known| ((*known).clone(), address.clone())),
        );
        doubts(memory, &called)
    };
    subjects.insert(identity.clone(), address.clone());
    whole(session, subject, &doubts)?;
    if !subjects.keys().any(|identity| is_known(memory, identity)) {
        return Err(unknown(session, address));
    }
    let present = once.map(|once| once.digest.as_str());
    let forgotten = subjects
        .into_iter()
        .map(|(identity, address)| Event::Forgotten {
            generations: generations(memory, &identity, present),
            subject: Subject { identity, address },
            at,
        });
    let more = match once {
        Some(_) => {
            " Its content gets a new token: if it has not succeeded, the next apply submits it."
        }
        None => "",
    };
    Ok(Forgetting {
        events: forgotten.collect(),
        said: format!("Forgot {}.{more}", line(&address.to_string())),
    })
}

fn is_known(memory: &Memory, identity: &Identity) -> bool {
    memory.addresses.contains_key(identity)
}

/// How often each content will have been forgotten.
fn generations(
    memory: &Memory,
    identity: &Identity,
    present: Option<&str>,
) -> BTreeMap<String, u32> {
    if identity.submission().is_none() {
        return BTreeMap::new();
    }
    let known = memory.submissions.get(identity);
    let contents = known.map(crate::model::job::SubmissionMemory::contents);
    let contents: BTreeSet<&str> = contents.into_iter().flatten().chain(present).collect();
    let before = |digest: &str| known.and_then(|known| known.forgotten.get(digest));
    let next = |digest: &str| before(digest).map_or(1, |count| count.saturating_add(1));
    let next = contents
        .into_iter()
        .map(|digest| (digest.to_owned(), next(digest)));
    next.collect()
}

fn attempts(subject: Subject, at: Timestamp) -> Result<Forgetting, Failure> {
    let address = subject.address.clone();
    if subject.identity.resource().is_some() {
        let why = format!("{address} has keys, and no attempts to forget");
        return Err(Failure::new(why));
    }
    let by = surroundings::who();
    Ok(Forgetting {
        events: vec![Event::AttemptsForgotten { subject, at, by }],
        said: format!(
            "Forgot the failed attempts of {}: from now on they are counted anew.",
            line(&address.to_string())
        ),
    })
}

fn unresolved(
    session: &Session,
    subject: &Subject,
    doubts: &[Doubt],
    may_run_twice: bool,
    at: Timestamp,
) -> Result<Forgetting, Failure> {
    let (address, service) = (&subject.address, subject.identity.key_service());
    if doubts.is_empty() {
        let why = format!("no operation on {address} is unresolved");
        return Err(Failure::new(why));
    }
    for doubt in doubts {
        endable(&session.typed, subject, doubt, may_run_twice, at)?;
    }
    let said = doubts.iter().map(|doubt| {
        let (title, since) = (doubt.action.title(service), minute(doubt.at));
        line(&format!(
            "Marked as not done: `{title}` of {since} on {address}."
        ))
    });
    Ok(Forgetting {
        events: doubts.iter().map(|doubt| not_done(doubt, at)).collect(),
        said: said.collect::<Vec<_>>().join("\n"),
    })
}

fn not_done(doubt: &Doubt, at: Timestamp) -> Event {
    Event::Settled {
        intent: doubt.intent.clone(),
        how: Ending::NotDone(Why::Said {
            by: surroundings::who(),
        }),
        at,
    }
}

/// All of a subject is forgotten only when nothing is open: its doubts would go, and with them what `overlap` rests on.
fn whole(session: &Session, subject: &Subject, doubts: &[Doubt]) -> Result<(), Failure> {
    let (address, service) = (&subject.address, subject.identity.key_service());
    let Some(doubt) = doubts.first() else {
        return Ok(());
    };
    let summary = format!(
        "`{}` of {} is unresolved: forgetting all of {address} could do it twice",
        doubt.action.title(service),
        minute(doubt.at)
    );
    Err(Failure::new(summary).with_advice(format!(
        "Let the next apply resolve it first:\n    {}\nIf no apply can, mark it as not done:\n    {}",
        session.typed.command(["apply"]),
        session.typed.command(["ledger", "forget", "--unresolved", &address.to_string()])
    )))
}

/// A person may end a doubt once its request can be under way no more; of a run, once no apply has found it for a day, or at
/// their own risk.
fn endable(
    typed: &Typed,
    subject: &Subject,
    doubt: &Doubt,
    may_run_twice: bool,
    now: Timestamp,
) -> Result<(), Failure> {
    let (address, service) = (&subject.address, subject.identity.key_service());
    let runs = doubt.action.starts_a_run();
    let over = doubt.act_by;
    let what = format!("`{}` of {}", doubt.action.title(service), minute(doubt.at));
    if now < over {
        let summary = format!("{what} may be under way until {}", minute(over));
        return Err(Failure::new(summary).with_exit(Exit::Busy));
    }
    let day = Span::seconds(limits::RUN_DOUBT_ENDED_AFTER.as_secs()).after(doubt.at);
    if !runs || may_run_twice || now >= day {
        return Ok(());
    }
    let summary = format!(
        "{what} may have started a run that is not listed yet: from {} on it can be marked as not done",
        minute(day)
    );
    Err(Failure::new(summary).with_advice(format!(
        "Let the next apply resolve it:\n    {}\nTo mark it as not done now, though a later apply may start that run once more:\n    {}",
        typed.command(["apply"]),
        typed.command(["ledger", "forget", "--unresolved", "--may-run-twice", &address.to_string()])
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::job::{JobId, RunId, Token};
    use crate::model::runtime::Slot;
    use crate::model::verdict::Action;
    use crate::model::verdict::Presumed;

    fn doubt(action: Action) -> Doubt {
        let at: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        Doubt {
            intent: "1".to_owned(),
            apply: "1".to_owned(),
            by: None,
            action,
            rule: None,
            at,
            since: at,
            act_by: Span::seconds(120).after(at),
        }
    }

    #[test]
    fn a_doubt_may_be_ended_once_nothing_can_come_of_it() {
        let subject = Subject {
            identity: Identity::Job("h".to_owned(), JobId(1)),
            address: Address::parse("a/b").unwrap(),
        };
        let regeneration = doubt(Action::Regenerate {
            slot: Slot::One,
            replacing: Presumed::Unseen,
            beside: Presumed::Unseen,
        });
        let submit = doubt(Action::Submit {
            token: Token::parse("t").unwrap(),
            digest: "d".to_owned(),
        });
        let cancel = doubt(Action::Cancel { run: RunId(7) });
        for (doubt, may_run_twice, early, late) in [
            (&regeneration, true, 119, 120),
            (&cancel, true, 119, 120),
            (&submit, false, 86_399, 86_400),
            (&submit, true, 119, 120),
        ] {
            let allowed = |seconds: u64| {
                let now = Span::seconds(seconds).after(doubt.at);
                endable(&Typed::default(), &subject, doubt, may_run_twice, now).is_ok()
            };
            assert!(!allowed(early) && allowed(late), "{doubt:?}");
        }
    }
}
