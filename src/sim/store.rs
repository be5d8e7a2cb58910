//! Loads a world and keeps it: the world file first, then the stored copy that lives on between commands.
//!
//! A copy that was made from another world file is an error, and so is a world file too large to be written by hand.
//! The copy is never half-written, and it holds no secret of the world file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::file::WorldFile;
use super::journal::Line;
use super::keeper::{Keeper, Kept};
use super::world::World;
use super::{build, digest};
use crate::clock::{Clock, ManualClock};
use crate::limits::MANIFEST_BYTES_MAX;
use crate::regular;

/// How a world gets to the disk.
type Write = fn(&mut World, &mut Keeper) -> io::Result<()>;

/// Why the simulated cloud could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read, written or removed.
    #[error("cannot {verb} {path}")]
    File {
        /// `read`, `write` or `remove`.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The world file is not a world.
    #[error("{}: {what}", place(path, *line, *column))]
    World {
        /// The world file.
        path: PathBuf,
        /// Line from 1, or 0 where the trouble has no single line.
        line: usize,
        /// Column from 1, or 0.
        column: usize,
        /// What is wrong.
        what: String,
    },
    /// The stored world does not belong to this world file.
    #[error("{stored} was made from another content of {file}")]
    AnotherWorld {
        /// The stored copy.
        stored: PathBuf,
        /// The world file.
        file: PathBuf,
    },
    /// The stored world cannot be read.
    #[error("{stored} is not a stored world of this version: {what}")]
    Stored {
        /// The stored copy.
        stored: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The server was to listen where others could reach it.
    #[error(
        "the simulated cloud listens on loopback only, not on {0}\nIt checks no identity worth the name: anybody could use it"
    )]
    NotLoopback(std::net::IpAddr),
    /// What was asked could not be written down.
    #[error("cannot write to {}", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A port could not be taken.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: std::net::SocketAddr,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

fn place(path: &Path, line: usize, column: usize) -> String {
    if line == 0 {
        path.display().to_string()
    } else {
        format!("{}:{line}:{column}", path.display())
    }
}

impl World {
    /// Takes up the world stored at `stored`, or makes it from `world_file` where nothing is stored yet. Where the file sets no
    /// clock the world lives by `base`. Writes nothing.
    ///
    /// # Errors
    /// A file that cannot be read, a world file that is wrong (with its line), or a stored copy of another world file.
    pub fn load(world_file: &Path, stored: &Path, base: &Clock) -> Result<Self, Error> {
        let text = read(world_file)?;
        let source = digest::hex(&digest::digest(&[&text]));
        let kept = Kept::read(stored).map_err(|source| Error::File {
            verb: "read",
            path: stored.to_owned(),
            source,
        })?;
        let mut world = match kept {
            Some(kept) => {
                let mut world = take_up(&kept, &source, stored, world_file, base)?;
                world.know_secrets(parse(&text, source, world_file, base)?);
                world
            }
            None => parse(&text, source, world_file, base)?,
        };
        world.stored = Some(Keeper::new(stored.to_owned()));
        Ok(world)
    }

    /// Makes a world from the text of a world file; `name` is what errors call it.
    ///
    /// # Errors
    /// What is wrong with the text, with its line.
    pub fn from_text(text: &str, name: &Path, base: &Clock) -> Result<Self, Error> {
        parse(text, digest::hex(&digest::digest(&[text])), name, base)
    }

    /// Stores the world at `stored`: whole or not at all, also when the machine stops.
    ///
    /// # Errors
    /// A folder or file that cannot be written.
    pub fn save(&mut self, stored: &Path) -> Result<(), Error> {
        let own = self.stored.take();
        let mut keeper = match &own {
            Some(own) if own.path() == stored => own.clone(),
            Some(_) | None => Keeper::new(stored.to_owned()),
        };
        let saved = self.kept_by(&mut keeper, Self::write_whole);
        self.stored = match own {
            Some(own) if own.path() == stored => Some(keeper),
            other => other,
        };
        saved
    }

    /// Keeps beside the ledger what is new: after each request, so that a killed client does not undo the cloud.
    ///
    /// # Errors
    /// As [`World::save`].
    pub fn keep(&mut self) -> Result<(), Error> {
        if self.dirty() {
            self.keep_with(Self::write_new)?;
        }
        Ok(())
    }

    /// The same at the end of a command, for the time that it has waited. One file is left, which is the whole world.
    ///
    /// # Errors
    /// As [`World::save`].
    pub fn close(&mut self) -> Result<(), Error> {
        let has_journal = self.stored.as_ref().is_some_and(Keeper::has_journal);
        if has_journal {
            self.keep_with(Self::write_whole)
        } else {
            self.keep()
        }
    }

