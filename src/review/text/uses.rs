//! Hosts, ledger and credentials of a plan as text.

use super::row::Page;
use super::shown::{TextOptions, unshown};
use crate::model::verdict::Plan;
use crate::review::paint::Ink;
use crate::review::uses::Uses;

/// `Hosts: ….  Ledger: ….  Credentials: ….`, with a line end at its end; nothing of a simulated cloud. What Azure does not vouch for
/// comes first, with what allowed it.
pub fn uses(plan: &Plan, uses: Uses<'_>, options: &TextOptions) -> String {
    let page = Page::new(plan, &[], unshown(plan, options.verbose), *options);
    let sentences = uses
        .labelled(options.verbose)
        .into_iter()
        .map(|(label, all)| format!("{label}: {}.", all.join(", ")));
    let sentences: Vec<String> = sentences.collect();
    if sentences.is_empty() {
        return String::new();
    }
    let ink = if uses.is_marked() {
        Ink::Wait
    } else {
        Ink::Faint
    };
    page.left(ink, &sentences.join("  ")).join("\n") + "\n"
}

/// What differs in hosts, ledger and credentials, with an empty line at its end; nothing if nothing does.
pub fn uses_diff(old: Uses<'_>, new: Uses<'_>) -> String {
    let changes = old.changes(new);
    if changes.is_empty() {
        return String::new();
    }
    format!(
        "Hosts, ledger or credentials differ:\n{}\n\n",
        changes.join("\n")
    )
}
