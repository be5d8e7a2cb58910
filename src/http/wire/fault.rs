//! What a failed exchange means, in words for people: what went wrong, and what to do about it.
//!
//! A proxy is never named by its address, which may hold a password.

use std::error::Error;

use super::super::message::{Failure, Sent};
use super::super::redact::redact;
use crate::loopback::is_loopback;

/// A request that could not be built or connected never left; of everything later nobody knows.
pub(super) fn failure(error: &reqwest::Error) -> Failure {
    let sent = if error.is_connect() || error.is_builder() {
        Sent::No
    } else {
        Sent::Maybe
    };
    Failure {
        sent,
        ..lost(error)
    }
}

/// The same once an answer has begun.
pub(super) fn lost(error: &reqwest::Error) -> Failure {
    let what = if error.is_timeout() && !error.is_connect() {
        "no answer in time".to_owned()
    } else if error.is_connect() {
        let causes = causes(error);
        // On this machine no network and no proxy can be the reason.
        let host = error.url().and_then(url::Url::host);
        let is_here = host.is_some_and(|host| is_loopback(&host));
        let said = if is_here && !causes.iter().any(|cause| cause.contains("certificate")) {
            causes.last().cloned().unwrap_or_default()
        } else {
            unconnected(&causes)
        };
        format!("no connection: {said}")
    } else {
        causes(error).pop().unwrap_or_default()
    };
    Failure::network(Sent::Maybe, redact(&what))
}

/// An error and all that led to it, the deepest one last. That one says what happened; the layers above only that something did.
fn causes(error: &dyn Error) -> Vec<String> {
    let mut all = vec![error.to_string()];
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
        all.push(cause.to_string());
    }
    all
}

/// The libraries' own words, which are all that tells these cases apart: the types behind them are not public.
fn unconnected(causes: &[String]) -> String {
    let said = causes.last().map_or("", String::as_str);
    let any = |word: &str| causes.iter().any(|cause| cause.contains(word));
    let proxy = "the proxy that HTTPS_PROXY or ALL_PROXY names";
    if any("proxy authorization required") {
        format!(
            "{proxy} wants a sign-in (407): write user and password into the variable, or name the host in NO_PROXY"
        )
    } else if any("tunnel error: failed to create underlying connection") {
        format!(
            "{proxy} cannot be reached ({said}): check the variable, or name the host in NO_PROXY"
        )
    } else if any("tunnel error") {
        format!(
            "{proxy} did not let the request through: ask whoever runs it to allow the host, or name the host in NO_PROXY"
        )
    } else if any("dns error") {
        format!(
            "no address is known for this name ({said}): check the name and the network; behind a proxy, set HTTPS_PROXY"
        )
    } else if any("UnknownIssuer") {
        format!(
            "nobody whom this machine trusts has signed its certificate ({said}): if a company's own authority has, as a proxy that \
             reads along does, name that authority's file in SSL_CERT_FILE"
        )
    } else if any("certificate expired") || any("certificate not valid yet") {
        format!("{said}: check this machine's clock; else whoever runs the server has to renew it")
    } else if any("certificate not valid for name") {
        format!("{said}: the server is another one than was asked for; check the address")
    } else if ["refused", "timed out", "unreachable", "no route"]
        .iter()
        .any(|word| any(word))
    {
        format!("{said}: check the network; behind a proxy, set HTTPS_PROXY")
    } else {
        said.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The causes as reqwest 0.13 gave them on Linux; asking a name server in a test would leave this machine.
    #[test]
    fn what_can_be_done_is_said_with_what_happened() {
        let told =
            |deepest: &str| unconnected(&["client error (Connect)", deepest].map(str::to_owned));
        for (deepest, advice) in [
            (
                "Connection refused (os error 111)",
                "check the network; behind a proxy, set HTTPS_PROXY",
            ),
            (
                "Network is unreachable (os error 101)",
                "check the network; behind a proxy, set HTTPS_PROXY",
            ),
            (
                "operation timed out",
                "check the network; behind a proxy, set HTTPS_PROXY",
            ),
            (
                "invalid peer certificate: certificate expired: verification time 2 (UNIX), but certificate is not valid after 1",
                "check this machine's clock; else whoever runs the server has to renew it",
            ),
            (
                "invalid peer certificate: certificate not valid for name \"a\"; certificate is only valid for DnsName(\"b\")",
                "the server is another one than was asked for; check the address",
            ),
        ] {
            assert_eq!(told(deepest), format!("{deepest}: {advice}"));
        }
        assert_eq!(told("something else"), "something else");
    }

    #[test]
    fn a_name_without_an_address_is_told() {
        let causes = [
            "error sending request for url (https://nowhere.invalid/)",
            "client error (Connect)",
            "dns error",
            "the name server says that it does not exist",
        ];
        assert_eq!(
            unconnected(&causes.map(str::to_owned)),
            "no address is known for this name (the name server says that it does not exist): check the name and the network; behind a \
             proxy, set HTTPS_PROXY"
        );
    }
}
