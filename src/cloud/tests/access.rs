//! Who we are to a service, against a scripted transport.

use super::*;
use crate::model::access::{Entry, Standing};
use crate::model::connection::SecretSource;
use crate::model::job::JobId;

fn by_token() -> Workspace {
    Workspace {
        credential: Credential::DatabricksToken {
            token: SecretSource::Env("PAT".to_owned()),
        },
        ..workspace()
    }
}

#[tokio::test]
async fn a_personal_token_says_nothing_so_the_workspace_is_asked() {
    let fake = fake(|request, _| match request.kind {
        "scim.me" => ok(json!({"userName": "me@example.com", "groups": [{"display": "users"}]})),
        _ => ok(json!({"access_control_list": [
            {"group_name": "users", "all_permissions": [{"permission_level": "CAN_MANAGE_RUN"}]}
        ]})),
    });
    let reader = reader_with(&fake, &[("PAT", "dapi0123")]);
    let (entry, me) = reader.workspace_access(&by_token()).await;
    let Entry::In(identity) = entry else {
        panic!("{entry:?}");
    };
    assert_eq!(identity.user.as_deref(), Some("me@example.com"));
    assert_eq!(identity.credential, "databricksToken (PAT)");
    assert_eq!((identity.until, identity.tenant), (None, None));
    let standing = reader.may_run(&by_token(), JobId(7), me.as_ref()).await;
    assert_eq!(standing, Standing::Granted);
    assert_eq!(
        fake.asked("jobs.permissions")[0].url.path(),
        "/api/2.0/permissions/jobs/7"
    );
}

#[tokio::test]
async fn a_token_that_a_workspace_refuses_is_no_way_in() {
    let fake = fake(|_, _| answer(401, "{}"));
    let reader = reader_with(&fake, &[("PAT", "dapi0123")]);
    let (entry, me) = reader.workspace_access(&by_token()).await;
    assert!(matches!(entry, Entry::Refused(..)), "{entry:?}");
    assert!(me.is_none());
}

#[tokio::test]
async fn a_factory_that_is_not_there_is_no_way_in_and_no_missing_right() {
    let fake = fake(|_, _| answer(404, "{}"));
    let (entry, rights) = reader(&fake).key_access(&to_factory(&factory())).await;
    assert!(matches!(entry, Entry::Refused(..)), "{entry:?}");
    assert!(rights.is_empty());
}

#[tokio::test]
async fn the_activity_log_is_asked_about_at_the_resource_group() {
    let fake = fake(|request, _| match request.kind {
        "adf.list" => ok(json!({"value": []})),
        _ if request.url.path().contains("/factories/") => {
            ok(json!({"value": [{"actions": ["*/read"], "notActions": []}]}))
        }
        _ => answer(403, "{}"),
    });
    let (_, rights) = reader(&fake).key_access(&to_factory(&factory())).await;
    let told: Vec<(&str, bool)> = rights
        .iter()
        .map(|right| {
            let name = right.name.rsplit_once("integrationRuntimes");
            let last = name.map_or("log", |(_, end)| end);
            (last, right.standing == Standing::Granted)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("/read", true),
            ("/getStatus/read", true),
            ("log", false),
            ("/listAuthKeys/action", false),
            ("/regenerateAuthKey/action", false)
        ]
    );
    assert!(matches!(rights[2].standing, Standing::Unknown(_)));
    assert_eq!(rights[3].standing, Standing::Missing);
}
