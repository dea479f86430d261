//! A WebSocket to a workspace that wakes is held until it is there: a client that is refused would not come again by itself. So are
//! requests of programs, where that is configured.

use crate::exchange::{Client, gone};
use crate::login::Login;
use crate::own;
use crate::proxy::Proxy;
use crate::wait;
use crate::way::{NoWay, Stream};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// How long one request is held.
pub(crate) struct Hold {
    until: Instant,
    /// The workspace is waited for too, not its app alone.
    wakes: bool,
    /// Its app is about to be there.
    woken: bool,
}

/// What becomes of a request that is held.
pub(crate) enum Held {
    /// It is tried again.
    Again,
    /// It is answered.
    Not(NoWay),
    /// Nobody waits any more.
    Over,
}

impl Hold {
    pub(crate) fn new(patience: Duration) -> Self {
        Self { until: Instant::now() + patience, wakes: true, woken: false }
    }

    /// For an app that may still be starting, until then.
    pub(crate) const fn for_app(until: Instant) -> Self {
        Self { until, wakes: false, woken: true }
    }

    /// Waits for what is in the way to pass, where it may.
    pub(crate) async fn wait(
        &mut self,
        door: &Proxy,
        client: &mut Client<Box<dyn Stream>>,
        login: &Arc<Login>,
        no: NoWay,
    ) -> Held {
        let wakes = match &no {
            NoWay::Stopped(_) => self.wakes && own::wakes(door, login).await,
            NoWay::Waking => self.wakes,
            // the workspace is there and its app is about to be
            NoWay::Nothing | NoWay::Unknown => self.woken,
            _ => false,
        };
        if !wakes || Instant::now() >= self.until {
            return Held::Not(no);
        }
        let runs = matches!(no, NoWay::Nothing | NoWay::Unknown);
        self.woken = true;
        let waits = async {
            if !runs {
                wait::ready(door, login).await;
            }
            // its processes come one after the other
            sleep(PAUSE).await;
        };
        tokio::select! {
            () = waits => Held::Again,
            () = sleep_until(self.until) => Held::Not(no),
            () = gone(&mut client.from, &mut client.buffer) => Held::Over,
            () = login.end.cancelled() => Held::Over,
        }
    }
}

const PAUSE: Duration = Duration::from_millis(250);
