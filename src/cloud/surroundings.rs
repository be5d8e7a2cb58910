//! What the edge hands in of the machine it runs on, so that nothing here reads the environment by itself.
//!
//! Refuses: being shown. Variables hold secrets: `Debug` tells their names only.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::model::connection::SecretSource;

/// The environment that credentials are looked for in.
#[derive(Clone, Default)]
pub struct Surroundings {
    /// Environment variables. An empty value counts as unset.
    pub env: BTreeMap<String, String>,
    /// The Azure CLI, as a path or as a name to be found on `PATH`; `None`: it is not to be used.
    pub az: Option<PathBuf>,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("env", &self.env.keys())
            .field("az", &self.az)
            .finish()
    }
}

impl Surroundings {
    /// A variable that is set and not empty.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.env
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Reads a secret from where a manifest says it is. One line end at a file's end is not part of it.
    ///
    /// # Errors
    /// A sentence that names the variable or the file.
    pub async fn secret(&self, source: &SecretSource) -> Result<SecretString, String> {
        let text = match source {
            SecretSource::Env(name) => self
                .var(name)
                .map(str::to_owned)
                .ok_or_else(|| format!("the environment variable {name} is not set"))?,
            SecretSource::File(path) => tokio::fs::read_to_string(path)
                .await
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?,
        };
        let text = text.strip_suffix('\n').unwrap_or(&text);
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
    use secrecy::ExposeSecret;

    #[tokio::test]
    async fn secrets_come_from_variables_and_files_and_are_never_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "s3cret\r\n").unwrap();
        let env = BTreeMap::from([
            ("A".to_owned(), "hush".to_owned()),
            ("EMPTY".to_owned(), String::new()),
        ]);
        let here = Surroundings { env, az: None };
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
        assert!(!format!("{here:?}").contains("hush"));
    }
}
