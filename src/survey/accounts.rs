//! The storage accounts of one connection: list them, match them with the rules, and look closer at those whose keys the list does not date.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::join_all;

use super::found::{Found, already_seen, case, looked_at};
use super::keys;
use super::log::kept::Log;
use super::log::{read_log, unread};
use super::proof::{due_at_the_earliest, needs_look, rotated_by_us};
use super::resolve::{Rules, Selected, misfit, named, not_looked_at};
use super::scene::Scene;
use crate::cloud::{ActivityLog, Dated, ListedAccount};
use crate::model::address::{Address, Identity, ResourceId};
use crate::model::connection::Subscription;
use crate::model::desired::KeyAgeRule;
use crate::model::memory::LogId;
use crate::model::nodes::NodesSight;
use crate::model::runtime::{Fingerprint, KeySight, LogSight, OwnKeys, PerSlot, RuntimeSight};
use crate::model::selector::Selector;
use crate::model::survey::{Case, Looked, Refresh, RuntimeCase, Skipped, Subject};
use crate::model::time::Timestamp;
use crate::model::trouble::{Trouble, TroubleKind};

/// Everything one subscription's rules speak of.
pub async fn gather(scene: &Scene<'_>, place: &Subscription) -> Found {
    let rules = Rules::new(scene.key_ages(&place.name));
    match scene.options.refresh {
        Refresh::None => Found {
            subjects: remembered(scene, place, &rules),
            ..Found::default()
        },
        Refresh::Auto | Refresh::All => {
            match scene.gate.pass(place, scene.reader.accounts(place)).await {
                Ok(listed) => from_list(scene, place, &rules, listed).await,
                Err(trouble) => Found {
                    subjects: unlisted(scene, place, &rules, &trouble),
                    ..Found::default()
                },
            }
        }
    }
}

/// The ids of accounts by their names: those that the ledger knows.
fn known_ids(scene: &Scene<'_>, place: &Subscription) -> BTreeMap<String, ResourceId> {
    let known = scene.memory.addresses.keys();
    let reached = known
        .filter_map(Identity::resource)
        .filter(|id| place.reaches(id));
    reached
        .map(|id| (id.name().to_ascii_lowercase(), id.clone()))
        .collect()
}

/// Of an account that nobody has seen the id is known only if its resource group is.
fn id_of(
    known: &BTreeMap<String, ResourceId>,
    place: &Subscription,
    name: &str,
) -> Option<ResourceId> {
    known.get(name).cloned().or_else(|| place.account(name))
}

/// An account that was not seen, and why.
fn unseen(
    scene: &Scene<'_>,
    place: &Subscription,
    rule: &KeyAgeRule,
    (name, id): (&str, Option<ResourceId>),
    trouble: Trouble,
) -> Subject {
    match id {
        Some(id) => Subject::Runtime(Case {
            sight: Looked::Failed(trouble),
            ..case(scene, &place.name, rule, name, id)
        }),
        None => Subject::Unresolved {
            address: Address::new(place.name.clone(), name),
            rule: rule.name.clone(),
            trouble,
        },
    }
}

/// Cases from the ledger alone. It does not know tags: a glob that goes with some cannot be expanded.
fn remembered(scene: &Scene<'_>, place: &Subscription, rules: &Rules<'_>) -> Vec<Subject> {
    let known = known_ids(scene, place);
    let mut subjects = Vec::new();
    for (rule, matcher) in rules.iter() {
        let mut selected: BTreeSet<&str> = named(rule).collect();
        if matcher.has_globs() && rule.tags.is_empty() {
            let known = known.keys().map(String::as_str);
            selected.extend(known.filter(|name| matcher.select(name).is_some()));
        }
        subjects.extend(selected.iter().map(|name| {
            if let Some(id) = known.get(*name) {
                return Subject::Runtime(case(scene, &place.name, rule, name, id.clone()));
            }
            let id = place.account(name);
            unseen(scene, place, rule, (name, id), not_looked_at())
        }));
        let met: Vec<&str> = selected.into_iter().collect();
        let idle = matcher.idle_globs(&met).into_iter();
        let idle = idle.filter(|_| !rule.allow_empty);
        subjects.extend(idle.map(|glob| unexpanded(place, rule, glob, not_looked_at())));
    }
    subjects
}

fn unexpanded(place: &Subscription, rule: &KeyAgeRule, glob: &str, trouble: Trouble) -> Subject {
    Subject::Unresolved {
        address: Address::new(place.name.clone(), glob),
        rule: rule.name.clone(),
        trouble,
    }
}

/// The list failed: named accounts are in trouble, and so is each glob as a whole.
fn unlisted(
    scene: &Scene<'_>,
    place: &Subscription,
    rules: &Rules<'_>,
    trouble: &Trouble,
) -> Vec<Subject> {
    let known = known_ids(scene, place);
    let troubled = rules.iter().flat_map(|(rule, _)| {
        rule.select.iter().map(|selector| match selector {
            Selector::Named(name) => {
                let id = id_of(&known, place, name);
                unseen(scene, place, rule, (name, id), trouble.clone())
            }
            Selector::Glob(glob) => unexpanded(place, rule, glob.as_str(), trouble.clone()),
        })
    });
    troubled.collect()
}

