//! Which addresses a host has, on Linux: as `/etc/hosts` says, or as the name servers of `/etc/resolv.conf` answer.
//!
//! The C library is not asked. It loads plug-ins for names while the program runs, which a program that is one static file cannot. The same
//! code serves a build that is not static, so that the one that is released is the one that was tested.
//!
//! No other name server is ever asked. Without `/etc/resolv.conf`, names have no address.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::system_conf::parse_resolv_conf;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Where a machine, a container or a pod says which name servers to ask.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// The name servers of this machine. The files are read when a name is first needed.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    servers: Arc<OnceLock<Result<Servers, String>>>,
}

/// Name servers in the order in which they are asked, at least one.
#[derive(Clone, Debug)]
struct Servers {
    each: Vec<TokioResolver>,
    /// How often all of them are asked before a name has no address.
    rounds: usize,
}

impl Names {
    /// The name servers, or why there is none.
    fn servers(&self) -> Result<Servers, String> {
        let made = || {
            let (config, options) = read(Path::new(RESOLV_CONF))?;
            Servers::of(&config, &options)
        };
        self.servers.get_or_init(made).clone()
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let servers = self.servers();
        Box::pin(async move {
            let servers = servers.map_err(io::Error::other)?;
            let found = servers.addresses(name.as_str()).await;
            let found = found.map_err(io::Error::other)?;
            Ok::<Addrs, _>(Box::new(found.into_iter()))
        })
    }
}

impl Servers {
    /// A resolver for each of them. The library asks several at once, and takes the answer of one that is broken for that of all; for a
    /// single one it is as resolv.conf(5) promises.
    fn of(config: &ResolverConfig, options: &ResolverOpts) -> Result<Self, String> {
        let mut once = options.clone();
        once.attempts = 1;
        let resolver = |server: &NameServerConfig| {
            let (domain, search) = (config.domain().cloned(), config.search().to_vec());
            let config = ResolverConfig::from_parts(domain, search, vec![server.clone()]);
            let provider = TokioRuntimeProvider::default();
            let builder = TokioResolver::builder_with_config(config, provider);
            let built = builder.with_options(once.clone()).build();
            built.map_err(|error| error.to_string())
        };
        let each: Result<Vec<_>, String> = config.name_servers().iter().map(resolver).collect();
        Ok(Self {
            each: each?,
            rounds: options.attempts.max(1),
        })
    }

    /// The first one is asked, and the next one only if it does not answer: the first may be the only one that knows the names of a private
    /// network. The addresses have no port: it is that of the request.
    async fn addresses(&self, name: &str) -> Result<Vec<SocketAddr>, String> {
        let mut why = None;
        for _ in 0..self.rounds {
            for server in &self.each {
                match server.lookup_ip(name).await {
                    Ok(found) => return Ok(found.iter().map(|ip| (ip, 0).into()).collect()),
                    Err(error) if error.is_nx_domain() => {
                        return Err("the name server says that it does not exist".to_owned());
                    }
                    Err(error) if error.is_no_records_found() => {
                        return Err("the name server knows no address of it".to_owned());
                    }
                    Err(error) => why = Some(error),
                }
            }
        }
        let why = why.map_or_else(String::new, |error| format!(": {error}"));
        Err(format!("no name server of {RESOLV_CONF} answered{why}"))
    }
}

fn read(file: &Path) -> Result<(ResolverConfig, ResolverOpts), String> {
    let fault = |why: String| {
        format!(
            "{} says which name servers to ask, and cannot be used: {why}",
            file.display()
        )
    };
    let text = std::fs::read(file).map_err(|error| fault(error.to_string()))?;
    parse_resolv_conf(text).map_err(|error| fault(error.to_string()))
}

#[cfg(test)]
mod tests;
