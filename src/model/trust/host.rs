//! Hosts, as addresses name them and as a policy allows them.
//!
//! A pattern must not cover what nobody meant: a `*`, a suffix that many owners share, and an address with a scheme are errors.

use std::fmt;

use url::Url;

use crate::loopback::is_loopback;

/// `host`, or `host:port` where the port is not 443 (80 for loopback), in lower case; `.suffix` stands for every host below a domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(String);

impl Host {
    /// The host that a request to this address goes to. What is no plain https address, or http to loopback, keeps its whole text, so
    /// that nothing covers it.
    pub fn of_address(address: &str) -> Self {
        let plain = || {
            let url = Url::parse(address).ok()?;
            let host = url.host_str()?.to_ascii_lowercase();
            let host = Self(match url.port() {
                Some(port) => format!("{host}:{port}"),
                None => host,
            });
            let is_bare = url.username().is_empty() && url.password().is_none();
            let is_sent = url.scheme() == "https" || url.scheme() == "http" && host.is_loopback();
            (is_bare && is_sent).then_some(host)
        };
        plain().unwrap_or_else(|| Self(address.to_owned()))
    }

    /// A host (with its port, if it has one) or a domain with a leading dot, as a manifest names one.
    pub fn named(text: &str) -> Self {
        Self(text.to_ascii_lowercase())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is it a name that can be compared with others? An address that is none keeps its whole text, and may end like any host.
    pub(super) fn is_name(&self) -> bool {
        let (name, _) = without_port(&self.0);
        is_name(name.strip_prefix('.').unwrap_or(name))
    }

    /// Is it this machine, by its address?
    pub fn is_loopback(&self) -> bool {
        let (name, _) = without_port(&self.0);
        url::Host::parse(name).is_ok_and(|host| is_loopback(&host))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name and, behind a colon that is none of an IPv6 address, the port.
fn without_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (name, Some(port)),
        _ => (text, None),
    }
}

/// What a policy allows: exactly one host, or all hosts below a domain of somebody's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPattern(String);

impl HostPattern {
    /// Reads `login.lab.example.com`, `login.lab.example.com:8443` or `.lab.example.com`.
    ///
    /// # Errors
    /// A sentence: why it is no host, or covers too much.
    pub fn parse(text: &str) -> Result<Self, String> {
        let folded = text.to_ascii_lowercase();
        if folded.contains('/') {
            return Err("write the host alone: it is always reached over https".to_owned());
        }
        if folded.contains('*') {
            return Err("there are no patterns but a leading dot: `.lab.example.com` covers every host below that domain".to_owned());
        }
        let (name, port) = without_port(&folded);
        let suffix = name.strip_prefix('.');
        if !is_name(suffix.unwrap_or(name)) {
            return Err("it reads `login.lab.example.com`, with its port if that is not 443, or `.lab.example.com`".to_owned());
        }
        if Host(folded.clone()).is_loopback() || name == "localhost" {
            return Err("loopback is not for a policy to allow: --allow-loopback does".to_owned());
        }
        match (suffix, port) {
            (Some(_), Some(_)) => {
                Err("a domain has no port; name single hosts with theirs".to_owned())
            }
            (Some(domain), None) if psl::domain_str(domain).is_none() || is_shared(domain) => Err(
                format!("`{domain}` is a suffix that many owners share; name a domain of your own"),
            ),
            (None, Some("443")) => Ok(Self(name.to_owned())),
            (None, Some(port)) if port.parse::<u16>().is_err() => {
                Err("that is not a port".to_owned())
            }
            _ => Ok(Self(folded)),
        }
    }

    /// Does it cover this host, or all of this domain? A domain covers only what has the same owner: `.azure.com` is no leave for
    /// `me.westeurope.cloudapp.azure.com`, which anybody can have.
    pub fn covers(&self, host: &Host) -> bool {
        let Some(domain) = self.0.strip_prefix('.') else {
            return host.0 == self.0;
        };
        let name = host.0.strip_prefix('.').unwrap_or(&host.0);
        let is_below = host.0 == self.0 || host.0.len() > self.0.len() && host.0.ends_with(&self.0);
        is_below
            && host.is_name()
            && !is_shared(name)
            && psl::domain_str(name) == psl::domain_str(domain)
    }

