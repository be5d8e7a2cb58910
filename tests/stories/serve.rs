//! The simulated cloud as a server for the rest of a story, and https in front of it. Both listen on loopback only, and the server ends
//! with its story.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};

use crate::play::Trouble;

/// Longest that one read or write of a conversation may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running `afresh sim serve`.
pub struct Served {
    server: Child,
    azure: String,
    workspaces: Vec<String>,
}

impl Served {
    /// Starts it, and waits until it is ready. Its manifests lie in the file of this name.
    pub fn start(root: &Path, world: &str, manifests: &str, log: &Path) -> Result<Self, Trouble> {
        let mut server = Command::new(env!("CARGO_BIN_EXE_afresh"))
            .args(["sim", "serve", world, "--write-manifests", manifests])
            .arg("--sim-log")
            .arg(log)
            .current_dir(root)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut said = BufReader::new(server.stdout.take().ok_or("no stdout")?);
        let mut running = Self {
            server,
            azure: String::new(),
            workspaces: Vec::new(),
        };
        let mut first = String::new();
        said.read_line(&mut first)?;
        if first.trim() != "ready" {
            return Err(format!("the server is not ready: {first}").into());
        }
        let written = fs::read_to_string(root.join(manifests))?;
        running.azure = quoted(&written, "authority: \"http://")
            .next()
            .ok_or("no authority")?;
        running.workspaces = quoted(&written, "domain: \"").collect();
        // What else it says goes nowhere, but it must be able to say it.
        thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Ok(running)
    }

    /// Host and port of Entra ID and Resource Manager.
    pub fn azure(&self) -> &str {
        &self.azure
    }

    /// Each word with the address that it stands for.
    pub fn addresses(&self) -> Vec<(String, String)> {
        let workspaces = self.workspaces.iter().enumerate().map(|(place, address)| {
            let word = match place {
                0 => "[WORKSPACE]".to_owned(),
                more => format!("[WORKSPACE-{}]", more + 1),
            };
            (word, address.clone())
        });
        let azure = ("[SERVER]".to_owned(), self.azure.clone());
        std::iter::once(azure).chain(workspaces).collect()
    }

    /// A token for a resource, as `az account get-access-token -o json` prints one.
    pub fn token(&self, client: &str, resource: &str) -> Result<String, Trouble> {
        let form = format!(
            "grant_type=client_credentials&client_id={client}&client_secret=s3cret&scope={resource}/.default"
        );
        let request = format!(
            "POST /contoso/oauth2/v2.0/token HTTP/1.1\r\nhost: {0}\r\ncontent-length: {1}\r\nconnection: close\r\n\r\n{form}",
            self.azure,
            form.len()
        );
        let answer = ask(&self.azure, request.as_bytes())?;
        let answer = String::from_utf8_lossy(&answer);
        let (_, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
        let granted: serde_json::Value = serde_json::from_str(body)?;
        let token = granted["access_token"].as_str().ok_or("no token")?;
        let ends = jiff::Timestamp::now().as_second() + 3_599;
        let printed = serde_json::json!({
            "accessToken": token, "expiresOn": "2026-01-01 00:00:00.000000", "expires_on": ends,
            "subscription": "12345678-1234-1234-1234-1234567890ab", "tenant": "contoso", "tokenType": "Bearer",
        });
        Ok(serde_json::to_string_pretty(&printed)?)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // One that has ended by itself need not be stopped.
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

/// What follows `before` up to the next quotation mark, each time.
fn quoted<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = String> + 'a {
    let rests = text.split(before).skip(1);
    rests.filter_map(|rest| rest.split('"').next().map(str::to_owned))
}

/// https with a certificate of the story's own, in front of what is served. It ends with this process.
pub struct Tls {
    address: SocketAddr,
}

impl Tls {
    /// Listens on any free port. The PEM file holds the certificate, what signed it, and the key.
    pub fn start(pem: &Path, behind: &str) -> Result<Self, Trouble> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_file_iter(pem)?.collect();
        let key = PrivateKeyDer::from_pem_file(pem)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(certificates?, key)?;
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let behind = behind.to_owned();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, behind) = (Arc::clone(&config), behind.clone());
                // A client that does not trust the certificate breaks off: that is its business.
                thread::spawn(move || drop(converse(stream, config, &behind)));
            }
        });
        Ok(Self { address })
    }

    /// The word, and the address that it stands for.
    pub fn address(&self) -> (String, String) {
        ("[TLS]".to_owned(), self.address.to_string())
    }
}

/// One request and its answer.
fn converse(mut stream: TcpStream, config: Arc<ServerConfig>, behind: &str) -> Result<(), Trouble> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut connection = ServerConnection::new(config)?;
    let mut tls = Stream::new(&mut connection, &mut stream);
    let request = whole(&mut tls)?;
    let (head, body) = request.split_at(head_length(&request).ok_or("no head")?);
    let mut asked = head[..head.len() - 2].to_vec();
    asked.extend_from_slice(b"connection: close\r\n\r\n");
    asked.extend_from_slice(body);
    let answer = ask(behind, &asked)?;
    tls.write_all(&answer)?;
    tls.conn.send_close_notify();
    Ok(tls.flush()?)
}

/// A request with its body, as its head announces that.
fn whole(stream: &mut impl Read) -> Result<Vec<u8>, Trouble> {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(head) = head_length(&read) {
            let text = String::from_utf8_lossy(&read[..head]).to_ascii_lowercase();
            let length = text.split("content-length:").nth(1);
            let length = length.and_then(|rest| rest.lines().next()?.trim().parse::<usize>().ok());
            if read.len() >= head + length.unwrap_or(0) {
                return Ok(read);
            }
        }
        match stream.read(&mut buffer)? {
            0 => return Err("the request broke off".into()),
            count => read.extend_from_slice(&buffer[..count]),
        }
    }
}

fn head_length(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    end.map(|at| at + 4)
}

/// Sends a request that asks to close, and gives all that comes back.
fn ask(address: &str, request: &[u8]) -> Result<Vec<u8>, Trouble> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}
