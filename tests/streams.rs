//! The built binary and where its output goes: a reader that went away, a full disk, devices, pipes, links, files of others.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

#[path = "support/terminal.rs"]
mod terminal;

use terminal::terminal;

const MANIFESTS: &str = "apiVersion: afresh/v1
kind: Project
metadata: {name: p}
spec: {}
---
apiVersion: afresh/v1
kind: DataFactory
metadata: {name: ingest}
spec: {subscription: 12345678-1234-1234-1234-1234567890ab, resourceGroup: rg-data, factory: adf-ingest}
---
apiVersion: afresh/v1
kind: KeyAge
metadata: {name: gw}
spec: {factory: ingest, integrationRuntimes: [gateway-west], maxAge: 90d, rotateBefore: 14d}
";

const WORLD: &str = "clock: 2026-11-22T09:00:00Z
seed: 7
subscriptions:
- id: 12345678-1234-1234-1234-1234567890ab
  factories:
  - name: adf-ingest
    resourceGroup: rg-data
    created: 500d ago
    runtimes:
    - {name: gateway-west, created: 97d ago}
";

/// A folder in which one key is due.
struct Estate(tempfile::TempDir);

impl Estate {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("m")).unwrap();
        fs::write(folder.path().join("m/a.yaml"), MANIFESTS).unwrap();
        fs::write(folder.path().join("world.yaml"), WORLD).unwrap();
        Self(folder)
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn afresh(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_afresh"));
        command
            .args(line.split_whitespace())
            .current_dir(self.0.path())
            .env_clear()
            .stdin(Stdio::null());
        command
    }

    fn run(&self, line: &str) -> Output {
        self.afresh(line).output().unwrap()
    }

    /// The exit code of a command whose stdout, and stderr if that is wanted, nobody reads.
    fn unread(&self, line: &str, stderr_too: bool) -> Option<i32> {
        let mut child = self
            .afresh(line)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        if stderr_too {
            drop(child.stderr.take());
        }
        child.wait().unwrap().code()
    }

    /// The exit code and stderr of a command whose stdout is a full disk.
    fn full(&self, line: &str) -> (Option<i32>, String) {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = self.afresh(line).stdout(full).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    }

    /// The exit code and all output of a shell's line, in which `$AFRESH` is the program.
    fn shell(&self, line: &str) -> (Option<i32>, String) {
        let output = Command::new("sh")
            .args(["-c", line])
            .current_dir(self.0.path())
            .env("AFRESH", env!("CARGO_BIN_EXE_afresh"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    }

    fn pending(&self) -> bool {
        let plan = self.run("plan m --sim world.yaml --detailed-exitcode");
        plan.status.code() == Some(2)
    }
}

#[test]
fn a_plan_without_a_reader_ends_with_its_own_code() {
    let estate = Estate::new();
    for stderr_too in [false, true] {
        for (line, code) in [
            ("plan m --sim world.yaml", 0),
            ("plan m --sim world.yaml --detailed-exitcode", 2),
            ("plan m --sim world.yaml --detailed-exitcode -q", 2),
            ("plan m --sim world.yaml --detailed-exitcode -v", 2),
            (
                "plan m --sim world.yaml --detailed-exitcode --format json",
                2,
            ),
            (
                "plan m --sim world.yaml --detailed-exitcode --format markdown --format text",
                2,
            ),
            ("validate nothing", 1),
            ("validate nothing --format json", 1),
            ("schema plan", 0),
            ("--help", 0),
            ("nonsense", 64),
        ] {
            assert_eq!(estate.unread(line, stderr_too), Some(code), "{line}");
        }
    }
    let line = "plan m --sim world.yaml --detailed-exitcode --out plan.json";
    assert_eq!(estate.unread(line, true), Some(2));
    assert!(estate.run("show plan.json").status.success());
    let closed = "\"$AFRESH\" plan m --sim world.yaml --detailed-exitcode >&-";
    assert_eq!(estate.shell(closed).0, Some(2));
}

#[test]
fn an_apply_without_a_reader_goes_on() {
    for line in [
        "apply m --sim world.yaml --auto-approve",
        "apply m --sim world.yaml --auto-approve --format json",
        "apply m --sim world.yaml --auto-approve -q",
        "apply plan.json --sim world.yaml",
    ] {
        for stderr_too in [false, true] {
            let estate = Estate::new();
            estate.run("plan m --sim world.yaml --out plan.json");
            assert!(estate.pending());
            assert_eq!(estate.unread(line, stderr_too), Some(0), "{line}");
            assert!(!estate.pending(), "{line}");
        }
    }
    let estate = Estate::new();
    let closed = "\"$AFRESH\" apply m --sim world.yaml --auto-approve >&- 2>&-";
    assert_eq!(estate.shell(closed).0, Some(0));
    assert!(!estate.pending());
}

#[test]
fn a_full_disk_is_an_error_and_nothing_is_begun_on_it() {
    let estate = Estate::new();
    for line in [
        "plan m --sim world.yaml",
        "plan m --sim world.yaml --detailed-exitcode",
        "plan m --sim world.yaml --format json",
        "apply m --sim world.yaml --auto-approve",
        "validate m",
        "schema plan",
        "ledger export m --sim world.yaml",
    ] {
        if line.starts_with("ledger") {
            estate.run("apply m --sim world.yaml --auto-approve");
        }
        let (code, said) = estate.full(line);
        assert_eq!(code, Some(1), "{line}: {said}");
        assert!(
            said.contains("cannot write to stdout: No space left"),
            "{said}"
        );
    }
    assert_eq!(estate.full("--help").0, Some(1));
    let estate = Estate::new();
    let quiet = "plan m --sim world.yaml --detailed-exitcode -q";
    assert_eq!(estate.full(quiet), (Some(2), String::new()));
    let (code, said) = estate.full("apply m --sim world.yaml --auto-approve");
    assert!(code == Some(1) && estate.pending(), "{said}");
    let (code, said) = estate.full("apply m --sim world.yaml --auto-approve --format json");
    assert!(
        code == Some(1) && !estate.pending(),
        "what happened was lost: {said}"
    );
}

/// Every command that prints something; none changes what another one prints.
const PRINTING: [&str; 31] = [
    "--help",
    "--version",
    "help plan",
    "ledger --help",
    "schema",
    "schema plan",
    "schema events",
    "completions bash",
    "completions zsh",
    "completions fish",
    "completions elvish",
    "completions powershell",
    "man",
    "validate m",
    "validate m --format json",
    "plan m --sim world.yaml",
    "plan m --sim world.yaml --format markdown",
    "plan m --sim world.yaml --format json",
    "apply m --sim world.yaml --refresh-only",
    "why ingest/gateway-west m --sim world.yaml",
    "auth m --sim world.yaml",
    "auth m --sim world.yaml --format json",
    "show plan.json",
    "show plan.json --format json",
    "show plan.json --format markdown",
    "diff plan.json plan.json",
    "ledger list m --sim world.yaml",
    "ledger show ingest/gateway-west m --sim world.yaml",
    "ledger export m --sim world.yaml",
    "ledger compact m --sim world.yaml",
    "sim advance 1m m --sim world.yaml",
];

/// Whoever takes the output of any command for whole is not deceived: on a full disk and in a file that may not grow it is an error, and a
/// reader that went away has read enough.
#[test]
fn no_command_claims_success_for_output_that_is_lost() {
    let estate = Estate::new();
    estate.run("plan m --sim world.yaml --out plan.json");
    estate.run("apply m --sim world.yaml --auto-approve");
    for line in PRINTING {
        let ran = estate.run(line);
        assert!(
            ran.status.success() && !ran.stdout.is_empty(),
            "{line}: {ran:?}"
        );
        assert_eq!(estate.unread(line, false), Some(0), "{line}");
        assert_eq!(estate.unread(line, true), Some(0), "{line}");
        let (code, said) = estate.full(line);
        assert_eq!(code, Some(1), "{line}: {said}");
        assert!(
            said.contains("cannot write to stdout: No space left"),
            "{line}: {said}"
        );
        let limited = format!("ulimit -f 0; exec \"$AFRESH\" {line} >limited.txt");
        let (code, said) = estate.shell(&limited);
        assert_eq!(code, Some(1), "{line}: {said}");
        assert!(said.contains("File too large"), "{line}: {said}");
        // Also where no file is left to listen for it.
        let few = format!("ulimit -f 0; ulimit -n 5; exec \"$AFRESH\" {line} >limited.txt");
        let (code, said) = estate.shell(&few);
        assert!(code != Some(0), "{line}: {code:?} {said}");
    }
    // A server of which nobody learns where it listens is of no use.
    let (code, said) = estate.full("sim serve world.yaml");
    assert!(code == Some(1) && said.contains("No space left"), "{said}");
}

/// A terminal on which somebody has typed this: their end, and the program's.
fn terminal_with(typed: &str) -> (File, File) {
    let (mut ours, theirs) = terminal().unwrap();
    ours.write_all(typed.as_bytes()).unwrap();
    (ours, theirs)
}

#[test]
fn nobody_approves_what_they_were_not_shown() {
    let estate = Estate::new();
    let null = || File::options().write(true).open("/dev/null").unwrap();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    for stdout in [null(), full()] {
        let (_ours, theirs) = terminal_with("yes\n");
        let mut apply = estate.afresh("apply m --sim world.yaml");
        let output = apply.stdin(theirs).stdout(stdout).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("cannot be shown on stdout") && said.contains("nothing was done"),
            "{said}"
        );
    }
    assert!(estate.pending());
    let (_ours, theirs) = terminal_with("yes\n");
    let shown = File::create(estate.at("shown.txt")).unwrap();
    let mut apply = estate.afresh("apply m --sim world.yaml");
    let status = apply
        .stdin(theirs)
        .stdout(shown)
        .stderr(Stdio::null())
        .status();
    assert_eq!(status.unwrap().code(), Some(0));
    assert!(!estate.pending());
}

