//! `docs/plan.svg`, which the README shows: the plan of the quickstart in a terminal. `UPDATE_DOCS=1 cargo test --test docs` makes it anew.

use std::io::Read as _;
use std::process::{Command, Stdio};

use anstyle_svg::Term;
use rustix::termios::{Winsize, tcsetwinsize};

use super::commands::copy;
use super::{read, root};
use crate::terminal::terminal;

const COMMAND: &str = "afresh plan examples/quickstart --sim examples/quickstart/world.yaml";
/// As wide as a README shows a picture without making it smaller.
const COLUMNS: u16 = 110;

/// What a person sees who types the command in a terminal.
fn seen() -> String {
    let (mut ours, theirs) = terminal().unwrap();
    let size = Winsize {
        ws_row: 50,
        ws_col: COLUMNS,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&theirs, size).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let quickstart = "examples/quickstart";
    copy(&root().join(quickstart), &folder.path().join(quickstart));
    let mut afresh = Command::new(env!("CARGO_BIN_EXE_afresh"));
    afresh
        .args(COMMAND.split(' ').skip(1))
        .current_dir(folder.path())
        .env_clear()
        .env("TERM", "xterm-256color")
        .stdin(Stdio::null())
        .stdout(theirs)
        .stderr(Stdio::null());
    let mut running = afresh.spawn().unwrap();
    // The other end of the terminal is held by the program alone.
    drop(afresh);
    let mut seen = Vec::new();
    let _ = ours.read_to_end(&mut seen);
    assert!(running.wait().unwrap().success());
    String::from_utf8(seen).unwrap().replace("\r\n", "\n")
}

#[test]
fn the_picture_of_a_plan_is_what_a_terminal_shows() {
    let text = format!("$ {COMMAND}\n{}", seen());
    let picture = Term::new()
        .palette(anstyle_svg::WIN10_CONSOLE)
        .render_svg(&text);
    let path = "docs/plan.svg";
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(root().join(path), &picture).unwrap();
    }
    assert_eq!(
        read(path),
        picture,
        "{path} is not what is seen: UPDATE_DOCS=1 cargo test --test docs"
    );
}
