//! Locks of state that stays whole when a thread panics.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes a lock. A panic of another holder is a defect that its own thread reports; every change under these locks is
/// made after what can fail, so that the state is whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