#[test]
fn devices_and_pipes_are_written_through() {
    let estate = Estate::new();
    let out =
        |path: &str| format!("plan m --sim world.yaml -q --out {path} --format markdown={path}");
    let device = |path: &str| fs::metadata(path).unwrap().file_type().is_char_device();
    let before = fs::metadata("/dev/null").unwrap().ino();
    assert!(estate.run(&out("/dev/null")).status.success());
    assert!(device("/dev/null") && fs::metadata("/dev/null").unwrap().ino() == before);
    let said = estate.run(&out("/dev/full"));
    assert!(said.status.code() == Some(1) && device("/dev/full"));
    let plan = |text: &str| text.contains("\"digest\"") && text.contains("Plan: 1 to regenerate");
    for path in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        let said = estate.run(&format!(
            "plan m --sim world.yaml --out {path} --format text={path}"
        ));
        let said = String::from_utf8(said.stdout).unwrap();
        assert!(plan(&said), "{path}: {said}");
        let line =
            format!("\"$AFRESH\" plan m --sim world.yaml --out {path} > both.txt && cat both.txt");
        assert!(plan(&estate.shell(&line).1), "{path}");
    }
    let line = "\"$AFRESH\" plan m --sim world.yaml -q --out /dev/fd/3 3>three.json && \"$AFRESH\" show three.json";
    let (code, said) = estate.shell(line);
    assert!(
        code == Some(0) && said.contains("Plan: 1 to regenerate"),
        "{said}"
    );
    let line = "mkfifo pipe && { cat pipe > read.json & } && \"$AFRESH\" plan m --sim world.yaml -q --out pipe && wait && \"$AFRESH\" show read.json";
    let (code, said) = estate.shell(line);
    assert!(
        code == Some(0) && said.contains("Plan: 1 to regenerate"),
        "{said}"
    );
    assert!(
        fs::metadata(estate.at("pipe"))
            .unwrap()
            .file_type()
            .is_fifo()
    );
}