/// Has the account all tags of the rule? Azure tells names of tags apart without regard to case, and values with it.
pub(super) fn has_tags(rule: &KeyAgeRule, account: &ListedAccount) -> bool {
    rule.tags.iter().all(|(wanted, value)| {
        let mut tags = account.tags.iter();
        tags.any(|(tag, has)| tag.eq_ignore_ascii_case(wanted) && has == value)
    })
}

async fn from_list(
    scene: &Scene<'_>,
    place: &Subscription,
    rules: &Rules<'_>,
    listed: Dated<Vec<ListedAccount>>,
) -> Found {
    let (mut cases, mut skipped) = (Vec::new(), Vec::new());
    for account in &listed.said {
        for (rule, selected) in rules.selecting(&account.name) {
            match (selected, account.own_keys.why_none()) {
                (Selected::ByGlob, _) if !has_tags(rule, account) => {}
                (Selected::ByGlob, Some(why)) => skipped.push(Skipped {
                    address: Address::new(place.name.clone(), account.name.clone()),
                    why,
                }),
                (Selected::ByName | Selected::ByGlob, _) => {
                    let id = account.id.clone();
                    cases.push((case(scene, &place.name, rule, &account.name, id), account));
                }
            }
        }
    }
    cases.retain(|(case, _)| scene.options.wants(&case.address));
    let closer = cases
        .into_iter()
        .map(|(case, account)| closer(scene, place, case, account, listed.at));
    let seen: Vec<(RuntimeCase, Option<Seen>)> = join_all(closer).await;
    let logs = read_logs(scene, place, &seen).await;
    let looks = seen
        .into_iter()
        .map(|(case, seen)| look(scene, place, case, seen, &logs));
    let mut subjects: Vec<Subject> = join_all(looks)
        .await
        .into_iter()
        .map(Subject::Runtime)
        .collect();
    let (held, empty) = unmatched(place, rules, &listed.said);
    skipped.extend(empty);
    subjects.extend(held);
    subjects.extend(missing(scene, place, rules, &listed.said));
    Found { subjects, skipped }
}

/// What the service says of an account, before keys and log.
struct Seen {
    at: Timestamp,
    account: ListedAccount,
}

impl Seen {
    fn dates_both(&self) -> bool {
        self.account.told.one.is_some() && self.account.told.two.is_some()
    }
}

/// What a list leaves out, an account's own answer may tell. Not asked where the ledger is proof, nor where there are no keys.
async fn closer(
    scene: &Scene<'_>,
    place: &Subscription,
    case: RuntimeCase,
    account: &ListedAccount,
    at: Timestamp,
) -> (RuntimeCase, Option<Seen>) {
    if !scene.options.is_ours(&case.target.identity()) {
        return (case, None);
    }
    if let Some(seen) = scene.seen_keys(&case) {
        return (already_seen(scene, case, seen), None);
    }
    let seen = Seen {
        at,
        account: account.clone(),
    };
    if account.own_keys != OwnKeys::Yes || seen.dates_both() && case.doubts.is_empty() {
        return (case, Some(seen));
    }
    if !needs_look(scene, &case) {
        return (case, None);
    }
    match scene
        .gate
        .pass(place, scene.reader.account(place, &account.id))
        .await
    {
        Ok(Dated { at, said: account }) => (case, Some(Seen { at, account })),
        Err(trouble) => {
            let failed = Looked::Failed(trouble);
            (
                Case {
                    sight: failed,
                    ..case
                },
                None,
            )
        }
    }
}

/// The Activity Logs of the groups in which the service does not date each key.
async fn read_logs(
    scene: &Scene<'_>,
    place: &Subscription,
    seen: &[(RuntimeCase, Option<Seen>)],
) -> BTreeMap<LogId, Arc<Log>> {
    let mut groups: BTreeMap<LogId, (String, Timestamp)> = BTreeMap::new();
    for (case, seen) in seen {
        let lacks = |seen: &&Seen| {
            seen.account.own_keys == OwnKeys::Yes
                && !seen.dates_both()
                && !rotated_by_us(&case.memory)
        };
        if let Some(seen) = seen.as_ref().filter(lacks)
            && let Some((log, group)) = log_of(&case.target.id)
        {
            groups.entry(log).or_insert((group, seen.at));
        }
    }
    let read = groups.into_iter().map(|(log, (group, at))| async move {
        let of = ActivityLog::of_group(place, &group);
        (log, read_log(scene, of, at).await)
    });
    join_all(read).await.into_iter().collect()
}

/// The log that tells of an account, and the name of its group as the id has it.
fn log_of(account: &ResourceId) -> Option<(LogId, String)> {
    let group = account.as_str().split('/').nth(4)?;
    Some((LogId::of(account)?, group.to_owned()))
}

