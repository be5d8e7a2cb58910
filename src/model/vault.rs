//! Azure Key Vault: where a key can be handed to, and what its secrets tell without their values.
//!
//! A value is never held here. What is newest among the versions of a secret is what its consumers read, enabled or not.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};

use super::address::Name;
use super::connection::{Cloud, Credential};
use super::time::Timestamp;
use super::trouble::Trouble;
use crate::limits::{VAULT_CONTENT_TYPE_CHARS_MAX, VAULT_TAG_CHARS_MAX, VAULT_TAGS_MAX};

/// A vault's name, in lower case: 3 to 24 letters, digits and single hyphens, from a letter on to a letter or digit. It is a part of a host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VaultName(Name);

impl VaultName {
    /// Checks the alphabet and the length; upper case is folded, since names of hosts have no case.
    ///
    /// # Errors
    /// A sentence that says what a vault's name looks like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let folded = text.to_ascii_lowercase();
        let is_part =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
        let fits = (3..=24).contains(&folded.len())
            && folded.starts_with(|c: char| c.is_ascii_lowercase())
            && folded.split('-').all(is_part);
        match Name::parse(&folded) {
            Ok(name) if fits => Ok(Self(name)),
            Ok(_) | Err(_) => Err(
                "the name of a vault has 3 to 24 letters, digits and single hyphens, and begins with a letter"
                    .to_owned(),
            ),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for VaultName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A secret's name: `^[0-9a-zA-Z-]{1,127}$`. Two that differ in case only are equal, as they are to the service.
#[derive(Clone, Debug)]
pub struct SecretName(String);

impl SecretName {
    /// Checks the alphabet and the length.
    ///
    /// # Errors
    /// A sentence that says what a secret's name looks like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if (1..=127).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err("the name of a secret has 1 to 127 letters, digits and hyphens".to_owned())
        }
    }

    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is compared by.
    fn letters(&self) -> impl Iterator<Item = u8> {
        self.0.bytes().map(|letter| letter.to_ascii_lowercase())
    }
}

impl PartialEq for SecretName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for SecretName {}

impl PartialOrd for SecretName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SecretName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.letters().cmp(other.letters())
    }
}

impl Hash for SecretName {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.to_ascii_lowercase().hash(hasher);
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A vault, and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultConnection {
    /// Which.
    pub vault: VaultName,
    /// Its cloud.
    pub cloud: Cloud,
    /// Who asks.
    pub credential: Credential,
}

impl VaultConnection {
    /// What a token for it is counted under, as that of a connection is under its name.
    pub const fn name(&self) -> &Name {
        &self.vault.0
    }
}

impl Cloud {
    /// The host of a vault; `None`: there are none in this cloud.
    pub fn vault_host(&self, vault: &VaultName) -> Option<String> {
        let domain = self.vault_domain.to_ascii_lowercase();
        match domain.as_str() {
            "" => None,
            _ if domain.starts_with('.') => Some(format!("{vault}{domain}")),
            _ => Some(domain),
        }
    }

    /// Is `host` (with its port, if it has one) that of a vault of this cloud? Tokens for vaults go nowhere else.
    ///
    /// A domain that begins with a dot covers the names right below it; any other is one host.
    pub fn owns_vault_host(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let domain = self.vault_domain.to_ascii_lowercase();
        if domain.starts_with('.') {
            let name = host.strip_suffix(&domain);
            name.is_some_and(|name| VaultName::parse(name).is_ok())
        } else {
            !domain.is_empty() && host == domain
        }
    }
}

/// One version of a secret, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretVersion {
    /// What the service calls it: 32 hex digits.
    pub id: String,
    /// Can its value be read?
    pub enabled: bool,
    /// When it was made, in whole seconds.
    pub created: Timestamp,
    /// When its attributes or tags last changed.
    pub updated: Option<Timestamp>,
    /// When it expires. The service goes on giving its value out after that.
    pub expires: Option<Timestamp>,
    /// Before this it is not meant to be used.
    pub not_before: Option<Timestamp>,
    /// What its value is, in the words of whoever wrote it.
    pub content_type: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// All versions of a secret; there is one at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretVersions {
    newest: SecretVersion,
    older: Vec<SecretVersion>,
}

