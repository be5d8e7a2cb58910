//! Links inside the project lead to files and headings that are there.

use std::path::Path;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::{pages, read, root};

/// As forges make an anchor of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The headings of a page, as anchors, and the links in it.
fn anchors_and_links(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut anchors, mut links, mut heading) = (Vec::new(), Vec::new(), None::<String>);
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => anchors.extend(heading.take().map(|h| anchor(&h))),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                links.push(dest_url.into_string());
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            _ => {}
        }
    }
    (anchors, links)
}

/// What is wrong with a link of this page, if anything is.
fn fault(page: &Path, link: &str) -> Option<String> {
    if link.starts_with("https://") {
        return None;
    }
    let (path, wanted) = link
        .split_once('#')
        .map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let target = if path.is_empty() {
        page.to_owned()
    } else {
        page.parent().unwrap().join(path)
    };
    if !target.exists() {
        return Some(format!("{}: there is no {link}", page.display()));
    }
    let wanted = wanted?;
    let (anchors, _) = anchors_and_links(&std::fs::read_to_string(&target).unwrap());
    let is_there = anchors.iter().any(|anchor| anchor == wanted);
    (!is_there).then(|| format!("{}: {link} has no such heading", page.display()))
}

#[test]
fn every_link_leads_somewhere() {
    let mut faults = Vec::new();
    let mut count = 0;
    for page in pages() {
        let (_, links) = anchors_and_links(&read(&page));
        count += links.len();
        faults.extend(links.iter().filter_map(|link| fault(&page, link)));
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(count > 30, "only {count} links were found");
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let page = root().join("README.md");
    assert!(fault(&page, "docs/nothing.md").is_some());
    assert!(fault(&page, "#no-such-heading").is_some());
    assert!(fault(&page, "docs/README.md").is_none());
}

/// A page that no other page leads to is not found by anyone.
#[test]
fn every_page_is_in_the_list_of_pages() {
    let list = read("docs/README.md");
    let (_, links) = anchors_and_links(&list);
    for page in pages()
        .iter()
        .filter(|page| page.parent().unwrap().ends_with("docs"))
    {
        let name = page.file_name().unwrap().to_str().unwrap();
        assert!(
            name == "README.md" || links.iter().any(|link| link == name),
            "docs/README.md does not name {name}"
        );
    }
}
