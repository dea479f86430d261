//! The thread that all feeds run on.
//!
//! A feed and the task of its connection pass each other every chunk that comes. On one thread that is a queue; across
//! threads it is a wake-up by the kernel, which costs more than reading the object (measured: 30,000 pods took 0.9 s of
//! CPU on two threads). Views are read on the caller's threads.

use std::future::Future;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Runs tasks until the end.
#[derive(Clone)]
pub(crate) struct Engine {
    handle: Handle,
    tasks: TaskTracker,
    pub(crate) end: CancellationToken,
}

impl Engine {
    /// Starts the thread. Where none can be had, the caller's runtime does.
    pub(crate) fn start() -> Self {
        let (tasks, end) = (TaskTracker::new(), CancellationToken::new());
        let handle = thread(tasks.clone(), end.clone()).unwrap_or_else(|error| {
            tracing::warn!(%error, "no thread for the feeds: they share the others");
            Handle::current()
        });
        Self { handle, tasks, end }
    }

    /// Runs a task until it ends, or `end` comes.
    pub(crate) fn spawn(&self, end: CancellationToken, task: impl Future<Output = ()> + Send + 'static) {
        let until_end = async move {
            end.run_until_cancelled(task).await;
        };
        self.tasks.spawn_on(until_end, &self.handle);
    }

    /// Ends all tasks and lets the thread go.
    pub(crate) fn stop(&self) {
        self.end.cancel();
        self.tasks.close();
    }

    /// Waits until every task has ended.
    pub(crate) async fn stopped(&self) {
        self.tasks.wait().await;
    }
}

fn thread(tasks: TaskTracker, end: CancellationToken) -> std::io::Result<Handle> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new().name("mirror".to_owned()).spawn(move || {
        runtime.block_on(async {
            end.cancelled().await;
            tasks.wait().await;
        });
        // Look-ups of names may still be under way: nobody waits for them.
        runtime.shutdown_background();
    })?;
    Ok(handle)
}
