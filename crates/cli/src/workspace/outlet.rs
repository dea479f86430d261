//! stdout and stderr of a program elsewhere: a terminal that takes nothing holds up that program, and no task here.

use std::io::{self, Write};

/// Where bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outlet {
    Out,
    Err,
}

impl Outlet {
    /// Writes all of it, as fast as it is taken.
    pub(super) async fn write(self, bytes: impl AsRef<[u8]> + Send + 'static) -> io::Result<()> {
        let written = tokio::task::spawn_blocking(move || match self {
            Self::Out => whole(io::stdout().lock(), bytes.as_ref()),
            Self::Err => whole(io::stderr().lock(), bytes.as_ref()),
        });
        written.await.map_err(io::Error::other)?
    }
}

fn whole(mut to: impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
}
