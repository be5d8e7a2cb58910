//! Against name servers of our own on loopback.

use std::net::Ipv4Addr;

use hickory_resolver::config::ConnectionConfig;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use super::*;

/// What a name server says of every name.
#[derive(Clone, Copy)]
enum Says {
    Address(Ipv4Addr),
    Nothing,
    NoSuchName,
    Refuses,
}

/// A name server, and the names that it is asked for. AAAA records it has none.
async fn server(says: Says) -> (NameServerConfig, mpsc::UnboundedReceiver<String>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let here = socket.local_addr().unwrap();
    let (tell, asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut query = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut query).await {
            let (name, answer) = answer(&query[..length], says);
            drop(tell.send(name));
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    let mut connection = ConnectionConfig::udp();
    connection.port = here.port();
    (
        NameServerConfig::new(here.ip(), true, vec![connection]),
        asked,
    )
}

/// RFC 1035, section 4: the header of twelve bytes, the question as it came, and perhaps one record.
fn answer(query: &[u8], says: Says) -> (String, Vec<u8>) {
    let mut labels = Vec::new();
    let mut at = 12;
    while query[at] != 0 {
        let end = at + 1 + usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..end]).to_lowercase());
        at = end;
    }
    let is_a = query[at + 1..at + 3] == [0, 1];
    let question = &query[12..at + 5];
    let (code, address) = match says {
        Says::Address(address) if is_a => (0, Some(address)),
        Says::Address(_) | Says::Nothing => (0, None),
        Says::NoSuchName => (3, None),
        Says::Refuses => (5, None),
    };
    let mut made = query[..2].to_vec();
    made.extend([
        0x81,
        0x80 | code,
        0,
        1,
        0,
        u8::from(address.is_some()),
        0,
        0,
        0,
        0,
    ]);
    made.extend(question);
    if let Some(address) = address {
        made.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        made.extend(address.octets());
    }
    let kind = if is_a { "A" } else { "AAAA" };
    (format!("{kind} {}", labels.join(".")), made)
}

fn names(servers: Vec<NameServerConfig>) -> Names {
    let config = ResolverConfig::from_parts(None, Vec::new(), servers);
    let mut options = ResolverOpts::default();
    options.attempts = 1;
    options.timeout = std::time::Duration::from_millis(500);
    let made = Names::default();
    made.servers.set(Servers::of(&config, &options)).unwrap();
    made
}

async fn found(names: &Names, name: &str) -> Result<Vec<String>, String> {
    let found = names.resolve(name.parse().unwrap()).await;
    let found = found.map_err(|error| error.to_string())?;
    Ok(found.map(|address| address.ip().to_string()).collect())
}

#[tokio::test]
async fn a_name_has_the_address_that_the_name_server_tells() {
    let (one, mut asked) = server(Says::Address([10, 0, 0, 7].into())).await;
    let names = names(vec![one]);
    for _ in 0..2 {
        let found = found(&names, "management.example").await;
        assert_eq!(found.unwrap(), ["10.0.0.7"]);
    }
    // The second time it is known.
    let mut told = Vec::new();
    while let Ok(name) = asked.try_recv() {
        told.push(name);
    }
    told.retain(|name| name == "A management.example");
    assert_eq!(told.len(), 1);
}

#[tokio::test]
async fn a_name_without_an_address_says_why() {
    for (says, why) in [
        (
            Says::NoSuchName,
            "the name server says that it does not exist",
        ),
        (Says::Nothing, "the name server knows no address of it"),
        (
            Says::Refuses,
            "no name server of /etc/resolv.conf answered: ",
        ),
    ] {
        let (one, _asked) = server(says).await;
        let refused = found(&names(vec![one]), "management.example").await;
        let refused = refused.unwrap_err();
        assert!(refused.starts_with(why), "{refused}");
    }
}

#[tokio::test]
async fn the_second_name_server_is_asked_only_if_the_first_does_not_answer() {
    let (first, _asked) = server(Says::Address([10, 0, 0, 1].into())).await;
    let (second, mut asked) = server(Says::Address([10, 0, 0, 2].into())).await;
    let both = names(vec![first, second.clone()]);
    for name in ["a.example", "b.example", "c.example"] {
        assert_eq!(found(&both, name).await.unwrap(), ["10.0.0.1"]);
    }
    assert!(asked.try_recv().is_err(), "the second was asked");

    // Bound, and read by nobody.
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut connection = ConnectionConfig::udp();
    connection.port = silent.local_addr().unwrap().port();
    let silent = NameServerConfig::new(Ipv4Addr::LOCALHOST.into(), true, vec![connection]);
    let both = names(vec![silent, second]);
    assert_eq!(found(&both, "a.example").await.unwrap(), ["10.0.0.2"]);

    let (broken, _asked) = server(Says::Refuses).await;
    let (second, _asked) = server(Says::Address([10, 0, 0, 2].into())).await;
    let both = names(vec![broken, second]);
    assert_eq!(found(&both, "a.example").await.unwrap(), ["10.0.0.2"]);
}

#[test]
fn without_name_servers_none_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("resolv.conf");
    let why = |file: &Path| read(file).map(|_| ()).unwrap_err();
    let begins = format!(
        "{} says which name servers to ask, and cannot be used: ",
        file.display()
    );
    assert!(why(&file).starts_with(&begins), "{}", why(&file));
    std::fs::write(&file, "search example\noptions ndots:5\n").unwrap();
    assert!(why(&file).starts_with(&begins), "{}", why(&file));
    assert!(why(&file).contains("no nameservers"), "{}", why(&file));
    std::fs::write(&file, "nameserver 10.0.0.53\noptions ndots:5 timeout:2\n").unwrap();
    let (config, options) = read(&file).unwrap();
    assert_eq!(config.name_servers().len(), 1);
    assert_eq!(options.ndots, 5);
}
