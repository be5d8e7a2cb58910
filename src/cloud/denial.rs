//! Why a service turned the caller away: because of the token, the address, a policy, or a missing right.
//!
//! Databricks answers 403 for all of these, so the text of the response has to tell them apart.
//! Where that is not recognized, a 401 counts as a refused token and a 403 as a missing right.

use std::net::IpAddr;

use super::fields::header;
use super::who::Service;
use crate::http::Response;

/// Why an answer of 401 or 403 was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denial {
    /// The token has ended, or ends before the request would.
    Ended,
    /// The token was revoked, or is none that this service knows.
    Invalid,
    /// The token was refused, and nobody says why.
    Token,
    /// The token is of another tenant.
    Tenant,
    /// The sign-in does not satisfy a Conditional Access policy, or was taken back since.
    SignIn,
    /// The address that the request came from is not let in.
    Address(Option<IpAddr>),
    /// The same at a vault, which has a firewall of its own.
    Firewall(Option<IpAddr>),
    /// A policy forbids the request, whatever rights there are.
    Policy,
    /// The token that it asks for opens something else than itself: whoever answers is not what it should be.
    Elsewhere,
    /// A right is missing.
    Right,
}

impl Denial {
    /// Reads an answer, whose error says `code` and `said`; `None`: it is no refusal of who asks.
    pub fn of(
        service: Service<'_>,
        response: &Response,
        code: Option<&str>,
        said: &str,
    ) -> Option<Self> {
        if !matches!(response.status, 401 | 403) {
            return None;
        }
        let by_words = match service {
            Service::Arm => by_code(code, response),
            Service::Databricks(_) => by_words(said),
            Service::Vault => by_vault_code(code, said),
        };
        // A page that no service wrote: whoever is on the way knows nothing of rights.
        let is_elsewhere = response.is_page() && said.is_empty();
        let usual = match response.status {
            401 => Some(Self::Token),
            _ => (!is_elsewhere).then_some(Self::Right),
        };
        by_words.or(usual)
    }

    /// Could another token be taken?
    pub const fn is_renewable(self) -> bool {
        matches!(
            self,
            Self::Ended | Self::Invalid | Self::Token | Self::SignIn
        )
    }

    /// What it means and what to do, to stand behind the service's own words. `origin`: where the token came from, and whether
    /// another one has been fetched and refused.
    pub fn advice(self, origin: &str, renewed: bool) -> Option<String> {
        Some(match self {
            Self::Ended if renewed => format!(
                "a new token of {origin} was refused, too: sign in there again, and check this machine's clock"
            ),
            Self::Ended => format!(
                "the token of {origin} has ended, and nothing renews it: put a new one there"
            ),
            Self::Invalid if renewed => format!(
                "a new token of {origin} was refused, too: it may be of another tenant, or for another service"
            ),
            Self::Invalid => format!(
                "the token of {origin} was revoked, or is for another workspace: create a new one and put it there"
            ),
            Self::Token if renewed => return None,
            Self::Token => format!(
                "the token of {origin} has ended or is wrong, and nothing renews it: put a good one there"
            ),
            Self::Tenant => format!(
                "the token of {origin} is of another tenant than the subscription: sign in to the tenant of the subscription"
            ),
            Self::SignIn => format!(
                "a Conditional Access policy wants another sign-in than that of {origin}: sign in again, or ask whoever administers the tenant"
            ),
            Self::Address(Some(ip)) => format!(
                "run afresh from an allowed address, or have {ip} added to the workspace's IP access list"
            ),
            Self::Address(None) => {
                "run afresh from an allowed network, or have the workspace's network rules changed"
                    .to_owned()
            }
            Self::Firewall(Some(ip)) => format!(
                "run afresh from an allowed address, or have {ip} added to the vault's firewall"
            ),
            Self::Firewall(None) => {
                "run afresh from an allowed network, or have the vault's networking changed"
                    .to_owned()
            }
            Self::Policy => {
                "a policy forbids it, whatever the rights: ask whoever administers the subscription"
                    .to_owned()
            }
            Self::Elsewhere => "no token goes there".to_owned(),
            Self::Right => return None,
        })
    }
}

/// Resource Manager has a code for each, and asks for another sign-in in a header (a claims challenge).
fn by_code(code: Option<&str>, response: &Response) -> Option<Denial> {
    let challenge = header(response, &["www-authenticate"]).unwrap_or_default();
    if challenge.contains("insufficient_claims") || challenge.contains("claims=") {
        return Some(Denial::SignIn);
    }
    Some(match code? {
        "ExpiredAuthenticationToken" => Denial::Ended,
        "InvalidAuthenticationToken" | "InvalidAuthenticationTokenAudience" => Denial::Invalid,
        "InvalidAuthenticationTokenTenant" => Denial::Tenant,
        "RequestDisallowedByPolicy" | "RequestDisallowedByAzure" => Denial::Policy,
        _ => return None,
    })
}

