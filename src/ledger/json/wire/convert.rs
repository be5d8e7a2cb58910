//! Converts events between the model and the shapes of a line.
//!
//! A fingerprint, token, identity or address that the model does not accept is an error.

mod ending;
mod hand_off;
mod nodes;

use std::borrow::Cow;

use super::{
    ActionLine, AttemptsLine, CompanyLine, ConfirmedLine, DeclaredLine, DestinationLine, EventLine,
    FailedLine, ForgottenLine, HandOffLine, Instant, IntendedLine, KeysLine, Line, LogReadLine,
    LookedLine, NodesLine, OpenedLine, ParameterLine, RegenerationLine, SeenLine, SlotLine,
    TimesLine, VERSION,
};
use crate::ledger::event::{Confirmation, Event, Intent, Subject};
use crate::model::address::{Address, Identity, ResourceId};
use crate::model::job::{ParameterValue, RunId, RunResult, Token};
use crate::model::memory::{LogId, LogReading};
use crate::model::runtime::{Fingerprint, PerSlot, Regeneration, Slot};
use crate::model::time::Timestamp;
use crate::model::timeline::LogSpan;
use crate::model::verdict::{Action, Company, Presumed};

impl ParameterLine {
    fn named((name, value): (String, ParameterValue)) -> (String, Self) {
        let line = match value {
            ParameterValue::Text(text) => Self::Text(text),
            ParameterValue::Variable(env) => Self::Variable { env },
        };
        (name, line)
    }

    fn value((name, line): (String, Self)) -> (String, ParameterValue) {
        let value = match line {
            Self::Text(text) => ParameterValue::Text(text),
            Self::Variable { env } => ParameterValue::Variable(env),
        };
        (name, value)
    }
}

impl Line {
    pub(in crate::ledger::json) fn of(event: &Event) -> Self {
        Self {
            v: VERSION,
            event: EventLine::of(event),
        }
    }
}

impl EventLine {
    fn of(event: &Event) -> Self {
        match event.clone() {
            Event::Opened {
                lineage,
                at,
                tool,
                compactions,
            } => Self::Opened(OpenedLine {
                lineage,
                at: Instant(at),
                tool,
                compactions,
            }),
            Event::Looked {
                subject,
                at,
                created,
                keys,
                told,
            } => Self::looked(&subject, at, created, keys.as_ref(), told),
            Event::LogRead(reading) => Self::log_read(reading),
            Event::RunSeen {
                subject,
                name,
                run,
                ended,
                result,
                digest,
                asks,
            } => Self::run_seen(&subject, name, (run, ended, &result), digest, asks),
            Event::RunFailed {
                subject,
                run,
                ended,
                result,
                rule,
            } => Self::run_failed(&subject, run, ended, &result, rule),
            Event::Intended(intent) => Self::intended(intent),
            Event::Settled { intent, how, at } => Self::settled(intent, how, at),
            Event::Declared {
                subject,
                slot,
                born,
                at,
                by,
            } => Self::Declared(DeclaredLine {
                identity: identity(&subject),
                address: address(&subject),
                slot: SlotLine::of(slot),
                born: Instant(born),
                at: Instant(at),
                by,
            }),
            Event::Confirmed(said) => Self::Confirmed(ConfirmedLine::of(said)),
            Event::HandOffConfirmed(said) => Self::HandOffConfirmed(HandOffLine::of(said)),
            Event::NodesLooked(looked) => Self::NodesLooked(NodesLine::of(looked)),
            Event::AttemptsForgotten { subject, at, by } => Self::AttemptsForgotten(AttemptsLine {
                identity: identity(&subject),
                address: address(&subject),
                at: Instant(at),
                by,
            }),
            Event::Forgotten {
                subject,
                at,
                generations,
            } => Self::Forgotten(ForgottenLine {
                identity: identity(&subject),
                address: address(&subject),
                at: Instant(at),
                generations,
            }),
        }
    }

    fn log_read(reading: LogReading) -> Self {
        let events = reading.events.into_iter();
        let regenerations = events.map(|(runtime, event)| RegenerationLine {
            runtime: runtime.folded().to_owned(),
            at: Instant(event.at),
            slot: event.slot.map(SlotLine::of),
        });
        Self::LogRead(LogReadLine {
            subscription: reading.log.subscription,
            resource_group: reading.log.group,
            since: Instant(reading.span.since),
            until: Instant(reading.span.until),
            regenerations: regenerations.collect(),
        })
    }

    fn looked(
        subject: &Subject,
        at: Timestamp,
        created: Option<Timestamp>,
        keys: Option<&PerSlot<Fingerprint>>,
        told: PerSlot<Option<Timestamp>>,
    ) -> Self {
        Self::Looked(LookedLine {
            identity: identity(subject),
            address: address(subject),
            at: Instant(at),
            created: created.map(Instant),
            keys: keys.map(KeysLine::of),
            key_creation_time: TimesLine::of(told),
        })
    }

