//! A mutex that is never poisoned. Whoever panics while holding it ends the whole command, and nothing here is left half changed: what is
//! held is a number, a list or a map that one statement changes.

use std::sync::PoisonError;

pub use std::sync::MutexGuard;

/// As [`std::sync::Mutex`], but for poison.
#[derive(Debug, Default)]
pub struct Mutex<T>(std::sync::Mutex<T>);

impl<T> Mutex<T> {
    /// An unlocked mutex that holds `value`.
    pub const fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
    }

    /// Waits until nobody else holds it.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it holds.
    pub fn into_inner(self) -> T {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
