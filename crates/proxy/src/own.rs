//! The paths of an app's host that are ours (`/.quarterdeck/…`), and what is said where the app itself says nothing.

use crate::answer::{Answer, written};
use crate::connection::{admitted, malformed, say, write};
use crate::exchange::{Client, Failed};
use crate::host::Domain;
use crate::login::Login;
use crate::proxy::{LOGIN, Proxy, escape};
use crate::wait;
use crate::way::{NoWay, Stream};
use base::{Code, RequestId};
use head::Head;
use policy::Answers;
use policy::action::{ObjectTarget, WorkspaceStart, WorkspaceWake};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A request, looked at.
pub(crate) struct Asked<'a> {
    pub(crate) head: &'a Head,
    pub(crate) target: &'a [u8],
    pub(crate) host: &'a str,
    /// The path below which the app is, where it is served in place.
    pub(crate) base: Option<&'a str>,
    /// It has no body.
    pub(crate) bare: bool,
    pub(crate) last: bool,
}

/// The name of our cookie: cookies do not tell ports apart.
pub(crate) fn cookie_name(domain: &Domain) -> String {
    match (domain.secure, domain.port) {
        (true, _) => "__Host-qdapp".to_owned(),
        (false, port) => format!("qdapp_{}", port.unwrap_or(80)),
    }
}

/// Answers a path of ours; whether another request may follow.
pub(crate) async fn answer(door: &Proxy, client: &mut Client<Box<dyn Stream>>, asked: &Asked<'_>, path: &[u8]) -> bool {
    let Asked { head, host, .. } = asked;
    let (path, query) = match path.iter().position(|byte| *byte == b'?') {
        Some(at) => (path.get(..at).unwrap_or_default(), path.get(at + 1..).unwrap_or_default()),
        None => (path, &b""[..]),
    };
    let closes = asked.last || !asked.bare;
    let refused = match (head.method(), path) {
        (b"GET", b"enter") => match enter(door, head, host, query).await {
            Ok(bytes) => return write(client, &bytes).await && !closes,
            Err(answer) => answer,
        },
        (b"GET", b"wait.js") => {
            let script = written(200, "text/javascript; charset=utf-8", "", wait::SCRIPT, false, closes);
            return write(client, &script).await && !closes;
        }
        // what is public of the key: whoever checks it has no login here
        (b"GET", b"keys") => match &door.0.config.tells {
            Some(signer) => {
                let keys = written(200, "application/jwk-set+json", "", &signer.keys(), false, closes);
                return write(client, &keys).await && !closes;
            }
            None => Answer::new(Code::NotFound, "apps are not told who comes: set proxy.tell_user"),
        },
        (b"GET", b"stages") => match admitted(door, head, host) {
            Ok(login) => return wait::stages(door, client, &login).await,
            Err(answer) => answer,
        },
        (b"POST", b"start") => match started(door, head, host).await {
            Ok(()) => return write(client, &written(303, "", "Location: /\r\n", "", false, closes)).await && !closes,
            Err(answer) => answer,
        },
        _ => Answer::new(Code::NotFound, "there is nothing here"),
    };
    say(client, &refused, Some(head), closes).await && !closes
}

/// Exchanges a code for a cookie.
async fn enter(door: &Proxy, head: &Head, host: &str, query: &[u8]) -> Result<Vec<u8>, Answer> {
    let of = |name: &str| {
        let mut pairs = query.split(|byte| *byte == b'&');
        pairs.find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
    };
    let code = of("code").and_then(|code| std::str::from_utf8(code).ok()).unwrap_or_default();
    let browser = head.one("user-agent").map_err(malformed)?.unwrap_or_default();
    let browser = String::from_utf8_lossy(browser);
    let used = "this address was used or is too old: open the app from the console again";
    let login = door.0.logins.redeem(code, host, &browser).ok_or_else(|| Answer::new(Code::TokenInvalid, used))?;
    let internal = |_| Answer::new(Code::Internal, "no random bytes from the system");
    let Some(cookie) = door.0.logins.enter(&login).map_err(internal)? else {
        login.end.cancel();
        return Err(Answer::new(Code::LimitReached, "too many apps are open: close some of them"));
    };
    // the one before it at this host is left
    let name = cookie_name(&door.0.config.domain);
    for value in head.all("cookie").filter_map(|value| crate::fields::find_cookie(value, &name)) {
        if let Some(before) = door.0.logins.find(value, host) {
            before.end.cancel();
        }
    }
    let framed = login.face.framed_by.is_some();
    let site = match (framed, door.0.config.domain.secure) {
        (true, _) => "; Secure; SameSite=None; Partitioned",
        (false, true) => "; Secure; SameSite=Lax",
        (false, false) => "; SameSite=Lax",
    };
    let set = format!("Set-Cookie: {name}={cookie}; Path=/; HttpOnly{site}; Max-Age={}\r\n", LOGIN.as_secs());
    let to = of("to").map_or_else(|| "/".to_owned(), place);
    Ok(written(303, "", &format!("{set}Location: {to}\r\n"), "", false, false))
}

