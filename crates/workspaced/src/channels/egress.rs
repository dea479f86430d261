//! Channels of whoever takes the connections that programs here make for hosts by name.

use proto::workspace::{Accept, Body, OUT, Opened};

use super::tunnel;
use crate::connection::{Channel, Gone};
use crate::daemon::Daemon;

/// Tells the numbers of connections as long as the caller stays.
pub(super) async fn tell(daemon: &Daemon, channel: &Channel) -> Result<(), Gone> {
    if daemon.config.egress_port.is_none() {
        return channel.refuse("not_found", "programs of this workspace connect to nothing of the kind").await;
    }
    channel.say(Body::Opened(Opened { id: String::new(), writes: false })).await?;
    let told = async {
        let mut news = daemon.egress.news();
        let mut from = 0;
        loop {
            for number in daemon.egress.waiting(from) {
                channel.data(OUT, format!("{number}\n").as_bytes()).await?;
                from = number + 1;
            }
            if news.changed().await.is_err() {
                return Ok(());
            }
        }
    };
    tokio::select! {
        done = told => done,
        done = super::closed(channel) => done,
    }
}

/// Carries a connection that came.
pub(super) async fn accept(daemon: &Daemon, channel: &Channel, asked: &Accept) -> Result<(), Gone> {
    match daemon.egress.take(asked.number) {
        Some(stream) => tunnel::carry(daemon, channel, stream, "rp", "a host by name").await,
        None => channel.refuse("not_found", "there is no such connection, or not any more").await,
    }
}
