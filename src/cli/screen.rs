//! stdout for what was asked for, stderr for everything else. Everything goes through the escape of its format.
//!
//! If the reader of stdout went away, the command goes on to its own end and its own exit code. If stdout cannot be written for another
//! reason (a full disk), the command goes on too, and then ends as an error. So a failed write never ends a program in the middle of its
//! work.

use std::fs;
use std::io::{self, BufRead, BufWriter, ErrorKind, IsTerminal, Read, StdoutLock, Write};
use std::path::Path;
use std::sync::Arc;

use super::args::{ColorWhen, Global, LogFormat, STDIN};
use super::error::{Exit, Failure};
use super::typed::Typed;
use crate::mutex::Mutex;
use crate::{escape, regular};

/// What could not be done where stdout is full.
const NOT_SAID: &str = "cannot write to stdout";

/// Writes what is to be in a file or on stdout. It may be asked to do so again, where the first way to put a file there failed.
pub type Put<'a> = dyn Fn(&mut dyn Write) -> io::Result<()> + 'a;

/// Where a command speaks.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub struct Screen {
    /// Errors only.
    pub quiet: bool,
    /// How often `-v` was given.
    pub verbose: u8,
    /// Colour on stdout.
    pub color: bool,
    /// Colour on stderr.
    pub color_errors: bool,
    /// Is somebody watching stderr?
    pub watched: bool,
    /// Columns of the terminal that stdout is.
    pub width: Option<usize>,
    /// What commands that are proposed have to repeat.
    pub typed: Typed,
    /// Why stdout could not be written, the first time.
    lost: Arc<Mutex<Option<io::Error>>>,
}

impl Screen {
    /// As the command line and the terminals say.
    pub fn new(global: &Global, typed: Typed) -> Self {
        let color = |terminal: bool| match global.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => terminal && !no_color(),
        };
        Self {
            quiet: global.quiet,
            verbose: global.verbose,
            color: color(io::stdout().is_terminal()),
            color_errors: color(io::stderr().is_terminal()),
            width: terminal_size::terminal_size_of(io::stdout())
                .map(|(width, _)| usize::from(width.0)),
            watched: io::stderr().is_terminal() && global.log_format == LogFormat::Text,
            typed,
            lost: Arc::default(),
        }
    }

    /// What the command was asked for, for people, to stdout.
    pub fn say(&self, text: &str) {
        self.put(&escape::page(text, self.color));
    }

    /// JSON, to stdout.
    pub fn say_json(&self, json: &str) {
        self.put(&escape::json(json));
    }

    /// Text that is escaped already, or has nothing from outside in it, to stdout.
    pub fn put(&self, text: &str) {
        if let Err(error) = write_line(&mut io::stdout().lock(), text) {
            let mut lost = self.lost.lock();
            lost.get_or_insert(error);
        }
    }

    /// The same piece by piece.
    ///
    /// # Errors
    /// What is to be said cannot be made. Where stdout cannot be written, that is told at the end.
    pub fn stream(&self, put: &Put<'_>) -> io::Result<()> {
        let mut out = Out {
            stream: BufWriter::new(io::stdout().lock()),
            lost: None,
        };
        put(&mut out)?;
        out.flush()?;
        if let Some(error) = out.lost {
            self.lost.lock().get_or_insert(error);
        }
        Ok(())
    }

    /// What a person must have seen before they approve it, to stdout.
    ///
    /// # Errors
    /// It cannot be shown.
    pub fn show(&self, text: &str) -> Result<(), Failure> {
        self.say(text);
        let lost = self.lost.lock();
        let why = match &*lost {
            Some(error) => error.to_string(),
            None if leads_nowhere() => "it is /dev/null, or closed".to_owned(),
            None => return Ok(()),
        };
        Err(Failure::new(format!(
            "the plan cannot be shown on stdout ({why}), so nobody can approve it; nothing was done"
        )))
    }

    /// Has something been lost that was to be on stdout, other than to a reader that went away?
    ///
    /// # Errors
    /// It has.
    pub fn all_said(&self) -> Result<(), Failure> {
        let lost = self.lost.lock();
        match &*lost {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::because(NOT_SAID, error))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The exit code of a command that ended with `exit`, told with what could not be said.
    pub fn ended(&self, exit: Exit) -> Exit {
        let Err(failure) = self.all_said() else {
            return exit;
        };
        self.complain(&failure.message());
        match exit {
            Exit::AsWanted | Exit::Pending => failure.exit,
            other => other,
        }
    }

    /// What people like to know, to stdout, unless `--quiet`.
    pub fn tell(&self, text: &str) {
        if !self.quiet {
            self.say(text);
        }
    }

    /// Remarks, to stderr, unless `--quiet`.
    pub fn remark(&self, text: &str) {
        if !self.quiet {
            self.complain(text);
        }
    }

    /// Errors, to stderr.
    pub fn complain(&self, text: &str) {
        let text = &escape::page(text, self.color_errors);
        // Where stderr is closed or full there is nobody left to tell.
        let _ = write_line(&mut io::stderr().lock(), text);
    }

    /// A question, to stderr, with the cursor left behind it.
    pub fn prompt(&self, question: &str) {
        let question = escape::page(question, self.color_errors);
        // Where stderr is closed nobody sees the question, and only a `yes` is a yes.
        let _ = write!(io::stderr().lock(), "{question}");
    }
}

/// What `--help` and `--version` tell, to stdout. A reader that went away has read enough.
pub fn explain(told: &clap::Error, exit: Exit) -> Exit {
    match told.print() {
        Err(lost) if lost.kind() != ErrorKind::BrokenPipe => {
            let failure = Failure::because(NOT_SAID, &lost);
            let text = escape::page(&failure.message(), false);
            let _ = write_line(&mut io::stderr().lock(), &text);
            failure.exit
        }
        _ => exit,
    }
}