async fn look(
    scene: &Scene<'_>,
    place: &Subscription,
    case: RuntimeCase,
    seen: Option<Seen>,
    logs: &BTreeMap<LogId, Arc<Log>>,
) -> RuntimeCase {
    let Some(seen) = seen else {
        return case;
    };
    let sight = see(scene, place, &case, seen, logs).await;
    looked_at(scene, case, sight)
}

async fn see(
    scene: &Scene<'_>,
    place: &Subscription,
    case: &RuntimeCase,
    seen: Seen,
    logs: &BTreeMap<LogId, Arc<Log>>,
) -> Result<RuntimeSight, Trouble> {
    let log = LogId::of(&case.target.id).and_then(|log| logs.get(&log));
    let log = log.map_or(LogSight::NotAsked, |log| log.of(&case.target.id));
    let dates_both = seen.dates_both();
    if let Some(trouble) = unread(&log).filter(|_| !dates_both && !rotated_by_us(&case.memory)) {
        return Err(trouble);
    }
    let sight = RuntimeSight {
        nodes: NodesSight::NotAsked,
        at: seen.at,
        kind: seen.account.own_keys,
        created: seen.account.created,
        status_refused: None,
        keys: KeySight::NotAsked,
        told: seen.account.told,
        told_ahead: seen.account.told_ahead,
        log,
    };
    if sight.kind != OwnKeys::Yes || !needs_keys(scene, case, &sight, dates_both) {
        return Ok(sight);
    }
    let listed = list(scene, place, &case.target.id).await;
    let (at, keys) = match listed {
        Ok(keys) => (keys.at, KeySight::Shown(keys.said)),
        // What the service has told of its keys counts without them.
        Err(trouble) if dates_both || keys::may_do_without(scene, &trouble) => {
            (sight.at, KeySight::Refused(trouble))
        }
        Err(trouble) => return Err(trouble),
    };
    Ok(RuntimeSight { at, keys, ..sight })
}

/// Keys that the service dates need not be seen, unless they tell what became of an operation.
fn needs_keys(
    scene: &Scene<'_>,
    case: &RuntimeCase,
    sight: &RuntimeSight,
    dates_both: bool,
) -> bool {
    if dates_both {
        return !case.doubts.is_empty() || scene.options.refresh == Refresh::All;
    }
    keys::are_needed_anyway(scene, case)
        || keys::are_needed(scene, case, sight, due_at_the_earliest(scene, &case.spec))
}

async fn list(
    scene: &Scene<'_>,
    place: &Subscription,
    account: &ResourceId,
) -> Result<Dated<PerSlot<Fingerprint>>, Trouble> {
    keys::wanted(scene, account.name())?;
    let listed = scene.reader.account_keys(place, account);
    scene.gate.pass(place, listed).await
}

/// Globs that select no account: skipped where the rule allows that, else on hold, since it may be a mistake.
fn unmatched(
    place: &Subscription,
    rules: &Rules<'_>,
    listed: &[ListedAccount],
) -> (Vec<Subject>, Vec<Skipped>) {
    let (mut held, mut skipped) = (Vec::new(), Vec::new());
    for (rule, matcher) in rules.iter().filter(|(_, matcher)| matcher.has_globs()) {
        let matching = listed.iter().filter(|account| has_tags(rule, account));
        let names: Vec<&str> = matching.map(|account| account.name.as_str()).collect();
        for glob in matcher.idle_globs(&names) {
            let tags = if rule.tags.is_empty() {
                ""
            } else {
                " with these tags"
            };
            if rule.allow_empty {
                skipped.push(Skipped {
                    address: Address::new(place.name.clone(), glob),
                    why: format!("no storage account{tags} matches now"),
                });
            } else {
                let message = format!(
                    "no storage account{tags} matches; write `allowEmpty: true` in the rule if that may be"
                );
                let trouble = misfit("find what the glob selects", message);
                held.push(unexpanded(place, rule, glob, trouble));
            }
        }
    }
    (held, skipped)
}

/// Named accounts that the connection does not reach.
fn missing(
    scene: &Scene<'_>,
    place: &Subscription,
    rules: &Rules<'_>,
    listed: &[ListedAccount],
) -> Vec<Subject> {
    let there: BTreeSet<&str> = listed.iter().map(|account| account.name.as_str()).collect();
    let known = known_ids(scene, place);
    let absent = rules.iter().flat_map(|(rule, _)| {
        let absent = named(rule).filter(|name| !there.contains(name));
        absent.map(|name| (*rule, name))
    });
    let absent = absent.map(|(rule, name)| {
        let whose = place.resource_group.as_ref().map_or_else(
            || format!("the subscription {}", place.subscription),
            |group| format!("the resource group {group}"),
        );
        let trouble = Trouble {
            kind: TroubleKind::NotFound,
            doing: format!("find the storage account {name}"),
            message: format!("{whose} has no storage account of this name, or does not show it"),
            ids: Box::default(),
        };
        unseen(
            scene,
            place,
            rule,
            (name, id_of(&known, place, name)),
            trouble,
        )
    });
    absent.collect()
}
