//! A mutex that is never poisoned. A panic is a bug, and ends the command; only `sim serve` goes on, with a world as the panic left it. Nothing
//! would be gained by a second panic in whoever takes the lock next.

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