/// Where to go: a path of this host and nothing else.
fn place(text: &[u8]) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
        let byte = if *byte == b'%' {
            match (digit(bytes.next()), digit(bytes.next())) {
                (Some(high), Some(low)) => u8::try_from(high << 4 | low).unwrap_or(b'?'),
                _ => return "/".to_owned(),
            }
        } else {
            *byte
        };
        out.push(byte);
    }
    let plain = out.iter().all(|byte| (0x21..=0x7e).contains(byte) && *byte != b'\\');
    let own = out.starts_with(b"/") && !out.starts_with(b"//") && !out.starts_with(b"/.quarterdeck/");
    if plain && own { String::from_utf8(out).unwrap_or_else(|_| "/".to_owned()) } else { "/".to_owned() }
}

/// Where the console lets somebody in who came to this host from elsewhere; `None` where they are told to go there themselves:
/// what asks is no browser that shows a page, or stands in a frame.
pub(crate) fn door_of(door: &Proxy, asked: &Asked<'_>, refused: &Answer) -> Option<String> {
    let Asked { head, host, target, bare, .. } = asked;
    let page = head.method() == b"GET"
        && *bare
        && head.all("accept").any(|value| memchr::memmem::find(value, b"text/html").is_some())
        && head.all("sec-fetch-dest").all(|value| value == b"document");
    let leads = door.0.config.signs_in && refused.code == Code::TokenMissing && page;
    leads.then(|| {
        let (host, to) = (escape(host.as_bytes()), escape(target));
        format!("{}/apps/enter?host={host}&to={to}", door.0.config.console)
    })
}

fn object(login: &Login) -> ObjectTarget {
    ObjectTarget::workspace(&login.cluster, &login.key.namespace, &login.key.name)
}

/// The button: starts the workspace as whoever is signed in.
async fn started(door: &Proxy, head: &Head, host: &str) -> Result<(), Answer> {
    let login = admitted(door, head, host)?;
    if head.all("origin").next().is_none() {
        return Err(Answer::new(Code::OriginNotAllowed, "a request that changes something must name its origin"));
    }
    let services = &door.0.services;
    let asking = login.principal.asking(RequestId::new(), policy::Door::Console);
    let action = WorkspaceStart { object: object(&login) };
    let permit = services.gate.permit(&asking, action, &Answers::default()).map_err(|error| of(&error))?;
    let cluster = services.mirror.of(&login.principal).cluster(&login.cluster).map_err(|error| of(&error))?;
    workspace::acts::start(&cluster, permit).await.map(|_| ()).map_err(|error| of(&error))
}

fn of(error: &dyn base::Coded) -> Answer {
    Answer { details: error.details(), ..Answer::new(error.code(), error.to_string()) }
}

/// What is said instead of the app.
pub(crate) async fn failed(door: &Proxy, login: &Arc<Login>, failed: Failed) -> Answer {
    let port = login.port.load(Ordering::Relaxed);
    match failed {
        Failed::Request(bad) => malformed(bad),
        Failed::Late => Answer::new(Code::ProxyTimeout, format!("what listens on port {port} does not answer")),
        Failed::Answer(why) => Answer::new(Code::ProxyRefused, why),
        Failed::Long(most) => Answer::new(
            Code::TooLarge,
            format!("the body of the request is longer than {most} bytes, the most that port {port} takes here"),
        ),
        Failed::Way(no) => no_way(door, login, port, no).await,
    }
}

