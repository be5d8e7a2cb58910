//! Plays a story in a fresh folder: writes its files, runs its commands, and retells it as it really went.
//!
//! A command does not see this machine's environment and has a timeout. No path leaves the story's folder, and the story's server ends
//! with it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::serve::{Served, Tls};
use crate::shapes;
use crate::story::{Output, Part};
use crate::terminal::terminal;

/// Longest that one command may take.
const PATIENCE: Duration = Duration::from_mins(1);

pub type Trouble = Box<dyn std::error::Error>;

/// One story's folder.
struct Stage {
    root: tempfile::TempDir,
    /// Where the simulated cloud writes down what it received; not in the story's folder, where a glob could meet it.
    requests: tempfile::NamedTempFile,
    served: Option<Served>,
    tls: Option<Tls>,
}

/// Plays all parts, and gives them back with what really happened.
pub fn play(parts: &[Part]) -> Result<Vec<Part>, Trouble> {
    let mut stage = Stage {
        root: tempfile::tempdir()?,
        requests: tempfile::NamedTempFile::new()?,
        served: None,
        tls: None,
    };
    let mut told = Vec::new();
    for part in parts {
        told.push(match part {
            Part::Command { line, expected } => Part::Command {
                line: line.clone(),
                expected: stage
                    .command(line)
                    .map_err(|error| format!("$ {line}: {error}"))?
                    .told_as(expected),
            },
            Part::File { path, text } => {
                let text = stage.addressed(text);
                stage.write(path, text.as_bytes()).map(|()| part.clone())?
            }
            Part::Use { source, path } => {
                let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
                let bytes =
                    fs::read(&source).map_err(|error| format!("{}: {error}", source.display()))?;
                let bytes = String::from_utf8(bytes)
                    .map_or_else(std::string::FromUtf8Error::into_bytes, |text| {
                        stage.addressed(&text).into_bytes()
                    });
                stage.write(path, &bytes).map(|()| part.clone())?
            }
            Part::Prose(_) => part.clone(),
        });
    }
    Ok(told)
}

