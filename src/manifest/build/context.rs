//! What all builders share: the documents, what has been built from them so far, and where problems are reported.
//!
//! Of two documents of one kind with the same name, builders see the first; the second has been reported.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::super::document::Document;
use super::super::mark::Mark;
use super::super::problem::Findings;
use super::super::source::Source;
use crate::model::address::Name;
use crate::model::connection::{Cloud, Credential, KeyConnection, Workspace};
use crate::model::desired::Place;
use crate::model::kind::Kind;

/// What documents of one kind became, by name. `None`: it is declared, but was not understood, and that has been noted.
pub(super) type Declared<T> = BTreeMap<Name, Option<T>>;

/// Everything that rules and connections refer to, and where problems go.
pub(super) struct Context<'a> {
    pub documents: &'a [Document],
    pub sources: &'a [Source],
    pub findings: &'a mut Findings,
    pub clouds: Declared<Cloud>,
    pub credentials: Declared<Credential>,
    pub key_connections: Declared<KeyConnection>,
    pub workspaces: Declared<Workspace>,
    /// Connections of which it is not clear what they lead to: two have one name, or lead to one resource. That has been noted, and what rules
    /// claim through them is not compared.
    pub unclear: BTreeSet<(Kind, Name)>,
}

impl Context<'_> {
    /// Is it clear what the connection of this name leads to? `kind` is that of any connection with names of the same namespace.
    pub fn is_clear(&self, kind: Kind, name: &Name) -> bool {
        !self.unclear.contains(&(kind.namespace(), name.clone()))
    }

    /// The documents of one kind, the first of each name, in the order of their names.
    pub fn of_kind(documents: &[Document], kind: Kind) -> BTreeMap<Name, &Document> {
        let mut found = BTreeMap::new();
        for document in documents.iter().filter(|document| document.kind == kind) {
            if let Some(name) = &document.name {
                found.entry(name.value.clone()).or_insert(document);
            }
        }
        found
    }

    /// The folder that relative paths in the file of `mark` start from.
    pub fn folder(&self, mark: Mark) -> &Path {
        folder(self.sources, mark)
    }

    pub fn place(&self, mark: Mark) -> Place {
        Place {
            file: source(self.sources, mark)
                .map(|source| source.name.clone())
                .unwrap_or_default(),
            line: usize::try_from(mark.line).unwrap_or_default(),
            column: usize::try_from(mark.column).unwrap_or_default() + 1,
        }
    }
}

fn source(sources: &[Source], mark: Mark) -> Option<&Source> {
    usize::try_from(mark.file)
        .ok()
        .and_then(|index| sources.get(index))
}

pub(super) fn folder(sources: &[Source], mark: Mark) -> &Path {
    source(sources, mark).map_or(Path::new(""), |source| source.folder.as_path())
}

/// A path that was written in a file of `folder`.
pub(super) fn resolved(folder: &Path, path: &str) -> PathBuf {
    folder.join(path)
}

/// What a document of this name became.
pub(super) fn named<T: Clone>(declared: &Declared<T>, name: &str) -> Option<T> {
    declared.get(&Name::parse(name).ok()?)?.clone()
}
