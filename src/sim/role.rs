//! What the role assignments of a principal give, as role definitions of Azure write it.

use serde::{Deserialize, Serialize};

/// One role: patterns of actions, in which `*` stands for any text. Several roles add up; what one of them leaves out another may give.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Role {
    pub(crate) actions: Vec<String>,
    pub(crate) not_actions: Vec<String>,
    pub(crate) data_actions: Vec<String>,
    pub(crate) not_data_actions: Vec<String>,
}

impl Role {
    /// Does it give an action of Resource Manager?
    pub(crate) fn gives(&self, action: &str) -> bool {
        any_covers(&self.actions, action) && !any_covers(&self.not_actions, action)
    }

    /// Does it give an action on data, such as a secret?
    pub(crate) fn gives_on_data(&self, action: &str) -> bool {
        any_covers(&self.data_actions, action) && !any_covers(&self.not_data_actions, action)
    }
}

fn any_covers(patterns: &[String], action: &str) -> bool {
    patterns.iter().any(|pattern| covers(pattern, action))
}

/// Letters of either case are the same.
fn covers(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == action;
    };
    let Some(mut rest) = action.strip_prefix(head) else {
        return false;
    };
    let (middle, end) = tail.rsplit_once('*').unwrap_or(("", tail));
    for piece in middle.split('*') {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, action, is_covered) in [
            ("*", "Microsoft.Storage/storageAccounts/read", true),
            ("*/read", "Microsoft.Storage/storageAccounts/read", true),
            (
                "*/read",
                "Microsoft.Storage/storageAccounts/listkeys/action",
                false,
            ),
            (
                "Microsoft.Storage/*/read",
                "microsoft.storage/storageaccounts/read",
                true,
            ),
            ("a/*/b/*/c", "a/1/b/2/c", true),
            ("a/*/b/*/c", "a/1/2/c", false),
            ("a/b", "a/b/c", false),
            ("a/*", "a", false),
        ] {
            assert_eq!(covers(pattern, action), is_covered, "{pattern} {action}");
        }
    }

    #[test]
    fn what_is_left_out_is_not_given() {
        let role = Role {
            actions: vec!["a/*".to_owned()],
            not_actions: vec!["a/write".to_owned()],
            ..Role::default()
        };
        assert!(role.gives("a/read") && !role.gives("a/write"));
        assert!(!role.gives_on_data("a/read"));
    }
}