impl Stage {
    fn path(&self, name: &str) -> Result<PathBuf, Trouble> {
        let inside = Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if inside {
            Ok(self.root.path().join(name))
        } else {
            Err(format!("`{name}` leads out of the story's folder").into())
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Trouble> {
        let path = self.path(name)?;
        fs::create_dir_all(path.parent().ok_or("no folder")?)?;
        if path.exists() {
            return Ok(fs::write(path, bytes)?);
        }
        // The owner's alone, as afresh makes its files, whatever the umask.
        let mut new = fs::OpenOptions::new();
        new.write(true).create_new(true).mode(0o600);
        Ok(new.open(path)?.write_all(bytes)?)
    }

    fn read(&self, name: &str) -> Result<String, Trouble> {
        Ok(fs::read_to_string(self.path(name)?)?)
    }

    /// Every address of the story with the word that stands for it, in texts that are told.
    fn addresses(&self) -> Vec<(String, String)> {
        let served = self.served.iter().flat_map(Served::addresses);
        let tls = self.tls.iter().map(Tls::address);
        served.chain(tls).collect()
    }

    /// With addresses in the place of their words.
    fn addressed(&self, text: &str) -> String {
        let known = self.addresses().into_iter();
        known.fold(text.to_owned(), |text, (word, address)| {
            text.replace(&word, &address)
        })
    }

    fn command(&mut self, line: &str) -> Result<Output, Trouble> {
        let words = words(&self.addressed(line))?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let text = match words.as_slice() {
            ["cat", file] => self.read(file)?,
            ["edit", file, change] => self.edit(file, change).map(|()| String::new())?,
            ["cut", file, count] => self.cut(file, count).map(|()| String::new())?,
            ["grow", file, count] => self.grow(file, count).map(|()| String::new())?,
            ["end", file] => self
                .write(file, format!("{}\n", self.read(file)?).as_bytes())
                .map(|()| String::new())?,
            ["rm", file] => fs::remove_file(self.path(file)?).map(|()| String::new())?,
            ["mode", file] => format!(
                "{:o}\n",
                fs::metadata(self.path(file)?)?.permissions().mode() & 0o7777
            ),
            ["ls", folder] => self.list(folder)?,
            ["chmod", mode, file] => {
                let mode = if *mode == "+x" {
                    0o755
                } else {
                    u32::from_str_radix(mode, 8)?
                };
                fs::set_permissions(self.path(file)?, fs::Permissions::from_mode(mode))?;
                String::new()
            }
            ["ln", target, name] => {
                let path = self.path(name)?;
                fs::create_dir_all(path.parent().ok_or("no folder")?)?;
                symlink(target, path)?;
                String::new()
            }
            ["serve", "--tls", certificate] => {
                let served = self.served.as_ref().ok_or("nothing is served yet")?;
                self.tls = Some(Tls::start(&self.path(certificate)?, served.azure())?);
                String::new()
            }
            ["serve", world, manifests] => {
                self.path(world)?;
                self.write(manifests, b"")?;
                let root = self.root.path();
                let log = self.requests.path();
                self.served = Some(Served::start(root, world, manifests, log)?);
                String::new()
            }
            ["token", client, resource, file] => {
                let served = self.served.as_ref().ok_or("nothing is served yet")?;
                let answer = served.token(client, resource)?;
                self.write(file, answer.as_bytes())?;
                String::new()
            }
            ["ssh-keygen", rest @ ..] => return self.ssh_keygen(rest),
            ["requests"] => counted(&self.received()?),
            ["requests", "--each"] => self.received()?.join("\n"),
            _ => return self.afresh(&words),
        };
        Ok(Output {
            out: lines(&text),
            ..Output::default()
        })
    }

    /// `s/OLD/NEW/`, with any separator.
    fn edit(&self, file: &str, change: &str) -> Result<(), Trouble> {
        let rest = change
            .strip_prefix('s')
            .ok_or("a change reads s/OLD/NEW/")?;
        let separator = rest.chars().next().ok_or("a change reads s/OLD/NEW/")?;
        let pieces: Vec<&str> = rest.split(separator).collect();
        let &[_, old, new, ""] = pieces.as_slice() else {
            return Err("a change reads s/OLD/NEW/".into());
        };
        let text = self.read(file)?;
        if !text.contains(old) {
            return Err(format!("there is no `{old}` in {file}").into());
        }
        self.write(file, text.replace(old, new).as_bytes())
    }

    /// Its last line so many times more.
    fn grow(&self, file: &str, count: &str) -> Result<(), Trouble> {
        let text = self.read(file)?;
        let last = text.lines().last().ok_or("there is no line")?;
        let more = format!("{last}\n").repeat(count.parse()?);
        self.write(file, (text + &more).as_bytes())
    }

    fn cut(&self, file: &str, count: &str) -> Result<(), Trouble> {
        let text = self.read(file)?;
        let left = text.len().checked_sub(count.parse()?);
        let left = left.ok_or("so many bytes are not there")?;
        self.write(file, &text.as_bytes()[..left])
    }

    fn list(&self, folder: &str) -> Result<String, Trouble> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.path(folder)?)? {
            names.push(format!("{}\n", entry?.file_name().to_string_lossy()));
        }
        names.sort();
        Ok(names.concat())
    }

    /// The requests since the last time, sorted: concurrent ones have no order to rely on.
    fn received(&self) -> Result<Vec<String>, Trouble> {
        let mut received = lines(&fs::read_to_string(self.requests.path()).unwrap_or_default());
        fs::write(self.requests.path(), "")?;
        received.sort();
        Ok(received)
    }

    /// The real one, with `< FILE` and `> FILE` behind its arguments as a shell reads them.
    fn ssh_keygen(&self, words: &[&str]) -> Result<Output, Trouble> {
        let (words, out) = match words {
            [before @ .., ">", file] => (before, Some(*file)),
            all => (all, None),
        };
        let (words, stdin) = match words {
            [before @ .., "<", file] => (before, Stdio::from(fs::File::open(self.path(file)?)?)),
            all => (all, Stdio::null()),
        };
        let ran = std::process::Command::new("ssh-keygen")
            .args(words)
            .current_dir(self.root.path())
            .stdin(stdin)
            .output()
            .map_err(|why| format!("`ssh-keygen` (OpenSSH) cannot be run: {why}"))?;
        if !ran.status.success() {
            return Err(String::from_utf8_lossy(&ran.stderr).into());
        }
        let printed = match out {
            Some(file) => self.write(file, &ran.stdout).map(|()| String::new())?,
            None => String::from_utf8(ran.stdout)?,
        };
        Ok(Output {
            out: lines(&printed),
            ..Output::default()
        })
    }

