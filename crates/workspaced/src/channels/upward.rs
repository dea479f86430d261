//! Channels of callers that do something for the workspace: one answers its questions, one holds a lock of it.

use proto::workspace::{Answered, Body, Input, OUT, Opened};

use crate::connection::{Channel, Gone};
use crate::daemon::Daemon;

/// Asks the caller what the workspace asks, as long as it stays.
pub(super) async fn answers(daemon: &Daemon, channel: &Channel) -> Result<(), Gone> {
    let Some(mut place) = daemon.upward.enter() else {
        return channel.refuse("too_many", "as many as may answer are here").await;
    };
    channel.say(Body::Opened(Opened { id: String::new(), writes: true })).await?;
    let holder = place.holder.clone();
    let asks = async {
        while let Some(asked) = place.asked.recv().await {
            let Ok(mut line) = serde_json::to_vec(&asked) else { continue };
            line.push(b'\n');
            channel.data(OUT, &line).await?;
        }
        Ok(())
    };
    let answers = async {
        let mut line: Vec<u8> = Vec::new();
        loop {
            match channel.next().await {
                Input::Data(data) => {
                    channel.used(data.bytes.len()).await?;
                    for byte in data.bytes {
                        if byte != b'\n' {
                            line.push(byte);
                            if line.len() > MAX_ANSWER {
                                return channel.close("too_large").await;
                            }
                            continue;
                        }
                        match serde_json::from_slice::<Answered>(&line) {
                            Ok(answered) => holder.answered(answered),
                            Err(_) => return channel.close("bad_request").await,
                        }
                        line.clear();
                    }
                }
                Input::Closed(_) => return Ok(()),
                _ => {}
            }
        }
    };
    tokio::select! {
        done = asks => done,
        done = answers => done,
    }
}

/// Holds a lock until the caller goes.
pub(super) async fn lock(daemon: &Daemon, channel: &Channel, name: &str) -> Result<(), Gone> {
    let held = match daemon.locks.take(name, channel.principal()) {
        Ok(held) => held,
        Err(refusal) => return channel.refuse(refusal.code(), refusal).await,
    };
    channel.say(Body::Opened(Opened { id: String::new(), writes: false })).await?;
    let done = super::closed(channel).await;
    drop(held);
    done
}

/// Bytes of an answer at most.
const MAX_ANSWER: usize = 64 << 10;
