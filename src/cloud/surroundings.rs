//! What the edge hands in of the machine it runs on, so that nothing here reads the environment or prints by itself.
//!
//! Refuses: being shown. Variables hold secrets: `Debug` tells their names only, and their values are wiped when the last copy goes.
//! What the kernel keeps of the environment of this process is not afresh's to wipe.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

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

    /// A variable that is set and not empty, as [`bare`] reads it.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.env
            .get(name)
            .map(|value| bare(value.expose_secret()))
            .filter(|value| !value.is_empty())
    }

    /// A variable that is set and not empty, to the letter but for the line end that a file of variables leaves.
    pub(super) fn exact_var(&self, name: &str) -> Option<&str> {
        let value = self.env.get(name)?.expose_secret();
        Some(value.trim_end_matches(['\r', '\n'])).filter(|value| !value.is_empty())
    }

    /// [`Self::var`] for what must not be shown.
    pub(super) fn secret_var(&self, name: &str) -> Option<SecretString> {
        self.var(name).map(SecretString::from)
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

    /// Reads a secret from where a manifest says it is. Blanks and line ends around it are not part of it.
    ///
    /// # Errors
    /// A sentence that names the variable or the file.
    pub async fn secret(&self, source: &SecretSource) -> Result<SecretString, String> {
        let whole = match source {
            SecretSource::Env(name) => self
                .secret_var(name)
                .ok_or_else(|| format!("the environment variable {name} is not set"))?,
            SecretSource::File(path) => read_text(path).await?,
        };
        let text = bare(whole.expose_secret());
        if text.is_empty() {
            return Err(format!("{} holds no secret", place(source)));
        }
        Ok(text.into())
    }
}

/// A value as it was meant: without blanks, line ends and byte order marks around it, and without the quotes that a shell would
/// have taken off and a file of variables keeps.
pub(super) fn bare(text: &str) -> &str {
    let is_around = |c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}');
    let text = text.trim_matches(is_around);
    let unquoted = |quote: char| {
        let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains(quote)).then_some(inner.trim_matches(is_around))
    };
    unquoted('"').or_else(|| unquoted('\'')).unwrap_or(text)
}

/// The text of a file that may hold secrets: in UTF-8, or in UTF-16 with the mark that some editors and shells write.
///
/// # Errors
/// A sentence that names the file.
pub(super) async fn read_text(path: &Path) -> Result<SecretString, String> {
    let shown = path.display();
    let bytes = tokio::fs::read(path).await.map(Zeroizing::new);
    let bytes = bytes.map_err(|error| format!("cannot read {shown}: {error}"))?;
    let wide = |order: fn([u8; 2]) -> u16| {
        let units = bytes[2..]
            .chunks_exact(2)
            .map(|two| order([two[0], two[1]]));
        let units = Zeroizing::new(units.collect::<Vec<u16>>());
        String::from_utf16(&units).ok()
    };
    let text = match bytes.as_slice() {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        plain => std::str::from_utf8(plain).ok().map(str::to_owned),
    };
    let text = text.ok_or_else(|| format!("{shown} is not a text in UTF-8: save it as that"))?;
    let text = SecretString::from(text);
    Ok(match text.expose_secret().strip_prefix('\u{feff}') {
        Some(rest) => rest.into(),
        None => text,
    })
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
        for (wrapped, inner) in [
            ("hush\r\n", "hush"),
            (" \u{feff}hush\u{a0}", "hush"),
            ("\"hush\"", "hush"),
            ("'hu\"sh'\n", "hu\"sh"),
            ("\"a\" or \"b\"", "\"a\" or \"b\""),
            ("\"", "\""),
            ("hu sh", "hu sh"),
        ] {
            assert_eq!(bare(wrapped), inner);
        }
        let utf16: Vec<u8> = "\u{feff}s3cret\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for bytes in [&utf16[..], b"\xef\xbb\xbf s3cret \n\n"] {
            std::fs::write(file.path(), bytes).unwrap();
            let from_file = here.secret(&source).await;
            assert_eq!(from_file.unwrap().expose_secret(), "s3cret");
        }
        std::fs::write(file.path(), b"s\xe9cret").unwrap();
        let unread = here.secret(&source).await.unwrap_err();
        assert!(
            unread.ends_with("is not a text in UTF-8: save it as that"),
            "{unread}"
        );
        let shown = format!("{here:?}");
        assert!(shown.contains("EMPTY") && !shown.contains("hush"));
    }
}
