//! A story as it is written: parts in their order, each with its own text, so that it can be written back with other outputs.
//!
//! A file without its end and an output without a command are errors.

/// A piece of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A line for people.
    Prose(String),
    /// A file to be written.
    File { path: String, text: String },
    /// A file of the project to be copied.
    Use { source: String, path: String },
    /// A command and what is expected of it.
    Command { line: String, expected: Output },
}

/// What a command printed, and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Lines of stdout.
    pub out: Vec<String>,
    /// Lines of stderr.
    pub err: Vec<String>,
    /// The exit code.
    pub code: i32,
}

/// Reads a story. The error says what is wrong with it, and in which line.
pub fn parse(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let wrong = |what: &str| format!("line {}: {what}: `{line}`", number + 1);
        if let Some(name) = line.strip_prefix("--- ") {
            let part = match name
                .strip_prefix("use ")
                .and_then(|rest| rest.split_once(" as "))
            {
                Some((source, path)) => Part::Use {
                    source: source.to_owned(),
                    path: path.to_owned(),
                },
                None => Part::File {
                    path: name.to_owned(),
                    text: file_text(&mut lines)
                        .ok_or_else(|| wrong("no `--- end` to this file"))?,
                },
            };
            parts.push(part);
        } else if let Some(command) = line.strip_prefix("$ ") {
            parts.push(Part::Command {
                line: command.to_owned(),
                expected: Output::default(),
            });
        } else if !expectation(line, &mut parts).map_err(wrong)? {
            parts.push(Part::Prose(line.to_owned()));
        }
    }
    Ok(parts)
}

fn file_text<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>) -> Option<String> {
    let mut text = String::new();
    for (_, line) in lines {
        if line == "--- end" {
            return Some(text);
        }
        text.push_str(line);
        text.push('\n');
    }
    None
}

/// Adds an expected line to the command before it; false if the line is none.
fn expectation(line: &str, before: &mut [Part]) -> Result<bool, &'static str> {
    let code = line
        .strip_prefix("[exit ")
        .and_then(|rest| rest.strip_suffix(']'));
    let out = unmarked(line, '|');
    let err = unmarked(line, '!');
    if code.is_none() && out.is_none() && err.is_none() {
        return Ok(false);
    }
    let [.., Part::Command { expected, .. }] = before else {
        return Err("an output without a command right before it");
    };
    expected.out.extend(out.map(str::to_owned));
    expected.err.extend(err.map(str::to_owned));
    if let Some(code) = code {
        expected.code = code.parse().map_err(|_| "no exit code")?;
    }
    Ok(true)
}

fn unmarked(line: &str, mark: char) -> Option<&str> {
    let rest = line.strip_prefix(mark)?;
    if rest.is_empty() {
        Some(rest)
    } else {
        rest.strip_prefix(' ')
    }
}

/// Writes a story as it would be read.
pub fn render(parts: &[Part]) -> String {
    parts.iter().map(render_part).collect()
}

fn render_part(part: &Part) -> String {
    match part {
        Part::Prose(line) => format!("{line}\n"),
        Part::File { path, text } => format!("--- {path}\n{text}--- end\n"),
        Part::Use { source, path } => format!("--- use {source} as {path}\n"),
        Part::Command { line, expected } => format!("$ {line}\n{}", render_output(expected)),
    }
}

fn render_output(output: &Output) -> String {
    let marked = |mark: char, line: &String| format!("{mark} {line}").trim_end().to_owned() + "\n";
    let mut text: String = output.out.iter().map(|line| marked('|', line)).collect();
    text.extend(output.err.iter().map(|line| marked('!', line)));
    if output.code != 0 {
        text.extend(["[exit ", &output.code.to_string(), "]\n"]);
    }
    text
}

impl Output {
    /// What really happened, told in the expected lines where those fit, with their `[..]`.
    pub fn told_as(&self, expected: &Self) -> Self {
        Self {
            out: retold(&self.out, &expected.out),
            err: retold(&self.err, &expected.err),
            code: self.code,
        }
    }
}

fn retold(actual: &[String], expected: &[String]) -> Vec<String> {
    // Lines are paired from both ends, so that one new line in the middle does not unmask all that follow it.
    let from_end = |place: usize| (expected.len() + place).checked_sub(actual.len());
    let pick = |(place, line): (usize, &String)| {
        let candidates = [Some(place), from_end(place)];
        let mut patterns = candidates
            .into_iter()
            .flatten()
            .filter_map(|at| expected.get(at));
        let fitting = patterns.find(|pattern| fits(pattern, line));
        fitting.unwrap_or(line).clone()
    };
    actual.iter().enumerate().map(pick).collect()
}

/// Does `line` say what `pattern` says, where `[..]` stands for anything? Spaces at the end do not count.
pub fn fits(pattern: &str, line: &str) -> bool {
    let (line, pattern) = (line.trim_end(), pattern.trim_end());
    let mut pieces = pattern.split("[..]");
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        if let Some(before) = last.replace(piece) {
            match rest.find(before) {
                Some(at) => rest = &rest[at + before.len()..],
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |end| rest.ends_with(end))
}
