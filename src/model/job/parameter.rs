//! What a rule gives a job parameter: a text, or the variable that holds it when the run is started.
//!
//! The value of such a variable is never held here; only the request that starts a run contains it.

/// What the names of variables begin with that a manifest may give to a job: it must not send a credential to one.
pub const VARIABLE_PREFIX: &str = "AFRESH_PARAMETER_";

/// Endings of names whose value is a secret, in lower case and without `-`, `_` and `.`.
const SECRET_NAMES: [&str; 14] = [
    "secret",
    "token",
    "password",
    "passwd",
    "pwd",
    "accountkey",
    "accesskey",
    "authkey",
    "apikey",
    "sas",
    "connectionstring",
    "authkey1",
    "authkey2",
    "privatekey",
];

/// What stands for a hidden value.
const HIDDEN: &str = "***";

/// The value of a job parameter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ParameterValue {
    /// This text.
    Text(String),
    /// What the environment variable of this name holds when the run is started. It begins with [`VARIABLE_PREFIX`].
    Variable(String),
}

impl ParameterValue {
    /// The text, if it is known here.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Variable(_) => None,
        }
    }

    /// May it be anything, as far as can be told here: from a variable, or filled in by Databricks?
    pub(super) fn is_open(&self) -> bool {
        self.text().is_none_or(is_dynamic)
    }

    /// For people: a value that looks like a secret is hidden.
    pub fn shown(&self, name: &str) -> String {
        match self {
            Self::Text(text) if is_secret(name, text) => HIDDEN.to_owned(),
            Self::Text(text) => text.clone(),
            Self::Variable(variable) => format!("from the environment variable {variable}"),
        }
    }
}

impl From<&str> for ParameterValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Is it a secret that stands in the clear, by its name? What Databricks fills in (`{{…}}`) is none.
pub fn is_secret(name: &str, value: &str) -> bool {
    names_secret(name) && !value.is_empty() && !is_dynamic(value)
}

/// `value`, hidden if it is a secret by its name.
pub(super) fn shown<'a>(name: &str, value: &'a str) -> &'a str {
    if is_secret(name, value) {
        HIDDEN
    } else {
        value
    }
}

/// Is it replaced by the service when a run starts?
pub(super) fn is_dynamic(value: &str) -> bool {
    value.contains("{{")
}

/// Does the name of a parameter say that its value is a secret?
pub fn names_secret(name: &str) -> bool {
    ends_with_any(name, &SECRET_NAMES)
}

/// Does a name end with one of these, whatever its case, and without `-`, `_` and `.`?
pub fn ends_with_any(name: &str, endings: &[&str]) -> bool {
    let plain = name.to_lowercase().replace(['-', '_', '.'], "");
    endings.iter().any(|ending| plain.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_looks_like_a_secret_is_hidden() {
        let shown = |name: &str, value: &str| ParameterValue::from(value).shown(name);
        for name in ["db_password", "API-KEY", "storage.sas", "token"] {
            assert_eq!(shown(name, "hunter2"), "***");
            assert_eq!(shown(name, "{{secrets/a/b}}"), "{{secrets/a/b}}");
            assert_eq!(shown(name, ""), "");
        }
        assert_eq!(shown("day", "monday"), "monday");
        let variable = ParameterValue::Variable("AFRESH_PARAMETER_X".to_owned());
        assert_eq!(
            variable.shown("day"),
            "from the environment variable AFRESH_PARAMETER_X"
        );
    }
}