    fn run_seen(
        subject: &Subject,
        name: Option<String>,
        (run, ended, result): (RunId, Timestamp, &RunResult),
        digest: Option<String>,
        asks: Option<String>,
    ) -> Self {
        Self::RunSeen(SeenLine {
            identity: identity(subject),
            address: address(subject),
            name,
            run: run.0,
            ended: Instant(ended),
            result: result.as_str().to_owned().into(),
            digest,
            asks,
        })
    }

    fn run_failed(
        subject: &Subject,
        run: RunId,
        ended: Option<Timestamp>,
        result: &RunResult,
        rule: Option<String>,
    ) -> Self {
        Self::RunFailed(FailedLine {
            identity: identity(subject),
            address: address(subject),
            run: run.0,
            ended: ended.map(Instant),
            result: result.as_str().to_owned().into(),
            rule,
        })
    }

    fn intended(intent: Intent) -> Self {
        Self::Intended(IntendedLine {
            identity: identity(&intent.subject),
            address: address(&intent.subject),
            intent: intent.intent,
            apply: intent.apply,
            by: intent.by,
            action: ActionLine::of(intent.action),
            rule: intent.rule,
            seen: intent.seen.map(Instant),
            at: Instant(intent.at),
            act_by: Instant(intent.act_by),
        })
    }
}

fn identity(subject: &Subject) -> Cow<'static, str> {
    subject.identity.to_string().into()
}

fn address(subject: &Subject) -> Cow<'static, str> {
    subject.address.to_string().into()
}

fn subject(identity: &str, address: &str) -> Result<Subject, String> {
    Ok(Subject {
        identity: Identity::parse(identity)
            .ok_or_else(|| format!("`{identity}` is not an identity"))?,
        address: Address::parse(address)?,
    })
}

impl OpenedLine {
    pub(super) fn event(self) -> Event {
        Event::Opened {
            lineage: self.lineage,
            at: self.at.0,
            tool: self.tool,
            compactions: self.compactions,
        }
    }
}

impl LogReadLine {
    pub(super) fn event(self) -> Event {
        let events = self.regenerations.into_iter();
        Event::LogRead(LogReading {
            log: LogId::new(&self.subscription, &self.resource_group),
            span: LogSpan {
                since: self.since.0,
                until: self.until.0,
            },
            events: events.map(RegenerationLine::regeneration).collect(),
        })
    }
}

impl IntendedLine<'_> {
    pub(super) fn event(self) -> Result<Event, String> {
        Ok(Event::Intended(Intent {
            intent: self.intent,
            apply: self.apply,
            by: self.by,
            subject: subject(&self.identity, &self.address)?,
            action: self.action.action()?,
            rule: self.rule,
            seen: self.seen.map(|seen| seen.0),
            at: self.at.0,
            act_by: self.act_by.0,
        }))
    }
}

impl DeclaredLine<'_> {
    pub(super) fn event(self) -> Result<Event, String> {
        Ok(Event::Declared {
            subject: subject(&self.identity, &self.address)?,
            slot: self.slot.slot(),
            born: self.born.0,
            at: self.at.0,
            by: self.by,
        })
    }
}

impl ConfirmedLine<'_> {
    fn of(said: Confirmation) -> Self {
        Self {
            identity: identity(&said.subject),
            address: address(&said.subject),
            digest: said.digest,
            run: said.run.0,
            at: Instant(said.at),
            by: said.by,
            reason: said.reason,
        }
    }

    pub(super) fn confirmation(self) -> Result<Confirmation, String> {
        Ok(Confirmation {
            subject: subject(&self.identity, &self.address)?,
            digest: self.digest,
            run: RunId(self.run),
            at: self.at.0,
            by: self.by,
            reason: self.reason,
        })
    }
}

impl AttemptsLine<'_> {
    pub(super) fn event(self) -> Result<Event, String> {
        Ok(Event::AttemptsForgotten {
            subject: subject(&self.identity, &self.address)?,
            at: self.at.0,
            by: self.by,
        })
    }
}

impl LookedLine<'_> {
    pub(super) fn event(self) -> Result<Event, String> {
        Ok(Event::Looked {
            subject: subject(&self.identity, &self.address)?,
            at: self.at.0,
            created: self.created.map(|created| created.0),
            keys: self.keys.map(KeysLine::keys).transpose()?,
            told: self
                .key_creation_time
                .map(TimesLine::told)
                .unwrap_or_default(),
        })
    }
}

impl SeenLine<'_> {
    pub(super) fn event(self) -> Result<Event, String> {
        Ok(Event::RunSeen {
            subject: subject(&self.identity, &self.address)?,
            name: self.name,
            run: RunId(self.run),
            ended: self.ended.0,
            result: RunResult::parse(&self.result),
            digest: self.digest,
            asks: self.asks,
        })
    }
}

