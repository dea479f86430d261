//! Packets and the stream of one connection, for eyes: in windows, under one permit as long as they are looked at.

use super::files::refused;
use super::one::One;
use super::read::flow_id;
use super::{Taps, TapsError};
use crate::export::{Asked, Export, Form, Keys, Wanted, Window};
use crate::line::Members;
use api::packets::{PacketsAbout, PacketsWindow};
use api::tap::TapState;
use policy::Permit;
use policy::action::{TapPayload, TapPayloadObligations};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Which of a connection's packets are shown.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// A capture filter; empty for all.
    pub filter: String,
    /// Not before, in epoch microseconds.
    pub from_us: Option<i64>,
    /// Not after.
    pub to_us: Option<i64>,
}

/// The packets of one connection, looked at.
pub struct Packets {
    one: Arc<One>,
    permit: Permit<TapPayload>,
    shown: Shown,
    headers_only: bool,
    /// The end that opened the connection, and the other one.
    ends: [Option<SocketAddr>; 2],
    /// Away while it works on an answer.
    window: Option<Window>,
    /// Counts those who look.
    _viewer: Arc<()>,
}

impl Taps {
    /// Opens the packets of the flow that the permit names.
    ///
    /// # Errors
    /// When the decision cannot be written down, the tap keeps no packets, nothing of the flow is kept, or the filter is
    /// none.
    pub async fn look(&self, permit: Permit<TapPayload>, shown: Shown) -> Result<Packets, TapsError> {
        permit.settled().await?;
        let TapPayloadObligations { headers_only } = *permit.obligations();
        let one = self.0.find(&permit.target().tap.tap)?;
        if one.viewers() >= VIEWERS {
            return Err(TapsError::Limit("viewers", VIEWERS));
        }
        let viewer = one.viewers.clone();
        let ends = [None; 2];
        let mut packets = Packets { one, permit, shown, headers_only, ends, window: None, _viewer: viewer };
        packets.choose().await?;
        Ok(packets)
    }
}

impl Packets {
    /// Ends when the permit does.
    #[must_use]
    pub fn over(&self) -> CancellationToken {
        self.permit.end_token()
    }

    /// What there is; `id` is the ask's.
    #[must_use]
    pub fn about(&self, id: u32) -> PacketsAbout {
        let (packets, more, span, interfaces) = match &self.window {
            Some(window) => (window.packets(), window.more(), window.span(), window.interfaces()),
            None => (0, false, (0, 0), Vec::new()),
        };
        let [client, server] = self.ends.map(|end| end.map(|end| end.to_string()).unwrap_or_default());
        PacketsAbout {
            id,
            packets,
            more,
            from_ns: span.0.to_string(),
            to_ns: span.1.to_string(),
            client,
            server,
            interfaces,
            headers_only: self.headers_only,
            running: self.one.stands() != TapState::Ended,
        }
    }

    /// Chooses anew from what is kept now.
    ///
    /// # Errors
    /// As [`Taps::look`].
    pub async fn choose(&mut self) -> Result<(), TapsError> {
        let flow = &self.permit.target().flow;
        let number = flow_id(flow)?.ok_or(TapsError::NoFlow)?;
        let spool = self.one.spool.as_ref().ok_or(TapsError::NoPackets)?;
        let (wanted, ends) = of_flow(&self.one, number).ok_or(TapsError::NoFlow)?;
        self.ends = ends;
        let Shown { filter, from_us, to_us } = self.shown.clone();
        let asked = Asked {
            form: Form::Pcapng,
            filter,
            wanted: Some(wanted),
            from_us,
            to_us,
            max_bytes: u64::MAX,
            most: MOST,
            comment: String::new(),
            names: Vec::new(),
            keys: Keys::default(),
        };
        let snapshot = spool.snapshot().await.ok_or(TapsError::NoPackets)?;
        let [_, server] = self.ends;
        let headers_only = self.headers_only;
        let chosen = tokio::task::spawn_blocking(move || {
            Export::choose(snapshot, asked).map(|export| Window::new(export, server, headers_only))
        });
        let chosen = chosen.await.map_err(|error| TapsError::Unreadable(io::Error::other(error)))?;
        self.window = Some(chosen.map_err(refused)?);
        Ok(())
    }

    /// A frame of packets.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn packets(&mut self, window: PacketsWindow) -> Result<Vec<u8>, TapsError> {
        self.frame(move |shown| shown.packets_frame(&window)).await
    }

    /// A frame of the stream.
    ///
    /// # Errors
    /// When policy withholds it, or the packets cannot be read.
    pub async fn stream(&mut self, window: PacketsWindow) -> Result<Vec<u8>, TapsError> {
        if self.headers_only {
            return Err(TapsError::Withheld);
        }
        self.frame(move |shown| shown.stream_frame(&window)).await
    }

    async fn frame(
        &mut self,
        make: impl FnOnce(&mut Window) -> io::Result<Vec<u8>> + Send + 'static,
    ) -> Result<Vec<u8>, TapsError> {
        let mut window = self.window.take().ok_or(TapsError::NoPackets)?;
        let made = tokio::task::spawn_blocking(move || {
            let frame = make(&mut window);
            (window, frame)
        });
        let (window, frame) = made.await.map_err(|error| TapsError::Unreadable(io::Error::other(error)))?;
        self.window = Some(window);
        let frame = frame.map_err(TapsError::Unreadable)?;
        self.permit.count_bytes(frame.len() as u64);
        Ok(frame)
    }
}

/// The packets of one flow, and its ends; `None` without any record of it.
fn of_flow(one: &One, flow: u128) -> Option<(Wanted, [Option<SocketAddr>; 2])> {
    let (last, latest) = {
        let records = one.records.lock();
        (records.last(flow)?, records.latest(flow))
    };
    let (mut wanted, mut ends) = (Wanted::default(), [None; 2]);
    // The newest of all says who, and the newest flow record when.
    for number in [Some(last), latest].into_iter().flatten() {
        let opened = one.block(number)?;
        let line = opened.from(number).next().filter(|line| line.number == number)?;
        let members = Members::of(line.line);
        wanted.take(flow, usize::from(line.pod), &members);
        wanted.flow(flow, &members);
        ends = ["src", "dst"].map(|side| end(&members, side));
    }
    Some((wanted.ready(), ends))
}

/// One end of a record.
fn end(members: &Members<'_>, side: &str) -> Option<SocketAddr> {
    let inner = Members::of(members.raw(side)?);
    let ip: IpAddr = inner.plain("ip").parse().ok()?;
    Some(SocketAddr::new(ip, u16::try_from(inner.int("port").unwrap_or(0)).ok()?))
}

/// Who looks at packets of a tap at the same time.
const VIEWERS: u64 = 200;
/// Packets of one window: 16 bytes of memory each.
const MOST: usize = 1_000_000;
