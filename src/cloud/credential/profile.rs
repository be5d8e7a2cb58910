//! A profile of `~/.databrickscfg`, which people have for the tools of Databricks.
//!
//! As in those tools, a manifest that names a host keeps the file out, `[DEFAULT]` included, unless `DATABRICKS_CONFIG_PROFILE` asks
//! for a profile. A profile is used only for the workspace whose host it names.

use std::collections::HashMap;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::super::surroundings::{Surroundings, bare, read_text};
use super::token::TokenFailure;
use crate::limits::PROFILE_BYTES_MAX;

/// One section of the file. Values may be secrets.
pub(super) struct Profile {
    name: String,
    values: HashMap<String, SecretString>,
}

impl Profile {
    /// The profile that the environment asks for; `None`: none.
    ///
    /// # Errors
    /// The file cannot be read, or has no such profile.
    pub async fn asked_for(here: &Surroundings) -> Result<Option<Self>, TokenFailure> {
        let Some(name) = here.var("DATABRICKS_CONFIG_PROFILE") else {
            return Ok(None);
        };
        let path = path(here).ok_or_else(|| {
            TokenFailure::new("neither DATABRICKS_CONFIG_FILE nor HOME says where the profiles are")
        })?;
        let shown = path.display();
        let text = read_text(&path, PROFILE_BYTES_MAX)
            .await
            .map_err(TokenFailure::new)?;
        let values = section(text.expose_secret(), name).ok_or_else(|| {
            let meant = similar(text.expose_secret(), name);
            let meant =
                meant.map_or_else(String::new, |meant| format!("; did you mean [{meant}]?"));
            TokenFailure::new(format!(
                "{shown} has no profile [{name}], which DATABRICKS_CONFIG_PROFILE asks for{meant}"
            ))
        })?;
        Ok(Some(Self {
            name: name.to_owned(),
            values,
        }))
    }

    /// A value that is there and not empty.
    pub fn value(&self, key: &str) -> Option<&SecretString> {
        let value = self.values.get(key)?;
        (!value.expose_secret().is_empty()).then_some(value)
    }

    /// The same for what is no secret.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.value(key).map(ExposeSecret::expose_secret)
    }

    /// The host that it names (with its port, if it has one).
    pub fn host(&self) -> Option<&str> {
        self.text("host").map(host_of)
    }

    /// How people call it.
    pub fn title(&self) -> String {
        format!("the profile [{}]", self.name)
    }

    /// Is it for the workspace at `host` (with its port, if it has one)?
    ///
    /// # Errors
    /// A sentence: for which it is instead.
    pub fn belongs_to(&self, host: &str) -> Result<(), String> {
        let name = &self.name;
        match self.host() {
            Some(own) if own.eq_ignore_ascii_case(host) => Ok(()),
            Some(own) => Err(format!("the profile [{name}] is for {own}, not for {host}")),
            None => Err(format!("the profile [{name}] names no host")),
        }
    }

    /// How people call what it says under `key`.
    pub fn named(&self, key: &str) -> String {
        format!("profile [{}] ({key})", self.name)
    }
}

/// `~/.databrickscfg`, or where the environment says it is.
fn path(here: &Surroundings) -> Option<PathBuf> {
    let home = || {
        here.var("HOME")
            .or_else(|| here.var("USERPROFILE"))
            .map(PathBuf::from)
    };
    match here.var("DATABRICKS_CONFIG_FILE") {
        Some(path) => match path.strip_prefix("~/") {
            Some(rest) => Some(home()?.join(rest)),
            None => Some(path.into()),
        },
        None => Some(home()?.join(".databrickscfg")),
    }
}

/// The host of `https://host/`, `host` or `http://host:port`.
pub(super) fn host_of(text: &str) -> &str {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split(['/', '?', '#'])
        .next()
        .unwrap_or_default()
        .trim()
}

/// The name of a section, if a line begins one.
fn heading(line: &str) -> Option<&str> {
    let name = line.strip_prefix('[')?.strip_suffix(']')?;
    Some(name.trim())
}

/// A section whose name differs from `wanted` in case only.
fn similar<'a>(text: &'a str, wanted: &str) -> Option<&'a str> {
    let mut names = text.lines().filter_map(|line| heading(line.trim()));
    names.find(|name| name.to_lowercase() == wanted.to_lowercase())
}

/// The keys of a section in INI: `key = value`, comments in lines of their own, the last of two equal keys counts.
fn section(text: &str, wanted: &str) -> Option<HashMap<String, SecretString>> {
    let mut found = None;
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = heading(line) {
            inside = name == wanted;
            if inside {
                found.get_or_insert_with(HashMap::new);
            }
        } else if let (true, Some(values), Some((key, value))) =
            (inside, &mut found, line.split_once('='))
        {
            values.insert(key.trim().to_ascii_lowercase(), bare(value).into());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_found_by_its_name_and_others_stay_out_of_it() {
        let text = "; people's\n[DEFAULT]\nhost = https://adb-1.7.azuredatabricks.net/\ntoken = dapi0\n\n[ci]\nHOST=https://adb-2.7.azuredatabricks.net\n# token = old\ntoken =  dapi1=\ntoken\n[empty]\n";
        let ci = section(text, "ci").unwrap();
        assert_eq!(ci["token"].expose_secret(), "dapi1=");
        assert_eq!(
            host_of(ci["host"].expose_secret()),
            "adb-2.7.azuredatabricks.net"
        );
        assert_eq!(ci.len(), 2);
        assert!(section(text, "empty").unwrap().is_empty());
        assert!(section(text, "CI").is_none());
        assert_eq!(
            (similar(text, "CI"), similar(text, "cd")),
            (Some("ci"), None)
        );
        let windows = "[ dev ]\r\ntoken = \"dapi2\" \r\n";
        assert_eq!(
            section(windows, "dev").unwrap()["token"].expose_secret(),
            "dapi2"
        );
        assert_eq!(host_of("http://127.0.0.1:4201/?o=1"), "127.0.0.1:4201");
    }
}