/// A command line that cannot be read, to stderr: it may hold anything.
pub fn complain_of(error: &clap::Error) {
    let words = std::env::args_os().skip(1);
    let words: Vec<String> = words.filter_map(|word| word.into_string().ok()).collect();
    let is_plain = !words.iter().any(|word| word.contains('\n'));
    let color = io::stderr().is_terminal() && !no_color() && is_plain;
    let told = error.render();
    let told = if color {
        told.ansi().to_string()
    } else {
        on_one_line(told.to_string(), &words)
    };
    let _ = write_line(&mut io::stderr().lock(), &escape::page(&told, color));
}

/// The message with each word that was typed on one line: it is quoted with the line ends that it has.
fn on_one_line(mut told: String, words: &[String]) -> String {
    let values = words
        .iter()
        .filter_map(|word| Some(word.split_once('=')?.1));
    let typed = words.iter().map(String::as_str).chain(values);
    for word in typed.filter(|word| word.contains('\n')) {
        // Alone it may be what ends the lines of the message itself.
        for before in ["'", " "] {
            let quoted = format!("{before}{word}'");
            told = told.replace(&quoted, &format!("{before}{}'", escape::line(word)));
        }
    }
    told
}

fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Is stdout the null device? One that was closed is, too.
#[cfg(unix)]
fn leads_nowhere() -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    let device = |path| {
        let found = fs::metadata(path).ok()?;
        let is_device = found.file_type().is_char_device();
        is_device.then(|| found.rdev())
    };
    let out = device("/dev/stdout");
    out.is_some() && out == device("/dev/null")
}

#[cfg(not(unix))]
const fn leads_nowhere() -> bool {
    false
}

/// stdout until it is lost; what comes after that goes nowhere.
struct Out<'a> {
    stream: BufWriter<StdoutLock<'a>>,
    lost: Option<io::Error>,
}

impl<'a> Out<'a> {
    fn unless_lost(&mut self, done: impl FnOnce(&mut BufWriter<StdoutLock<'a>>) -> io::Result<()>) {
        if self.lost.is_none() {
            self.lost = done(&mut self.stream).err();
        }
    }
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unless_lost(|stream| stream.write_all(bytes));
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        self.unless_lost(Write::flush);
        Ok(())
    }
}

/// A text with a line end behind it, unless it has one or is empty.
pub fn write_line(stream: &mut (impl Write + ?Sized), text: &str) -> io::Result<()> {
    let newline = if text.ends_with('\n') || text.is_empty() {
        ""
    } else {
        "\n"
    };
    stream.write_all(text.as_bytes())?;
    stream.write_all(newline.as_bytes())?;
    stream.flush()
}

/// Reads a file that should be text, up to `limit` bytes; `-` is stdin. A device or a pipe may have no end, and is not read.
pub fn read_file(path: &Path, limit: u64) -> Result<String, Failure> {
    let bytes = read_bytes(path, limit).map_err(|error| unreadable(path, &error))?;
    let Some(bytes) = bytes else {
        return Err(too_large(path, limit));
    };
    String::from_utf8(bytes)
        .map_err(|error| Failure::because(&format!("cannot read {}", path.display()), &error))
}

/// Opens a file to read it line by line; `-` is stdin. One that is larger than `limit` bytes is not opened; a stream tells no size.
pub fn open_file(path: &Path, limit: u64) -> Result<Box<dyn BufRead>, Failure> {
    if path == Path::new(STDIN) {
        return Ok(Box::new(io::stdin().lock()));
    }
    let opened = regular::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
    let (length, file) = opened.map_err(|error| unreadable(path, &error))?;
    if length > limit {
        return Err(too_large(path, limit));
    }
    Ok(Box::new(io::BufReader::new(file)))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::because(&format!("cannot read {}", path.display()), error);
    if regular::is_about_kind(error) {
        failure.with_advice("Name a file, or - for stdin.")
    } else {
        failure
    }
}

fn too_large(path: &Path, limit: u64) -> Failure {
    Failure::new(format!("{} is larger than {limit} bytes", path.display()))
}

/// `None`: there are more than `limit`.
fn read_bytes(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    if path != Path::new(STDIN) {
        return regular::read(path, limit);
    }
    let mut bytes = Vec::new();
    io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 1024;

/// A line from the terminal, read by a thread that an interrupted program need not wait for.
pub async fn answer() -> io::Result<String> {
    let (give, take) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let stdin = io::stdin().lock().take(ANSWER_BYTES_MAX);
        let read = io::BufReader::new(stdin).read_line(&mut line).map(|_| line);
        // Nobody takes the answer after an interruption.
        let _ = give.send(read);
    });
    take.await.unwrap_or_else(|_| Ok(String::new()))
}

#[cfg(test)]
mod tests {
    use super::on_one_line;

    #[test]
    fn words_with_line_ends_are_quoted_on_one_line_and_the_message_keeps_its_own() {
        for word in [
            "\n",
            "\n\n",
            "e\n",
            "x\n::error::y",
            "--format=x\n::error::y",
        ] {
            let value = word.split_once('=').map_or(word, |(_, value)| value);
            let told = |value: &str| {
                format!(
                    "error: unexpected value '{value}' found\n\n  tip: to pass it, use '-- {value}'\n\nUsage: afresh <COMMAND>\n"
                )
            };
            let shown = on_one_line(told(value), &[word.to_owned()]);
            assert_eq!(shown, told(&crate::escape::line(value)), "{word:?}");
        }
    }
}
