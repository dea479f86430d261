//! One connection of a browser: request after request, each looked at before it is passed on.

use crate::answer::{Answer, written};
use crate::body::Body;
use crate::exchange::{Client, Counts, Failed, Request, Went, exchange};
use crate::fields::{find_cookie, target};
use crate::hold::{Held, Hold};
use crate::in_place;
use crate::login::Login;
use crate::own;
use crate::proxy::Proxy;
use crate::relay::{Frames, relay};
use crate::way::{PIECE, Stream};
use base::Code;
use bytes::BytesMut;
use head::{Bad, Head};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};
use workspace::activity::Door;

/// Serves a connection until it ends.
pub(crate) async fn serve(door: Proxy, stream: Box<dyn Stream>, begun: BytesMut, peer: IpAddr) {
    let (from, to) = tokio::io::split(stream);
    let mut client = Client { from, to, buffer: begun, peer };
    let mut first = true;
    while let Some(read) = next(&mut client, &door, std::mem::take(&mut first)).await {
        let on = match read {
            Ok(head) => Box::pin(request(&door, &mut client, &head)).await,
            Err(bad) => {
                say(&mut client, &malformed(bad), None, true).await;
                false
            }
        };
        if !on {
            break;
        }
    }
    end(client).await;
}

/// Closes, so that the last answer is read: what still comes is taken for a moment, for a reset would overtake it.
async fn end(mut client: Client<Box<dyn Stream>>) {
    let _ = client.to.shutdown().await; // one that is gone needs no word
    let rest = async {
        let mut taken = 0;
        while taken < MOST_LEFT {
            client.buffer.clear();
            client.buffer.reserve(PIECE);
            match client.from.read_buf(&mut client.buffer).await {
                Ok(len) if len > 0 => taken += len,
                _ => return,
            }
        }
    };
    let _ = timeout(LINGER, rest).await; // enough was waited
}

/// The next head; `None` when none comes.
async fn next(client: &mut Client<Box<dyn Stream>>, door: &Proxy, first: bool) -> Option<Result<Head, Bad>> {
    let rest = if first || !client.buffer.is_empty() { HEAD } else { door.0.config.times.rest };
    let mut end = Instant::now() + rest;
    loop {
        match Head::request(&mut client.buffer) {
            Ok(Some(head)) => return Some(Ok(head)),
            Ok(None) => {}
            Err(bad) => return Some(Err(bad)),
        }
        let begins = client.buffer.is_empty();
        client.buffer.reserve(PIECE);
        match tokio::time::timeout_at(end, client.from.read_buf(&mut client.buffer)).await {
            Ok(Ok(len)) if len > 0 => {}
            _ => return None,
        }
        if begins {
            end = Instant::now() + HEAD;
        }
    }
}

/// One request; whether another may follow.
async fn request(door: &Proxy, client: &mut Client<Box<dyn Stream>>, head: &Head) -> bool {
    let body = match Body::of_request(head) {
        Ok(body) => body,
        Err(bad) => return refuse(client, head, &malformed(bad)).await,
    };
    let host = match head.one("host") {
        Ok(Some(host)) => std::str::from_utf8(host).ok(),
        Ok(None) => return refuse(client, head, &malformed(Bad::Field)).await,
        Err(bad) => return refuse(client, head, &malformed(bad)).await,
    };
    let last = if head.old { !head.says("connection", "keep-alive") } else { head.says("connection", "close") };
    let Some(host) = host.and_then(|said| door.0.host(said)) else {
        if let Some(host) = host.filter(|_| in_place::takes(door, head)) {
            return in_place::request(door, client, head, host, body, last).await;
        }
        let answer = Answer::new(Code::HostNotAllowed, "no app has this name");
        return refuse(client, head, &answer).await;
    };
    let target = match target(head, &host) {
        Ok(target) => target,
        Err(bad) => return refuse(client, head, &malformed(bad)).await,
    };
    let asked = own::Asked { head, target, host: &host, base: None, bare: body.is_over(), last };
    if let Some(path) = target.strip_prefix(b"/.quarterdeck/") {
        return own::answer(door, client, &asked, path).await;
    }
    let login = match admitted(door, head, &host) {
        Ok(login) => login,
        Err(answer) => {
            return match own::door_of(door, &asked, &answer) {
                Some(to) => {
                    let led = written(303, "", &format!("Location: {to}\r\n"), "", false, last);
                    write(client, &led).await && !last
                }
                None => refuse(client, head, &answer).await,
            };
        }
    };
    passed(door, client, &login, asked, body).await
}

