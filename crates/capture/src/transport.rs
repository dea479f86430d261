//! How an agent in a container is reached.

use crate::Error;
use crate::agent::Streams;
use cluster::{Acting, Target};
use policy::action::Changes;
use std::sync::atomic::{AtomicBool, Ordering};

/// The way to agents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// By a relay, and where none may be started (`pods/exec`), by the agent's own streams.
    #[default]
    Auto,
    /// By a relay that is started in the agent's container.
    Exec,
    /// By the agent's own standard streams (`pods/attach`): frames are sealed, since the container's log keeps them.
    Attach,
}

/// The way that has proved to be open.
pub(crate) struct Line {
    transport: Transport,
    /// A relay may not be started here.
    barred: AtomicBool,
}

impl Line {
    pub(crate) fn new(transport: Transport) -> Self {
        Self { transport, barred: AtomicBool::new(transport == Transport::Attach) }
    }

    /// Subresources of pods by which it goes, the better one first.
    pub(crate) const fn ways(&self) -> &'static [&'static str] {
        match self.transport {
            Transport::Auto => &["exec", "attach"],
            Transport::Exec => &["exec"],
            Transport::Attach => &["attach"],
        }
    }

    /// Streams to the agent of a container.
    pub(crate) async fn open(
        &self,
        acting: &Acting<Changes>,
        pod: Target<'_>,
        container: &str,
    ) -> Result<Streams, Error> {
        let denied = match self.barred.load(Ordering::Relaxed) {
            true => None,
            false => match acting.exec(pod, container, &["/qd-agent", "relay", container]).await {
                Ok((input, output)) => return Ok(Streams { input, output, attached: false }),
                Err(error @ cluster::Error::Denied { .. }) if self.transport == Transport::Auto => Some(error),
                Err(error) => return Err(error.into()),
            },
        };
        match acting.attach(pod, container).await {
            Ok((input, output)) => {
                self.barred.store(true, Ordering::Relaxed);
                Ok(Streams { input, output, attached: true })
            }
            // Of two ways that are closed, the better one is worth asking for.
            Err(error) => Err(denied.unwrap_or(error).into()),
        }
    }
}
