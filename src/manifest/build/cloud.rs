//! Cloud documents, and the addresses in them.
//!
//! Plain http is accepted for loopback only, since tokens are sent to these addresses.

use crate::limits::{REQUEST_LIFETIME, REQUEST_LIFETIME_MAX};
use crate::model::connection::{Cloud, DATABRICKS_APPLICATION, Limits, Rate};
use crate::model::kind::Kind;
use crate::model::time::Span;
use crate::model::trust::Host;

use super::super::document::{Document, Spec};
use super::super::mark::{At, Mark};
use super::super::mask::clipped;
use super::super::problem::{Findings, Problem};
use super::super::shape::connection::{LimitsText, RateText};
use super::super::shape::leaf::Filled;
use super::context::{Context, Declared};

/// The clouds that need no document.
pub const BUILT_IN: [&str; 3] = ["public", "usGovernment", "china"];

/// All Cloud documents.
pub fn clouds(context: &mut Context<'_>) -> Declared<Cloud> {
    let mut clouds = Declared::new();
    for (name, document) in Context::of_kind(context.documents, Kind::Cloud) {
        if BUILT_IN.contains(&name.as_str()) {
            let message = format!("the cloud `{name}` is built in");
            context
                .findings
                .add(Problem::at(document.mark, message).help("give yours another name"));
        }
        clouds.insert(name, cloud(document, context.findings));
    }
    clouds
}

fn cloud(document: &Document, findings: &mut Findings) -> Option<Cloud> {
    let Some(Spec::Cloud(spec)) = &document.spec else {
        return None;
    };
    let authority = address(&spec.authority, "`authority`", findings);
    let resource_manager = address(&spec.resource_manager, "`resourceManager`", findings);
    let audience = spec
        .audience
        .as_ref()
        .map(|audience| audience.value.0.clone());
    let databricks = spec.databricks.as_ref();
    let databricks_domain = domain(databricks.map(|part| &part.domain), findings);
    let vault = spec.vault.as_ref();
    let vault_domain = domain(vault.map(|part| &part.domain), findings);
    let name = document.name.as_ref()?.value.to_string();
    let resource_manager = resource_manager?;
    let audience = audience.unwrap_or_else(|| resource_manager.clone());
    let resource = databricks.and_then(|part| part.resource.as_ref());
    let management = databricks.and_then(|part| part.management_audience.as_ref());
    let vault_domain = vault_domain?;
    let vault_resource = vault.and_then(|part| part.resource.as_ref());
    let cloud = Cloud {
        name,
        authority: authority?,
        resource_manager,
        databricks_management: management.map_or_else(|| audience.clone(), |text| text.0.clone()),
        audience,
        databricks_domain: databricks_domain?,
        databricks_resource: resource
            .map_or_else(|| DATABRICKS_APPLICATION.to_owned(), |text| text.0.clone()),
        vault_resource: match vault_resource {
            Some(text) => text.0.trim_end_matches('/').to_owned(),
            None if vault_domain.is_empty() => String::new(),
            None => format!("https://{}", vault_domain.trim_start_matches('.')),
        },
        vault_domain,
        limits: limits(spec.limits.as_ref()),
    };
    check_lifetime(spec.limits.as_ref(), &cloud, findings);
    Some(cloud)
}

/// Another machine and its service may take as long as Azure; only this one is known to be faster.
fn check_lifetime(written: Option<&LimitsText>, cloud: &Cloud, findings: &mut Findings) {
    let Some(lifetime) = written.and_then(|limits| limits.request_lifetime.as_ref()) else {
        return;
    };
    let (least, most) = (REQUEST_LIFETIME.as_secs(), REQUEST_LIFETIME_MAX.as_secs());
    let (least, most) = (Span::seconds(least), Span::seconds(most));
    let length = lifetime.value.0;
    let message = if length == Span::ZERO {
        "`requestLifetime` must be longer than nothing".to_owned()
    } else if length > most {
        format!("`requestLifetime` is {length}, and can be {most} at most")
    } else if length < least && !cloud.is_loopback() {
        format!(
            "`requestLifetime` is {length}: less than {least} is for clouds whose hosts are all loopback"
        )
    } else {
        return;
    };
    let help = format!(
        "write {least} to {most}: while a request may be under way, nobody can tell whether it happened"
    );
    findings.add(Problem::at(lifetime.mark, message).help(help));
}

