//! The map of afresh. (Filled in below as the rooms are built.)

pub mod apply;
pub mod cli;
pub mod clock;
pub mod cloud;
pub mod http;
pub mod ledger;
pub mod limits;
pub mod manifest;
pub mod model;
pub mod plan;
pub mod review;
pub mod saved;
pub mod sim;
pub mod survey;
