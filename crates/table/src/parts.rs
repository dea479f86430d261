//! Long passes over many rows, shared among the processors.

use parking_lot::Mutex;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::thread::{self, Builder};

/// Runs `work` over `0..len` in as many parts as there are processors to do them, in the order of the parts. Few rows
/// are one part, on the thread that asks.
pub(crate) fn each<T: Send>(len: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let parts = many(len);
    let part = |at: usize| len * at / parts..len * (at + 1) / parts;
    if parts == 1 {
        return vec![work(part(0))];
    }
    let work = &work;
    thread::scope(|scope| {
        let others: Vec<_> =
            (1..parts).map(|at| (at, Builder::new().spawn_scoped(scope, move || work(part(at))))).collect();
        let mut done = vec![work(part(0))];
        for (at, other) in others {
            done.push(match other.map(thread::ScopedJoinHandle::join) {
                Ok(Ok(found)) => found,
                Ok(Err(panic)) => resume_unwind(panic),
                // the system has no more threads
                Err(_) => work(part(at)),
            });
        }
        done
    })
}

/// Runs `work` on each of these slices, on a processor each, as far as the system has threads.
pub(crate) fn on_each<T: Send>(slices: Vec<&mut [T]>, work: impl Fn(&mut [T]) + Sync) {
    let others = slices.len().saturating_sub(1);
    let slices = Mutex::new(slices);
    let take = || slices.lock().pop();
    let go_on = || {
        while let Some(slice) = take() {
            work(slice);
        }
    };
    thread::scope(|scope| {
        for _ in 0..others {
            if Builder::new().spawn_scoped(scope, go_on).is_err() {
                break;
            }
        }
        go_on();
    });
}

/// In how many parts so many rows are looked at.
pub(crate) fn many(len: usize) -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    let processors = *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, usize::from).min(MOST));
    (len / LEAST).clamp(1, if cfg!(test) { 3 } else { processors })
}

/// Rows of a part at least: fewer are looked at before another thread has begun.
const LEAST: usize = if cfg!(test) { 4 } else { 1 << 15 };
/// Others want to work too.
const MOST: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_in_order_and_hold_everything_once() {
        for len in 0..40 {
            let parts = each(len, |part| part);
            assert_eq!(parts.into_iter().flatten().collect::<Vec<_>>(), (0..len).collect::<Vec<_>>());
        }
        assert!(many(7) == 1 && many(8) == 2 && many(1_000) == 3);
    }

    #[test]
    #[should_panic(expected = "part 2")]
    fn a_panic_of_one_part_is_the_callers() {
        each(30, |part| assert!(part.start < 20, "part 2"));
    }
}
