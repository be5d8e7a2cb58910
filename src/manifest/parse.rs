//! Parses the text of one file into trees.
//!
//! A YAML directive is an error, and so is a blank that YAML does not take as a space where it wants one.

use std::rc::Rc;

use super::blank;
use super::mark::Mark;
use super::problem::{Findings, Problem};
use super::split::{self, Piece};
use super::tree::{self, Budget, Node};

pub fn parse(file: u32, text: &str, budget: &mut Budget, findings: &mut Findings) -> Vec<Rc<Node>> {
    let pieces = split::pieces(text).into_iter();
    pieces
        .flat_map(|piece| parse_piece(file, &piece, budget, findings))
        .collect()
}

/// The documents of one piece of a file, which is one, unless something is wrong.
pub fn parse_piece(
    file: u32,
    piece: &Piece<'_>,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Vec<Rc<Node>> {
    if let Some(line) = split::directive(piece) {
        let problem = Problem::at(
            Mark::point(file, line, 0),
            "YAML directives are not read here",
        );
        findings.add(problem.help("leave the line out"));
        return Vec::new();
    }
    let mut roots = read(file, piece, budget, findings);
    roots.retain(|root| !root.is_empty());
    roots
}

/// Where blanks that are none to YAML are what is wrong, that is said, and the rest is read as it was meant.
fn read(
    file: u32,
    piece: &Piece<'_>,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Vec<Rc<Node>> {
    let mut own = findings.fresh();
    let roots = tree::parse(file, piece.line, piece.text, budget, &mut own);
    if own.error_count() > 0 || roots.iter().any(|root| blank::in_keys(root)) {
        let meant = blank::as_spaces(piece.text);
        let mut other = findings.fresh();
        if meant != piece.text {
            let read = tree::parse(file, piece.line, &meant, budget, &mut other);
            if other.error_count() == 0 {
                blank::note_lines(file, piece.line, piece.text, findings);
                return read;
            }
        }
    }
    if own.error_count() > 0 && roots.is_empty() {
        own.leave_unread();
    }
    findings.append(own);
    roots
}