#[test]
fn a_file_keeps_its_mode_and_owner() {
    let estate = Estate::new();
    let file = estate.at("plan.json");
    fs::write(&file, "old").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let is_root = std::os::unix::fs::chown(&file, Some(1234), Some(1234)).is_ok();
    let before = fs::metadata(&file).unwrap();
    assert!(
        estate
            .run("plan m --sim world.yaml -q --out plan.json")
            .status
            .success()
    );
    let after = fs::metadata(&file).unwrap();
    assert_eq!(after.permissions().mode(), before.permissions().mode());
    assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
    assert_eq!(after.uid() == 1234, is_root);
    assert!(fs::read_to_string(&file).unwrap().contains("\"digest\""));
    let mut left: Vec<_> = fs::read_dir(estate.0.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["m", "plan.json", "world.yaml"]);
}

#[test]
fn a_link_that_leads_out_of_the_folder_is_refused() {
    let (estate, other) = (Estate::new(), tempfile::tempdir().unwrap());
    let outside = other.path().join("precious.txt");
    fs::write(&outside, "precious").unwrap();
    symlink(&outside, estate.at("plan.json")).unwrap();
    symlink(other.path(), estate.at("out")).unwrap();
    symlink(other.path().join("new.txt"), estate.at("dangling.json")).unwrap();
    symlink("plan.json", estate.at("twice.json")).unwrap();
    symlink("/dev/null", estate.at("device.json")).unwrap();
    let absolute = estate
        .at("plan.json")
        .canonicalize()
        .unwrap_or_else(|_| estate.at("plan.json"));
    assert_eq!(absolute, outside.canonicalize().unwrap());
    let typed = estate.at("plan.json").display().to_string();
    for path in [
        "plan.json",
        "./plan.json",
        "m/../plan.json",
        "out/precious.txt",
        "dangling.json",
        "twice.json",
        "device.json",
        &typed,
    ] {
        for option in ["--out ", "--format markdown="] {
            let said = estate.run(&format!("plan m --sim world.yaml -q {option}{path}"));
            let told = String::from_utf8(said.stderr).unwrap();
            assert_eq!(said.status.code(), Some(1), "{path}: {told}");
            assert!(told.contains("leads out of this folder"), "{path}: {told}");
        }
    }
    assert_eq!(fs::read_to_string(&outside).unwrap(), "precious");
    assert!(!other.path().join("new.txt").exists());
    // Whoever names it means it.
    let line = format!("plan m --sim world.yaml -q --out {}", outside.display());
    assert!(estate.run(&line).status.success());
    assert!(fs::read_to_string(&outside).unwrap().contains("\"digest\""));
}

