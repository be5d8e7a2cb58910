//! A request that the service refused, remembered for the next plan.
//!
//! Refuses: being a hold. The right may have been granted since, and only trying tells: read rights do not show who may regenerate. So
//! what was refused is tried again by the next apply, and until then the plan says what happened, and needs attention where only a person
//! can end it.

use super::super::time::Timestamp;

/// What the service said to the last request of this kind on the subject, with none done since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// When that was written down.
    pub at: Timestamp,
    /// In the words a person needs: `cannot regenerate authKey1 of gateway-west: …`.
    pub why: String,
    /// A right or a sign-in is missing: only a person can end that.
    pub is_access: bool,
}