    fn afresh(&self, words: &[&str]) -> Result<Output, Trouble> {
        let settings = words.iter().take_while(|word| is_setting(word)).count();
        let (settings, rest) = words.split_at(settings);
        let (arguments, stdin) = match rest {
            [before @ .., "<", file] => (before, Stdio::from(fs::File::open(self.path(file)?)?)),
            all => (all, Stdio::null()),
        };
        let (terminal, arguments) = match arguments {
            ["watched", rest @ ..] => (Some(Terminal::open()?), rest),
            all => (None, all),
        };
        let Some(("afresh", arguments)) =
            arguments.split_first().map(|(first, rest)| (*first, rest))
        else {
            return Err("the runner does not know this command".into());
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_afresh"));
        command
            .args(arguments)
            .current_dir(self.root.path())
            .stdin(stdin);
        command
            .env_clear()
            .env("HOME", self.root.path())
            .env("PATH", self.root.path().join("bin"));
        command.envs([
            ("NO_COLOR", "1"),
            ("COLUMNS", "100"),
            ("TZ", "UTC"),
            ("LANG", "C.UTF-8"),
            // Nobody listens there: no story asks the machine it runs on who it is.
            ("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9"),
            // What is served in a story is on loopback.
            ("AFRESH_ALLOW_LOOPBACK", "1"),
        ]);
        command.envs(
            settings
                .iter()
                .filter_map(|setting| setting.split_once('=')),
        );
        if arguments.contains(&"--sim") {
            command.arg("--sim-log").arg(self.requests.path());
        }
        command.stdout(Stdio::piped());
        let Some(terminal) = terminal else {
            let mut child = command.stderr(Stdio::piped()).spawn()?;
            let err = child.stderr.take().map(drain);
            let output = self.finished(child, err)?;
            shapes::check(arguments, &output.out)?;
            return Ok(output);
        };
        let child = command.stderr(terminal.inner).spawn()?;
        // With it goes our own copy of the inner end: the outer one ends when the process does.
        drop(command);
        self.finished(child, Some(drain(terminal.outer)))
    }

    fn finished(
        &self,
        mut child: Child,
        err: Option<thread::JoinHandle<String>>,
    ) -> Result<Output, Trouble> {
        let out = child.stdout.take().map(drain);
        let patience = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if Instant::now() > patience {
                child.kill()?;
                child.wait()?;
                return Err(format!("did not end within {}s", PATIENCE.as_secs()).into());
            }
            thread::sleep(Duration::from_millis(3));
        };
        let text = |stream: Option<thread::JoinHandle<String>>| {
            stream
                .and_then(|thread| thread.join().ok())
                .unwrap_or_default()
        };
        Ok(Output {
            out: self.masked(&text(out)),
            err: self.masked(&text(err)),
            code: status.code().unwrap_or(-1),
        })
    }

    fn masked(&self, text: &str) -> Vec<String> {
        let text = text.replace(&*self.root.path().to_string_lossy(), "[ROOT]");
        let known = self.addresses().into_iter();
        lines(&known.fold(text, |text, (word, address)| text.replace(&address, &word)))
    }
}

/// A terminal with somebody in front of it.
struct Terminal {
    inner: fs::File,
    outer: fs::File,
}

impl Terminal {
    fn open() -> Result<Self, Trouble> {
        let (outer, inner) = terminal()?;
        Ok(Self { inner, outer })
    }
}

fn drain(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before a failure is shown; the missing rest makes the story differ.
        let _ = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// `adf.list 2` for each kind; a request's kind is its first word.
fn counted(received: &[String]) -> String {
    let mut counts = BTreeMap::new();
    for line in received {
        let kind = line.split(' ').next().unwrap_or_default();
        *counts.entry(kind).or_insert(0_u32) += 1;
    }
    let told = counts.iter().map(|(kind, count)| format!("{kind} {count}"));
    told.collect::<Vec<_>>().join("\n")
}

fn is_setting(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

/// Words of a command line; quotes keep spaces.
fn words(line: &str) -> Result<Vec<String>, Trouble> {
    let mut words = Vec::new();
    let mut word = None::<String>;
    let mut quote = None;
    for c in line.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (' ', None) => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("a quote that does not end".into());
    }
    words.extend(word);
    Ok(words)
}