async fn no_way(door: &Proxy, login: &Arc<Login>, port: u16, no: NoWay) -> Answer {
    let workspace = login.key.to_string();
    match no {
        NoWay::Nothing | NoWay::Unknown => {
            if matches!(login.service, crate::host::Service::App(_)) {
                login.port.store(0, Ordering::Relaxed); // it may have another by now
            }
            let known = login.pool.way().ports().await;
            if let Err(error) = &known {
                tracing::debug!(?error, workspace, "which ports there are is not known");
            }
            let others = known.as_ref().map_or_else(|_| String::new(), |ports| others(ports));
            let ports = known.unwrap_or_default();
            let list: Vec<_> =
                ports.iter().map(|(port, process)| json!({ "port": port, "process": process })).collect();
            let (code, message) = match (&no, &login.service) {
                (NoWay::Unknown, crate::host::Service::App(app)) => {
                    (Code::ProxyPortUnknown, format!("{workspace} has no app {app} with a port"))
                }
                _ => (Code::ProxyRefused, format!("nothing listens on {port}{others}")),
            };
            Answer { details: Some(json!({ "ports": list })), ..Answer::new(code, message) }
        }
        NoWay::Stopped(why) => stopped(door, login, &workspace, &why).await,
        NoWay::Waking => waking(&workspace),
        NoWay::Late => Answer::new(Code::ProxyTimeout, format!("port {port} of {workspace} is not reached in time")),
        NoWay::Busy => Answer {
            again: Some(1),
            ..Answer::new(Code::LimitReached, format!("{workspace} has as many connections as it may have"))
        },
        NoWay::Over => Answer::new(Code::TokenMissing, "the login to this app is over: open it from the console again"),
        NoWay::Failed(code, why) => Answer::new(code, why),
    }
}

/// What listens instead, in words.
fn others(ports: &[(u16, String)]) -> String {
    match ports {
        [] => ", nothing does on any other".to_owned(),
        [(port, _)] => format!(", {port} does"),
        all => {
            let all: Vec<String> = all.iter().map(|(port, _)| port.to_string()).collect();
            format!(", {} do", all.join(", "))
        }
    }
}

/// Wakes it where it says so itself and policy lets whoever came; else there is a button.
async fn stopped(door: &Proxy, login: &Arc<Login>, workspace: &str, why: &str) -> Answer {
    if wakes(door, login).await {
        return waking(workspace);
    }
    let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
    Answer {
        status: 503,
        again: Some(5),
        button: Some(("/.quarterdeck/start", "Start it")),
        ..Answer::new(Code::WorkspaceStopped, format!("workspace {workspace} is stopped{why}"))
    }
}

/// Wakes a workspace that is stopped, where it may be; whether it was.
pub(crate) async fn wakes(door: &Proxy, login: &Arc<Login>) -> bool {
    let services = &door.0.services;
    let now = services.clock.now_ms();
    let before = login.woken_ms.load(Ordering::Relaxed);
    let due = now.saturating_sub(before) > WAKES_MS;
    if due && login.woken_ms.compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
        let asking = login.principal.asking(RequestId::new(), policy::Door::Console);
        let action = WorkspaceWake { object: object(login), door: "http".to_owned() };
        let permit = services.gate.permit(&asking, action, &Answers::default());
        if let (Ok(permit), Ok(cluster)) = (permit, services.mirror.of(&login.principal).cluster(&login.cluster)) {
            match workspace::acts::wake(&cluster, permit).await {
                Ok(_) => return true,
                Err(error) => tracing::debug!(%error, workspace = %login.key, "not woken"),
            }
        }
    }
    false
}

fn waking(workspace: &str) -> Answer {
    Answer {
        status: 503,
        again: Some(2),
        live: true,
        ..Answer::new(Code::WorkspaceWaking, format!("workspace {workspace} is starting"))
    }
}

/// No more than one try in so many milliseconds.
const WAKES_MS: u64 = 5_000;
