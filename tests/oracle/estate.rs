//! A script as the files that people write: the manifests of its rules, and the world with what will happen in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::script::{
    HOST, Happening, JobRule, KeysPast, LAKE, Rules, SUBSCRIPTION, Script, Select, account_name,
};

fn flow(pairs: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(k, v)| format!("{k}: {v}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// The manifests, as the rules are now.
pub fn manifests(script: &Script, rules: &Rules) -> String {
    let freezes: Vec<String> = rules
        .freezes
        .iter()
        .map(|(from, to)| {
            format!(
                "{{from: {}, to: {}, reason: closing}}",
                script.instant(*from),
                script.instant(*to)
            )
        })
        .collect();
    let mut text = format!(
        "apiVersion: afresh/v1\nkind: Project\nmetadata: {{name: lab}}\nspec: {{ledger: {{file: ledger.jsonl}}, freezes: [{}]}}\n",
        freezes.join(", ")
    );
    if !script.runtimes.is_empty() {
        text += &runtime_rule(rules);
    }
    if !script.accounts.is_empty() {
        text += &account_rule(script.accounts.len(), rules);
    }
    if !script.jobs.is_empty() || !rules.submits.is_empty() {
        let _ = write!(
            text,
            "---\napiVersion: afresh/v1\nkind: DatabricksWorkspace\nmetadata: {{name: analytics}}\nspec: {{host: {HOST}}}\n"
        );
    }
    for (place, rule) in rules.jobs.iter().enumerate() {
        text += &job_rule(place, rule);
    }
    for (place, rule) in rules.submits.iter().enumerate() {
        let _ = write!(
            text,
            "---\napiVersion: afresh/v1\nkind: JobRun\nmetadata: {{name: backfill-{place}}}\nspec:\n  workspace: analytics\n  submit: {{tasks: [{{task_key: c{}, notebook_task: {{notebook_path: /backfill-{place}}}}}]}}\n  require: succeeded\n  retry: {{backoff: 15m, backoffMax: 6h, maxAttempts: {}}}\n",
            rule.content, rule.attempts_max
        );
    }
    text
}

fn runtime_rule(rules: &Rules) -> String {
    format!(
        "---\napiVersion: afresh/v1\nkind: DataFactory\nmetadata: {{name: ingest}}\nspec: {{subscription: {SUBSCRIPTION}, resourceGroup: {}, factory: {}}}\n\
         ---\napiVersion: afresh/v1\nkind: KeyAge\nmetadata: {{name: gateways}}\nspec:\n  factory: ingest\n  integrationRuntimes: [\"gateway-*\"]\n{}",
        rules.group,
        rules.factory,
        key_limits(rules)
    )
}

fn account_rule(count: usize, rules: &Rules) -> String {
    let mut group = String::new();
    if rules.accounts.one_group {
        group = format!(", resourceGroup: {LAKE}");
    }
    let select = match rules.accounts.select {
        Select::ByName => {
            let names: Vec<String> = (0..count).map(account_name).collect();
            format!("[{}]", names.join(", "))
        }
        Select::ByGlob {
            tagged,
            excludes_first,
            allows_empty,
        } => {
            let more = [
                (tagged, "\n  tags: {tier: gold}"),
                (excludes_first, "\n  exclude: [lake0]"),
                (allows_empty, "\n  allowEmpty: true"),
            ];
            let more = more.into_iter().filter(|(is_so, _)| *is_so);
            let more = more.map(|(_, text)| text);
            std::iter::once("[\"lake*\"]").chain(more).collect()
        }
    };
    format!(
        "---\napiVersion: afresh/v1\nkind: Subscription\nmetadata: {{name: data}}\nspec: {{subscription: {SUBSCRIPTION}{group}}}\n\
         ---\napiVersion: afresh/v1\nkind: KeyAge\nmetadata: {{name: accounts}}\nspec:\n  subscription: data\n  storageAccounts: {select}\n{}",
        key_limits(rules)
    )
}

/// What both rules on keys say.
fn key_limits(rules: &Rules) -> String {
    let keys = &rules.keys;
    let mut text = format!(
        "  maxAge: {}\n  overlap: {}\n  unknownAge: {}\n  onWindowStarvation: {}\n",
        keys.age_max, keys.overlap, keys.unknown_age, keys.on_starvation
    );
    if let Some(before) = keys.rotate_before {
        let _ = writeln!(text, "  rotateBefore: {before}");
    }
    if let Some((cron, zone, duration)) = keys.window {
        let _ = writeln!(
            text,
            "  windows: [{{cron: \"{cron}\", timezone: {zone}, duration: {duration}}}]"
        );
    }
    text
}

fn job_rule(place: usize, rule: &JobRule) -> String {
    let mut text = format!(
        "---\napiVersion: afresh/v1\nkind: JobRun\nmetadata: {{name: job-{place}}}\nspec:\n  workspace: analytics\n  job: {{name: job-{place}}}\n  require: {}\n",
        rule.require
    );
    if rule.require == "succeeded" {
        let warn = rule
            .warn_after
            .map_or_else(String::new, |after| format!("warnAfter: {after}, "));
        let _ = writeln!(
            text,
            "  freshness: {{{warn}errorAfter: {}}}",
            rule.error_after
        );
    }
    if rule.require != "notRunning" {
        let _ = write!(
            text,
            "  concurrencyPolicy: {}\n  retry: {{backoff: 15m, backoffMax: 6h, maxAttempts: {}}}\n",
            rule.policy, rule.attempts_max
        );
        if let Some(most) = rule.duration_max {
            let _ = writeln!(text, "  maxDuration: {most}");
        }
        if !rule.parameters.is_empty() {
            let _ = writeln!(text, "  parameters: {}", flow(&rule.parameters));
        }
    }
    text
}

/// The world file, with everything that happens by other hands.
pub fn world(script: &Script) -> String {
    let mut text = format!("clock: {}\nseed: {}\n", script.begins, script.seed);
    text += &subscription(script);
    text += &workspaces(script);
    if !script.faults.is_empty() {
        text += "faults:\n";
        for fault in &script.faults {
            let _ = writeln!(text, "- {fault}");
        }
    }
    let mut meanwhile = String::new();
    for entry in &script.entries {
        let at = script.instant(entry.at);
        let what = match &entry.what {
            Happening::Outside(what) => what.clone(),
            Happening::Action(..) => moved(script, entry.at),
            _ => continue,
        };
        let _ = writeln!(meanwhile, "- {{at: {at}, {what}}}");
    }
    if !meanwhile.is_empty() {
        text += "meanwhile:\n";
        text += &meanwhile;
    }
    text
}

/// The factory's name before a move is the one that the last move gave it.
fn moved(script: &Script, at: u64) -> String {
    let mut name = script.rules.factory.clone();
    for entry in &script.entries {
        if let Happening::Action(group, to) = &entry.what {
            if entry.at == at {
                return format!(
                    "moveFactory: {{factory: {name}, resourceGroup: {group}, name: {to}}}"
                );
            }
            name.clone_from(to);
        }
    }
    String::new()
}

fn subscription(script: &Script) -> String {
    if script.runtimes.is_empty() && script.accounts.is_empty() {
        return String::new();
    }
    let mut text = format!("subscriptions:\n- id: {SUBSCRIPTION}\n  activityLog: readable\n");
    if !script.runtimes.is_empty() {
        let _ = write!(
            text,
            "  factories:\n  - name: {}\n    resourceGroup: {}\n    location: westeurope\n    created: 900d ago\n    runtimes:\n",
            script.rules.factory, script.rules.group
        );
    }
    for (place, runtime) in script.runtimes.iter().enumerate() {
        let past = past(runtime, "authKey");
        let _ = writeln!(text, "    - {{name: gateway-{place}, {past}}}");
    }
    if !script.accounts.is_empty() {
        text += "  storageAccounts:\n";
    }
    for (place, account) in script.accounts.iter().enumerate() {
        let tags = if account.tagged { "{tier: gold}" } else { "{}" };
        let shared = if account.disabled {
            ", allowSharedKeyAccess: false"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "  - {{name: {}, resourceGroup: {}, {}, keyTimes: {}, tags: {tags}{shared}}}",
            account_name(place),
            account.group,
            past(&account.keys, "key"),
            account.times
        );
    }
    text
}

/// When something with two keys was created, and its keys, which are called `word` with their number.
fn past(keys: &KeysPast, word: &str) -> String {
    let mut text = format!("created: {}d ago", keys.created);
    for (made, number) in keys.made.iter().zip(1..) {
        if *made < keys.created {
            let _ = write!(text, ", {word}{number}: {{made: {made}d ago}}");
        }
    }
    text
}

fn workspaces(script: &Script) -> String {
    if script.jobs.is_empty() && script.rules.submits.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "workspaces:\n- host: {HOST}\n  submit: {{takes: 20m, outcomes: [{}]}}\n",
        script.submit_outcomes.join(", ")
    );
    if !script.jobs.is_empty() {
        text += "  jobs:\n";
    }
    for (place, job) in script.jobs.iter().enumerate() {
        let runs: Vec<String> = job
            .ended
            .iter()
            .map(|(hours, result)| {
                let minutes = hours * 60;
                format!(
                    "{{started: {}m ago, ended: {minutes}m ago, result: {result}}}",
                    minutes + 10
                )
            })
            .collect();
        let schedule = job.every.map_or_else(String::new, |hours| {
            format!(", schedule: {{every: {hours}h}}")
        });
        let _ = writeln!(
            text,
            "  - {{id: {}, name: job-{place}, takes: {}, cancelTakes: 20s, tasks: [extract, load], outcomes: [{}], maxConcurrentRuns: {}, queue: {}, parameters: {}{schedule}, runs: [{}]}}",
            101 + 100 * place,
            job.takes,
            job.outcomes.join(", "),
            job.runs_max,
            job.queue,
            flow(&job.parameters),
            runs.join(", ")
        );
    }
    text
}
