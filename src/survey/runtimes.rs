//! The runtimes of one factory: list them, match them with the rules, look at those that the ledger does not prove.

mod see;

use std::collections::HashSet;

use futures_util::future::join_all;

use self::see::AsksLog;
use super::found::{Found, already_seen, case, looked_at};
use super::log::read_log;
use super::proof::{needs_look, rotated_by_us};
use super::resolve::{Rules, Selected, misfit, named, not_looked_at};
use super::scene::Scene;
use crate::cloud::{ActivityLog, Dated, ListedRuntime};
use crate::model::address::{Address, Identity, ResourceId};
use crate::model::connection::Factory;
use crate::model::nodes::NodesSight;
use crate::model::runtime::{KeySight, LogSight, OwnKeys, PerSlot, RuntimeSight};
use crate::model::selector::Selector;
use crate::model::survey::{Case, Looked, Refresh, RuntimeCase, Skipped, Subject};
use crate::model::time::Timestamp;
use crate::model::trouble::{Trouble, TroubleKind};

/// Everything one factory's rules speak of.
pub async fn gather(scene: &Scene<'_>, factory: &Factory) -> Found {
    let rules = Rules::new(scene.key_ages(&factory.name));
    if needs_no_list(scene, factory, &rules) {
        return Found {
            subjects: remembered(scene, factory, &rules),
            ..Found::default()
        };
    }
    match scene
        .gate
        .pass(factory, scene.reader.runtimes(factory))
        .await
    {
        Ok(listed) => from_list(scene, factory, &rules, listed).await,
        Err(trouble) => Found {
            subjects: unlisted(scene, factory, &rules, &trouble),
            ..Found::default()
        },
    }
}

/// No list is needed for named runtimes that the ledger proves, and none is asked for under `--refresh none`.
fn needs_no_list(scene: &Scene<'_>, factory: &Factory, rules: &Rules<'_>) -> bool {
    match scene.options.refresh {
        Refresh::None => true,
        Refresh::All => false,
        Refresh::Auto => rules.iter().all(|(rule, _)| {
            rule.select.iter().all(|selector| match selector {
                Selector::Named(name) => {
                    let case = case(scene, &factory.name, rule, name, factory.runtime(name));
                    !needs_look(scene, &case)
                }
                Selector::Glob(_) => false,
            })
        }),
    }
}

/// Cases from the ledger alone: of every named runtime, and of every remembered one that a glob matches.
fn remembered(scene: &Scene<'_>, factory: &Factory, rules: &Rules<'_>) -> Vec<Subject> {
    // They are sorted by id, so the runtimes of one factory follow each other.
    let prefix = format!("{}/", factory.id().folded());
    let first = Identity::Runtime(ResourceId::new(prefix.as_str()));
    let known = scene
        .memory
        .addresses
        .range(first..)
        .map_while(|(identity, address)| {
            let id = identity.resource()?;
            let is_within = id.folded().starts_with(&prefix);
            is_within.then(|| address.subject.clone())
        });
    let named = rules.iter().flat_map(|(rule, _)| named(rule));
    let named = named.map(str::to_owned);
    let mut all: Vec<String> = named.chain(known).collect();
    all.sort_by_key(|name| name.to_ascii_lowercase());
    all.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
    let cases = all.iter().flat_map(|name| {
        rules.selecting(name).into_iter().map(|(rule, _)| {
            let case = case(scene, &factory.name, rule, name, factory.runtime(name));
            let known = scene.memory.runtimes.contains_key(&case.target.identity());
            Subject::Runtime(Case {
                sight: if known {
                    Looked::NotAsked
                } else {
                    Looked::Failed(not_looked_at())
                },
                ..case
            })
        })
    });
    let known: Vec<&str> = all.iter().map(String::as_str).collect();
    let unknown = rules.idle_globs(&known).into_iter();
    let unknown = unknown.filter(|(rule, _)| !rule.allow_empty);
    let unknown = unknown.map(|(rule, glob)| Subject::Unresolved {
        address: Address::new(factory.name.clone(), glob),
        rule: rule.name.clone(),
        trouble: not_looked_at(),
    });
    cases.chain(unknown).collect()
}

/// The list failed: named runtimes are in trouble, and so is each glob as a whole.
fn unlisted(
    scene: &Scene<'_>,
    factory: &Factory,
    rules: &Rules<'_>,
    trouble: &Trouble,
) -> Vec<Subject> {
    let troubled = rules.iter().flat_map(|(rule, _)| {
        rule.select.iter().map(|selector| match selector {
            Selector::Named(name) => {
                let case = case(scene, &factory.name, rule, name, factory.runtime(name));
                Subject::Runtime(Case {
                    sight: Looked::Failed(trouble.clone()),
                    ..case
                })
            }
            Selector::Glob(glob) => Subject::Unresolved {
                address: Address::new(factory.name.clone(), glob.as_str()),
                rule: rule.name.clone(),
                trouble: trouble.clone(),
            },
        })
    });
    troubled.collect()
}