impl SecretVersions {
    /// In any order. `None`: there is none.
    pub fn new(mut all: Vec<SecretVersion>) -> Option<Self> {
        all.sort_by_key(|version| std::cmp::Reverse(version.created));
        let mut all = all.into_iter();
        Some(Self {
            newest: all.next()?,
            older: all.collect(),
        })
    }

    /// What consumers read. Of several that were made in the same second, any: [`Self::may_be_newest`] has all of them.
    pub const fn newest(&self) -> &SecretVersion {
        &self.newest
    }

    /// All that were made in the second of the newest. The service tells no smaller times, so nobody can know which of them it gives out.
    pub fn may_be_newest(&self) -> impl Iterator<Item = &SecretVersion> {
        self.iter()
            .take_while(|version| version.created == self.newest.created)
    }

    /// Newest first.
    pub fn iter(&self) -> impl Iterator<Item = &SecretVersion> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}

/// A secret that was deleted and can still be recovered, so that its name is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeletedSecret {
    /// When it was deleted.
    pub deleted: Option<Timestamp>,
    /// When its name becomes free without anybody's doing.
    pub purged: Option<Timestamp>,
    /// The tags of its newest version.
    pub tags: BTreeMap<String, String>,
}

/// What is seen of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSight {
    /// It has versions.
    Versions(SecretVersions),
    /// There is none of this name.
    Absent,
    /// There was one. It has to be recovered or purged by a person before anything can be written under its name.
    Deleted(DeletedSecret),
    /// There is none, and whether a deleted one has this name was not to be learned. A write will tell.
    AbsentOrDeleted(Box<Trouble>),
}

/// What is written beside the value of a new version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewVersion {
    /// Its tags; those of older versions are not taken over by the service.
    pub tags: BTreeMap<String, String>,
    /// What its value is.
    pub content_type: Option<String>,
    /// When it is to count as expired.
    pub expires: Option<Timestamp>,
}

