//! Ctrl-C and SIGTERM.

/// Ctrl-C and SIGTERM, heard from the moment this is made: a signal that comes while something starts is not lost.
#[cfg(unix)]
pub(crate) struct Ending {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Ending {
    pub(crate) fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    pub(crate) async fn come(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C, where there is no SIGTERM.
#[cfg(not(unix))]
pub(crate) struct Ending;

#[cfg(not(unix))]
impl Ending {
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    pub(crate) async fn come(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Ending {
    /// What a start comes to, unless the end comes before.
    pub(crate) async fn unless<T>(
        &mut self,
        starts: impl Future<Output = Result<T, crate::error::Failed>>,
    ) -> Result<T, crate::error::Failed> {
        tokio::select! {
            started = starts => started,
            () = self.come() => Err(crate::error::Failed::interrupted()),
        }
    }
}