impl FailedLine<'_> {
    pub(super) fn event(self) -> Result<Event, String> {
        Ok(Event::RunFailed {
            subject: subject(&self.identity, &self.address)?,
            run: RunId(self.run),
            ended: self.ended.map(|ended| ended.0),
            result: RunResult::parse(&self.result),
            rule: self.rule,
        })
    }
}

impl ForgottenLine<'_> {
    pub(super) fn event(self) -> Result<Event, String> {
        Ok(Event::Forgotten {
            subject: subject(&self.identity, &self.address)?,
            at: self.at.0,
            generations: self.generations,
        })
    }
}

fn fingerprint(text: &str) -> Result<Fingerprint, String> {
    Fingerprint::parse(text).ok_or_else(|| format!("`{text}` is not a fingerprint"))
}

fn token(text: &str) -> Result<Token, String> {
    Token::parse(text).ok_or_else(|| format!("`{text}` is not a token"))
}

impl TimesLine {
    fn of(told: PerSlot<Option<Timestamp>>) -> Option<Self> {
        let (key1, key2) = (told.one.map(Instant), told.two.map(Instant));
        (key1.is_some() || key2.is_some()).then_some(Self { key1, key2 })
    }

    fn told(self) -> PerSlot<Option<Timestamp>> {
        PerSlot {
            one: self.key1.map(|made| made.0),
            two: self.key2.map(|made| made.0),
        }
    }
}

impl KeysLine<'_> {
    fn of(keys: &PerSlot<Fingerprint>) -> Self {
        Self {
            one: keys.one.as_str().to_owned().into(),
            two: keys.two.as_str().to_owned().into(),
        }
    }

    fn keys(self) -> Result<PerSlot<Fingerprint>, String> {
        Ok(PerSlot {
            one: fingerprint(&self.one)?,
            two: fingerprint(&self.two)?,
        })
    }
}

impl RegenerationLine {
    fn regeneration(self) -> (ResourceId, Regeneration) {
        let event = Regeneration {
            at: self.at.0,
            slot: self.slot.map(|slot| slot.slot()),
            by: None,
        };
        (ResourceId::new(self.runtime), event)
    }
}

impl SlotLine {
    const fn of(slot: Slot) -> Self {
        match slot {
            Slot::One => Self::One,
            Slot::Two => Self::Two,
        }
    }

    const fn slot(&self) -> Slot {
        match self {
            Self::One => Slot::One,
            Self::Two => Slot::Two,
        }
    }
}

fn shown(presumed: Presumed) -> Option<String> {
    match presumed {
        Presumed::Key(fingerprint) => Some(fingerprint.as_str().to_owned()),
        // An intent is written once the key has been seen.
        Presumed::Unseen | Presumed::Made(_) => None,
    }
}

fn presumed(shown: Option<String>) -> Result<Presumed, String> {
    shown.map_or(Ok(Presumed::Unseen), |text| {
        fingerprint(&text).map(Presumed::Key)
    })
}

impl ActionLine {
    fn of(action: Action) -> Self {
        match action {
            Action::Regenerate {
                slot,
                replacing,
                beside,
            } => Self::Regenerate {
                slot: SlotLine::of(slot),
                replacing: shown(replacing),
                beside: shown(beside),
            },
            Action::HandOver { to, slot, key } => Self::HandOver {
                to: DestinationLine::of(to),
                slot: SlotLine::of(slot),
                key: shown(key),
            },
            Action::Start {
                token,
                after,
                parameters,
                company,
            } => Self::Start {
                token: token.as_str().to_owned(),
                after: after.map(|run| run.0),
                parameters: parameters.into_iter().map(ParameterLine::named).collect(),
                company: match company {
                    Company::Alone => CompanyLine::Alone,
                    Company::Any => CompanyLine::Any,
                },
            },
            Action::Submit { token, digest } => Self::Submit {
                token: token.as_str().to_owned(),
                digest,
            },
            Action::Cancel { run } => Self::Cancel { run: run.0 },
        }
    }

    fn action(self) -> Result<Action, String> {
        Ok(match self {
            Self::Regenerate {
                slot,
                replacing,
                beside,
            } => Action::Regenerate {
                slot: slot.slot(),
                replacing: presumed(replacing)?,
                beside: presumed(beside)?,
            },
            Self::HandOver { to, slot, key } => Action::HandOver {
                to: to.destination()?,
                slot: slot.slot(),
                key: presumed(key)?,
            },
            Self::Start {
                token: text,
                after,
                parameters,
                company,
            } => Action::Start {
                token: token(&text)?,
                after: after.map(RunId),
                parameters: parameters.into_iter().map(ParameterLine::value).collect(),
                company: match company {
                    CompanyLine::Alone => Company::Alone,
                    CompanyLine::Any => Company::Any,
                },
            },
            Self::Submit {
                token: text,
                digest,
            } => Action::Submit {
                token: token(&text)?,
                digest,
            },
            Self::Cancel { run } => Action::Cancel { run: RunId(run) },
        })
    }
}