/// What is not written is as at Azure.
fn limits(written: Option<&LimitsText>) -> Limits {
    let lifetime = written.and_then(|limits| limits.request_lifetime.as_ref());
    let (azure, written) = (
        Limits::AZURE,
        |part: fn(&LimitsText) -> &Option<RateText>| {
            let rate = written.and_then(|limits| part(limits).as_ref())?;
            Some(Rate {
                burst: rate.burst.0,
                per_second: rate.per_second.0,
            })
        },
    );
    Limits {
        reads: written(|limits| &limits.reads).unwrap_or(azure.reads),
        writes: written(|limits| &limits.writes).unwrap_or(azure.writes),
        databricks: written(|limits| &limits.databricks).unwrap_or(azure.databricks),
        request_lifetime: lifetime.map_or(azure.request_lifetime, |lifetime| lifetime.value.0),
    }
}

/// A domain of hosts; empty, and so the home of none, in a cloud without the service.
fn domain(written: Option<&At<Filled>>, findings: &mut Findings) -> Option<String> {
    let Some(written) = written else {
        return Some(String::new());
    };
    let text = &written.value.0;
    let host = text.strip_prefix('.').unwrap_or(text);
    let (host, port) = host
        .split_once(':')
        .map_or((host, None), |(host, port)| (host, Some(port)));
    let port_fits = port.is_none_or(|port| !text.starts_with('.') && port.parse::<u16>().is_ok());
    if is_name_of_this_machine(host) {
        findings.add(name_of_this_machine(written.mark));
        return None;
    }
    if is_host(host) && port_fits {
        return Some(text.to_ascii_lowercase());
    }
    let message = format!("`{}` is not a domain", clipped(text));
    let help = "write `.suffix` for all hosts that end with it, or one host, with its port if it has one, without `https://`";
    findings.add(Problem::at(written.mark, message).help(help));
    None
}

/// A host without its scheme and path.
pub fn bare_host(text: &str) -> &str {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Letters, digits and hyphens, in parts with dots between them.
pub fn is_host(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() <= 253 && text.split('.').all(part)
}

/// An https address, or http to this machine, without a slash at its end.
pub fn address(text: &At<Filled>, what: &str, findings: &mut Findings) -> Option<String> {
    let written = text.value.0.as_str();
    let problem = match written.split_once("://") {
        Some(("https" | "http", rest)) if is_name_of_this_machine(host_of(rest)) => {
            name_of_this_machine(text.mark)
        }
        Some(("https", rest)) if is_host(host_of(rest)) => return Some(trimmed(written)),
        Some(("http", _)) if Host::of_address(written).is_loopback() => {
            return Some(trimmed(written));
        }
        Some(("http", _)) => Problem::at(text.mark, format!("{what} must be reached over https"))
            .label("tokens would travel in clear")
            .help("write `https://…`; plain http goes to loopback only (127.0.0.1)"),
        _ => {
            let help = format!(
                "it reads https://{}",
                clipped(written.trim_start_matches('/'))
            );
            let problem = Problem::at(text.mark, format!("{what} is not an https address"));
            if is_host(host_of(written)) {
                problem.help(help)
            } else {
                problem.help("it reads https://HOST")
            }
        }
    };
    findings.add(problem);
    None
}

fn is_name_of_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
}

fn name_of_this_machine(mark: Mark) -> Problem {
    Problem::at(
        mark,
        "`localhost` is a name, and not an address of this machine",
    )
    .label("what a name leads to is decided elsewhere")
    .help("write `127.0.0.1`")
}

/// The host in front of port, path and query. What holds a user or a password is no host.
fn host_of(rest: &str) -> &str {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        _ => authority,
    }
}

fn trimmed(address: &str) -> String {
    address.trim_end_matches('/').to_owned()
}
