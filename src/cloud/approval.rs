//! Permission to change the world. Only `cli/apply` may create one; a test over the source tree checks that.

/// Leave to change the world. Only `cli/apply` mints one, after a yes, `--auto-approve` or a reviewed plan file.
#[derive(Debug)]
pub struct Approval(());

impl Approval {
    /// To be called by `cli/apply` alone; a test over the source tree holds this.
    pub const fn given() -> Self {
        Self(())
    }
}