impl NewVersion {
    /// Would the service take it?
    ///
    /// # Errors
    /// A sentence that says what is too long or too many.
    pub fn check(&self) -> Result<(), String> {
        let count = self.tags.len();
        if count > VAULT_TAGS_MAX {
            return Err(format!(
                "a secret has {VAULT_TAGS_MAX} tags at most, and this one would have {count}"
            ));
        }
        let is_long = |text: &String| text.chars().count() > VAULT_TAG_CHARS_MAX;
        let mut names = self.tags.iter();
        if let Some((name, _)) = names.find(|(name, value)| is_long(name) || is_long(value)) {
            let shown: String = name.chars().take(VAULT_TAG_CHARS_MAX).collect();
            return Err(format!(
                "the name and the value of a tag have {VAULT_TAG_CHARS_MAX} characters at most, and the tag {shown} has more"
            ));
        }
        match &self.content_type {
            Some(text) if text.chars().count() > VAULT_CONTENT_TYPE_CHARS_MAX => Err(format!(
                "a content type has {VAULT_CONTENT_TYPE_CHARS_MAX} characters at most"
            )),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_the_service_takes() {
        for good in ["kv1", "Key-Vault-West", "a23456789012345678901234"] {
            let name = VaultName::parse(good).unwrap();
            assert_eq!(name.as_str(), good.to_ascii_lowercase());
        }
        for bad in [
            "",
            "kv",
            "1kv",
            "kv-",
            "-kv",
            "k--v",
            "k.v",
            "kv_1",
            "kv1.evil.example",
            "a234567890123456789012345",
        ] {
            assert!(VaultName::parse(bad).is_err(), "{bad}");
        }
        let longest = "a".repeat(127);
        for good in ["a", "-", "shir-Auth-1", &longest] {
            assert!(SecretName::parse(good).is_ok(), "{good}");
        }
        let longer = "a".repeat(128);
        for bad in ["", "a/b", "a b", "a.b", "ä", "..", &longer] {
            assert!(SecretName::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(SecretName::parse("Key"), SecretName::parse("kEY"));
    }

    #[test]
    fn tokens_go_to_vaults_of_their_own_cloud_only() {
        let vault = VaultName::parse("kv-data").unwrap();
        for (cloud, host) in [
            ("public", "kv-data.vault.azure.net"),
            ("usGovernment", "kv-data.vault.usgovcloudapi.net"),
            ("china", "kv-data.vault.azure.cn"),
        ] {
            let cloud = Cloud::named(cloud).unwrap();
            assert_eq!(cloud.vault_host(&vault).as_deref(), Some(host));
            assert!(cloud.owns_vault_host(host));
            assert!(cloud.owns_vault_host(&host.to_ascii_uppercase()));
            for foreign in [
                format!("{host}.evil.example"),
                format!("{host}:8443"),
                format!("evil.example/{host}"),
                format!("a.{host}"),
                format!("me@{host}"),
                cloud.vault_domain.clone(),
                cloud.vault_domain[1..].to_owned(),
                format!("kv-data-{}", &cloud.vault_domain[1..]),
                "management.azure.com".to_owned(),
            ] {
                assert!(!cloud.owns_vault_host(&foreign), "{foreign}");
            }
        }
        let lab = |domain: &str| Cloud {
            vault_domain: domain.to_owned(),
            ..Cloud::named("public").unwrap()
        };
        let one = lab("127.0.0.1:4203");
        assert_eq!(one.vault_host(&vault).as_deref(), Some("127.0.0.1:4203"));
        assert!(one.owns_vault_host("127.0.0.1:4203") && !one.owns_vault_host("127.0.0.1:4204"));
        let none = lab("");
        assert!(none.vault_host(&vault).is_none() && !none.owns_vault_host(""));
    }

    #[test]
    fn the_newest_version_is_that_which_was_made_last() {
        let version = |id: &str, second: i64, enabled| SecretVersion {
            id: id.to_owned(),
            enabled,
            created: Timestamp::from_second(second).unwrap(),
            updated: None,
            expires: None,
            not_before: None,
            content_type: None,
            tags: BTreeMap::new(),
        };
        assert_eq!(SecretVersions::new(Vec::new()), None);
        let all = [
            version("old", 1, true),
            version("new", 3, false),
            version("same", 3, true),
            version("middle", 2, true),
        ];
        let all = SecretVersions::new(all.to_vec()).unwrap();
        let ids = |some: Vec<&SecretVersion>| some.iter().map(|one| one.id.clone()).collect();
        let order: Vec<String> = ids(all.iter().collect());
        assert_eq!(order, ["new", "same", "middle", "old"]);
        let newest: Vec<String> = ids(all.may_be_newest().collect());
        assert_eq!(newest, ["new", "same"]);
        assert!(!all.newest().enabled, "a disabled one counts");
    }

    #[test]
    fn a_version_that_the_service_would_refuse_is_not_tried() {
        let tagged = |tags: Vec<(String, String)>| NewVersion {
            tags: tags.into_iter().collect(),
            ..NewVersion::default()
        };
        let many = |count: usize| {
            let tags = (0..count).map(|n| (format!("t{n}"), String::new()));
            tagged(tags.collect())
        };
        assert_eq!(many(15).check(), Ok(()));
        assert!(many(16).check().is_err());
        let long = |name: usize, value: usize| tagged(vec![("n".repeat(name), "v".repeat(value))]);
        assert_eq!(long(256, 256).check(), Ok(()));
        assert!(long(257, 1).check().is_err() && long(1, 257).check().is_err());
        let typed = |chars: usize| NewVersion {
            content_type: Some("t".repeat(chars)),
            ..NewVersion::default()
        };
        assert!(typed(255).check().is_ok() && typed(256).check().is_err());
    }
}
