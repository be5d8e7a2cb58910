//! Finds the host of a workspace.
//!
//! A host must be a Databricks host of the workspace's cloud; this is checked before any token is sent to it.

use http::Method;
use serde::Deserialize;
use url::Url;

use super::super::arm;
use super::super::session::Session;
use super::super::soft;
use super::super::who::{Who, host_and_port};
use crate::http::wire;
use crate::model::connection::{Cloud, Workspace, WorkspaceHost};
use crate::model::trouble::{Trouble, TroubleKind};

const VERSION: &str = "2018-04-01";
const READ: &str = "Microsoft.Databricks/workspaces/read";

/// The host in lower case, from the manifest or from ARM, checked.
pub(in crate::cloud) async fn resolve(
    session: &Session,
    workspace: &Workspace,
) -> Result<String, Trouble> {
    base(session, workspace)
        .await
        .map(|base| host_and_port(&base))
}

/// The address of a workspace.
pub(in crate::cloud) async fn base(
    session: &Session,
    workspace: &Workspace,
) -> Result<Url, Trouble> {
    let host = match &workspace.host {
        WorkspaceHost::Given(host) => host.clone(),
        WorkspaceHost::FromResource => read(session, workspace).await?,
    };
    checked(&host, &workspace.cloud).ok_or_else(|| Trouble {
        kind: TroubleKind::Misfit,
        doing: format!("reach {}", workspace.name),
        message: format!(
            "{host} is not a Databricks host of the cloud {}; refusing to send a token there",
            workspace.cloud.name
        ),
        ids: Box::default(),
    })
}

/// Nothing but a host and a port may stand in a host: not a path, a user or a fragment that makes another host of it.
fn checked(host: &str, cloud: &Cloud) -> Option<Url> {
    let host = host.to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    if !host.chars().all(plain) || !cloud.owns_databricks_host(&host) {
        return None;
    }
    // A test server speaks plain http as its Resource Manager does; only loopback may.
    let secure = Url::parse(&format!("https://{host}/")).ok()?;
    let plain = cloud.resource_manager.starts_with("http://") && wire::is_loopback(&secure);
    let url = if plain {
        Url::parse(&format!("http://{host}/")).ok()?
    } else {
        secure
    };
    cloud
        .owns_databricks_host(&host_and_port(&url))
        .then_some(url)
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default, deserialize_with = "soft::part")]
    properties: Option<Properties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    #[serde(default, deserialize_with = "soft::text")]
    workspace_url: Option<String>,
}

/// Asks ARM once for each workspace, however many requests wait for the answer.
async fn read(session: &Session, workspace: &Workspace) -> Result<String, Trouble> {
    let doing = format!("find the host of {}", workspace.name);
    let Some(id) = workspace.resource_id.clone() else {
        return Err(Trouble {
            kind: TroubleKind::Misfit,
            doing,
            message: "neither its host nor its resourceId is given".to_owned(),
            ids: Box::default(),
        });
    };
    let key = format!("{} {}", workspace.cloud.resource_manager, id.folded());
    let ask = arm::Ask {
        who: Who::of_workspace(workspace).at_arm(),
        doing,
        right: READ,
        kind: "arm.workspace",
        method: Method::GET,
        id,
        part: "",
        version: VERSION,
    };
    let call = ask.call()?;
    let host = session.hosts.cell(key);
    let found = host
        .get_or_try_init(|| async {
            let resource = session.read::<Resource>(&call).await?.said;
            let url = resource.properties.and_then(|said| said.workspace_url);
            url.filter(|url| !url.is_empty()).ok_or_else(|| {
                let fault = "its resource does not tell its URL (yet)";
                call.trouble(TroubleKind::Unexpected, fault, call.ids())
            })
        })
        .await?;
    Ok(found.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_nothing_but_a_host_of_its_cloud() {
        let public = Cloud::named("public").unwrap();
        let good = checked("ADB-1.7.azuredatabricks.net", &public).unwrap();
        assert_eq!(good.as_str(), "https://adb-1.7.azuredatabricks.net/");
        for foreign in [
            "evil.example/x.azuredatabricks.net",
            "evil.example#.azuredatabricks.net",
            "evil.example?.azuredatabricks.net",
            "me@evil.azuredatabricks.net",
            "evil.example:443.azuredatabricks.net",
            "adb-1.7.azuredatabricks.net:8443",
            "adb-1.7.databricks.azure.us",
            "",
        ] {
            assert_eq!(checked(foreign, &public), None, "{foreign}");
        }
    }

    #[test]
    fn a_test_server_speaks_as_its_resource_manager_does() {
        let lab = |manager: &str| Cloud {
            resource_manager: manager.to_owned(),
            databricks_domain: "127.0.0.1:4201".to_owned(),
            ..Cloud::named("public").unwrap()
        };
        let scheme = |manager| {
            let url = checked("127.0.0.1:4201", &lab(manager)).unwrap();
            url.scheme().to_owned()
        };
        assert_eq!(scheme("http://127.0.0.1:4200"), "http");
        assert_eq!(scheme("https://127.0.0.1:4200"), "https");
    }
}
