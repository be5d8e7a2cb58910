//! The laws, each by what it looks at.

pub mod applied;
pub mod births;
pub mod instants;
pub mod limits;
pub mod promises;
pub mod selection;
pub mod words;
