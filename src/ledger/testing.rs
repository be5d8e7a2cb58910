//! Events for tests: a few subjects, any time, any order.

use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;

use super::event::{
    Confirmation, Ending, Event, HandOffConfirmation, Intent, NodesLooked, Subject, Why,
};
use crate::model::address::{Address, Identity, Name, ResourceId};
use crate::model::hand_off::Destination;
use crate::model::job::{JobId, ParameterValue, RunId, RunResult, Token};
use crate::model::memory::{LogId, LogReading};
use crate::model::nodes::{NodeRecord, NodesAfter, NodesBefore};
use crate::model::runtime::{Fingerprint, PerSlot, Regeneration, Slot};
use crate::model::time::Timestamp;
use crate::model::timeline::LogSpan;
use crate::model::vault::{SecretName, VaultName};
use crate::model::verdict::{Action, Company, Presumed, Receipt};

/// An instant so many seconds after the epoch.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

/// The key number `n`.
pub fn key(n: u8) -> Fingerprint {
    Fingerprint::parse(&format!("{n:02x}").repeat(32)).unwrap()
}

/// The runtime `gateway-N` of `ingest`.
pub fn gateway(n: u8) -> Subject {
    Subject {
        identity: Identity::Runtime(ResourceId::new(format!(
            "/subscriptions/s/resourcegroups/g/integrationruntimes/gateway-{n}"
        ))),
        address: Address::parse(&format!("ingest/gateway-{n}")).unwrap(),
    }
}

/// The job number `n` of `analytics`.
pub fn job(n: u8) -> Subject {
    Subject {
        identity: Identity::Job("adb-1.azuredatabricks.net".to_owned(), JobId(i64::from(n))),
        address: Address::parse(&format!("analytics/job-{n}")).unwrap(),
    }
}

/// The one-time submit of rule `backfill-N`.
pub fn backfill(n: u8) -> Subject {
    let rule = Name::parse(&format!("backfill-{n}")).unwrap();
    Subject {
        identity: Identity::Submission("127.0.0.1:80".to_owned(), rule),
        address: Address::parse(&format!("analytics/backfill-{n}")).unwrap(),
    }
}

/// An intent of apply `apply` to regenerate the first key of a runtime, to be done within two minutes.
pub fn rotation(intent: &str, apply: &str, subject: Subject, seconds: i64) -> Intent {
    Intent {
        intent: intent.to_owned(),
        apply: apply.to_owned(),
        by: None,
        subject,
        action: Action::Regenerate {
            slot: Slot::One,
            replacing: Presumed::Key(key(1)),
            beside: Presumed::Key(key(2)),
        },
        rule: None,
        seen: None,
        at: at(seconds),
        act_by: at(seconds + 120),
    }
}

fn instant() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000_000).prop_map(|ms| Timestamp::from_millisecond(ms).unwrap())
}

fn subject() -> impl Strategy<Value = Subject> {
    (0_u8..3, 0_u8..3).prop_map(|(kind, n)| match kind {
        0 => gateway(n),
        1 => job(n),
        _ => backfill(n),
    })
}

fn slot() -> impl Strategy<Value = Slot> {
    any::<bool>().prop_map(|one| if one { Slot::One } else { Slot::Two })
}

fn action() -> impl Strategy<Value = Action> {
    let presumed =
        || of(any::<u8>()).prop_map(|n| n.map_or(Presumed::Unseen, |n| Presumed::Key(key(n))));
    let token = || "[A-Za-z0-9-]{1,64}".prop_map(|text| Token::parse(&text).unwrap());
    prop_oneof![
        (slot(), presumed(), presumed()).prop_map(|(slot, replacing, beside)| {
            Action::Regenerate {
                slot,
                replacing,
                beside,
            }
        }),
        (
            token(),
            of(any::<i64>()),
            btree_map(any::<String>(), parameter(), 0..3),
            any::<bool>()
        )
            .prop_map(|(token, after, parameters, alone)| Action::Start {
                token,
                after: after.map(RunId),
                parameters,
                company: if alone { Company::Alone } else { Company::Any },
            }),
        (token(), "[0-9a-f]{64}").prop_map(|(token, digest)| Action::Submit { token, digest }),
        any::<i64>().prop_map(|run| Action::Cancel { run: RunId(run) }),
        (destination(), slot(), any::<u8>()).prop_map(|(to, slot, n)| Action::HandOver {
            to,
            slot,
            key: Presumed::Key(key(n)),
        }),
    ]
}

