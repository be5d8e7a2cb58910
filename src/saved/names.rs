//! What is written once and then named: the name that each thing of a kind goes by in the lines after it.

use std::collections::BTreeMap;

use serde::Serialize;

/// The things of one kind that were written already. Most have a name that is theirs alone; where two of one name differ, the later ones
/// get a number behind it: `gateways~2`.
#[derive(Default)]
pub(super) struct Names(BTreeMap<String, BTreeMap<String, String>>);

/// What a thing is called.
pub(super) struct Called {
    /// The reference to it.
    pub(super) reference: String,
    /// It has not been written yet.
    pub(super) is_new: bool,
}

impl Called {
    /// What the thing's own line says of it: nothing, if the reference is its name.
    pub(super) fn unless(&self, name: &str) -> Option<String> {
        (self.reference != name).then(|| self.reference.clone())
    }
}

impl Names {
    /// What the thing of this name and content is called from now on.
    pub(super) fn of(&mut self, name: &str, content: &impl Serialize) -> Called {
        // The shapes have string keys and finite numbers only, which is all that can fail here.
        let content = serde_json::to_string(content).unwrap_or_default();
        let known = self.0.entry(name.to_owned()).or_default();
        if let Some(reference) = known.get(&content) {
            return Called {
                reference: reference.clone(),
                is_new: false,
            };
        }
        let reference = match known.len() {
            0 => name.to_owned(),
            others => format!("{name}~{}", others + 1),
        };
        known.insert(content, reference.clone());
        Called {
            reference,
            is_new: true,
        }
    }

    /// What any thing of this name is called.
    pub(super) fn any(&self, name: &str) -> Option<&String> {
        self.0.get(name)?.values().next()
    }
}
