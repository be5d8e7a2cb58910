//! Who we are to each connection and what we may do there, for a person who set it up or is about to.
//!
//! No token is shown. A right is "no" only where the service said so; where nobody could tell it is "unknown".

use std::collections::BTreeMap;

use super::label::{labelled, when};
use crate::escape::{self, line};
use crate::model::access::{Access, Entry, Identity, Need, Place, Right, Standing};
use crate::model::time::Timestamp;
use crate::model::trouble::Trouble;

/// Things of one right and one standing that are told by name; more are counted if they are in order.
const NAMED_MAX: usize = 3;

/// One connection, with a line end at its end.
pub fn access(access: &Access, now: Timestamp) -> String {
    let mut lines = vec![format!("{}: {}", line(&access.name), place(&access.place))];
    match &access.entry {
        Entry::NoToken(trouble) => lines.extend(not_in(trouble)),
        Entry::Refused(identity, trouble) => {
            lines.extend(of_token(identity, now));
            lines.extend(not_in(trouble));
        }
        Entry::In(identity) => lines.extend(of_token(identity, now)),
    }
    lines.extend(rights(&access.rights, Need::Plan, "plan"));
    lines.extend(rights(&access.rights, Need::Apply, "apply"));
    lines.extend(reasons(&access.rights));
    lines.join("\n") + "\n"
}

/// What is lacking may be a list.
fn not_in(trouble: &Trouble) -> Vec<String> {
    let all = escape::lines(&trouble.to_string());
    let labels = ["no sign-in"].into_iter().chain(std::iter::repeat(""));
    labels
        .zip(&all)
        .map(|(label, text)| labelled(label, text))
        .collect()
}

/// All connections in one line. What is missing is counted in rows, as [`access`] shows them.
pub fn accesses(all: &[Access]) -> String {
    let open = all.iter().filter(|one| !one.is_closed()).count();
    format!(
        "Signed in to {open} of {}.  {}.  {}.",
        all.len(),
        in_all(all, Need::Plan, "Plan"),
        in_all(all, Need::Apply, "Apply")
    )
}

fn in_all(all: &[Access], need: Need, named: &str) -> String {
    let rows: Vec<&Right> = all
        .iter()
        .flat_map(|one| groups(&one.rights, need))
        .map(|(right, _)| right)
        .collect();
    let missing = rows
        .iter()
        .filter(|right| right.standing == Standing::Missing);
    let unknown = rows
        .iter()
        .filter(|right| matches!(right.standing, Standing::Unknown(_)));
    match (missing.count(), unknown.count()) {
        (0, 0) if rows.is_empty() && all.iter().any(Access::is_closed) => {
            format!("{named}: nothing could be checked")
        }
        (0, 0) if rows.is_empty() => format!("{named}: no right is needed"),
        (0, 0) => format!("{named}: no right is missing"),
        (missing, 0) => format!("{named}: {missing} missing"),
        (0, unknown) => format!("{named}: {unknown} unknown"),
        (missing, unknown) => format!("{named}: {missing} missing, {unknown} unknown"),
    }
}

fn place(place: &Place) -> String {
    match place {
        Place::Factory(service, name) => format!("{} {}", service.holder(), line(name)),
        Place::Accounts(id) => format!("storage accounts of {}", line(id.as_str())),
        Place::Workspace(host) => format!("Databricks workspace {}", line(host)),
        Place::Vault(name) => format!("key vault {}", line(name)),
        Place::Ledger(address) => format!("the ledger {}", line(address)),
    }
}

fn of_token(identity: &Identity, now: Timestamp) -> Vec<String> {
    let mut lines = vec![labelled("credential", &line(&identity.credential))];
    let whom = [
        identity.user.as_ref().map(|user| line(user)),
        identity
            .application
            .as_ref()
            .map(|id| format!("application {}", line(id))),
        identity
            .object
            .as_ref()
            .map(|id| format!("object {}", line(id))),
    ];
    let whom: Vec<String> = whom.into_iter().flatten().collect();
    if !whom.is_empty() {
        lines.push(labelled("for", &whom.join(", ")));
    }
    for (label, claim) in [
        ("tenant", &identity.tenant),
        ("audience", &identity.audience),
    ] {
        lines.extend(claim.as_ref().map(|claim| labelled(label, &line(claim))));
    }
    let until = identity
        .until
        .map_or_else(|| "not told by the token".to_owned(), |end| when(end, now));
    lines.push(labelled("until", &until));
    lines
}

/// The rights that one command needs, equal ones together with the things that they are about: one row each, and counted so.
fn groups(all: &[Right], need: Need) -> Vec<(&Right, Vec<&str>)> {
    let mut places: BTreeMap<(&str, &Standing), usize> = BTreeMap::new();
    let mut groups: Vec<(&Right, Vec<&str>)> = Vec::new();
    for right in all.iter().filter(|right| right.need == need) {
        let new = groups.len();
        let place = *places.entry((&right.name, &right.standing)).or_insert(new);
        if place == new {
            groups.push((right, Vec::new()));
        }
        groups[place].1.extend(right.on.as_deref());
    }
    groups
}

/// Those rights in lines; the label stands on the first.
fn rights(all: &[Right], need: Need, label: &str) -> Vec<String> {
    let groups = groups(all, need);
    let told = groups.iter().enumerate().map(|(place, (right, things))| {
        let label = if place == 0 { label } else { "" };
        labelled(label, &of_group(right, things))
    });
    told.collect()
}

fn of_group(right: &Right, things: &[&str]) -> String {
    let on = match things {
        [] => String::new(),
        many if many.len() > NAMED_MAX && right.standing == Standing::Granted => {
            format!(" on {} jobs", many.len())
        }
        some => {
            let names: Vec<String> = some.iter().map(|name| line(name)).collect();
            format!(" on {}", names.join(", "))
        }
    };
    let word = match &right.standing {
        Standing::Granted => "yes",
        Standing::Missing => "no",
        Standing::Unknown(_) => "unknown",
    };
    format!("{word:<7}  {}{on}", right.name)
}

/// Why what is unknown is unknown, each reason once.
fn reasons(all: &[Right]) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for right in all {
        if let Standing::Unknown(why) = &right.standing
            && !told.contains(why)
        {
            told.push(why.clone());
        }
    }
    let labelled = told.iter().enumerate().map(|(place, why)| {
        let label = if place == 0 { "unknown" } else { "" };
        labelled(label, &line(why))
    });
    labelled.collect()
}
