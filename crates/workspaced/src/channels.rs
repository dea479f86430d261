//! What runs for a channel, by its kind.

mod egress;
mod exec;
mod shell;
mod tunnel;
mod upward;
mod watch;

use std::sync::Arc;

use proto::workspace::{Body, Input, Kind, Open, Opened, Request};
use rustix::process::Signal;

use crate::connection::{Channel, Gone};
use crate::daemon::Daemon;
use crate::rest::{self, Asker};

pub(crate) use shell::Keys;

/// Runs until the channel is over.
pub(crate) async fn run(daemon: &Arc<Daemon>, channel: &Channel, open: Open) {
    let done = match open.kind {
        Some(Kind::Shell(asked)) => shell::open(daemon, channel, asked).await,
        Some(Kind::Attach(asked)) => shell::attach(daemon, channel, asked).await,
        Some(Kind::Exec(asked)) => exec::run(daemon, channel, asked).await,
        Some(Kind::Files(_)) => exec::files(daemon, channel).await,
        Some(Kind::Tunnel(asked)) => tunnel::run(daemon, channel, asked).await,
        Some(Kind::Socket(asked)) => exec::socket(daemon, channel, &asked).await,
        Some(Kind::Egress(_)) => egress::tell(daemon, channel).await,
        Some(Kind::Accept(asked)) => egress::accept(daemon, channel, &asked).await,
        Some(Kind::Request(asked)) => request(daemon, channel, asked).await,
        Some(Kind::Watch(asked)) => watch::run(daemon, channel, asked).await,
        Some(Kind::Upward(_)) => upward::answers(daemon, channel).await,
        Some(Kind::Lock(asked)) => upward::lock(daemon, channel, &asked.name).await,
        None => channel.refuse("not_supported", "this daemon does not know such a channel").await,
    };
    let _: Result<(), Gone> = done; // who is gone is told nothing
}

async fn request(daemon: &Arc<Daemon>, channel: &Channel, asked: Request) -> Result<(), Gone> {
    let answer = rest::answer(daemon, Asker::Link, &asked.method, &asked.path, &asked.body).await;
    channel.say(Body::Opened(Opened { id: String::new(), writes: false })).await?;
    channel.data(proto::workspace::OUT, answer.body.to_string().as_bytes()).await?;
    channel.exit(crate::children::Exit { code: Some(answer.status.into()), signal: None }).await
}

/// Until the caller closes: nothing else that it says counts.
async fn closed(channel: &Channel) -> Result<(), Gone> {
    loop {
        match channel.next().await {
            Input::Closed(_) => return Ok(()),
            Input::Data(data) => channel.used(data.bytes.len()).await?,
            _ => {}
        }
    }
}

/// The signals that a caller may send, by their names.
const SIGNALS: &[(&str, Signal)] = &[
    ("HUP", Signal::HUP),
    ("INT", Signal::INT),
    ("QUIT", Signal::QUIT),
    ("ABRT", Signal::ABORT),
    ("KILL", Signal::KILL),
    ("USR1", Signal::USR1),
    ("USR2", Signal::USR2),
    ("PIPE", Signal::PIPE),
    ("ALRM", Signal::ALARM),
    ("TERM", Signal::TERM),
    ("CONT", Signal::CONT),
    ("TSTP", Signal::TSTP),
    ("WINCH", Signal::WINCH),
    ("SEGV", Signal::SEGV),
    ("ILL", Signal::ILL),
    ("FPE", Signal::FPE),
    ("BUS", Signal::BUS),
];

fn signal_by_name(name: &str) -> Option<Signal> {
    SIGNALS.iter().find(|(known, _)| *known == name).map(|(_, signal)| *signal)
}

pub(crate) fn signal_name(number: i32) -> String {
    let known = SIGNALS.iter().find(|(_, signal)| signal.as_raw() == number);
    known.map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
}