#[test]
fn a_link_inside_the_folder_is_followed_and_stays() {
    let estate = Estate::new();
    fs::create_dir(estate.at("plans")).unwrap();
    symlink("plans/today.json", estate.at("plan.json")).unwrap();
    symlink("plans", estate.at("latest")).unwrap();
    for path in ["plan.json", "plan.json", "latest/other.json"] {
        let said = estate.run(&format!("plan m --sim world.yaml -q --out {path}"));
        assert!(said.status.success(), "{path}");
    }
    assert!(is_link(&estate.at("plan.json")) && is_link(&estate.at("latest")));
    for name in ["plans/today.json", "plans/other.json"] {
        let mut text = String::new();
        File::open(estate.at(name))
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert!(text.contains("\"digest\""), "{name}");
    }
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).unwrap().is_symlink()
}

/// A pipe that nobody writes to and a device without an end are refused at once, by name, wherever a file is read.
#[test]
fn what_is_read_is_a_file() {
    let estate = Estate::new();
    let pipe = Command::new("mkfifo").arg(estate.at("pipe")).status();
    assert!(pipe.unwrap().success());
    for odd in ["pipe", "/dev/zero", "m"] {
        for line in [
            format!("show {odd}"),
            format!("diff {odd} {odd}"),
            format!("plan m --sim {odd}"),
            format!("plan m --sim world.yaml --policy {odd}"),
        ] {
            let ran = estate.run(&line);
            let said = String::from_utf8(ran.stderr).unwrap();
            // A policy in the planned folder is refused for that.
            assert!(matches!(ran.status.code(), Some(1 | 5)), "{line}: {said}");
            assert!(said.contains(odd), "{line}: {said}");
        }
    }
    for odd in ["pipe", "/dev/zero"] {
        for line in [
            format!("validate {odd}"),
            format!("plan {odd}"),
            format!("apply {odd}"),
        ] {
            let ran = estate.run(&line);
            let said = String::from_utf8(ran.stderr).unwrap();
            assert!(
                ran.status.code() == Some(1) && said.contains(odd),
                "{line}: {said}"
            );
        }
    }
    // In the project itself: what a link leads to out of it is refused for that.
    fs::rename(estate.at("pipe"), estate.at("m/pipe")).unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(estate.at("m/socket")).unwrap();
    fs::create_dir_all(estate.at("m/.afresh/folder")).unwrap();
    for name in ["ledger.jsonl", "ledger.jsonl.lock"] {
        let path = estate.at("m/.afresh").join(name);
        for (odd, what) in [
            ("../pipe", "a pipe"),
            ("../socket", "a socket"),
            ("folder", "a folder"),
        ] {
            symlink(odd, &path).unwrap();
            for line in ["ledger list m", "plan m", "apply m --auto-approve"] {
                let ran = estate.run(line);
                let said = String::from_utf8(ran.stderr).unwrap();
                assert_eq!(ran.status.code(), Some(1), "{line} {name}: {said}");
                let told = format!("it is {what}, not a regular file");
                assert!(said.contains(&told), "{line} {name}: {said}");
            }
            fs::remove_file(&path).unwrap();
        }
    }
}