    /// Is it exactly one host, and one of those below this domain?
    pub(super) fn is_one_of(&self, domain: &Host) -> bool {
        !self.0.starts_with('.') && domain.0.starts_with('.') && self.0.ends_with(&domain.0)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Domains of Azure below which anybody can have a host that runs what they like, and which the public suffix list does not have.
const SHARED: [&str; 6] = [
    "azmk8s.io",
    "azure.databricksapps.com",
    "azurecontainerapps.io",
    "azurehdinsight.net",
    "cloudapp.azure.com",
    "inference.ml.azure.com",
];

/// Is it one of [`SHARED`], or below one?
fn is_shared(name: &str) -> bool {
    let below = |rest: &str| rest.is_empty() || rest.ends_with('.');
    let mut shared = SHARED.iter();
    shared.any(|domain| name.strip_suffix(domain).is_some_and(below))
}

/// Letters, digits and hyphens, in parts with dots between them.
fn is_name(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() <= 253 && text.split('.').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_by_the_host_that_it_is_sent_to() {
        for (address, host) in [
            ("https://Login.Example.com/x", "login.example.com"),
            ("https://login.example.com:443", "login.example.com"),
            ("https://login.example.com:8443", "login.example.com:8443"),
            ("http://127.0.0.1:4771", "127.0.0.1:4771"),
            ("http://[::1]:4771/", "[::1]:4771"),
        ] {
            assert_eq!(Host::of_address(address).as_str(), host);
        }
        let evil = HostPattern::parse("login.example.com").unwrap();
        assert_eq!(
            HostPattern::parse("login.example.com:443"),
            Ok(evil.clone())
        );
        for other in [
            "http://login.example.com",
            "https://login.example.com@evil.example",
            "https://me@login.example.com",
            "https://login.example.com:8443",
            "https://login.example.com.evil.example",
            "https://login.example.com%2eevil.example",
            "ftp://login.example.com",
            "login.example.com/",
            "",
        ] {
            assert!(!evil.covers(&Host::of_address(other)), "{other}");
        }
    }

    #[test]
    fn a_pattern_is_one_host_or_a_domain_of_somebodys_own() {
        for good in [
            "me.westeurope.cloudapp.azure.com",
            ".notcloudapp.azure.com",
            "login.lab.example.com",
            "login.lab.example.com:8443",
            ".lab.example.com",
            ".example.co.uk",
            ".stack.internal",
            "stack",
        ] {
            assert!(HostPattern::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "https://login.example.com",
            "*.example.com",
            "login.*.example.com",
            ".com",
            ".co.uk",
            ".azurewebsites.net",
            ".cloudapp.azure.com",
            ".westeurope.cloudapp.azure.com",
            ".lab.example.com:443",
            "..example.com",
            "login.example.com:port",
            "login.example.com:99999",
            "127.0.0.1",
            "127.0.0.1:80",
            "localhost",
            "[::1]",
            "me@example.com",
            "",
        ] {
            assert!(HostPattern::parse(bad).is_err(), "{bad}");
        }
        let below = HostPattern::parse(".lab.example.com").unwrap();
        for address in [
            "https://me@evil.example/x.lab.example.com",
            "http://evil.example/x.lab.example.com",
            "https://evil.example:99999/x.lab.example.com",
        ] {
            assert!(!below.covers(&Host::of_address(address)), "{address}");
        }
        for (host, is_covered) in [
            ("evil.example/x.lab.example.com", false),
            ("evil.example#x.lab.example.com", false),
            ("me@x.lab.example.com", false),
            ("login.lab.example.com", true),
            (".lab.example.com", true),
            (".west.lab.example.com", true),
            ("lab.example.com", false),
            ("evil-lab.example.com", false),
            (".example.com", false),
            ("login.lab.example.com:8443", false),
            ("login.lab.example.com.evil.example", false),
        ] {
            assert_eq!(below.covers(&Host::named(host)), is_covered, "{host}");
        }
        for (domain, host, is_covered) in [
            (".azure.com", "management.azure.com", true),
            (".azure.com", "evil.westeurope.cloudapp.azure.com", false),
            (".azure.com", ".cloudapp.azure.com", false),
            (".windows.net", "login.windows.net", true),
            (".windows.net", "evil.blob.core.windows.net", false),
            (".core.windows.net", "evil.z6.web.core.windows.net", false),
            (".windows.net", "evil.servicebus.windows.net", false),
            (".stack.internal", "arm.stack.internal", true),
        ] {
            let pattern = HostPattern::parse(domain).unwrap();
            assert_eq!(
                pattern.covers(&Host::named(host)),
                is_covered,
                "{domain} {host}"
            );
        }
    }

    #[test]
    fn this_machine_is_known_by_its_addresses_alone() {
        for near in ["127.0.0.1", "127.9.9.9:80", "[::1]:80", "127.1", "[0:0::1]"] {
            assert!(Host::named(near).is_loopback(), "{near}");
        }
        for far in [
            "127.0.0.1.example.com",
            "localhost",
            "localhost:1",
            "1.2.3.4",
            ".localhost",
            "[::2]",
            "localhost.example.com",
            "",
        ] {
            assert!(!Host::named(far).is_loopback(), "{far}");
        }
    }
}
