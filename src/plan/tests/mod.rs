//! What is decided, read like a manual: one table of situations for each kind, and laws for all of them.

mod attempts;
mod job;
mod laws;
mod leak;
mod merge;
mod nodes;
mod openings;
mod runtime;
mod submission;
mod suspend;
mod urgency;
mod whole;
