//! stdout for what was asked for, stderr for everything else. A broken pipe is success: whoever reads has read enough.

use std::fs;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;

use super::args::{ColorWhen, Global, LogFormat};
use super::error::{Exit, Failure};

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
}

impl Screen {
    /// As the command line and the terminals say.
    pub fn new(global: &Global) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = |terminal: bool| match global.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => terminal && !no_color,
        };
        Self {
            quiet: global.quiet,
            verbose: global.verbose,
            color: color(io::stdout().is_terminal()),
            color_errors: color(io::stderr().is_terminal()),
            width: terminal_size::terminal_size_of(io::stdout())
                .map(|(width, _)| usize::from(width.0)),
            watched: io::stderr().is_terminal() && global.log_format == LogFormat::Text,
        }
    }

    /// What the command was asked for, to stdout.
    #[expect(clippy::unused_self, reason = "whoever speaks has a screen")]
    pub fn say(&self, text: &str) {
        if let Err(error) = write_all(&mut io::stdout().lock(), text) {
            // What was asked for did not arrive, and stderr may say so.
            let _ = write_all(
                &mut io::stderr().lock(),
                &format!("error: cannot write to stdout: {error}"),
            );
            std::process::exit(i32::from(Exit::Error as u8));
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
    #[expect(clippy::unused_self, reason = "whoever speaks has a screen")]
    pub fn complain(&self, text: &str) {
        // Where stderr is closed or full there is nobody left to tell.
        let _ = write_all(&mut io::stderr().lock(), text);
    }
}

impl Screen {
    /// What happens while effects are under way, to stdout. Whether anybody reads it or not, the work goes on and its exit code
    /// counts: a reader that went away must not leave a doubt behind.
    #[expect(clippy::unused_self, reason = "whoever speaks has a screen")]
    pub fn narrate(&self, text: &str) {
        let _ = write_line(&mut io::stdout().lock(), text);
    }

    /// A question, to stderr, with the cursor left behind it.
    #[expect(clippy::unused_self, reason = "whoever speaks has a screen")]
    pub fn prompt(&self, question: &str) {
        // Where stderr is closed nobody sees the question, and only a `yes` is a yes.
        let _ = write!(io::stderr().lock(), "{question}");
    }
}

fn write_all(stream: &mut impl Write, text: &str) -> io::Result<()> {
    match write_line(stream, text) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        other => other,
    }
}

fn write_line(stream: &mut impl Write, text: &str) -> io::Result<()> {
    let newline = if text.ends_with('\n') || text.is_empty() {
        ""
    } else {
        "\n"
    };
    stream.write_all(text.as_bytes())?;
    stream.write_all(newline.as_bytes())?;
    stream.flush()
}

/// Writes a file whole or not at all.
pub fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(plain)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| Failure::because(&format!("cannot write {}", path.display()), &error))
}

/// Without the name of the temporary file, which says nothing to a person.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn plain(error: io::Error) -> io::Error {
    error.raw_os_error().map_or_else(
        || io::Error::from(error.kind()),
        io::Error::from_raw_os_error,
    )
}

/// Reads a file that should be text, up to `limit` bytes.
pub fn read_file(path: &Path, limit: u64) -> Result<String, Failure> {
    let failed =
        |error: io::Error| Failure::because(&format!("cannot read {}", path.display()), &error);
    if fs::metadata(path).map_err(failed)?.len() > limit {
        return Err(Failure::new(format!(
            "{} is larger than {limit} bytes",
            path.display()
        )));
    }
    fs::read_to_string(path).map_err(failed)
}