/// Key Vault says why in the code of an inner error; of the token, in numbered words ("Azure Key Vault REST API error codes").
fn by_vault_code(code: Option<&str>, said: &str) -> Option<Denial> {
    // The token's issuer is another tenant than the vault's; and its audience is another service.
    if said.contains("AKV10032") {
        return Some(Denial::Tenant);
    }
    if said.contains("AKV10022") {
        return Some(Denial::Invalid);
    }
    match code? {
        "ForbiddenByFirewall" | "ForbiddenByConnection" | "ForbiddenByNsp" => {
            Some(Denial::Firewall(address(said)))
        }
        _ => None,
    }
}

/// Databricks has words, in JSON and in pages for people.
fn by_words(said: &str) -> Option<Denial> {
    let folded = said.to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| folded.contains(word));
    if any(&[
        "ip acl",
        "ip access list",
        "source ip address",
        "network access to workspace",
        "public access is not allowed",
        "network policy",
    ]) {
        return Some(Denial::Address(address(said)));
    }
    if !folded.contains("token") {
        return None;
    }
    if any(&["expire", "expiring"]) {
        Some(Denial::Ended)
    } else if any(&[
        "invalid",
        "revoked",
        "malformed",
        "not valid",
        "not recognized",
    ]) {
        Some(Denial::Invalid)
    } else {
        None
    }
}

/// The first address in a text.
fn address(said: &str) -> Option<IpAddr> {
    let belongs = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
    let mut words = said.split(|c| !belongs(c));
    words.find_map(|word| word.trim_matches('.').trim_end_matches(':').parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue};

    fn denied(service: Service<'_>, status: u16, code: &str, said: &str) -> Option<Denial> {
        let response = Response {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        };
        Denial::of(service, &response, Some(code), said)
    }

    #[test]
    fn the_words_of_a_workspace_tell_what_is_wrong() {
        let ip = |text: &str| Denial::Address(text.parse().ok());
        for (said, wanted) in [
            (
                "Token is expiring within 30 seconds. (token expired)",
                Denial::Ended,
            ),
            ("The access token expired", Denial::Ended),
            ("Invalid access token.", Denial::Invalid),
            ("Access token has been revoked", Denial::Invalid),
            ("Invalid Token", Denial::Invalid),
            (
                "Source IP address: 192.0.2.7 is blocked by Databricks IP ACL for workspace: 1234567890123456",
                ip("192.0.2.7"),
            ),
            (
                "Source IP address: 2001:db8::7 is blocked by Databricks IP ACL for workspace: 1",
                ip("2001:db8::7"),
            ),
            (
                "Unauthorized network access to workspace: 1234567890123456",
                Denial::Address(None),
            ),
            ("User does not have permission View on job 7", Denial::Right),
            ("User not authorized.", Denial::Right),
            (
                "me@example.com does not have permission to use tokens.",
                Denial::Right,
            ),
            ("", Denial::Right),
        ] {
            let found = denied(Service::Databricks(None), 403, "403", said);
            assert_eq!(found, Some(wanted), "{said}");
        }
        let page = Response {
            status: 403,
            headers: HeaderMap::new(),
            body: Bytes::from_static(b"<html><title>Access denied</title></html>"),
        };
        let found = Denial::of(Service::Databricks(None), &page, None, "");
        assert_eq!(found, None, "a proxy's page is about no right");
        let bare = |status| denied(Service::Databricks(None), status, "", "no");
        assert_eq!(
            [401, 403, 404].map(bare),
            [Some(Denial::Token), Some(Denial::Right), None]
        );
    }

    #[test]
    fn resource_manager_has_codes_and_challenges() {
        for (status, code, wanted) in [
            (401, "ExpiredAuthenticationToken", Denial::Ended),
            (401, "InvalidAuthenticationToken", Denial::Invalid),
            (401, "InvalidAuthenticationTokenTenant", Denial::Tenant),
            (401, "AuthenticationFailed", Denial::Token),
            (403, "RequestDisallowedByPolicy", Denial::Policy),
            (403, "AuthorizationFailed", Denial::Right),
        ] {
            assert_eq!(
                denied(Service::Arm, status, code, "token expired"),
                Some(wanted)
            );
        }
        let mut headers = HeaderMap::new();
        let challenge = "Bearer realm=\"\", error=\"insufficient_claims\", claims=\"eyJhIjoxfQ==\"";
        headers.insert("www-authenticate", HeaderValue::from_static(challenge));
        let response = Response {
            status: 401,
            headers,
            body: Bytes::new(),
        };
        let found = Denial::of(Service::Arm, &response, None, "");
        assert_eq!(found, Some(Denial::SignIn));
    }
}
