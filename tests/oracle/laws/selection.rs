//! What a rule selects is judged, and nothing else is judged or touched.

use std::collections::BTreeSet;

use afresh::model::outcome::{Happened, Report};
use afresh::model::verdict::{Plan, Target};

use crate::play::History;
use crate::script::{AccountRule, LAKE, Select, account_name};
use crate::tally::Law;
use crate::truth::{Holder, Kind, Truth};

/// Every step on keys, and every one that is missing.
pub fn judged(history: &mut History, plan: &Plan, truth: &Truth) {
    // Where no list comes, an account is judged by what is known of it.
    if history.script.speaks_of("listStorageAccounts") {
        return;
    }
    let on_keys = plan.steps.iter().filter(|step| match &step.target {
        Some(Target::Runtime(_)) => true,
        Some(Target::Job(_) | Target::Submission(_)) | None => false,
    });
    let judged: BTreeSet<&String> = on_keys.map(|step| &step.address.subject).collect();
    let rule = history.rules.accounts.clone();
    for (name, holder) in &truth.holders {
        let is_judged = judged.contains(name);
        let holds = is_selected(&rule, name, holder).is_none_or(|wanted| wanted == is_judged);
        history.tally.check(Law::Selection, plan.at, holds, || {
            format!("{name} is judged: {is_judged}, and the rule is {rule:?}")
        });
    }
}

/// Every key that was regenerated.
pub fn touched(history: &mut History, reports: &[Report], truth: &Truth) {
    let rule = history.rules.accounts.clone();
    for report in reports {
        let is_touched = matches!(report.what, Happened::Done(..) | Happened::InDoubt(..));
        let name = &report.address.subject;
        let Some(holder) = truth.holders.get(name).filter(|_| is_touched) else {
            continue;
        };
        let holds = holder.kind.has_keys() && is_selected(&rule, name, holder) != Some(false);
        history.tally.check(Law::Selection, truth.at, holds, || {
            format!("a key of {name} was regenerated, and the rule is {rule:?}")
        });
    }
}

/// Is it judged under the rule? `None`: it may be known from earlier, by its name.
fn is_selected(rule: &AccountRule, name: &str, holder: &Holder) -> Option<bool> {
    let Kind::Account(account) = &holder.kind else {
        return Some(true);
    };
    let is_listed = !account.hidden && (!rule.one_group || account.group == LAKE);
    match rule.select {
        Select::ByName => is_listed.then_some(true),
        Select::ByGlob {
            tagged,
            excludes_first,
            ..
        } => {
            let is_first = name == account_name(0);
            let fits = (!tagged || account.tagged) && !(excludes_first && is_first);
            Some(is_listed && fits && !account.disabled)
        }
    }
}