async fn from_list(
    scene: &Scene<'_>,
    factory: &Factory,
    rules: &Rules<'_>,
    listed: Dated<Vec<ListedRuntime>>,
) -> Found {
    let mut cases: Vec<(RuntimeCase, OwnKeys)> = Vec::new();
    let mut skipped = Vec::new();
    for runtime in &listed.said {
        for (rule, selected) in rules.selecting(&runtime.name) {
            match runtime.kind.why_none() {
                Some(why) if selected == Selected::ByGlob => {
                    skipped.push(Skipped {
                        address: Address::new(factory.name.clone(), runtime.name.clone()),
                        why,
                    });
                }
                _ => cases.push((
                    case(
                        scene,
                        &factory.name,
                        rule,
                        &runtime.name,
                        runtime.id.clone(),
                    ),
                    runtime.kind.clone(),
                )),
            }
        }
    }
    let (held, empty) = unmatched(factory, rules, &listed.said);
    skipped.extend(empty);
    cases.retain(|(case, _)| scene.options.wants(&case.address));
    let asks_log = cases.iter().any(|(case, kind)| {
        *kind == OwnKeys::Yes && needs_look(scene, case) && !rotated_by_us(&case.memory)
    });
    let asks_log = if asks_log { AsksLog::Yes } else { AsksLog::No };
    let looks = cases
        .into_iter()
        .map(|(case, kind)| look(scene, factory, case, kind, listed.at, asks_log));
    let mut looked: Vec<RuntimeCase> = join_all(looks).await;
    if asks_log == AsksLog::No && looked.iter().any(see::lacks_log) {
        let log = ActivityLog::of_factory(factory);
        let log = read_log(scene, log, listed.at).await;
        looked = looked
            .into_iter()
            .map(|case| see::told(case, &log))
            .collect();
    }
    let mut subjects: Vec<Subject> = looked.into_iter().map(Subject::Runtime).collect();
    subjects.extend(held);
    subjects.extend(missing(scene, factory, rules, &listed.said));
    Found { subjects, skipped }
}

/// Globs that select nothing with keys of its own: skipped where the rule allows that, else on hold, since it may be a slip of the
/// pen.
fn unmatched(
    factory: &Factory,
    rules: &Rules<'_>,
    listed: &[ListedRuntime],
) -> (Vec<Subject>, Vec<Skipped>) {
    let (mut held, mut skipped) = (Vec::new(), Vec::new());
    let with_keys = listed
        .iter()
        .filter(|runtime| runtime.kind.why_none().is_none());
    let with_keys: Vec<&str> = with_keys.map(|runtime| runtime.name.as_str()).collect();
    for (rule, glob) in rules.idle_globs(&with_keys) {
        let address = Address::new(factory.name.clone(), glob);
        if rule.allow_empty {
            skipped.push(Skipped {
                address,
                why: format!("no integration runtime of {} matches now", factory.factory),
            });
        } else {
            let message = format!(
                "no self-hosted integration runtime of {} matches; write `allowEmpty: true` in the rule if that may be",
                factory.factory
            );
            held.push(Subject::Unresolved {
                address,
                rule: rule.name.clone(),
                trouble: misfit("find what the glob selects", message),
            });
        }
    }
    (held, skipped)
}

/// Named runtimes that the factory does not have.
fn missing(
    scene: &Scene<'_>,
    factory: &Factory,
    rules: &Rules<'_>,
    listed: &[ListedRuntime],
) -> Vec<Subject> {
    let mut gone = Vec::new();
    let names = listed
        .iter()
        .map(|runtime| runtime.name.to_ascii_lowercase());
    let names: HashSet<String> = names.collect();
    for (rule, _) in rules.iter() {
        for name in named(rule) {
            if !names.contains(&name.to_ascii_lowercase()) {
                let trouble = Trouble {
                    kind: TroubleKind::NotFound,
                    doing: format!("find the runtime {name}"),
                    message: format!(
                        "{} has no integration runtime of this name",
                        factory.factory
                    ),
                    ids: Box::default(),
                };
                gone.push(Subject::Runtime(Case {
                    sight: Looked::Failed(trouble),
                    ..case(scene, &factory.name, rule, name, factory.runtime(name))
                }));
            }
        }
    }
    gone
}

async fn look(
    scene: &Scene<'_>,
    factory: &Factory,
    case: RuntimeCase,
    kind: OwnKeys,
    listed_at: Timestamp,
    asks_log: AsksLog,
) -> RuntimeCase {
    if kind != OwnKeys::Yes {
        let sight = RuntimeSight {
            at: listed_at,
            kind,
            created: None,
            status_refused: None,
            keys: KeySight::NotAsked,
            told: PerSlot::default(),
            told_ahead: PerSlot::default(),
            log: LogSight::NotAsked,
            nodes: NodesSight::NotAsked,
        };
        return Case {
            sight: Looked::Seen(sight),
            ..case
        };
    }
    if !needs_look(scene, &case) {
        return case;
    }
    if let Some(seen) = scene.seen_keys(&case) {
        return already_seen(scene, case, seen);
    }
    let sight = match see::see(scene, factory, &case, listed_at, asks_log).await {
        Ok(sight) => Ok(see::with_nodes(scene, factory, &case, sight).await),
        Err(trouble) => Err(trouble),
    };
    looked_at(scene, case, sight)
}
