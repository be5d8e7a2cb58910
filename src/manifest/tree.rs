//! A YAML document as a tree in which every node knows its place.
//!
//! Deep nesting and alias bombs are errors, since they cost time or memory. So are merge keys, tags other than `!!str` and duplicate keys,
//! which tools read differently, and keys that are not words. Aliases share the node that they name, so they cost no memory, but they count
//! against the limit all the same.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use crate::limits::{
    MANIFEST_BYTES_MAX, MANIFEST_DEPTH_MAX, MANIFEST_NODES_MIN, MANIFEST_NODES_PER_BYTE,
};

use super::advice::{self, Advice};
use super::mark::{Mark, to_u32};
use super::mask;
use super::problem::{Findings, Problem};
use super::scalar::Scalar;
use super::split;

/// A value and where it is written.
#[derive(Debug)]
pub struct Node {
    /// Its place.
    pub mark: Mark,
    /// What it is.
    pub value: Value,
    size: Size,
}

impl Node {
    /// Is there nothing at all?
    pub fn is_empty(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.plain && scalar.text.is_empty())
    }
}

/// What stands at a place.
#[derive(Debug)]
pub enum Value {
    /// A word or a number.
    Scalar(Scalar),
    /// A list.
    List(Vec<Rc<Node>>),
    /// A mapping, in the order of the file.
    Map(Vec<Entry>),
}

/// One key of a mapping, and its value.
#[derive(Debug)]
pub struct Entry {
    /// The key.
    pub key: Scalar,
    /// The key's place.
    pub mark: Mark,
    /// The value.
    pub value: Rc<Node>,
}

/// What a node weighs when its aliases are written out.
#[derive(Clone, Copy, Debug)]
struct Size {
    nodes: usize,
    bytes: usize,
    height: usize,
}

/// What a whole reading may expand to. It grows with what is read, so that only aliases can use it up.
#[derive(Debug)]
pub struct Budget {
    nodes: usize,
    bytes: usize,
}

impl Budget {
    /// What these texts together may expand to.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let length: usize = texts.into_iter().map(str::len).sum();
        let bytes = usize::try_from(MANIFEST_BYTES_MAX).unwrap_or(usize::MAX);
        Self {
            nodes: MANIFEST_NODES_MIN.max(length.saturating_mul(MANIFEST_NODES_PER_BYTE)),
            bytes: bytes.max(length),
        }
    }

    /// Takes `nodes` and `bytes` away, if they are there.
    fn take(&mut self, nodes: usize, bytes: usize) -> bool {
        let left = (self.nodes.checked_sub(nodes), self.bytes.checked_sub(bytes));
        match left {
            (Some(nodes), Some(bytes)) => {
                *self = Self { nodes, bytes };
                true
            }
            _ => false,
        }
    }
}

/// Why a document was given up. The problem has been noted.
struct GivenUp;

/// Reads the documents of `text`, a stretch of a file that begins at `first_line` and holds one `---` at most, as its first line.
/// What is wrong goes to `findings`; a document that cannot be read is left out.
pub fn parse(
    file: u32,
    first_line: u32,
    text: &str,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Vec<Rc<Node>> {
    let mut builder = Builder {
        file,
        line_offset: first_line - 1,
        text,
        length: text.trim_end().chars().count(),
        budget,
        findings,
        anchors: HashMap::new(),
        open: Vec::new(),
        roots: Vec::new(),
    };
    let mut parser = Parser::new_from_str(text);
    while let Some(()) = builder.step(&mut parser) {}
    builder.roots
}

struct Builder<'a> {
    file: u32,
    line_offset: u32,
    text: &'a str,
    /// In characters, without what is blank at the end.
    length: usize,
    budget: &'a mut Budget,
    findings: &'a mut Findings,
    anchors: HashMap<usize, Rc<Node>>,
    open: Vec<Open>,
    roots: Vec<Rc<Node>>,
}

/// A list or mapping whose end has not come yet.
struct Open {
    anchor: usize,
    mark: Mark,
    size: Size,
    inside: Inside,
}

enum Inside {
    List(Vec<Rc<Node>>),
    Map(Vec<Entry>, Pending),
}

/// What a mapping waits for.
enum Pending {
    Key,
    Value(Scalar, Mark),
    Nothing,
}

