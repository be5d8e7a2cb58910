//! What the credentials of one plan come from and go to, with what allowed each. A plan contains this for people.
//!
//! It allows nothing: whoever applies the plan asks [`Trust`](super::Trust) again.

use std::fmt;

use super::ask::Ask;
use super::grounds::Grounds;
use super::host::Host;
use super::role::Role;
use super::source::Source;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// What is used.
    pub what: Used,
    /// What allowed it when the plan was made.
    pub allowed_by: Grounds,
}

/// A place that credentials go to or come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Used {
    /// A host that they go to. One that begins with a dot stands for whichever host below that domain Azure names.
    Host {
        /// What it is there for.
        role: Role,
        /// Which.
        host: Host,
    },
    /// What tokens to hosts of a role open, where that is not the host's own service.
    Audience {
        /// What the hosts are there for.
        role: Role,
        /// What the tokens open.
        audience: String,
    },
    /// A credential.
    Credential {
        /// The manifest's word for its method.
        method: String,
        /// Where its secret, or what stands for one, comes from, if a manifest says so.
        source: Option<Source>,
    },
}

impl Use {
    /// Did a policy, a person or the command line have to allow it?
    pub const fn is_marked(&self) -> bool {
        self.allowed_by.words().is_some()
    }

    /// What is asked for a host or an audience, as it is used. An audience that needs no leave is not told.
    pub fn of_ask(ask: &Ask, allowed_by: Grounds) -> Option<Self> {
        let what = match ask {
            Ask::Host { role, host, .. } => Used::Host {
                role: *role,
                host: host.clone(),
            },
            Ask::Audience { role, audience, .. } if allowed_by == Grounds::Policy => {
                Used::Audience {
                    role: *role,
                    audience: audience.clone(),
                }
            }
            Ask::Audience { .. } | Ask::Source(_) => return None,
        };
        Some(Self { what, allowed_by })
    }
}

impl fmt::Display for Use {
    /// `login.lab.example.com (authority, allowed by policy)`; of Azure's own, the host alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut notes: Vec<String> = Vec::new();
        match &self.what {
            Used::Host { role, host } => {
                match host.as_str().strip_prefix('.') {
                    Some(domain) => write!(f, "*.{domain}")?,
                    None => host.fmt(f)?,
                }
                notes.extend(self.is_marked().then(|| role.to_string()));
            }
            Used::Audience { role, audience } => {
                write!(f, "tokens for {audience}")?;
                notes.push(role.to_string());
            }
            Used::Credential { method, source } => {
                f.write_str(method)?;
                notes.extend(source.as_ref().map(|source| match source {
                    Source::Variable(name) => format!("variable {name}"),
                    Source::File(path) => format!("file {}", path.display()),
                    Source::ServiceConnection(id) => format!("service connection {id}"),
                }));
            }
        }
        notes.extend(self.allowed_by.words().map(str::to_owned));
        if notes.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", notes.join(", "))
    }
}
