//! What the credentials of a plan come from and go to, for people.
//!
//! Everything that somebody had to allow is shown. Of Azure's own hosts, the first few are named and the rest is counted.

use std::collections::BTreeSet;

use crate::escape::line;
use crate::model::desired::LedgerPlace;
use crate::model::trust::{Use, Used};

/// Azure's own hosts that are named one by one.
const OWN_HOSTS_SHOWN: usize = 4;

/// What a plan uses, beside the plan itself.
#[derive(Clone, Copy, Debug)]
pub struct Uses<'a> {
    /// Where its ledger is.
    pub ledger: &'a LedgerPlace,
    /// Hosts, audiences and credentials; nothing, if it was made for a simulated cloud.
    pub all: &'a [Use],
}

impl<'a> Uses<'a> {
    /// Is there something that Azure itself does not vouch for?
    pub(super) fn is_marked(self) -> bool {
        self.marked().next().is_some()
    }

    /// What a policy, a person or the command line had to allow.
    pub(super) fn marked(self) -> impl Iterator<Item = &'a Use> {
        self.all.iter().filter(|one| one.is_marked())
    }

    fn hosts(self, marked: bool) -> Vec<String> {
        let hosts = self.all.iter().filter(|one| match one.what {
            Used::Host { .. } | Used::Audience { .. } => one.is_marked() == marked,
            Used::Credential { .. } => false,
        });
        hosts.map(|one| line(&one.to_string())).collect()
    }

    fn credentials(self) -> Vec<String> {
        let all = self.all.iter().filter(|one| match one.what {
            Used::Credential { .. } => true,
            Used::Host { .. } | Used::Audience { .. } => false,
        });
        all.map(|one| line(&one.to_string())).collect()
    }

    fn ledger(self) -> String {
        line(&match self.ledger {
            LedgerPlace::File(path) => path.display().to_string(),
            LedgerPlace::Blob(address) => address.clone(),
        })
    }

    /// `Hosts: …`, `Ledger: …`, `Credentials: …`; nothing of a simulated cloud.
    pub(super) fn labelled(self, names_all: bool) -> Vec<(&'static str, Vec<String>)> {
        if self.all.is_empty() {
            return Vec::new();
        }
        let mut hosts = self.hosts(true);
        let own = self.hosts(false);
        let shown = if names_all {
            own.len()
        } else {
            OWN_HOSTS_SHOWN
        };
        let more = own.len().saturating_sub(shown);
        hosts.extend(own.into_iter().take(shown));
        if more > 0 {
            hosts.push(format!("{more} more of Azure's own (-v names each)"));
        }
        let all = [
            ("Hosts", hosts),
            ("Ledger", vec![self.ledger()]),
            ("Credentials", self.credentials()),
        ];
        all.into_iter()
            .filter(|(_, named)| !named.is_empty())
            .collect()
    }

    /// What the newer plan uses otherwise: `- …` and `+ …`.
    pub(super) fn changes(self, newer: Self) -> Vec<String> {
        let (before, after) = (self.told(), newer.told());
        let lacks = |all: &[String]| {
            let all: BTreeSet<String> = all.iter().cloned().collect();
            move |one: &&String| !all.contains(*one)
        };
        let gone = before.iter().filter(lacks(&after));
        let new = after.iter().filter(lacks(&before));
        gone.map(|text| format!("- {text}"))
            .chain(new.map(|text| format!("+ {text}")))
            .collect()
    }

    /// Each with what it is there for.
    fn told(self) -> Vec<String> {
        let all = self
            .all
            .iter()
            .map(|one| match (&one.what, one.is_marked()) {
                // Whoever had to be allowed tells its role itself.
                (Used::Host { .. }, true) => format!("host {one}"),
                (Used::Host { role, .. }, false) => format!("host {one} ({role})"),
                (Used::Audience { .. }, _) => one.to_string(),
                (Used::Credential { .. }, _) => format!("credential {one}"),
            });
        let ledger = (!self.all.is_empty()).then(|| format!("ledger {}", self.ledger()));
        all.chain(ledger).map(|text| line(&text)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::trust::{Grounds, Host, Role};

    #[test]
    fn a_label_has_something_behind_it() {
        let host = Use {
            what: Used::Host {
                role: Role::Storage,
                host: Host::named("a.blob.core.windows.net"),
            },
            allowed_by: Grounds::BuiltIn,
        };
        let uses = Uses {
            ledger: &LedgerPlace::Blob("https://a.blob.core.windows.net/c/n".to_owned()),
            all: &[host],
        };
        let labels = uses.labelled(false).into_iter().map(|(label, _)| label);
        assert_eq!(labels.collect::<Vec<_>>(), ["Hosts", "Ledger"]);
    }
}
