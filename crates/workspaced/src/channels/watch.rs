//! A channel that tells with each change.

use std::sync::Arc;

use proto::workspace::{Body, OUT, Opened, Watch};

use crate::connection::{Channel, Gone};
use crate::daemon::Daemon;
use crate::feeds::Feed;
use crate::rest::{self, Asker};

pub(super) async fn run(daemon: &Arc<Daemon>, channel: &Channel, asked: Watch) -> Result<(), Gone> {
    let mut feed = match rest::feed(daemon, Asker::Link, &asked.path) {
        Ok(feed) => feed,
        Err(answer) => {
            let word = |name: &str| answer.body.get(name).and_then(|word| word.as_str()).unwrap_or_default();
            return channel.refuse(word("code"), word("message")).await;
        }
    };
    channel.say(Body::Opened(Opened { id: String::new(), writes: false })).await?;
    tokio::select! {
        done = tell(channel, &mut feed) => done,
        done = super::closed(channel) => done,
    }
}

async fn tell(channel: &Channel, feed: &mut Feed) -> Result<(), Gone> {
    while let Some(told) = feed.next().await {
        channel.data(OUT, format!("{told}\n").as_bytes()).await?;
    }
    channel.close("").await
}
