//! The factories and Synapse workspaces of a subscription: which there are, whether a manifest names them or not.

use http::Method;
use serde::Deserialize;

use super::answer::{Dated, ListedHolder};
use super::arm::{self, Ask};
use super::session::Session;
use super::soft;
use super::who::Who;
use crate::model::address::{ResourceId, is_runtime_name};
use crate::model::connection::Subscription;
use crate::model::runtime_service::RuntimeService;
use crate::model::trouble::{Trouble, TroubleKind};

/// How one service lists them.
struct List {
    right: &'static str,
    kind: &'static str,
    part: &'static str,
    version: &'static str,
    what: &'static str,
}

const fn list_of(service: RuntimeService) -> List {
    match service {
        RuntimeService::DataFactory => List {
            right: "Microsoft.DataFactory/factories/read",
            kind: "adf.factories",
            part: "/providers/Microsoft.DataFactory/factories",
            version: "2018-06-01",
            what: "data factories",
        },
        RuntimeService::Synapse => List {
            right: "Microsoft.Synapse/workspaces/read",
            kind: "synapse.workspaces",
            part: "/providers/Microsoft.Synapse/workspaces",
            version: "2021-06-01",
            what: "Synapse workspaces",
        },
    }
}

#[derive(Deserialize)]
struct HolderResource {
    #[serde(default, deserialize_with = "soft::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    name: Option<String>,
}

impl HolderResource {
    /// Its id says in which group it lies; one that is not of this subscription and service would be asked with the wrong rights.
    fn listed(self, place: &Subscription, part: &str) -> Option<ListedHolder> {
        let (name, id) = (self.name?, ResourceId::new(self.id?));
        let folded = id.folded();
        let inside = folded.strip_prefix(&format!("{}/resourcegroups/", place.id().folded()))?;
        let (group, rest) = inside.split_once('/')?;
        let expected = format!("{}/{}", part.trim_start_matches('/'), name).to_ascii_lowercase();
        if rest != expected || !is_runtime_name(&name) {
            return None;
        }
        // As the service spells the group.
        let group = id.as_str().split('/').nth(4).unwrap_or(group);
        Some(ListedHolder {
            group: group.to_owned(),
            name,
        })
    }
}

/// All of them, every page.
pub(super) async fn list(
    session: &Session,
    place: &Subscription,
    service: RuntimeService,
) -> Result<Dated<Vec<ListedHolder>>, Trouble> {
    let List {
        right,
        kind,
        part,
        version,
        what,
    } = list_of(service);
    let call = Ask {
        who: Who::of_subscription(place),
        doing: format!("list the {what} of {}", place.name),
        right,
        kind,
        method: Method::GET,
        id: place.id(),
        part,
        version,
    };
    let call = call.call()?;
    let strange = call.trouble(
        TroubleKind::Unexpected,
        "an entry of the list is not of this subscription",
        call.ids(),
    );
    let Dated { at, said } = arm::pages::<HolderResource>(session, call).await?;
    let said: Option<Vec<ListedHolder>> = said
        .into_iter()
        .map(|resource| resource.listed(place, part))
        .collect();
    said.map(|said| Dated { at, said }).ok_or(strange)
}