/// Files that variables and manifests name for credentials: what is none, has no end or is too large is refused at once, with its name.
#[test]
fn a_credential_comes_from_a_small_regular_file() {
    const CERTIFICATE: &str = "kind: Credential\nmetadata: {name: c}\nspec: {servicePrincipal: {tenant: t, clientId: c, certificate: {file: odd}}}\n";
    let secret = CERTIFICATE.replace("certificate", "clientSecret");
    let assertion = "kind: Credential\nmetadata: {name: c}\nspec: {workloadIdentity: {tenant: t, clientId: c, tokenFile: odd}}\n";
    let token =
        "kind: Credential\nmetadata: {name: c}\nspec: {databricksToken: {token: {file: odd}}}\n";
    let estate = Estate::new();
    let workspace = "---\napiVersion: afresh/v1\nkind: DatabricksWorkspace\nmetadata: {name: w}\nspec: {host: adb-1.7.azuredatabricks.net}\n";
    let manifests = MANIFESTS.to_owned() + workspace;
    let pipe = Command::new("mkfifo").arg(estate.at("pipe")).status();
    assert!(pipe.unwrap().success());
    let _listener = std::os::unix::net::UnixListener::bind(estate.at("socket")).unwrap();
    fs::create_dir(estate.at("folder")).unwrap();
    fs::write(estate.at("large"), "x".repeat(2_000_000)).unwrap();
    fs::write(estate.at("nul"), "a\0b").unwrap();
    symlink("/dev/zero", estate.at("zero")).unwrap();
    let of_arm = [("ARM_TENANT_ID", "t"), ("ARM_CLIENT_ID", "c")];
    let of_azure = [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c")];
    let profile = [("DATABRICKS_CONFIG_PROFILE", "p"), ("X", "x")];
    for (odd, why) in [
        ("pipe", "it is a pipe, not a regular file"),
        ("socket", "it is a socket, not a regular file"),
        ("folder", "it is a folder, not a regular file"),
        ("zero", "it is a device, not a regular file"),
        ("large", "is larger than"),
        ("nul", "holds a NUL character"),
    ] {
        let said = |manifests: &str, env: &[(&str, &str)], code: i32| {
            fs::write(estate.at("m/a.yaml"), manifests).unwrap();
            let mut command = estate.afresh("auth m --timeout 20s");
            let ran = command.envs(env.iter().copied()).output().unwrap();
            let said = [ran.stdout, ran.stderr].concat();
            let said = String::from_utf8(said).unwrap();
            assert_eq!(ran.status.code(), Some(code), "{odd} {env:?}: {said}");
            said
        };
        let named = estate.at(odd).display().to_string();
        for (variable, family) in [
            ("AZURE_FEDERATED_TOKEN_FILE", of_azure),
            ("ARM_OIDC_TOKEN_FILE_PATH", of_arm),
            ("AZURE_CLIENT_CERTIFICATE_PATH", of_azure),
            ("DATABRICKS_CONFIG_FILE", profile),
        ] {
            let told = said(
                &manifests,
                &[&family[..], &[(variable, &named)]].concat(),
                1,
            );
            // A key file is no text: what is in it is judged as such.
            let is_key = odd == "nul" && variable.ends_with("CERTIFICATE_PATH");
            let why = if is_key { "no certificate in PEM" } else { why };
            assert!(
                told.contains(why) && told.contains(&named),
                "{variable} {odd}: {told}"
            );
        }
        if !matches!(odd, "large" | "nul") {
            let told = said(&manifests, &[("SSL_CERT_FILE", &named)], 1);
            assert!(
                told.contains(why) && told.contains("SSL_CERT_FILE"),
                "{told}"
            );
        }
        let _ = fs::remove_file(estate.at("m/odd"));
        symlink(format!("../{odd}"), estate.at("m/odd")).unwrap();
        for credential in [CERTIFICATE, &secret, assertion, token] {
            let at = if credential == token {
                "azuredatabricks.net"
            } else {
                "factory: adf-ingest"
            };
            let text = manifests.replace(at, &format!("{at}, credential: c"));
            let text = format!("{text}---\napiVersion: afresh/v1\n{credential}");
            // A link that leads out is refused, whatever is there.
            let told = said(&text, &[], 5);
            assert!(
                told.contains("m/odd") && told.contains("not trusted"),
                "{told}"
            );
            let allowed = "apiVersion: afresh/v1\nkind: Policy\nmetadata: {name: p}\nspec: {allow: {files: [\"ROOT\", /dev/zero]}}\n";
            let root = estate.0.path().canonicalize().unwrap();
            let allowed = allowed.replace("ROOT", &root.display().to_string());
            fs::write(estate.at("policy.yaml"), allowed).unwrap();
            let policy = estate.at("policy.yaml").display().to_string();
            let told = said(&text, &[("AFRESH_POLICY", &policy)], 1);
            let is_key = odd == "nul" && credential == CERTIFICATE;
            let why = if is_key { "no certificate in PEM" } else { why };
            assert!(told.contains(why), "{credential} {odd}: {told}");
        }
    }
}

/// The Azure CLI keeps its own files; what it prints may have no end.
#[test]
fn an_azure_cli_that_prints_without_an_end_is_cut_off() {
    let estate = Estate::new();
    fs::create_dir(estate.at("bin")).unwrap();
    for stream in ["1", "2"] {
        let az = format!("#!/bin/sh\nexec /bin/cat /dev/zero >&{stream}\n");
        fs::write(estate.at("bin/az"), az).unwrap();
        fs::set_permissions(estate.at("bin/az"), fs::Permissions::from_mode(0o755)).unwrap();
        let mut auth = estate.afresh("auth m --timeout 20s");
        let ran = auth.env("PATH", estate.at("bin")).output().unwrap();
        let said = String::from_utf8(ran.stdout).unwrap();
        assert_eq!(ran.status.code(), Some(1), "{said}");
        assert!(said.contains("it printed more than 256 KiB"), "{said}");
    }
}

/// What a person allowed is read like every input, and nothing is written over what cannot be read.
#[test]
fn hosts_that_a_person_allowed_are_read_from_a_small_regular_file() {
    let estate = Estate::new();
    let trust = estate.at("config/afresh/trust.json");
    fs::create_dir_all(estate.at("config/afresh/folder")).unwrap();
    let pipe = Command::new("mkfifo").arg(estate.at("pipe")).status();
    assert!(pipe.unwrap().success());
    let _listener = std::os::unix::net::UnixListener::bind(estate.at("socket")).unwrap();
    let large = format!(
        "{{\"format\": \"afresh-trust/1\", \"hosts\": []{}}}",
        " ".repeat(300_000)
    );
    for (name, text) in [
        ("large", large.as_str()),
        ("nul", "\0\0\0\0"),
        ("cut", "{\"format\": \"afresh-trust/1\", \"ho"),
        ("lines", "\n\n{\u{1b}]0;x"),
    ] {
        fs::write(estate.at(name), text).unwrap();
        fs::set_permissions(estate.at(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    fs::write(estate.at("latin"), b"{\"format\": \"\xe9\"}").unwrap();
    fs::set_permissions(estate.at("latin"), fs::Permissions::from_mode(0o600)).unwrap();
    for (target, why) in [
        ("../../pipe", "it is a pipe, not a regular file"),
        ("../../socket", "it is a socket, not a regular file"),
        ("folder", "it is a folder, not a regular file"),
        ("/dev/zero", "it is a device, not a regular file"),
        ("../../large", "it is larger than 256 KiB"),
        ("../../nul", "line 1 column 1"),
        ("../../cut", "line 1 column 32"),
        ("../../lines", "line 3 column 2"),
        ("../../latin", "invalid utf-8"),
    ] {
        symlink(target, &trust).unwrap();
        for line in ["plan m", "validate m", "auth m"] {
            let mut command = estate.afresh(line);
            let ran = command.env("XDG_CONFIG_HOME", estate.at("config")).output();
            let ran = ran.unwrap();
            let said = String::from_utf8(ran.stderr).unwrap();
            assert_eq!(ran.status.code(), Some(1), "{line} {target}: {said}");
            assert!(said.contains(why) && said.contains("trust.json"), "{said}");
            assert!(
                said.contains("move it away") && !said.contains('\u{1b}'),
                "{said}"
            );
        }
        assert!(is_link(&trust));
        fs::remove_file(&trust).unwrap();
    }
    assert_eq!(fs::read_to_string(estate.at("large")).unwrap(), large);
}

/// Only a policy that names where the ledger truly lies lets a link lead it there; then all meet at its one lock.
#[test]
fn a_ledger_behind_a_link_needs_a_policy_with_its_absolute_path() {
    let (estate, other) = (Estate::new(), tempfile::tempdir().unwrap());
    let elsewhere = other.path().canonicalize().unwrap();
    symlink(&elsewhere, estate.at("m/.afresh")).unwrap();
    let policy = |file: &str| {
        let text = format!(
            "apiVersion: afresh/v1\nkind: Policy\nmetadata: {{name: p}}\nspec: {{require: {{ledger: {{file: \"{file}\"}}}}}}\n"
        );
        fs::write(estate.at("policy.yaml"), text).unwrap();
    };
    let fixed = elsewhere.join("ledger.jsonl").display().to_string();
    let linked = estate.at("m/.afresh/ledger.jsonl").display().to_string();
    for (file, code) in [
        (".afresh/ledger.jsonl", 5),
        ("/elsewhere/ledger.jsonl", 5),
        (&fixed, 0),
        (&linked, 0),
    ] {
        policy(file);
        for line in [
            "ledger list m --policy policy.yaml",
            "plan m --sim world.yaml --policy policy.yaml",
        ] {
            let ran = estate.run(line);
            let said = String::from_utf8(ran.stderr).unwrap();
            assert_eq!(ran.status.code(), Some(code), "{file} {line}: {said}");
        }
    }
    let apply = "apply m --sim world.yaml --auto-approve --policy policy.yaml";
    assert!(estate.run(apply).status.success());
    assert!(elsewhere.join("sim/ledger.jsonl.lock").is_file());
    // Named by a path that runs through no link of the project, it is where it says.
    let direct = MANIFESTS.replace(
        "spec: {}",
        &format!("spec: {{ledger: {{file: \"{fixed}\"}}}}"),
    );
    fs::write(estate.at("m/a.yaml"), direct).unwrap();
    assert!(estate.run("ledger list m").status.success());
    // By ways around it is where it leads.
    for roundabout in [
        "./.afresh/ledger.jsonl",
        ".afresh/../.afresh/ledger.jsonl",
        "../m/.afresh/ledger.jsonl",
    ] {
        let text = MANIFESTS.replace(
            "spec: {}",
            &format!("spec: {{ledger: {{file: {roundabout}}}}}"),
        );
        fs::write(estate.at("m/a.yaml"), text).unwrap();
        let ran = estate.run("ledger list m");
        assert_eq!(ran.status.code(), Some(5), "{roundabout}");
    }
}

#[test]
fn a_plan_can_be_shown_from_stdin() {
    let estate = Estate::new();
    estate.run("plan m --sim world.yaml --out plan.json");
    let mut show = estate.afresh("show -");
    let shown = show
        .stdin(File::open(estate.at("plan.json")).unwrap())
        .output()
        .unwrap();
    assert_eq!(shown.stdout, estate.run("show plan.json").stdout);
    assert!(shown.status.success());
    for name in ["-", "/dev/stdin"] {
        let no_plan = File::open(estate.at("world.yaml")).unwrap();
        let ran = estate
            .afresh(&format!("show {name}"))
            .stdin(no_plan)
            .output();
        let said = String::from_utf8(ran.unwrap().stderr).unwrap();
        assert!(said.contains(" --out plan.json"), "{said}");
    }
}

/// Whoever is let in may not read what afresh made, whatever the umask; and what somebody made keeps its mode.
#[test]
fn what_is_made_is_the_owners_and_what_is_there_keeps_its_mode() {
    let estate = Estate::new();
    let mode = |name: &str| fs::metadata(estate.at(name)).unwrap().permissions().mode() & 0o777;
    let ledger = "m/.afresh/sim/ledger.jsonl";
    let apply = format!(
        "umask 000; exec {} apply m --sim world.yaml --auto-approve",
        env!("CARGO_BIN_EXE_afresh")
    );
    let applied = Command::new("sh")
        .args(["-c", &apply])
        .current_dir(estate.0.path())
        .output();
    assert!(applied.unwrap().status.success());
    assert_eq!((mode("m/.afresh"), mode("m/.afresh/sim")), (0o700, 0o700));
    assert_eq!(
        (mode(ledger), mode(&format!("{ledger}.lock"))),
        (0o600, 0o600)
    );
    fs::set_permissions(estate.at(ledger), fs::Permissions::from_mode(0o640)).unwrap();
    assert!(
        estate
            .run("ledger compact m --sim world.yaml")
            .status
            .success()
    );
    assert_eq!(mode(ledger), 0o640);
}

/// Programs that afresh starts have its limits.
#[test]
fn no_core_is_dumped() {
    let estate = Estate::new();
    let manifests = MANIFESTS.replace(
        "factory: adf-ingest",
        "factory: adf-ingest, credential: cli",
    ) + "---\napiVersion: afresh/v1\nkind: Credential\nmetadata: {name: cli}\nspec: {azureCli: {}}\n";
    fs::write(estate.at("m/a.yaml"), manifests).unwrap();
    fs::create_dir(estate.at("bin")).unwrap();
    let az = format!(
        "#!/bin/sh\nulimit -c > {}\nexit 1\n",
        estate.at("limit").display()
    );
    fs::write(estate.at("bin/az"), az).unwrap();
    fs::set_permissions(estate.at("bin/az"), fs::Permissions::from_mode(0o755)).unwrap();
    let script = format!(
        "ulimit -S -c $(ulimit -H -c); exec {} plan m",
        env!("CARGO_BIN_EXE_afresh")
    );
    let mut plan = Command::new("/bin/sh");
    plan.args(["-c", &script])
        .current_dir(estate.0.path())
        .env_clear();
    plan.env("PATH", estate.at("bin")).output().unwrap();
    assert_eq!(fs::read_to_string(estate.at("limit")).unwrap(), "0\n");
}

/// Where files cannot be opened or may not grow, a command says so; it neither claims success nor dies.
#[test]
fn limits_of_the_shell_end_in_errors() {
    let estate = Estate::new();
    for files in 5..16 {
        let (code, said) = estate.shell(&format!(
            "ulimit -n {files}; exec \"$AFRESH\" plan m --sim world.yaml --out plan.json"
        ));
        let is_saved = fs::remove_file(estate.at("plan.json")).is_ok();
        let told = if is_saved {
            "Saved to plan.json"
        } else {
            "Too many open files"
        };
        assert!(
            said.contains(told) && !said.contains("panicked"),
            "{files}: {said}"
        );
        assert_eq!(code, Some(i32::from(!is_saved)), "{files}: {said}");
    }
    let line = "ulimit -f 1; exec \"$AFRESH\" plan m --sim world.yaml --out plan.json";
    let (code, said) = estate.shell(line);
    assert!(
        code == Some(1) && said.contains("File too large"),
        "{code:?} {said}"
    );
    assert!(!estate.at("plan.json").exists());
    let line = "ulimit -f 0; exec \"$AFRESH\" apply m --sim world.yaml --auto-approve";
    let (code, said) = estate.shell(line);
    assert!(
        code == Some(1) && said.contains("File too large"),
        "{code:?} {said}"
    );
    assert!(estate.pending());
}
