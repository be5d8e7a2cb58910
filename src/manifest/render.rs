//! Shows problems: for people with the line beneath, for programs as rows.
//!
//! Long lines are shown in part, secrets are hidden, and colours are used only if they were asked for.

mod lines;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::escape;
use crate::limits::PROBLEMS_SHOWN_MAX;
use crate::model::desired::Place;
use crate::model::finding::{Finding, Severity};
use lines::Lines;

use super::fields;
use super::mark::Mark;
use super::mask;
use super::problem::{Findings, Problem};
use super::source::Source;

/// Everything that is wrong, errors first, by place. Holds the lines that are shown, not the files.
#[derive(Debug)]
pub struct Problems {
    list: Vec<Told>,
    more: usize,
}

/// A problem that needs its file no longer.
#[derive(Debug)]
struct Told {
    severity: Severity,
    misses: bool,
    by_policy: bool,
    message: String,
    help: Option<String>,
    label: Option<String>,
    place: Option<Excerpt>,
    other: Option<(Excerpt, String)>,
}

/// The line of a place, as it may be shown.
#[derive(Debug)]
struct Excerpt {
    file: String,
    line: usize,
    column: usize,
    text: String,
    start: usize,
    end: usize,
}

/// Most characters of a line that are shown before a place, and after it.
const AROUND: usize = 60;

impl Problems {
    /// Puts the findings in order, and keeps what is to be shown of the sources.
    pub(super) fn of(findings: Findings, sources: &[Source]) -> Self {
        let mut lines = Lines::of(sources);
        let (kept, more) = findings.sorted();
        let list = kept
            .into_iter()
            .map(|problem| told(problem, sources, &mut lines))
            .collect();
        Self { list, more }
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.list.len() + self.more
    }

    /// Is a document missing that may stand in a file which was not read?
    pub fn miss_documents(&self) -> bool {
        self.list.iter().any(|told| told.misses)
    }

    /// Is all that is wrong that a policy refuses it?
    pub fn are_by_policy(&self) -> bool {
        let mut errors = self
            .list
            .iter()
            .filter(|told| told.severity == Severity::Error);
        self.more == 0 && errors.all(|told| told.by_policy)
    }

    /// Is nothing wrong?
    pub const fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// For people: each with file, line, column, the line under it, and what to do. Beyond a bound they are only counted.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let mut parts: Vec<String> = self
            .list
            .iter()
            .take(PROBLEMS_SHOWN_MAX)
            .map(|told| renderer.render(&[told.group()]))
            .collect();
        let hidden = self.count().saturating_sub(PROBLEMS_SHOWN_MAX);
        if hidden > 0 {
            parts.push(format!("and {hidden} more problems"));
        }
        parts.join("\n\n") + "\n"
    }

    /// As rows of a report.
    pub fn findings(&self) -> Vec<Finding> {
        let told = self.list.iter().map(|told| Finding {
            severity: told.severity,
            place: told.place.as_ref().map(|place| Place {
                file: place.file.clone(),
                line: place.line,
                column: place.column,
            }),
            message: told.message.clone(),
            help: told.help.clone(),
        });
        told.collect()
    }
}

impl Told {
    fn group(&self) -> Group<'_> {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(self.message.as_str()));
        if let Some(place) = &self.place {
            group = place.shown(group, AnnotationKind::Primary, self.label.as_deref());
        }
        if let Some((place, label)) = &self.other {
            group = place.shown(group, AnnotationKind::Context, Some(label));
        }
        match &self.help {
            Some(help) => group.element(Level::HELP.message(help.as_str())),
            None => group,
        }
    }
}

impl Excerpt {
    fn shown<'a>(
        &'a self,
        group: Group<'a>,
        kind: AnnotationKind,
        label: Option<&'a str>,
    ) -> Group<'a> {
        let mut annotation: Annotation<'a> = kind.span(self.start..self.end);
        if let Some(label) = label {
            annotation = annotation.label(label);
        }
        let snippet = Snippet::source(self.text.as_str())
            .line_start(self.line)
            .annotation(annotation);
        // The renderer counts columns in what is shown; where that is not the line itself, the place is told beside it.
        let file = escape::line(&self.file);
        if self.text[..self.start].chars().count() + 1 == self.column {
            return group.element(snippet.path(file));
        }
        let origin = Origin::path(file);
        group
            .element(origin.line(self.line).char_column(self.column))
            .element(snippet)
    }
}

fn told(problem: Problem, sources: &[Source], lines: &mut Lines<'_>) -> Told {
    let place = problem
        .mark
        .and_then(|mark| excerpt(mark, problem.secret, sources, lines));
    let other = problem.other.and_then(|(mark, label)| {
        Some((excerpt(mark, false, sources, lines)?, escape::line(&label)))
    });
    let note = problem
        .mark
        .filter(|_| !problem.message.contains("(U+"))
        .and_then(|mark| lines.at(mark)?.note.clone());
    let help = problem.help;
    let help = help.or_else(|| problem.stray.as_ref().and_then(fields::home));
    let help = [help, note].into_iter().flatten();
    let help: Vec<String> = help.map(|help| escape::paragraph(&help)).collect();
    Told {
        severity: problem.severity,
        misses: problem.misses,
        by_policy: problem.by_policy,
        message: escape::line(&problem.message),
        help: (!help.is_empty()).then(|| help.join("\n")),
        label: problem.label.map(|label| escape::line(&label)),
        place,
        other,
    }
}

fn excerpt(mark: Mark, secret: bool, sources: &[Source], lines: &mut Lines<'_>) -> Option<Excerpt> {
    let source = sources.get(usize::try_from(mark.file).ok()?)?;
    let number = usize::try_from(mark.line).ok()?;
    let line = lines.at(mark)?;
    let column = usize::try_from(mark.column).ok()?;
    let (from, to) = line.around(column);
    let start = line.byte_of(column);
    let end = if mark.end_line == mark.line {
        line.byte_of(usize::try_from(mark.end_column).ok()?)
    } else {
        line.text.trim_end().len()
    };
    let (text, start) = (&line.text[from..to], start - from);
    let mut hidden = line.hidden_in(from, to);
    if secret {
        hidden.retain(|range| range.end <= start);
        hidden.push(start..text.len());
    }
    let mut columns = [start, end.clamp(from + start, to) - from];
    let masked = mask::masked(text, &hidden, &mut columns);
    let [start, end] = if secret {
        [columns[0], masked.len()]
    } else {
        columns
    };
    let (text, start, end) = cut(&masked, start, end);
    let (text, [start, end]) = escape::excerpt(&text, [start, end]);
    Some(Excerpt {
        file: source.name.clone(),
        line: number,
        column: column + 1,
        text,
        start,
        end,
    })
}

/// The part of a long line around a place.
fn cut(line: &str, start: usize, end: usize) -> (String, usize, usize) {
    let from = if start <= 2 * AROUND {
        0
    } else {
        line[..start]
            .char_indices()
            .rev()
            .nth(AROUND)
            .map_or(0, |(at, _)| at)
    };
    let to = line[start..]
        .char_indices()
        .nth(2 * AROUND)
        .map_or(line.len(), |(at, _)| start + at);
    let (head, tail) = (
        if from > 0 { "…" } else { "" },
        if to < line.len() { "…" } else { "" },
    );
    let text = format!("{head}{}{tail}", &line[from..to]);
    let moved = |at: usize| at.clamp(from, to) - from + head.len();
    (text, moved(start), moved(end))
}