fn receipt() -> impl Strategy<Value = Receipt> {
    prop_oneof![
        (slot(), any::<u8>(), instant(), instant()).prop_map(|(slot, n, sent, answered)| {
            Receipt::Regenerated {
                slot,
                fingerprint: key(n),
                sent,
                answered,
            }
        }),
        (any::<i64>(), instant()).prop_map(|(run, answered)| Receipt::Started {
            run: RunId(run),
            answered
        }),
        (any::<i64>(), instant()).prop_map(|(run, answered)| Receipt::Cancelled {
            run: RunId(run),
            answered
        }),
        (destination(), slot(), 0_u8..4, instant()).prop_map(|(to, slot, n, answered)| {
            Receipt::HandedOver {
                to,
                slot,
                fingerprint: key(n),
                answered,
            }
        }),
    ]
}

fn destination() -> impl Strategy<Value = Destination> {
    let secret = "[a-c]".prop_map(|name| Destination::Vault {
        vault: VaultName::parse("kv-data").unwrap(),
        secret: SecretName::parse(&name).unwrap(),
    });
    prop_oneof![
        secret,
        vec(any::<String>(), 1..3).prop_map(|argv| Destination::Command { argv }),
        any::<String>().prop_map(|what| Destination::Person { what }),
    ]
}

fn keys() -> impl Strategy<Value = PerSlot<Fingerprint>> {
    (0_u8..4, 0_u8..4).prop_map(|(one, two)| PerSlot {
        one: key(one),
        two: key(two),
    })
}

/// Any event on one of a few subjects, with one of a few intents.
pub fn event() -> impl Strategy<Value = Event> {
    prop_oneof![5 => seen(), 2 => acted(), 4 => said()]
}

/// What a service tells of both keys, mostly nothing.
fn told() -> impl Strategy<Value = PerSlot<Option<Timestamp>>> {
    let some = (of(instant()), of(instant())).prop_map(|(one, two)| PerSlot { one, two });
    prop_oneof![3 => Just(PerSlot::default()), 1 => some]
}

/// What is read.
fn seen() -> impl Strategy<Value = Event> {
    prop_oneof![
        (any::<String>(), instant(), any::<String>(), 0_u32..3).prop_map(
            |(lineage, at, tool, compactions)| Event::Opened {
                lineage,
                at,
                tool,
                compactions
            }
        ),
        (subject(), instant(), of(instant()), of(keys()), told()).prop_map(
            |(subject, at, created, keys, told)| Event::Looked {
                subject,
                at,
                created,
                keys,
                told
            }
        ),
        (
            subject(),
            of(any::<String>()),
            any::<i64>(),
            instant(),
            "[A-Z_]{1,20}",
            (of("[0-9a-f]{64}"), of("[0-9a-f]{64}"))
        )
            .prop_map(|(subject, name, run, ended, result, (digest, asks))| {
                Event::RunSeen {
                    subject,
                    name,
                    run: RunId(run),
                    ended,
                    result: RunResult::parse(&result),
                    digest,
                    asks,
                }
            }),
        (
            subject(),
            any::<i64>(),
            of(instant()),
            "[A-Z_]{1,20}",
            of("[0-9a-f]{64}")
        )
            .prop_map(|(subject, run, ended, result, rule)| Event::RunFailed {
                subject,
                run: RunId(run),
                ended,
                result: RunResult::parse(&result),
                rule
            }),
        log_read().prop_map(Event::LogRead),
    ]
}

/// A reading of one of a few logs: some of them meet, some do not.
fn log_read() -> impl Strategy<Value = LogReading> {
    let event = (0_u8..3, 0_i64..40, of(slot())).prop_map(|(runtime, hour, slot)| {
        let Identity::Runtime(id) = gateway(runtime).identity else {
            unreachable!("a gateway is a runtime")
        };
        let event = Regeneration {
            at: at(hour * 3_600),
            slot,
            by: None,
        };
        (id, event)
    });
    (0_u8..2, 0_i64..40, 0_i64..40, vec(event, 0..3)).prop_map(|(log, since, length, events)| {
        LogReading {
            log: LogId::new("s", &format!("g{log}")),
            span: LogSpan {
                since: at(since * 3_600),
                until: at((since + length) * 3_600),
            },
            events,
        }
    })
}

