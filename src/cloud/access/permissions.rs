//! Azure's own answer to "what may I do here": the permissions of the caller at a factory and at its resource group.
//!
//! If they cannot be read, the answer is `Unknown` and not `Missing`: who holds just the five rights may not be allowed to read permissions.

use http::Method;
use serde::Deserialize;

use super::super::arm::{self, Ask};
use super::super::credential::token::{Purpose, Want};
use super::super::session::Session;
use super::super::soft::{self, Words};
use super::super::who::Who;
use super::super::{account, activity, factory};
use super::entry::{entry, is_shut, sign_in};
use crate::model::access::{Entry, Need, Right, Standing};
use crate::model::address::ResourceId;
use crate::model::connection::{Factory, Subscription};
use crate::model::trouble::Trouble;

/// "Permissions - List For Resource" and "- List For Resource Group" of Azure's Authorization API.
const VERSION: &str = "2022-04-01";
const PART: &str = "/providers/Microsoft.Authorization/permissions";
const READ: &str = "Microsoft.Authorization/permissions/read";

/// What one role assignment allows. All of them together count: what one leaves out another may give.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Permission {
    #[serde(deserialize_with = "soft::list")]
    actions: Vec<Words>,
    #[serde(deserialize_with = "soft::list")]
    not_actions: Vec<Words>,
}

/// Whether a factory lets us in, and the rights that the README lists.
pub(in crate::cloud) async fn of_factory(
    session: &Session,
    place: &Factory,
) -> (Entry, Vec<Right>) {
    let who = Who::of_factory(place);
    let (entry, listed) = match enter(session, who, factory::list(session, place)).await {
        Ok(inside) => inside,
        Err(shut) => return (shut, Vec::new()),
    };
    let group = ResourceId::new(format!(
        "/subscriptions/{}/resourceGroups/{}",
        place.subscription, place.resource_group
    ));
    let here = permissions(session, who, place.id()).await;
    // The Activity Log is not the factory's: it is read for the whole group.
    let around = permissions(session, who, group).await;
    let at = |need, action| Right::new(need, action, standing(&here, action));
    let verbs = factory::verbs(place.service);
    let rights = vec![
        Right::new(Need::Plan, verbs.read, listed),
        at(Need::Plan, verbs.status),
        Right::new(
            Need::Plan,
            activity::READ,
            standing(&around, activity::READ),
        ),
        at(Need::Apply, verbs.list_keys),
        at(Need::Apply, verbs.regenerate),
    ];
    (entry, rights)
}

/// Whether a subscription, or its one resource group, lets us in, and the rights on storage accounts.
pub(in crate::cloud) async fn of_subscription(
    session: &Session,
    place: &Subscription,
) -> (Entry, Vec<Right>) {
    let who = Who::of_subscription(place);
    let (entry, listed) = match enter(session, who, account::list(session, place)).await {
        Ok(inside) => inside,
        Err(shut) => return (shut, Vec::new()),
    };
    // Rights on accounts and on the Activity Log are given here, or above.
    let here = permissions(session, who, place.id()).await;
    let at = |need, action| Right::new(need, action, standing(&here, action));
    let rights = vec![
        Right::new(Need::Plan, account::READ, listed),
        at(Need::Plan, activity::READ),
        at(Need::Apply, account::LIST_KEYS),
        at(Need::Apply, account::REGENERATE),
    ];
    (entry, rights)
}

/// Signs in and lists what is there: a list proves the right to it, and that the place is there.
///
/// # Errors
/// The place does not let us in.
async fn enter<T>(
    session: &Session,
    who: Who<'_>,
    list: impl Future<Output = Result<T, Trouble>>,
) -> Result<(Entry, Standing), Entry> {
    let want = Want {
        who,
        purpose: Purpose::Arm,
        at: None,
    };
    let identity = sign_in(session, &want).await.map_err(Entry::NoToken)?;
    let listed = list.await;
    let entry = entry(identity, &listed);
    if listed.as_ref().is_err_and(is_shut) {
        return Err(entry);
    }
    Ok((entry, Standing::told_by(&listed)))
}

async fn permissions(
    session: &Session,
    who: Who<'_>,
    id: ResourceId,
) -> Result<Vec<Permission>, Trouble> {
    let ask = Ask {
        who,
        doing: format!("ask what {} allows", who.connection),
        right: READ,
        kind: "arm.permissions",
        method: Method::GET,
        id,
        part: PART,
        version: VERSION,
    };
    arm::pages(session, ask.call()?)
        .await
        .map(|pages| pages.said)
}

/// A right that the answer allows, one that it does not, or no answer.
fn standing(permissions: &Result<Vec<Permission>, Trouble>, action: &str) -> Standing {
    match permissions {
        Ok(all) if all.iter().any(|one| one.allows(action)) => Standing::Granted,
        Ok(_) => Standing::Missing,
        Err(trouble) => Standing::Unknown(trouble.to_string()),
    }
}

impl Permission {
    fn allows(&self, action: &str) -> bool {
        let any = |patterns: &[Words]| {
            let mut said = patterns.iter().filter_map(|Words(said)| said.as_ref());
            said.any(|pattern| covers(pattern, action))
        };
        any(&self.actions) && !any(&self.not_actions)
    }
}

/// Does a pattern of a role cover an action? `*` stands for any text, slashes included; case does not count.
fn covers(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = action.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        if let Some(before) = last.replace(piece) {
            let Some(at) = rest.find(before) else {
                return false;
            };
            rest = &rest[at + before.len()..];
        }
    }
    last.map_or(rest.is_empty(), |end| rest.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::runtime_service::RuntimeService;

    const VERBS: &factory::Verbs = factory::verbs(RuntimeService::DataFactory);

    #[test]
    fn a_pattern_covers_as_azure_reads_it() {
        let cases = [
            ("*", VERBS.regenerate, true),
            ("*/read", VERBS.status, true),
            ("*/read", VERBS.list_keys, false),
            ("Microsoft.DataFactory/*", VERBS.list_keys, true),
            (
                "microsoft.datafactory/factories/integrationruntimes/listauthkeys/action",
                VERBS.list_keys,
                true,
            ),
            ("Microsoft.DataFactory/*/read", VERBS.read, true),
            ("Microsoft.DataFactory/*/read", activity::READ, false),
            (
                "Microsoft.DataFactory/factories/integrationRuntimes/*/action",
                VERBS.regenerate,
                true,
            ),
            ("Microsoft.DataFactory/factories", VERBS.read, false),
            ("", VERBS.read, false),
            ("Microsoft.Insights/eventtypes/*", activity::READ, true),
        ];
        for (pattern, action, expected) in cases {
            assert_eq!(covers(pattern, action), expected, "{pattern} {action}");
        }
    }

    #[test]
    fn what_one_role_leaves_out_another_may_give() {
        let words = |all: &[&str]| {
            let all = all.iter().map(ToString::to_string);
            all.map(|one| Words(Some(one))).collect::<Vec<_>>()
        };
        let role = |actions: &[&str], not_actions: &[&str]| Permission {
            actions: words(actions),
            not_actions: words(not_actions),
        };
        let without_keys = || role(&["*"], &["*/listAuthKeys/action"]);
        let keys = || {
            role(
                &["Microsoft.DataFactory/factories/integrationRuntimes/*"],
                &[],
            )
        };
        let all = |roles: Vec<Permission>| standing(&Ok(roles), VERBS.list_keys);
        assert_eq!(all(vec![without_keys()]), Standing::Missing);
        assert_eq!(all(vec![without_keys(), keys()]), Standing::Granted);
        assert_eq!(all(Vec::new()), Standing::Missing);
    }
}
