//! What is valid and probably not meant: an `exclude` that leaves nothing, an id in the place of a name. These are warnings.

use super::super::mark::{At, Mark};
use super::super::mask::clipped;
use super::super::problem::{Findings, Problem};
use super::super::shape::leaf::{is_glob, is_guid};
use super::super::shape::rule::JobText;
use crate::model::name_glob::NameGlob;
use crate::model::selector::{Patterns, Selector};

/// What a rule selects or leaves out, and where it says so.
type Marked = (Selector, Mark);

/// Stands for the characters of a name that a pattern leaves open: no name has it, so that what matches it matches every character.
const ANY: char = '\u{1}';

/// Patterns that select nothing, since `exclude` has all of it; and names in `exclude` that no pattern selects.
pub fn excludes(select: &[Marked], exclude: &[Marked], findings: &mut Findings) {
    if exclude.is_empty() {
        return;
    }
    let excluded = Patterns::of(exclude.iter().map(|(selector, _)| selector));
    for (selector, mark) in select {
        let Selector::Glob(glob) = selector else {
            // That a name is left out is an error, which is told elsewhere.
            continue;
        };
        if let Some(other) = holder_of_all(&excluded, glob) {
            let message = format!(
                "`{}` selects nothing: `exclude` leaves out all of it with `{}`",
                clipped(glob.as_str()),
                clipped(other.as_str())
            );
            let help = "leave the pattern out, or exclude less";
            findings.add(Problem::at(*mark, message).help(help).warning());
        }
    }
    let selected = Patterns::of(select.iter().map(|(selector, _)| selector));
    for (selector, mark) in exclude {
        let Selector::Named(name) = selector else {
            continue;
        };
        if !selected.take(name) {
            let message = format!(
                "`exclude` leaves out `{}`, which the rule does not select anyway",
                clipped(name)
            );
            let help = "correct the name, or leave it out";
            findings.add(Problem::at(*mark, message).help(help).warning());
        }
    }
}

/// The first of these patterns that matches every name that `narrow` matches. It may be none where there is one: only the plain cases are
/// seen, in which one pattern matches the other with nothing and with anything in the place of each `*`.
fn holder_of_all<'a>(wide: &'a Patterns, narrow: &NameGlob) -> Option<&'a NameGlob> {
    let one = ANY.to_string();
    let matching = |star: &str| {
        let name = narrow.as_str().replace('?', &one).replace('*', star);
        wide.matching_globs(&name)
    };
    let [nothing, few, many] = ["", &one, &one.repeat(3)].map(matching);
    let all = nothing
        .iter()
        .find(|at| few.binary_search(at).is_ok() && many.binary_search(at).is_ok())?;
    wide.globs().get(*all)
}

/// Names of runtimes that are ids: Azure allows them, and nobody calls a runtime so.
pub fn ids(selected: &[(&str, Mark)], one: &str, findings: &mut Findings) {
    for (name, mark) in selected.iter().filter(|(name, _)| is_guid(name)) {
        id_as_name(name, *mark, one, findings);
    }
}

/// An id in the place of the name of something in Azure.
pub fn id_as_name(name: &str, mark: Mark, one: &str, findings: &mut Findings) {
    let message = format!("`{name}` looks like an id, and the name of {one} is wanted");
    let help = "it is taken for a name; write the name that the portal shows";
    findings.add(Problem::at(mark, message).help(help).warning());
}

/// A job's name that is a number.
pub fn job(job: &At<JobText>, findings: &mut Findings) {
    let JobText::Name(name) = &job.value else {
        return;
    };
    let name = name.0.as_str();
    if !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit()) {
        let message = format!(
            "`{}` looks like a job's id, and is taken for its name",
            clipped(name)
        );
        let help = format!("write `job: {{id: {}}}` if it is the id", clipped(name));
        findings.add(Problem::at(job.mark, message).help(help).warning());
    }
    if is_glob(name) {
        let message = format!("`{}` is taken for the name of one job", clipped(name));
        let help = "jobs are not selected by patterns: write a JobRun for each, or `job: {tags: {KEY: VALUE}}`";
        findings.add(Problem::at(job.mark, message).help(help).warning());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_holds_all_of_another_is_seen() {
        let holds = |wide: &str, narrow: &str| {
            let wide = Selector::Glob(NameGlob::parse(wide).unwrap());
            holder_of_all(&Patterns::of([&wide]), &NameGlob::parse(narrow).unwrap()).is_some()
        };
        for (wide, narrow) in [
            ("*", "gateway-*"),
            ("gateway-*", "gateway-*"),
            ("Gateway-*", "gateway-west-*"),
            ("*-dev-*", "gateway-dev-*"),
            ("edge-?", "edge-?"),
            ("edge-*", "edge-??"),
        ] {
            assert!(holds(wide, narrow), "{wide} {narrow}");
        }
        for (wide, narrow) in [
            ("gateway-west-*", "gateway-*"),
            ("gateway-?*", "gateway-*"),
            ("edge-?", "edge-??"),
            ("*dev*", "gateway-*"),
            ("gateway-?", "gateway-*"),
        ] {
            assert!(!holds(wide, narrow), "{wide} {narrow}");
        }
    }
}
