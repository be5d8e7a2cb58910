//! Reads the proxy variables where the HTTP library would silently ignore them: whitespace or quotes around an address, or no address.
//!
//! An address is never shown, since it may hold a password. The environment is passed in, not read here.

use std::fmt;

use http::Uri;

/// Variables in the order in which they are looked at; the first that is set counts.
const PROXY: [[&str; 2]; 2] = [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]];
const DIRECT: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// A proxy for https, as the environment means it.
#[derive(Clone, Default)]
pub enum Proxies {
    /// The library reads it alike.
    #[default]
    AsFound,
    /// Through this address, but for these hosts.
    Meant {
        /// `http://user:password@host:port`.
        address: String,
        /// As in `NO_PROXY`.
        direct: String,
    },
    /// It cannot be an address; in words.
    Wrong(String),
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsFound => "AsFound",
            Self::Meant { .. } => "Meant",
            Self::Wrong(_) => "Wrong",
        })
    }
}

impl Proxies {
    /// Reads the variables.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: [&'static str; 2]| {
            let mut set = names
                .into_iter()
                .filter_map(|name| Some((name, variable(name)?)));
            set.next()
        };
        let mut said = PROXY.into_iter().filter_map(first);
        let Some((name, value)) = said.find(|(_, value)| !bare(value).is_empty()) else {
            return Self::AsFound;
        };
        let meant = bare(&value);
        if !is_address(meant) {
            let fault = if meant.contains(char::is_whitespace) {
                "it contains a blank"
            } else {
                "it should be like http://host:port"
            };
            return Self::Wrong(format!(
                "{name} {} ({fault})",
                super::message::NO_PROXY_ADDRESS
            ));
        }
        if meant == value {
            return Self::AsFound;
        }
        let direct = first(DIRECT).map(|(_, value)| bare(&value).to_owned());
        Self::Meant {
            address: if meant.contains("://") {
                meant.to_owned()
            } else {
                format!("http://{meant}")
            },
            direct: direct.unwrap_or_default(),
        }
    }
}

/// Without blanks and quotes around it.
fn bare(value: &str) -> &str {
    let value = value.trim();
    let unquoted = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    unquoted('"')
        .or_else(|| unquoted('\''))
        .unwrap_or(value)
        .trim()
}

fn is_address(text: &str) -> bool {
    let uri = text.parse::<Uri>();
    uri.is_ok_and(|uri| {
        let scheme = uri.scheme_str().unwrap_or("http");
        let is_known = matches!(scheme, "http" | "https") || scheme.starts_with("socks");
        is_known && uri.host().is_some_and(|host| !host.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(set: &[(&str, &str)]) -> (&'static str, String) {
        let found = |name: &str| {
            let pair = set.iter().find(|(known, _)| *known == name);
            pair.map(|(_, value)| (*value).to_owned())
        };
        match Proxies::of(found) {
            Proxies::AsFound => ("found", String::new()),
            Proxies::Meant { address, direct } => ("meant", format!("{address} but {direct}")),
            Proxies::Wrong(why) => ("wrong", why),
        }
    }

    #[test]
    fn an_address_with_something_around_it_is_read_as_it_was_meant() {
        for clean in [
            "http://proxy:3128",
            "proxy:3128",
            "http://u:p@proxy",
            "",
            " ",
        ] {
            assert_eq!(of(&[("HTTPS_PROXY", clean)]).0, "found", "{clean}");
        }
        assert_eq!(of(&[]).0, "found");
        for dirty in [
            " http://proxy:3128",
            "http://proxy:3128\r\n",
            "\"http://proxy:3128\"",
            "proxy:3128 ",
        ] {
            let direct = ("no_proxy", "a, b\n");
            assert_eq!(
                of(&[("https_proxy", dirty), direct]),
                ("meant", "http://proxy:3128 but a, b".to_owned()),
                "{dirty}"
            );
        }
        assert_eq!(
            of(&[("HTTPS_PROXY", " "), ("ALL_PROXY", "proxy:1 ")]).1,
            "http://proxy:1 but "
        );
    }

    #[test]
    fn what_is_no_address_is_told_and_not_shown() {
        let (word, why) = of(&[("HTTPS_PROXY", "http://pro xy:s3cret@host")]);
        assert_eq!(
            (word, why.as_str()),
            (
                "wrong",
                "HTTPS_PROXY is not the address of a proxy (it contains a blank)"
            )
        );
        for wrong in ["ftp://proxy", "http://", "http:/proxy:3128"] {
            assert_eq!(of(&[("ALL_PROXY", wrong)]).0, "wrong", "{wrong}");
        }
    }
}
