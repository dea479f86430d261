//! A place that the tests of a suite share: what takes long to start is started once.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What so many tests use, one after the other; the last of them takes it down.
pub struct Place<T> {
    made: Mutex<Option<T>>,
    left: AtomicUsize,
}

impl<T> Place<T> {
    /// For so many tests.
    #[must_use]
    pub const fn of(tests: usize) -> Self {
        Self { made: Mutex::new(None), left: AtomicUsize::new(tests) }
    }

    /// Takes it for a test; the first one makes it.
    ///
    /// # Panics
    /// When more tests take it than were said: what is made for one more is ended by nobody.
    pub fn borrow(&'static self, make: impl FnOnce() -> T) -> Borrowed<T> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(self.left.load(Ordering::Relaxed) > 0, "more tests share this place than `Place::of` says");
        made.get_or_insert_with(make);
        Borrowed { made, left: &self.left }
    }
}

/// It is this test's until it is dropped.
pub struct Borrowed<T: 'static> {
    made: MutexGuard<'static, Option<T>>,
    left: &'static AtomicUsize,
}

impl<T> Deref for Borrowed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.made.as_ref().expect("it was made")
    }
}

impl<T> Drop for Borrowed<T> {
    fn drop(&mut self) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.made.take();
        }
    }
}
