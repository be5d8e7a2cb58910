//! Where credentials of a plan come from and go to, and what allowed each.
//!
//! Nothing in the file grants trust: whoever applies it is asked again.

use std::path::PathBuf;

use schemars::{Schema, json_schema};

use super::text::{Spelled, Text};
use super::words::{self, Host};
use crate::saved::mirror::mirror;

mirror! {
    /// Something that credentials go to or come from.
    struct Use {
        what: Used,
        /// What allowed it when the plan was made. Whoever applies the plan asks again.
        allowed_by: Grounds,
    }
}

mirror! {
    /// A host that credentials go to, an audience of tokens that is not the host's own, or a credential.
    enum Used {
        /// A host; one that begins with a dot stands for whichever host below that domain Azure names.
        Host { role: Role, host: Text<Host> },
        Audience { role: Role, audience: String },
        Credential { method: String, source: Option<Source> },
    }
}

mirror! {
    /// What a host is there for.
    enum Role { Authority, ResourceManager, Databricks, Vault, Storage }
}

mirror! {
    /// What says yes: Azure's own clouds, the simulator, `AZURE_AUTHORITY_HOST`, --allow-loopback, a policy, or a person.
    enum Grounds { BuiltIn, Simulator, Environment, Loopback, Policy, Person }
}

mirror! {
    /// Where a secret, or what stands for one, comes from.
    enum Source {
        /// An environment variable's name.
        Variable(name: String),
        File(path: Text<PathBuf>),
        /// The id of a service connection of Azure Pipelines.
        ServiceConnection(id: String),
    }
}

impl Spelled for Host {
    const NAME: &'static str = "Host";
    fn schema() -> Schema {
        json_schema!({"type": "string", "description": "A host, with its port if that is not 443."})
    }
    fn spell(&self) -> String {
        self.to_string()
    }
    fn read(text: &str) -> Result<Self, String> {
        Ok(Self::named(text))
    }
}