impl Builder<'_> {
    /// Takes one event; `None` at the end, or when the rest cannot be read.
    fn step(&mut self, parser: &mut Parser<'_, StrInput<'_>>) -> Option<()> {
        match parser.next_event()? {
            Ok((Event::StreamEnd, _)) => None,
            Ok((event, span)) => self.take(event, span).ok(),
            Err(error) => {
                self.not_yaml(&error);
                None
            }
        }
    }

    fn not_yaml(&mut self, error: &ScanError) {
        let (line, column) = (error.marker().line().max(1), error.marker().col());
        let mark = Mark::point(self.file, to_u32(line) + self.line_offset, to_u32(column));
        if error.info().contains("recursion limit") {
            let problem = Problem::at(mark, "brackets are nested too deeply");
            return self.findings.add(problem);
        }
        let advice = self.advice(error.info(), line, column);
        let at_end = error.marker().index() >= self.length;
        let (message, help) = match advice {
            _ if at_end => (
                None,
                Some("a bracket or a quote that was opened above is not closed".to_owned()),
            ),
            Some(advice) => {
                let help = advice.help();
                (advice.message, Some(help))
            }
            None => (None, None),
        };
        let told = message.unwrap_or_else(|| error.info().to_owned());
        let problem = Problem::at(mark, format!("this is not YAML: {told}"));
        self.findings.add(problem.maybe_help(help));
    }

    fn advice(&self, info: &str, line: usize, column: usize) -> Option<Advice> {
        let before = split::lines(self.text).take(line - 1);
        let above = before.filter(|(_, line)| !line.trim().is_empty()).last();
        let is_secret = above.is_some_and(|(_, above)| mask::carries(above));
        let (_, content) = split::lines(self.text).nth(line - 1)?;
        advice::of(info, content, column, is_secret)
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), GivenUp> {
        let mark = self.mark(span);
        match event {
            Event::DocumentStart(_) => self.anchors.clear(),
            Event::Scalar(text, style, anchor, tag) => {
                let forced = self.tag_forces_text(tag.as_deref(), mark);
                let plain = style == ScalarStyle::Plain && !forced;
                let text = text.into_owned();
                self.scalar(Scalar { text, plain }, anchor, mark)?;
            }
            Event::SequenceStart(anchor, tag) => {
                self.tag_forces_text(tag.as_deref(), mark);
                self.start(anchor, mark, Inside::List(Vec::new()))?;
            }
            Event::MappingStart(anchor, tag) => {
                self.tag_forces_text(tag.as_deref(), mark);
                self.start(anchor, mark, Inside::Map(Vec::new(), Pending::Key))?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(mark)?,
            Event::Alias(anchor) => self.alias(anchor, mark)?,
            _ => {}
        }
        Ok(())
    }

    fn mark(&self, span: Span) -> Mark {
        Mark {
            file: self.file,
            line: to_u32(span.start.line()) + self.line_offset,
            column: to_u32(span.start.col()),
            end_line: to_u32(span.end.line()) + self.line_offset,
            end_column: to_u32(span.end.col()),
        }
    }

    /// `!!str` is honoured; any other tag means different things to different tools.
    fn tag_forces_text(&mut self, tag: Option<&saphyr_parser::Tag>, mark: Mark) -> bool {
        match tag {
            None => false,
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => true,
            Some(tag) => {
                let problem = Problem::at(mark, format!("the YAML tag `{tag}` is not read here"));
                self.findings
                    .add(problem.help("leave the tag out, or put the value in quotes"));
                false
            }
        }
    }

    fn scalar(&mut self, scalar: Scalar, anchor: usize, mark: Mark) -> Result<(), GivenUp> {
        let size = Size {
            nodes: 1,
            bytes: scalar.text.len(),
            height: 0,
        };
        self.pay(1, 0, mark)?;
        self.complete(
            anchor,
            Node {
                mark,
                value: Value::Scalar(scalar),
                size,
            },
        );
        Ok(())
    }

    fn start(&mut self, anchor: usize, mark: Mark, inside: Inside) -> Result<(), GivenUp> {
        self.pay(1, 0, mark)?;
        self.check_depth(1, mark)?;
        let size = Size {
            nodes: 1,
            bytes: 0,
            height: 1,
        };
        self.open.push(Open {
            anchor,
            mark,
            size,
            inside,
        });
        Ok(())
    }

    fn end(&mut self, end: Mark) -> Result<(), GivenUp> {
        let Some(open) = self.open.pop() else {
            return Err(GivenUp);
        };
        let value = match open.inside {
            Inside::List(items) => Value::List(items),
            Inside::Map(entries, _) => Value::Map(self.without_duplicates(entries)),
        };
        let mark = Mark {
            end_line: end.end_line,
            end_column: end.end_column,
            ..open.mark
        };
        self.complete(
            open.anchor,
            Node {
                mark,
                value,
                size: open.size,
            },
        );
        Ok(())
    }

    fn alias(&mut self, anchor: usize, mark: Mark) -> Result<(), GivenUp> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            self.findings
                .add(Problem::at(mark, "this alias stands inside what it names"));
            return Err(GivenUp);
        };
        self.check_depth(node.size.height, mark)?;
        self.pay(node.size.nodes, node.size.bytes, mark)?;
        self.place(node);
        Ok(())
    }

    fn check_depth(&mut self, more: usize, mark: Mark) -> Result<(), GivenUp> {
        if self.open.len() + more <= MANIFEST_DEPTH_MAX {
            return Ok(());
        }
        let message = format!("nested more than {MANIFEST_DEPTH_MAX} levels deep");
        self.findings.add(Problem::at(mark, message));
        Err(GivenUp)
    }

    fn pay(&mut self, nodes: usize, bytes: usize, mark: Mark) -> Result<(), GivenUp> {
        if self.budget.take(nodes, bytes) {
            return Ok(());
        }
        let message = format!(
            "too much YAML: with aliases written out, everything together may have {MANIFEST_NODES_MIN} values, or {MANIFEST_NODES_PER_BYTE} for each byte, and what aliases repeat {MANIFEST_BYTES_MAX} bytes, or as many as there are"
        );
        self.findings.add(Problem::at(mark, message));
        Err(GivenUp)
    }

    fn complete(&mut self, anchor: usize, node: Node) {
        let node = Rc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.place(node);
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Rc<Node>) {
        let Some(open) = self.open.last_mut() else {
            self.roots.push(node);
            return;
        };
        open.size.nodes = open.size.nodes.saturating_add(node.size.nodes);
        open.size.bytes = open.size.bytes.saturating_add(node.size.bytes);
        open.size.height = open.size.height.max(node.size.height + 1);
        match &mut open.inside {
            Inside::List(items) => items.push(node),
            Inside::Map(entries, pending) => match std::mem::replace(pending, Pending::Key) {
                Pending::Value(key, mark) => entries.push(Entry {
                    key,
                    mark,
                    value: node,
                }),
                Pending::Nothing => {}
                Pending::Key => *pending = key(&node, self.findings),
            },
        }
    }

    fn without_duplicates(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut seen = HashSet::with_capacity(entries.len());
        if entries
            .iter()
            .all(|entry| seen.insert(entry.key.text.as_str()))
        {
            return entries;
        }
        let mut first: HashMap<String, Mark> = HashMap::new();
        let mut kept = Vec::with_capacity(entries.len());
        for entry in entries {
            if let Some(mark) = first.get(&entry.key.text) {
                let message = format!("the key `{}` stands twice in one mapping", entry.key.text);
                let problem = Problem::at(entry.mark, message).label("second");
                self.findings.add(problem.also(*mark, "first"));
            } else {
                first.insert(entry.key.text.clone(), entry.mark);
                kept.push(entry);
            }
        }
        kept
    }
}

fn key(node: &Node, findings: &mut Findings) -> Pending {
    match &node.value {
        Value::Scalar(scalar) if scalar.plain && scalar.text == "<<" => {
            let problem = Problem::at(node.mark, "merge keys (`<<`) are not read here");
            findings.add(problem.help("they are not part of YAML 1.2: write the fields out"));
            Pending::Nothing
        }
        Value::Scalar(scalar) => Pending::Value(scalar.clone(), node.mark),
        Value::List(_) | Value::Map(_) => {
            findings.add(Problem::at(
                node.mark,
                "a key is a word, not a list or a mapping",
            ));
            Pending::Nothing
        }
    }
}