    fn keep_with(&mut self, write: Write) -> Result<(), Error> {
        let Some(mut keeper) = self.stored.take() else {
            return Ok(());
        };
        let kept = self.kept_by(&mut keeper, write);
        self.stored = Some(keeper);
        kept?;
        self.changed = false;
        self.kept = true;
        Ok(())
    }

    fn kept_by(&mut self, keeper: &mut Keeper, write: Write) -> Result<(), Error> {
        let hand = self.hand;
        self.hand = hand.map(|_| self.clock.now());
        write(self, keeper).map_err(|source| {
            // What was to be stored is still to be stored, and so is the time that has passed.
            self.hand = hand;
            self.rewritten = true;
            Error::File {
                verb: "write",
                path: keeper.path().to_owned(),
                source,
            }
        })
    }

    /// What has changed, if that is enough.
    fn write_new(&mut self, keeper: &mut Keeper) -> io::Result<()> {
        if keeper.takes_lines()
            && let Some(line) = self.line()
        {
            // Whole before it is written: the file would take each word and each comma by a call of its own.
            let mut text = serde_json::to_vec(&line)?;
            text.push(b'\n');
            if keeper.add(&text)? {
                return Ok(());
            }
        }
        self.write_whole(keeper)
    }

    fn write_whole(&mut self, keeper: &mut Keeper) -> io::Result<()> {
        let edition = self.edition;
        keeper.write_whole(edition, |edition| {
            self.edition = edition;
            Ok(serde_json::to_vec(self)?)
        })?;
        // All of it is kept now.
        let _ = self.line();
        Ok(())
    }

    /// Who proves itself by what is not stored, but written in the world file alone. It is the same file: nothing else is new.
    fn know_secrets(&mut self, written: Self) {
        self.tenants = written.tenants;
        self.machine = written.machine;
        self.pipeline_token = written.pipeline_token;
        for (own, written) in self.workspaces.iter_mut().zip(written.workspaces) {
            own.tokens = written.tokens;
            own.principals = written.principals;
        }
    }
}

fn read(path: &Path) -> Result<String, Error> {
    let failed = |source| Error::File {
        verb: "read",
        path: path.to_owned(),
        source,
    };
    let size = regular::check(path).map_err(failed)?.len();
    if size > MANIFEST_BYTES_MAX {
        let what =
            format!("{size} bytes are too many for a world file, at most {MANIFEST_BYTES_MAX}");
        return Err(Error::World {
            path: path.to_owned(),
            line: 0,
            column: 0,
            what,
        });
    }
    fs::read_to_string(path).map_err(failed)
}

fn parse(text: &str, source: String, path: &Path, base: &Clock) -> Result<World, Error> {
    let wrong = |line, column, what| Error::World {
        path: path.to_owned(),
        line,
        column,
        what,
    };
    let file: WorldFile = serde_yaml::from_str(text).map_err(|error| {
        let (line, column) = error
            .location()
            .map_or((0, 0), |place| (place.line(), place.column()));
        // The place stands in front already, where editors look for it.
        let text = error.to_string();
        let place = format!(" at line {line} column {column}");
        wrong(line, column, text.replacen(&place, "", 1))
    })?;
    let clock = clock(file.clock, base);
    build::build(file, source, clock).map_err(|what| wrong(0, 0, what))
}

fn take_up(
    kept: &Kept,
    source: &str,
    stored: &Path,
    file: &Path,
    base: &Clock,
) -> Result<World, Error> {
    let wrong = |what: String| Error::Stored {
        stored: stored.to_owned(),
        what,
    };
    let mut world: World =
        serde_json::from_slice(&kept.copy).map_err(|error| wrong(error.to_string()))?;
    if world.version != build::VERSION {
        return Err(wrong(format!(
            "version {} instead of {}",
            world.version,
            build::VERSION
        )));
    }
    if world.source != source {
        return Err(Error::AnotherWorld {
            stored: stored.to_owned(),
            file: file.to_owned(),
        });
    }
    go_on(&mut world, kept).map_err(wrong)?;
    world.clock = clock(world.hand, base);
    world.kept = true;
    Ok(world)
}

/// Adds what has changed since the copy was written, up to the last whole line: what comes after that was never answered for.
fn go_on(world: &mut World, kept: &Kept) -> Result<(), String> {
    let lines = kept.lines(world.edition)?;
    let last = lines.len();
    for (number, line) in (1..).zip(lines) {
        let wrong = |what: String| format!("line {} of its journal: {what}", number + 1);
        match serde_json::from_slice::<Line<'_>>(line) {
            Ok(line) => world
                .put_back(line)
                .map_err(|what| wrong(what.to_owned()))?,
            Err(_) if number == last => {}
            Err(error) => return Err(wrong(error.to_string())),
        }
    }
    Ok(())
}

fn clock(hand: Option<jiff::Timestamp>, base: &Clock) -> Clock {
    hand.map_or_else(
        || base.clone(),
        |hand| Clock::Manual(ManualClock::new(hand)),
    )
}
