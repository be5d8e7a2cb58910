//! Who a Databricks workspace takes the caller for, and what it lets them do with jobs.
//!
//! No run is started to find out. If the caller may not read a job's permissions, the answer is `Unknown`.

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::call::Call;
use super::super::credential::token::{Purpose, Want};
use super::super::databricks::host::base;
use super::super::request_id;
use super::super::session::Session;
use super::super::soft;
use super::super::who::Who;
use super::entry::{entry, sign_in};
use crate::http::Repeat;
use crate::model::access::{Entry, Standing};
use crate::model::connection::Workspace;
use crate::model::job::JobId;
use crate::model::trouble::{Trouble, TroubleKind};

/// What a workspace knows of the caller ("Current User: Me", SCIM).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Me {
    /// A person's sign-in name, or a service principal's application id.
    #[serde(deserialize_with = "soft::text")]
    user_name: Option<String>,
    #[serde(deserialize_with = "soft::list")]
    groups: Vec<Group>,
}

#[derive(Clone, Debug, Deserialize)]
struct Group {
    #[serde(default, deserialize_with = "soft::text")]
    display: Option<String>,
}

#[derive(Deserialize)]
struct Permissions {
    #[serde(default, deserialize_with = "soft::list")]
    access_control_list: Vec<Entitled>,
}

/// Somebody, and what is allowed to them.
#[derive(Deserialize)]
struct Entitled {
    #[serde(default, deserialize_with = "soft::text")]
    user_name: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    service_principal_name: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    group_name: Option<String>,
    #[serde(default, deserialize_with = "soft::list")]
    all_permissions: Vec<Level>,
}

#[derive(Deserialize)]
struct Level {
    #[serde(default, deserialize_with = "soft::text")]
    permission_level: Option<String>,
}

impl Entitled {
    /// `CAN_MANAGE_RUN`, and the levels that include it.
    fn may_run(&self) -> bool {
        let levels = self.all_permissions.iter();
        let mut levels = levels.filter_map(|level| level.permission_level.as_deref());
        levels.any(|level| matches!(level, "CAN_MANAGE_RUN" | "CAN_MANAGE" | "IS_OWNER"))
    }

    fn is(&self, me: &Me) -> bool {
        let own = |name: &Option<String>| {
            name.as_deref()
                .zip(me.user_name.as_deref())
                .is_some_and(|(name, own)| name.eq_ignore_ascii_case(own))
        };
        let mut groups = me
            .groups
            .iter()
            .filter_map(|group| group.display.as_deref());
        own(&self.user_name)
            || own(&self.service_principal_name)
            || groups.any(|group| self.group_name.as_deref() == Some(group))
    }
}

/// Whether a workspace lets us in, and whom it takes us for.
pub(in crate::cloud) async fn of_workspace(
    session: &Session,
    workspace: &Workspace,
) -> (Entry, Option<Me>) {
    let address = match base(session, workspace).await {
        Ok(address) => address,
        Err(trouble) => return (Entry::NoToken(trouble), None),
    };
    let want = Want {
        who: Who::of_workspace(workspace),
        purpose: Purpose::Databricks,
        at: Some(&address),
    };
    let mut identity = match sign_in(session, &want).await {
        Ok(identity) => identity,
        Err(trouble) => return (Entry::NoToken(trouble), None),
    };
    let doing = format!("ask {} who we are", workspace.name);
    let path = "preview/scim/v2/Me";
    let me: Result<Me, Trouble> = read(session, workspace, "scim.me", doing, path).await;
    if let Ok(me) = &me {
        let is_new = |name: &&String| identity.application.as_ref() != Some(*name);
        let name = me.user_name.as_ref().filter(is_new).cloned();
        identity.user = identity.user.or(name);
    }
    (entry(identity, &me), me.ok())
}

/// May the caller run this job? `me`: whom the workspace takes us for, if it told.
pub(in crate::cloud) async fn may_run(
    session: &Session,
    workspace: &Workspace,
    job: JobId,
    me: Option<&Me>,
) -> Standing {
    let doing = format!("read the permissions of job {job}");
    let path = format!("permissions/jobs/{job}");
    let told: Result<Permissions, Trouble> =
        read(session, workspace, "jobs.permissions", doing, &path).await;
    match (told, me) {
        (Ok(told), Some(me)) => judge(&told, me),
        (Ok(_), None) => Standing::Unknown("the workspace does not tell who we are".to_owned()),
        (Err(trouble), _) => Standing::Unknown(match &trouble.kind {
            // The right that is missing here is the one to read permissions, not the one in question.
            TroubleKind::Forbidden { .. } => {
                format!("cannot {}: {}", trouble.doing, trouble.message)
            }
            _ => trouble.to_string(),
        }),
    }
}

fn judge(told: &Permissions, me: &Me) -> Standing {
    let mut able = told.access_control_list.iter().filter(|one| one.may_run());
    if able.clone().any(|one| one.is(me)) {
        return Standing::Granted;
    }
    // Groups lie within groups, and a workspace tells only those that somebody is in directly.
    match able.find_map(|one| one.group_name.as_deref()) {
        Some(group) => {
            Standing::Unknown(format!("only if we are in {group} by way of another group"))
        }
        None => Standing::Missing,
    }
}

async fn read<T: DeserializeOwned>(
    session: &Session,
    workspace: &Workspace,
    kind: &'static str,
    doing: String,
    path: &str,
) -> Result<T, Trouble> {
    let mut url = base(session, workspace).await?;
    url.set_path(&format!("/api/2.0/{path}"));
    let call = Call {
        who: Who::of_workspace(workspace),
        doing,
        right: "workspace access",
        kind,
        method: Method::GET,
        url,
        body: None,
        repeat: Repeat::Safe,
        act_by: None,
        storage: None,
        id: request_id::plain(),
    };
    session.read(&call).await.map(|dated| dated.said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judged(list: &serde_json::Value) -> Standing {
        let me =
            json!({"userName": "me@example.com", "groups": [{"display": "users", "value": "1"}]});
        let told = json!({"object_id": "/jobs/1", "access_control_list": list});
        judge(
            &serde_json::from_value(told).unwrap(),
            &serde_json::from_value(me).unwrap(),
        )
    }

    #[test]
    fn a_right_is_there_by_name_or_by_group_and_missing_only_if_no_group_could_give_it() {
        let level = |level: &str| json!([{"permission_level": level, "inherited": false}]);
        let mine = json!([{"user_name": "ME@example.com", "all_permissions": level("IS_OWNER")}]);
        assert_eq!(judged(&mine), Standing::Granted);
        let group = json!([{"group_name": "users", "all_permissions": level("CAN_MANAGE_RUN")}]);
        assert_eq!(judged(&group), Standing::Granted);
        let view = json!([{"user_name": "me@example.com", "all_permissions": level("CAN_VIEW")}]);
        assert_eq!(judged(&view), Standing::Missing);
        let others =
            json!([{"service_principal_name": "sp", "all_permissions": level("CAN_MANAGE")}]);
        assert_eq!(judged(&others), Standing::Missing);
        let admins = json!([{"group_name": "admins", "all_permissions": level("CAN_MANAGE")}]);
        assert!(matches!(judged(&admins), Standing::Unknown(_)));
    }
}
