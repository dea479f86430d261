//! Which servers speak TLS, how, and what they showed of themselves.

use super::{Once, blocking, each};
use crate::line::{Choice, Members};
use crate::taps::one::One;
use crate::taps::row::{self, Seen};
use crate::taps::{Taps, TapsError};
use api::tap::{TapCertificate, TapCertificateStanding as Standing, TapTls, TapTlsServer};
use policy::Permit;
use policy::action::TapView;
use serde::Deserialize;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

impl Taps {
    /// The servers that speak TLS, by the handshakes that `select` chooses; whose certificate ends first before the others.
    ///
    /// # Errors
    /// When the tap is not there, or the expression is none.
    pub async fn tls(&self, permit: Permit<TapView>, select: &str) -> Result<TapTls, TapsError> {
        let (one, choice, now_s) = (self.0.viewed(&permit)?, Choice::of(select)?, self.0.now() / 1_000);
        blocking(move || board(&one, choice, now_s)).await
    }
}

/// What is known of a server.
#[derive(Default)]
struct Server {
    ends: BTreeSet<String>,
    connections: u64,
    failed: u64,
    versions: BTreeSet<String>,
    ja3: BTreeSet<String>,
    ja4: BTreeSet<String>,
    ja4s: BTreeSet<String>,
    /// The certificate that it showed last, and when.
    shown: Option<(i64, Leaf, bool)>,
    /// Fingerprints of all that it showed.
    certificates: BTreeSet<String>,
}

/// The first of a chain.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Leaf {
    subject: String,
    issuer: String,
    sans: Vec<String>,
    from: Option<i64>,
    to: Option<i64>,
    sha256: String,
}

impl Server {
    fn hear(&mut self, members: &Members<'_>, end: String) {
        note(&mut self.ends, end);
        self.failed += u64::from(members.has("alert"));
        let version = members.text("version");
        if !version.is_empty() {
            note(&mut self.versions, if members.is("kind", "quic") { format!("QUIC {version}") } else { version });
        }
        for (member, seen) in [("ja3", &mut self.ja3), ("ja4", &mut self.ja4), ("ja4s", &mut self.ja4s)] {
            if members.has(member) {
                note(seen, members.text(member));
            }
        }
        let chain: Vec<Leaf> =
            members.raw("certs").and_then(|certs| serde_json::from_slice(certs).ok()).unwrap_or_default();
        let ts = members.int("ts").unwrap_or(0);
        if let Some(leaf) = chain.into_iter().next() {
            note(&mut self.certificates, leaf.sha256.clone());
            if self.shown.as_ref().is_none_or(|(at, ..)| *at <= ts) {
                let unfit = members.text("anomaly").contains("cert_name_mismatch");
                self.shown = Some((ts, leaf, unfit));
            }
        }
    }

    fn told(self, server: String, now_s: i64) -> TapTlsServer {
        let list = |seen: BTreeSet<String>| seen.into_iter().collect();
        let others = self.certificates.len().saturating_sub(1) as u64;
        TapTlsServer {
            server,
            ends: list(self.ends),
            connections: self.connections,
            failed: self.failed,
            versions: list(self.versions),
            ja3: list(self.ja3),
            ja4: list(self.ja4),
            ja4s: list(self.ja4s),
            certificate: self.shown.map(|(_, leaf, mismatch)| leaf.told(now_s, mismatch, others)),
        }
    }
}

impl Leaf {
    fn told(self, now_s: i64, mismatch: bool, others: u64) -> TapCertificate {
        let Self { subject, issuer, sans, from, to, sha256 } = self;
        let days_left = to.map(|to| (to - now_s).div_euclid(DAY));
        let standing = match (from, to) {
            (_, Some(to)) if to < now_s => Standing::Expired,
            (Some(from), _) if from > now_s => Standing::Early,
            (_, Some(to)) if to - now_s < SOON => Standing::Soon,
            (_, Some(_)) => Standing::Good,
            (_, None) => Standing::Unread,
        };
        TapCertificate { subject, issuer, sans, from, to, days_left, standing, mismatch, sha256, others }
    }
}

fn board(one: &Arc<One>, choice: Option<Choice>, now_s: i64) -> TapTls {
    let seen: Vec<Arc<Seen>> = one.state.read().targets.iter().map(|target| target.seen.clone()).collect();
    let none = Arc::default();
    let (mut servers, mut more): (HashMap<String, Server>, bool) = Default::default();
    let mut once = Once::default();
    each(one, choice, |line, members| {
        if !matches!(members.plain("kind"), "tls" | "quic") {
            return;
        }
        let [_, end, _] = row::edge(members, seen.get(usize::from(line.pod)).unwrap_or(&none));
        let sni = members.text("sni").trim_end_matches('.').to_ascii_lowercase();
        let name = if sni.is_empty() { end.clone() } else { sni };
        if servers.len() >= SERVERS && !servers.contains_key(&name) {
            more = true;
            return;
        }
        let server = servers.entry(name).or_default();
        server.connections += u64::from(!once.had_other_end(members));
        server.hear(members, end);
    });
    let mut servers: Vec<TapTlsServer> = servers.into_iter().map(|(name, server)| server.told(name, now_s)).collect();
    // Those whose certificate was not seen come last, the busiest first.
    servers.sort_by_key(|server| {
        let to = server.certificate.as_ref().and_then(|one| one.to).unwrap_or(i64::MAX);
        (to, Reverse(server.connections), server.server.clone())
    });
    TapTls { servers, more }
}

/// A few of what there may be many.
fn note(seen: &mut BTreeSet<String>, word: String) {
    if seen.len() < FEW || seen.contains(&word) {
        seen.insert(word);
    }
}

/// Servers that are told apart.
const SERVERS: usize = 1_000;
/// Versions, fingerprints and the like of one server.
const FEW: usize = 8;
const DAY: i64 = 86_400;
/// A certificate that ends within this time is worth a word.
const SOON: i64 = 30 * DAY;
