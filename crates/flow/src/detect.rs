//! Which protocol the first bytes of a conversation belong to, by signature. The port alone never decides.
//!
//! A protocol is one line in [`STREAMS`] or [`DATAGRAMS`]: a pure function that looks at the first bytes of one direction
//! and says yes, no, or that it needs more.

use crate::{App, Side, Transport};
use crate::{dns, http1, http2, postgres, quic, redis, tls};

/// What is known when a signature is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// Who sent the bytes.
    pub from: Side,
    /// The first bytes of this direction (2 KiB at most), or a datagram.
    pub bytes: &'a [u8],
    /// The snap length cut the datagram.
    pub cut: bool,
    /// Stream or datagram.
    pub transport: Transport,
    /// What is usual on the server's port; it only decides between protocols whose signatures both fit.
    pub hint: App,
}

/// What the first bytes of one direction say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// This protocol.
    Is(App),
    /// Too few bytes to say.
    More,
    /// None that is known.
    No,
}

/// What a dialog does after a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sought {
    Found,
    Keep,
    Drop,
}

type Signature = (App, fn(&Look<'_>) -> Option<bool>);

/// Protocols over TCP. `Some(true)`: this is it; `Some(false)`: it is not; `None`: more bytes are needed.
const STREAMS: &[Signature] = &[
    (App::Http2, |look| http2::looks(look.from, look.bytes)),
    (App::Http1, |look| http1::looks(look.bytes)),
    (App::Dns, |look| dns::looks_framed(look.bytes)),
    (App::Tls, |look| tls::looks(look.bytes)),
    (App::Redis, |look| redis::looks(look.from, look.bytes, look.hint == App::Redis)),
    (App::Postgres, |look| postgres::looks(look.from, look.bytes)),
    (App::Mysql, |look| crate::mysql::looks(look.from, look.bytes)),
];

/// Protocols over UDP. A datagram is all there is, so `None` is no.
const DATAGRAMS: &[Signature] = &[
    (App::Dns, |look| Some(dns::looks(look.bytes, look.cut))),
    (App::Quic, |look| Some(quic::looks(look.bytes, look.cut))),
];

/// Looks at the first bytes of one direction.
#[must_use]
pub fn detect(look: &Look<'_>) -> Guess {
    let all = match look.transport {
        Transport::Stream => STREAMS,
        Transport::Datagram => DATAGRAMS,
    };
    let mut guess = Guess::No;
    let hinted = all.iter().filter(|(app, _)| *app == look.hint);
    for (app, looks) in hinted.chain(all.iter().filter(|(app, _)| *app != look.hint)) {
        match looks(look) {
            Some(true) => return Guess::Is(*app),
            Some(false) => {}
            None => guess = Guess::More,
        }
    }
    guess
}

/// What is usual on a port.
#[must_use]
pub fn usual(port: u16) -> App {
    match port {
        53 | 5353 => App::Dns,
        80 | 3000 | 5000 | 8000 | 8080 | 8081 | 8888 | 9090 => App::Http1,
        443 | 6443 | 8443 => App::Tls,
        3306 => App::Mysql,
        5432 => App::Postgres,
        6379 => App::Redis,
        _ => App::Unknown,
    }
}
