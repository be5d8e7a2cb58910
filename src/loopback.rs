//! What counts as this machine: an address of the loopback network. A name does not, not even `localhost`: what it leads to is decided
//! elsewhere, and a token that goes there in clear has to stay here.

use url::Host;

/// Is it an address of this machine?
pub fn is_loopback<T>(host: &Host<T>) -> bool {
    match host {
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
        Host::Domain(_) => false,
    }
}