/// Whoever comes with a cookie of ours, and from the app itself.
pub(crate) fn admitted(door: &Proxy, head: &Head, host: &str) -> Result<Arc<Login>, Answer> {
    let name = own::cookie_name(&door.0.config.domain);
    let mut cookies = head.all("cookie").filter_map(|value| find_cookie(value, &name));
    let Some(login) = cookies.find_map(|cookie| door.0.logins.find(cookie, host)) else {
        let how = "this browser is not signed in to this app: open it from the console, at its workspace";
        return Err(Answer::new(Code::TokenMissing, how));
    };
    let foreign = "requests from other sites are not passed on to this app";
    match head.one("origin") {
        Ok(None) => Ok(login),
        Ok(Some(origin)) if origin.eq_ignore_ascii_case(login.face.origin().as_bytes()) => Ok(login),
        // a page that says nothing of itself may look, and change nothing
        Ok(Some(b"null")) if matches!(head.method(), b"GET" | b"HEAD") && head.all("upgrade").next().is_none() => {
            Ok(login)
        }
        Ok(Some(_)) => Err(Answer::new(Code::OriginNotAllowed, foreign)),
        Err(bad) => Err(malformed(bad)),
    }
}

pub(crate) async fn passed(
    door: &Proxy,
    client: &mut Client<Box<dyn Stream>>,
    login: &Arc<Login>,
    asked: own::Asked<'_>,
    body: Body,
) -> bool {
    let began = Instant::now();
    login.requests.fetch_add(1, Ordering::Relaxed);
    let mut counts = Counts::default();
    let head = asked.head;
    let (on, ended) = match door.0.taken.request(login.principal.id(), &door.0.config.limits) {
        Ok(()) => led(door, client, login, &asked, body, &mut counts).await,
        Err(answer) => {
            let answer = if asked.base.is_some() { answer.in_place() } else { answer };
            counts.status = answer.status;
            (refuse_if(client, head, &answer, asked.last || !asked.bare).await, "refused")
        }
    };
    login.up.fetch_add(counts.up, Ordering::Relaxed);
    login.down.fetch_add(counts.down, Ordering::Relaxed);
    tracing::info!(
        target: "access",
        user = login.principal.id(), cluster = %login.cluster, workspace = %login.key, port = login.port.load(Ordering::Relaxed),
        way = counts.way, method = %String::from_utf8_lossy(head.method()), status = counts.status,
        up = counts.up, down = counts.down, ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        decision = login.decision, ended, "request"
    );
    on
}

