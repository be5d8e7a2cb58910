//! What a KeyAge asks of nodes.

use super::super::mark::At;
use super::super::problem::{Findings, Problem};
use super::super::shape::rule::NodesText;
use crate::limits::NODES_WAIT;
use crate::model::key_service::KeyService;
use crate::model::nodes::{NodeLook, NodeRule};
use crate::model::time::Span;

/// The rule as it is meant. Only runtimes have nodes.
pub fn build(
    text: Option<&At<NodesText>>,
    service: KeyService,
    findings: &mut Findings,
) -> NodeRule {
    let Some(text) = text else {
        return NodeRule::default();
    };
    if !service.has_nodes() {
        let message = "`nodes` goes with `integrationRuntimes`: nothing else has nodes";
        findings.add(Problem::at(text.mark, message).help("leave it out"));
    }
    let written = &text.value;
    let wait = written.wait.as_ref().map(|at| at.value.0);
    NodeRule {
        require: written
            .require
            .as_ref()
            .map(|word| word.value.0)
            .unwrap_or_default(),
        look: Some(NodeLook {
            wait: wait.unwrap_or(Span::seconds(NODES_WAIT.as_secs())),
            unavailable_max: written.unavailable_max.as_ref().map(|at| at.value.0),
        }),
    }
}
