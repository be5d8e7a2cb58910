//! Text, JSON, Markdown and `why` say the same of every subject.

use afresh::model::verdict::Plan;

use crate::play::History;

pub fn all(_history: &mut History, _plan: &Plan) {}
