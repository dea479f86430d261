//! Which ports of the workspace somebody listens on, and who.
//!
//! Nothing looks unless somebody asks; who watches is told within two seconds. Whose a socket is, is looked for once in its
//! life.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proto::workspace::told::Port;
use tokio::sync::Mutex;

use crate::daemon::Daemon;
use crate::sockets::{self, Listening, Owner};

/// What was seen last.
#[derive(Debug, Default)]
pub(crate) struct Ports(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// When that look began.
    at: Option<Instant>,
    /// By the number of the socket; `None` for those that nobody here can be seen to hold.
    owners: HashMap<u64, Option<Owner>>,
    ports: Arc<Vec<Port>>,
}

/// The ports of this moment.
pub(crate) async fn now(daemon: &Daemon) -> Arc<Vec<Port>> {
    let asked = Instant::now();
    let mut seen = daemon.ports.0.lock().await;
    // a look that began while this one waited will do
    if seen.at.is_some_and(|at| at >= asked) {
        return seen.ports.clone();
    }
    let begun = Instant::now();
    let own = own_port(daemon);
    let mut listening = sockets::listening();
    listening.retain(|socket| Some(socket.port) != own && Some(socket.port) != daemon.config.egress_port);
    let there: HashSet<u64> = listening.iter().map(|socket| socket.inode).collect();
    seen.owners.retain(|inode, _| there.contains(inode));
    let unknown: HashSet<u64> = there.into_iter().filter(|inode| !seen.owners.contains_key(inode)).collect();
    if !unknown.is_empty() {
        match found(daemon, &unknown, &listening).await {
            Ok(mut found) => seen.owners.extend(unknown.into_iter().map(|inode| (inode, found.remove(&inode)))),
            Err(error) => daemon.log.warn("ports", format!("who listens could not be looked for: {error}")),
        }
    }
    seen.ports = Arc::new(told(daemon, &listening, &seen.owners));
    seen.at = Some(begun);
    seen.ports.clone()
}

/// By the user's eyes, then by the daemon's for what belongs to its own account.
async fn found(
    daemon: &Daemon,
    unknown: &HashSet<u64>,
    listening: &[Listening],
) -> std::io::Result<HashMap<u64, Owner>> {
    let mut found = sockets::look(daemon, unknown).await?;
    let own = rustix::process::geteuid().as_raw();
    let rest: HashSet<u64> = listening
        .iter()
        .filter(|socket| socket.uid == own && unknown.contains(&socket.inode) && !found.contains_key(&socket.inode))
        .map(|socket| socket.inode)
        .collect();
    if !rest.is_empty() {
        let more = tokio::task::spawn_blocking(move || sockets::owners(&rest)).await;
        found.extend(more.unwrap_or_default());
    }
    Ok(found)
}

fn told(daemon: &Daemon, listening: &[Listening], owners: &HashMap<u64, Option<Owner>>) -> Vec<Port> {
    let mut all: BTreeMap<u16, Vec<&Listening>> = BTreeMap::new();
    for socket in listening {
        all.entry(socket.port).or_default().push(socket);
    }
    all.into_iter()
        .map(|(port, mut sockets)| {
            sockets.sort_by_key(|socket| socket.address);
            let owner = sockets.iter().find_map(|socket| owners.get(&socket.inode)?.as_ref());
            let mut addresses: Vec<String> = sockets.iter().map(|socket| socket.address.to_string()).collect();
            addresses.dedup();
            Port {
                port,
                addresses,
                loopback: sockets.iter().all(|socket| loopback(socket.address)),
                uid: sockets.first().map_or(0, |socket| socket.uid),
                pid: owner.map(|owner| owner.pid),
                process: owner.map(|owner| owner.name.clone()).unwrap_or_default(),
                app: app_on(daemon, port),
                name: declared(daemon, port),
            }
        })
        .collect()
}

fn loopback(address: IpAddr) -> bool {
    address.is_loopback()
}

fn app_on(daemon: &Daemon, port: u16) -> Option<String> {
    let mut apps = daemon.config.apps.iter();
    apps.find(|(_, app)| app.enabled && port_of(&app.listen) == Some(port)).map(|(id, _)| id.clone())
}

fn declared(daemon: &Daemon, port: u16) -> Option<String> {
    let mut named = daemon.config.ports.iter();
    named.find(|one| one.port == port && one.protocol != "UDP" && !one.name.is_empty()).map(|one| one.name.clone())
}

/// The port of `8080`, `:8080`, `127.0.0.1:8080` or `[::1]:8080`.
pub(crate) fn port_of(listen: &str) -> Option<u16> {
    listen.rsplit(':').next()?.parse().ok().filter(|port| *port > 0)
}

fn own_port(daemon: &Daemon) -> Option<u16> {
    port_of(&daemon.config.listen)
}

/// Between two looks for who watches.
pub(crate) const EVERY: Duration = Duration::from_secs(2);