/// What is done.
fn acted() -> impl Strategy<Value = Event> {
    let intent = || (0_u8..4).prop_map(|n| format!("i{n}"));
    let why = prop_oneof![
        Just(Why::Proved),
        any::<String>().prop_map(|by| Why::Said { by }),
        (any::<String>(), any::<bool>())
            .prop_map(|(why, is_access)| Why::Refused { why, is_access }),
        Just(Why::Untold),
    ];
    let ending = prop_oneof![
        receipt().prop_map(Ending::Done),
        why.prop_map(Ending::NotDone)
    ];
    prop_oneof![
        (
            intent(),
            (any::<String>(), of(any::<String>())),
            subject(),
            (action(), of("[0-9a-f]{64}")),
            of(instant()),
            (instant(), instant())
        )
            .prop_map(
                |(intent, (apply, by), subject, (action, rule), seen, (at, act_by))| {
                    Event::Intended(Intent {
                        intent,
                        apply,
                        by,
                        subject,
                        action,
                        rule,
                        seen,
                        at,
                        act_by,
                    })
                }
            ),
        (intent(), ending, instant()).prop_map(|(intent, how, at)| Event::Settled {
            intent,
            how,
            at
        }),
    ]
}

/// What a person says.
fn said() -> impl Strategy<Value = Event> {
    prop_oneof![
        (subject(), slot(), instant(), instant(), any::<String>()).prop_map(
            |(subject, slot, born, at, by)| Event::Declared {
                subject,
                slot,
                born,
                at,
                by
            }
        ),
        (
            subject(),
            instant(),
            any::<i64>(),
            any::<String>(),
            any::<bool>()
        )
            .prop_map(
                |(subject, at, run, by, known)| Event::Confirmed(Confirmation {
                    subject,
                    digest: "d1".to_owned(),
                    run: RunId(run),
                    at,
                    reason: known.then(|| by.clone()),
                    by,
                })
            ),
        (
            (subject(), destination(), slot(), 0_u8..4),
            instant(),
            any::<String>(),
            any::<bool>()
        )
            .prop_map(|((subject, to, slot, n), at, by, known)| {
                Event::HandOffConfirmed(HandOffConfirmation {
                    subject,
                    to,
                    slot,
                    fingerprint: key(n),
                    at,
                    reason: known.then(|| by.clone()),
                    by,
                })
            }),
        (
            subject(),
            slot(),
            instant(),
            vec(any::<String>(), 1..4),
            of((instant(), 0_u32..4, any::<bool>()))
        )
            .prop_map(|(subject, slot, at, online, after)| {
                let after = after.map(|(rotated, reported, is_lost)| NodesAfter {
                    rotated,
                    at: rotated,
                    reported,
                    lost: online.iter().filter(|_| is_lost).cloned().collect(),
                });
                let all = u32::try_from(online.len()).unwrap_or(u32::MAX);
                let before = NodesBefore { at, online, all };
                Event::NodesLooked(NodesLooked {
                    subject,
                    slot,
                    record: NodeRecord { before, after },
                })
            }),
        (subject(), instant(), any::<String>())
            .prop_map(|(subject, at, by)| Event::AttemptsForgotten { subject, at, by }),
        (subject(), instant(), any::<bool>(), 1_u32..4).prop_map(|(subject, at, once, count)| {
            let known = once.then(|| ("d1".to_owned(), count));
            Event::Forgotten {
                subject,
                at,
                generations: known.into_iter().collect(),
            }
        }),
    ]
}

/// A history of any events.
pub fn history() -> impl Strategy<Value = Vec<Event>> {
    vec(event(), 0..40)
}

fn parameter() -> impl Strategy<Value = ParameterValue> {
    prop_oneof![
        any::<String>().prop_map(ParameterValue::Text),
        any::<String>().prop_map(ParameterValue::Variable),
    ]
}