/// Leads one request to the app; whether another may follow, and how it ended in a word.
async fn led(
    door: &Proxy,
    client: &mut Client<Box<dyn Stream>>,
    login: &Arc<Login>,
    asked: &own::Asked<'_>,
    body: Body,
    counts: &mut Counts,
) -> (bool, &'static str) {
    let own::Asked { head, target, base, last, .. } = *asked;
    let upgrade = upgrade(head, &body);
    let counts_as_use = login.meter.counts(target);
    let used = || {
        if counts_as_use {
            login.meter.touch(Door::Http, "requests of its apps");
        }
    };
    // a socket tells by itself when somebody uses it
    if upgrade.is_none() {
        used();
    }
    let times = door.0.config.times;
    let most = door.0.config.limits.body(&login.key, &login.service);
    let mut body = Some(body);
    let mut hold = match upgrade {
        Some(_) => Some(Hold::new(times.wake)),
        // what has a body cannot be said twice
        None if body.as_ref().is_none_or(|body| !body.is_over()) => None,
        // a page of a workspace that wakes is live; one in a frame waits for its app
        None if wants_page(head) => login.face.framed_by.is_some().then(|| Hold::for_app(login.opened + times.framed)),
        None => (!times.hold.is_zero()).then(|| Hold::new(times.hold)),
    };
    let went = loop {
        let went = match login.port().await {
            Ok((port, secure)) => {
                let mut face = login.face.at(port, secure, door.0.told(login));
                if let Some(base) = base {
                    face.to_mut().base = Some(base.to_owned());
                }
                // what is asked for again has no body
                let body = body.take().unwrap_or(Body::Over);
                let request = Request { head, target, body, upgrade, last, unknown: false, most, used: &used };
                tokio::select! {
                    went = exchange(client, &login.pool, &face, &times, request, counts) => went,
                    () = login.end.cancelled() => Went::Done,
                }
            }
            Err(no) => Went::Not(Failed::Way(no)),
        };
        match (went, &mut hold) {
            (Went::Not(Failed::Way(no)), Some(hold)) => match hold.wait(door, client, login, no).await {
                Held::Again => {}
                Held::Not(no) => break Went::Not(Failed::Way(no)),
                Held::Over => break Went::Done,
            },
            (went, _) => break went,
        }
    };
    match went {
        Went::On => (true, "done"),
        Went::Done => (false, "ended"),
        Went::Became(upstream) => {
            let frames = upgrade.filter(|to| to.eq_ignore_ascii_case(b"websocket")).map(|_| Frames::default());
            let used = || {
                if counts_as_use {
                    login.meter.touch(Door::Http, "a socket of its apps");
                }
            };
            let passed = tokio::select! {
                passed = relay(client, *upstream, times.upgraded, frames, used) => passed,
                () = login.end.cancelled() => (0, 0),
            };
            counts.up += passed.0;
            counts.down += passed.1;
            (false, "socket")
        }
        Went::Not(failed) => {
            let answer = own::failed(door, login, failed).await;
            let answer = if base.is_some() { answer.in_place() } else { answer };
            counts.status = answer.status;
            (refuse_if(client, head, &answer, last || !asked.bare).await, "refused")
        }
    }
}

/// What the connection is to become: a protocol that nobody reads as requests.
fn upgrade<'a>(head: &'a Head, body: &Body) -> Option<&'a [u8]> {
    let wants = !head.old && body.is_over() && head.method() == b"GET" && head.says("connection", "upgrade");
    let protocol = head.one("upgrade").ok().flatten().filter(|_| wants)?;
    let http =
        protocol.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(b"h2") || start.eq_ignore_ascii_case(b"ht"));
    (!http && !protocol.contains(&b',')).then_some(protocol)
}

/// Answers and closes.
pub(crate) async fn refuse(client: &mut Client<Box<dyn Stream>>, head: &Head, answer: &Answer) -> bool {
    refuse_if(client, head, answer, true).await
}

async fn refuse_if(client: &mut Client<Box<dyn Stream>>, head: &Head, answer: &Answer, closes: bool) -> bool {
    say(client, answer, Some(head), closes).await && !closes
}

pub(crate) async fn say(
    client: &mut Client<Box<dyn Stream>>,
    answer: &Answer,
    head: Option<&Head>,
    closes: bool,
) -> bool {
    let page = head.is_some_and(wants_page);
    let bare = head.is_some_and(|head| head.method() == b"HEAD");
    write(client, &answer.bytes(page, bare, closes)).await
}

/// Somebody is to read the answer.
fn wants_page(head: &Head) -> bool {
    matches!(head.method(), b"GET" | b"HEAD")
        && head.all("accept").any(|value| memchr::memmem::find(value, b"text/html").is_some())
}

pub(crate) async fn write(client: &mut Client<Box<dyn Stream>>, bytes: &[u8]) -> bool {
    client.to.write_all(bytes).await.is_ok() && client.to.flush().await.is_ok()
}

pub(crate) fn malformed(bad: Bad) -> Answer {
    let mut answer = Answer::new(Code::BadRequest, format!("the request is not passed on: {bad}"));
    if bad == Bad::Long {
        answer.status = 431;
    }
    answer
}

/// For the rest of a head that has begun.
const HEAD: Duration = Duration::from_secs(15);
const LINGER: Duration = Duration::from_secs(1);
const MOST_LEFT: usize = 256 << 10;
