//! What the command line passes in about the machine it runs on, so that no other file here reads the environment or prints.
//!
//! Variables may hold secrets: `Debug` shows only their names, and their values are wiped when the last copy is dropped.
//! The kernel's own copy of this process's environment cannot be wiped.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio::io::AsyncReadExt as _;
use zeroize::Zeroizing;

use crate::limits::SECRET_BYTES_MAX;
use crate::model::connection::SecretSource;
use crate::model::trust::{Source, Trust};
use crate::regular;

/// Where a step of Azure Pipelines finds its service connection.
pub(super) const CONNECTIONS: [&str; 2] = [
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
    "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
];

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

    /// The service connection that this pipeline has, as Azure Pipelines or Terraform's variables say.
    pub fn service_connection(&self) -> Option<&str> {
        CONNECTIONS.iter().find_map(|name| self.var(name))
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

    /// Reads a secret from where a manifest says it is, if it may come from there. Blanks and line ends around it are not part of it.
    ///
    /// # Errors
    /// A sentence that names the variable or the file.
    pub async fn secret(
        &self,
        source: &SecretSource,
        trust: &Trust,
    ) -> Result<SecretString, String> {
        let whole = match source {
            SecretSource::Env(name) => {
                let asked = Source::Variable(name.clone());
                trust.source(&asked).map_err(|denied| denied.to_string())?;
                let value = self.secret_var(name);
                let value =
                    value.ok_or_else(|| format!("the environment variable {name} is not set"))?;
                fits(name, value.expose_secret().len() as u64, SECRET_BYTES_MAX)?;
                value
            }
            SecretSource::File(path) => {
                may_read(path, trust)?;
                read_text(path, SECRET_BYTES_MAX).await?
            }
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

/// May a secret come from this file, which a manifest names?
///
/// # Errors
/// A sentence: what is lacking.
pub(super) fn may_read(path: &Path, trust: &Trust) -> Result<(), String> {
    let allowed = trust.file(path, &without_links(path));
    allowed.map(drop).map_err(|denied| denied.to_string())
}

/// Where a path leads when every link is followed; of one that leads nowhere, without `.` and `..`.
pub fn without_links(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| whole(path))
}

/// A path from the root on, without `.` and `..`, and with the links that are in it.
pub fn whole(path: &Path) -> PathBuf {
    without_dots(&std::path::absolute(path).unwrap_or_default())
}

/// Without `.` and `..`, as the path is written.
pub fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                plain.push(component);
            }
        }
    }
    plain
}

/// A file that holds a secret, and no more of it than a secret has. Nothing that could be waited for is opened.
///
/// # Errors
/// A sentence that names the file: it cannot be read, is none, or is too large.
pub(super) async fn read_bytes(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, String> {
    let shown = path.display();
    let failed = |error: std::io::Error| format!("cannot read {shown}: {error}");
    let found = regular::check(path).map_err(failed)?;
    fits(&shown.to_string(), found.len(), limit)?;
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let room = usize::try_from(found.len()).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room + 1));
    let read = file.take(limit + 1).read_to_end(&mut bytes).await;
    read.map_err(failed)?;
    fits(&shown.to_string(), bytes.len() as u64, limit)?;
    Ok(bytes)
}

fn fits(what: &str, bytes: u64, limit: u64) -> Result<(), String> {
    if bytes <= limit {
        return Ok(());
    }
    Err(format!(
        "{what} is larger than {} KiB, so it is not what it should be, and is not used",
        limit / 1024
    ))
}

