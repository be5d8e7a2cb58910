//! What a secret may come from.

use std::fmt;
use std::path::PathBuf;

use crate::escape::{line, quoted};

/// Where secrets are mounted: a manifest may name any file below.
pub const SECRET_FOLDERS: [&str; 3] = ["/run/secrets", "/var/run/secrets", "/mnt/secrets-store"];

/// A place that a manifest takes a secret, or what stands for one, from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// An environment variable.
    Variable(String),
    /// A file, as it is written.
    File(PathBuf),
    /// A service connection of Azure Pipelines, by its id.
    ServiceConnection(String),
}

/// Variables that a policy allows: `NPM_TOKEN`, or `TEAM_SECRET_*` for all that begin so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariablePattern(String);

impl VariablePattern {
    /// Reads it.
    ///
    /// # Errors
    /// A sentence: what it may look like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let name = text.strip_suffix("_*").unwrap_or(text);
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if begins && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            Ok(Self(text.to_owned()))
        } else {
            Err(
                "it reads `NPM_TOKEN`, or `TEAM_SECRET_*` for every variable that begins so"
                    .to_owned(),
            )
        }
    }

    pub(super) fn covers(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(begin) => name.starts_with(begin),
            None => name == self.0,
        }
    }
}

impl Source {
    /// What to write below `spec.allow` of a policy.
    pub(super) fn allowance(&self) -> String {
        match self {
            Self::Variable(name) => format!("variables: [{}]", word(name)),
            Self::File(path) => format!("files: [{}]", quoted(&path.to_string_lossy())),
            Self::ServiceConnection(id) => format!("serviceConnections: [{}]", word(id)),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "the variable {} as a secret", line(name)),
            Self::File(path) => {
                write!(f, "the file {} as a secret", line(&path.to_string_lossy()))
            }
            Self::ServiceConnection(id) => write!(f, "the service connection {}", line(id)),
        }
    }
}

/// A string of YAML, bare where it needs no quotes.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_to_write_has_quotes_where_yaml_needs_them() {
        assert_eq!(word("NPM_TOKEN"), "NPM_TOKEN");
        assert_eq!(word("a]\u{1b}"), r#""a]\u001b""#);
    }
}
