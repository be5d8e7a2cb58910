//! What the edge hands in of the machine it runs on, so that nothing here reads the environment or prints by itself.
//!
//! Refuses: being shown. Variables hold secrets: `Debug` tells their names only, and their values are wiped when the last copy goes.
//! What the kernel keeps of the environment of this process is not afresh's to wipe.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use crate::model::connection::SecretSource;

/// Shows one message to whoever is at the terminal.
type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// The environment that credentials are looked for in. Cheap to clone; clones share it.
#[derive(Clone, Default)]
pub struct Surroundings {
    env: Arc<BTreeMap<String, SecretString>>,
    az: Option<PathBuf>,
    tell: Option<Tell>,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("env", &self.env.keys())
            .field("az", &self.az)
            .finish_non_exhaustive()
    }
}

impl Surroundings {
    /// Environment variables, and nothing else. An empty value counts as unset.
    pub fn new<N: Into<String>, V: Into<String>>(env: impl IntoIterator<Item = (N, V)>) -> Self {
        let env = env
            .into_iter()
            .map(|(name, value)| (name.into(), SecretString::from(value.into())));
        Self {
            env: Arc::new(env.collect()),
            ..Self::default()
        }
    }

    /// With the Azure CLI, as a path or as a name to be found on `PATH`; `None`: it is not to be used.
    #[must_use]
    pub fn with_azure_cli(self, az: Option<PathBuf>) -> Self {
        Self { az, ..self }
    }

    /// With somebody who is shown what to do where a method needs a person. Without, such a method says that nobody is there.
    #[must_use]
    pub fn telling(self, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self {
            tell: Some(Arc::new(tell)),
            ..self
        }
    }

    /// A variable that is set and not empty.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.env
            .get(name)
            .map(ExposeSecret::expose_secret)
            .filter(|value| !value.is_empty())
    }

    /// The same for what must not be shown.
    pub(super) fn secret_var(&self, name: &str) -> Option<SecretString> {
        self.env
            .get(name)
            .filter(|value| !value.expose_secret().is_empty())
            .cloned()
    }

    /// The Azure CLI, if it may be used.
    pub(super) fn azure_cli(&self) -> Option<&PathBuf> {
        self.az.as_ref()
    }

    /// Is anybody there who can be shown something?
    pub(super) fn has_a_person(&self) -> bool {
        self.tell.is_some()
    }

    /// Shows `message`, if anybody is there.
    pub(super) fn tell(&self, message: &str) {
        if let Some(tell) = &self.tell {
            tell(message);
        }
    }

    /// Reads a secret from where a manifest says it is. One line end at a file's end is not part of it.
    ///
    /// # Errors
    /// A sentence that names the variable or the file.
    pub async fn secret(&self, source: &SecretSource) -> Result<SecretString, String> {
        let whole = match source {
            SecretSource::Env(name) => self
                .secret_var(name)
                .ok_or_else(|| format!("the environment variable {name} is not set"))?,
            SecretSource::File(path) => tokio::fs::read_to_string(path)
                .await
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?
                .into(),
        };
        let text = whole.expose_secret();
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() {
            return Err(format!("{} holds no secret", place(source)));
        }
        Ok(text.into())
    }
}

/// How people call the place of a secret.
pub(super) fn place(source: &SecretSource) -> String {
    match source {
        SecretSource::Env(name) => name.clone(),
        SecretSource::File(path) => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn secrets_come_from_variables_and_files_and_are_never_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "s3cret\r\n").unwrap();
        let here = Surroundings::new([("A", "hush"), ("EMPTY", "")]);
        let source = SecretSource::File(file.path().to_owned());
        let from_file = here.secret(&source).await;
        assert_eq!(from_file.unwrap().expose_secret(), "s3cret");
        let from_env = here.secret(&SecretSource::Env("A".to_owned())).await;
        assert_eq!(from_env.unwrap().expose_secret(), "hush");
        let empty = here.secret(&SecretSource::Env("EMPTY".to_owned())).await;
        assert_eq!(
            empty.unwrap_err(),
            "the environment variable EMPTY is not set"
        );
        let shown = format!("{here:?}");
        assert!(shown.contains("EMPTY") && !shown.contains("hush"));
    }
}