/// The text of a file that may hold secrets: in UTF-8, or in UTF-16 with the mark that some editors and shells write.
///
/// # Errors
/// A sentence that names the file.
pub(super) async fn read_text(path: &Path, limit: u64) -> Result<SecretString, String> {
    let shown = path.display();
    let bytes = read_bytes(path, limit).await?;
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
    if text.expose_secret().contains('\0') {
        return Err(format!("{shown} holds a NUL character, and is not used"));
    }
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
        let trust = Trust::simulated();
        let source = SecretSource::File(file.path().to_owned());
        let from_file = here.secret(&source, &trust).await;
        assert_eq!(from_file.unwrap().expose_secret(), "s3cret");
        let from_env = here
            .secret(&SecretSource::Env("A".to_owned()), &trust)
            .await;
        assert_eq!(from_env.unwrap().expose_secret(), "hush");
        let empty = here
            .secret(&SecretSource::Env("EMPTY".to_owned()), &trust)
            .await;
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
            let from_file = here.secret(&source, &trust).await;
            assert_eq!(from_file.unwrap().expose_secret(), "s3cret");
        }
        std::fs::write(file.path(), b"s\xe9cret").unwrap();
        let unread = here.secret(&source, &trust).await.unwrap_err();
        assert!(
            unread.ends_with("is not a text in UTF-8: save it as that"),
            "{unread}"
        );
        let shown = format!("{here:?}");
        assert!(shown.contains("EMPTY") && !shown.contains("hush"));
    }

    #[tokio::test]
    async fn a_manifest_names_only_what_is_there_for_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (project, elsewhere) = (root.join("project"), root.join("elsewhere"));
        for made in [&project, &elsewhere] {
            std::fs::create_dir(made).unwrap();
            std::fs::write(made.join("secret"), "s3cret").unwrap();
        }
        std::fs::write(project.join("nul"), "s3\0cret").unwrap();
        std::fs::write(project.join("large"), "s".repeat(65 * 1024)).unwrap();
        for (to, name) in [
            (elsewhere.join("secret"), "out"),
            (project.join("secret"), "in"),
        ] {
            std::os::unix::fs::symlink(to, project.join(name)).unwrap();
        }
        std::os::unix::fs::symlink(&project, root.join("mounted")).unwrap();
        let here = Surroundings::new([
            ("AZURE_X", "s3cret".to_owned()),
            ("NPM_TOKEN", "s3cret".to_owned()),
            ("AFRESH_SECRET_LARGE", "s".repeat(65 * 1024)),
        ]);
        let trust = Trust {
            folders: vec![project.clone()],
            ..Trust::default()
        };
        let file = |name: &str| SecretSource::File(project.join(name));
        let variable = |name: &str| SecretSource::Env(name.to_owned());
        for good in [
            file("secret"),
            file("in"),
            SecretSource::File(root.join("mounted/secret")),
            variable("AZURE_X"),
        ] {
            let read = here.secret(&good, &trust).await;
            assert_eq!(read.unwrap().expose_secret(), "s3cret", "{good:?}");
        }
        for (bad, why) in [
            (file("out"), "is not trusted"),
            (file("../elsewhere/secret"), "is not trusted"),
            (file("../elsewhere/nothing"), "is not trusted"),
            (
                SecretSource::File("/proc/self/environ".into()),
                "is not trusted",
            ),
            (SecretSource::File("/dev/zero".into()), "is not trusted"),
            (variable("NPM_TOKEN"), "variables: [NPM_TOKEN]"),
            (variable("AFRESH_SECRET_LARGE"), "larger than 64 KiB"),
            (file("nul"), "holds a NUL"),
            (file("large"), "larger than 64 KiB"),
            (file("."), "it is a folder, not a regular file"),
        ] {
            let refused = here.secret(&bad, &trust).await.unwrap_err();
            assert!(refused.contains(why), "{refused}");
            for secret in ["s3cret", "s3\0", "ssssssss"] {
                assert!(!refused.contains(secret), "{refused}");
            }
        }
        for device in ["/dev/zero", "/dev/null"] {
            let refused = read_text(Path::new(device), SECRET_BYTES_MAX).await;
            assert!(
                refused
                    .unwrap_err()
                    .contains("it is a device, not a regular file")
            );
        }
    }
}
