//! Asks the daemon of a workspace how it is, by the way that doors take: whether it answers, what goes on inside, and whether the
//! network keeps the rules.
//!
//! The operator asks under the permit of the generation that it carries out. A daemon of an older version knows some of this
//! not: what it does not know is left out, and that it answers counts.

use crate::activity::Door;
use crate::key::Key;
use crate::reach::{ReachError, reach, reach_beside};
use crate::trust::Trust;
use base::Coded;
use cluster::Cluster;
use link::Link;
use link::told::{Mount, System};
use policy::Permit;
use policy::action::WorkspaceReconcile;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// What came of asking.
#[derive(Clone, Debug)]
pub(crate) struct Probed {
    /// Which workspace.
    pub(crate) key: Key,
    /// Which of its pods.
    pub(crate) pod: String,
    /// When it was asked, epoch milliseconds.
    pub(crate) asked_ms: i64,
    /// A daemon beside the main container was to be looked after.
    pub(crate) beside: bool,
    /// What its node had told of it by then.
    pub(crate) told_ms: Option<i64>,
    /// What it said.
    pub(crate) answer: Result<Inside, Unreached>,
    /// The way to it.
    pub(crate) link: Option<Link>,
}

/// What a daemon says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inside {
    /// How the workspace is used, as it sees it; `None` when it does not know.
    pub(crate) uses: Option<Uses>,
    /// What became of the connection that must fail, where one was tried.
    pub(crate) canary: Option<Canary>,
    /// Its file systems; `None` when it does not know.
    pub(crate) mounts: Option<Vec<Mount>>,
    /// What became of the certificate of the pod's daemon, where it was looked after.
    pub(crate) certified: Option<Certified>,
    /// How far its init scripts are.
    pub(crate) scripts: Vec<Script>,
}

/// How far an init script is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Script {
    pub(crate) name: String,
    /// `waiting`, `running`, `done`, `done_before` or `failed`.
    pub(crate) state: String,
    /// How it ended, when it failed.
    pub(crate) detail: String,
}

/// How the certificate of a daemon is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certified {
    /// It is good.
    Stands,
    /// It has no port that needs one: the pod's own daemon may stand beside it.
    NoPort,
    /// It could not be brought.
    Failed,
}

/// Why nobody answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreached {
    /// The reason of the condition.
    pub(crate) reason: &'static str,
    pub(crate) message: String,
}

/// How a workspace is used, as its daemon says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Uses {
    /// The daemon's clock.
    pub(crate) now_ms: u64,
    pub(crate) uses: Vec<Use>,
    pub(crate) keep: Option<Keep>,
}

/// A use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Use {
    pub(crate) door: String,
    pub(crate) at_ms: u64,
    pub(crate) now: bool,
    pub(crate) detail: String,
}

/// What apps say of when they were used.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Apps {
    uses: Vec<Use>,
    /// Those that did not say, and why.
    failed: Vec<String>,
}

/// Somebody in the workspace said that it is to be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Keep {
    pub(crate) until_ms: u64,
    pub(crate) reason: String,
}

/// A connection that must fail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Canary {
    /// Where to.
    pub(crate) target: String,
    /// It did not fail.
    pub(crate) connected: bool,
    /// How it failed.
    pub(crate) detail: String,
}

impl Uses {
    /// The uses by our clock: the door, when, and what was done.
    pub(crate) fn by(&self, now_ms: u64) -> Vec<(Door, u64, &str)> {
        let of = |one: &'_ Use| {
            let ago = if one.now { 0 } else { self.now_ms.saturating_sub(one.at_ms) };
            Some((Door::parse(&one.door)?, now_ms.saturating_sub(ago)))
        };
        self.uses.iter().filter_map(|one| of(one).map(|(door, at)| (door, at, one.detail.as_str()))).collect()
    }

    /// Until when it is to be kept, by our clock.
    pub(crate) fn kept_until(&self, now_ms: u64) -> Option<i64> {
        let left = self.keep.as_ref()?.until_ms.checked_sub(self.now_ms).filter(|left| *left > 0)?;
        i64::try_from(now_ms.saturating_add(left.min(LONGEST_KEEP_MS))).ok()
    }
}

/// Asks.
pub(crate) async fn probe(
    cluster: &Cluster,
    permit: &Permit<WorkspaceReconcile>,
    trust: &Trust,
    asked: Asked,
) -> Probed {
    let mut link = None;
    let answer = match timeout(PATIENCE, ask(cluster, permit, trust, &asked)).await {
        Ok(Ok((inside, way))) => {
            link = Some(way);
            Ok(inside)
        }
        Ok(Err(error)) => Err(Unreached { reason: reason(&error), message: format!("{}: {error}", error.code()) }),
        Err(_) => {
            let message = format!("its daemon gave no answer within {} s", PATIENCE.as_secs());
            Err(Unreached { reason: "AgentUnreachable", message })
        }
    };
    let Asked { key, pod, at_ms: asked_ms, beside, told_ms, .. } = asked;
    Probed { key, pod, asked_ms, beside, told_ms, answer, link }
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) key: Key,
    pub(crate) pod: String,
    /// The uid of the workspace.
    pub(crate) uid: String,
    pub(crate) at_ms: i64,
    /// Programs that compute count when they did so over this long.
    pub(crate) window_ms: i64,
    /// And took more than so much of a core; 0 never counts.
    pub(crate) percent: u8,
    /// URLs inside of it at which apps say when they were used.
    pub(crate) urls: Vec<String>,
    /// The connection that must fail is to be tried.
    pub(crate) canary: bool,
    /// A daemon beside the main container is to be looked after, if there is one.
    pub(crate) beside: bool,
    /// When its node told something of it last that makes one ask.
    pub(crate) told_ms: Option<i64>,
}

async fn ask(
    cluster: &Cluster,
    permit: &Permit<WorkspaceReconcile>,
    trust: &Trust,
    asked: &Asked,
) -> Result<(Inside, Link), ReachError> {
    let link = reach(cluster, permit).await?;
    let (status, health) = link.request("GET", "/api/v1/health", None).await?;
    if status != 200 {
        let message = format!("its daemon is not well: {health}");
        return Err(link::Error::Refused { code: "unavailable".to_owned(), message }.into());
    }
    let path = format!("/api/v1/activity?window_ms={}&percent={}", asked.window_ms, asked.percent);
    let mut uses: Option<Uses> = get(&link, "GET", &path, None).await?;
    if let Some(uses) = uses.as_mut().filter(|_| !asked.urls.is_empty()) {
        let body = json!({ "urls": asked.urls });
        let apps: Apps = get(&link, "POST", "/api/v1/used", Some(&body)).await?.unwrap_or_default();
        for why in &apps.failed {
            tracing::debug!(workspace = %asked.key, why, "an app does not say when it was used");
        }
        uses.uses.extend(apps.uses);
    }
    let nothing = json!({});
    let canary = if asked.canary { get(&link, "POST", "/api/v1/canary", Some(&nothing)).await? } else { None };
    let system: Option<System> = get(&link, "GET", "/api/v1/sysinfo", None).await?;
    let mounts = system.map(|system| system.mounts);
    let mut certified = trust.certify(&link, &asked.uid).await;
    if certified == Some(Certified::NoPort) && asked.beside {
        certified = match reach_beside(cluster, permit).await {
            Ok(beside) => trust.certify(&beside, &asked.uid).await,
            Err(error) => {
                tracing::warn!(workspace = %asked.key, %error, "the daemon beside it gets no certificate");
                Some(Certified::Failed)
            }
        };
    }
    let scripts = health.get("init_scripts").and_then(|all| Vec::deserialize(all).ok()).unwrap_or_default();
    Ok((Inside { uses, canary, mounts, certified, scripts }, link))
}

/// An answer; `None` of a daemon that does not know the path, or says what cannot be read.
async fn get<T: for<'a> Deserialize<'a>>(
    link: &Link,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<Option<T>, ReachError> {
    let (status, answer) = link.request(method, path, body).await?;
    Ok(if status == 200 { T::deserialize(&answer).ok() } else { None })
}

fn reason(error: &ReachError) -> &'static str {
    let words = error.to_string().to_ascii_lowercase();
    if words.contains("certificate") && words.contains("expired") {
        "TLSExpired"
    } else if words.contains("connection refused") || words.contains("does not answer: no such file") {
        "PortClosed"
    } else {
        "AgentUnreachable"
    }
}

/// For the whole of it.
const PATIENCE: Duration = Duration::from_secs(25);
/// Nobody keeps a workspace for longer by one word from inside.
const LONGEST_KEEP_MS: u64 = 7 * 86_400_000;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

    use super::{Uses, reason};
    use crate::activity::Door;
    use crate::reach::ReachError;
    use serde_json::json;

    #[test]
    fn wb_05j_what_a_daemon_says_is_read_by_our_clock() {
        let said = json!({
            "now_ms": 5_000_000, "later": 1,
            "uses": [
                { "door": "terminal", "at_ms": 4_990_000, "detail": "bash" }, { "door": "exec", "at_ms": 1, "now": true },
                { "door": "of another version", "at_ms": 3 }, { "door": "cpu", "at_ms": 9_000_000 },
            ],
            "keep": { "until_ms": 5_600_000, "reason": "a long run" },
        });
        let said: Uses = serde_json::from_value(said).unwrap();
        let expected = [(Door::Terminal, 70_000, "bash"), (Door::Exec, 80_000, ""), (Door::Cpu, 80_000, "")];
        assert_eq!(said.by(80_000), expected, "never later than now");
        assert_eq!(said.kept_until(80_000), Some(680_000));
        assert_eq!(Uses::default().kept_until(1), None);
    }

    #[test]
    fn wc_06e_why_a_daemon_was_not_reached_is_told_by_what_the_way_to_it_said() {
        use std::io::{Error, ErrorKind};
        let of = |error: link::Error| reason(&error.into());
        let said = |words: &str| ReachError::Daemon { error: link::Error::Closed, words: words.to_owned() };
        // As rustls says it, of either end.
        let expired = Error::other("called: invalid peer certificate: certificate expired: verification time 5 (UNIX)");
        assert_eq!(of(link::Error::NotProved(expired)), "TLSExpired");
        assert_eq!(of(link::Error::Unreachable(ErrorKind::ConnectionRefused.into())), "PortClosed");
        assert_eq!(
            reason(&said("qd-agent: /run/qd/api.sock does not answer: Connection refused (os error 111)")),
            "PortClosed"
        );
        assert_eq!(
            reason(&said("qd-agent: /run/qd/api.sock does not answer: No such file or directory (os error 2)")),
            "PortClosed"
        );
        for other in [
            of(link::Error::Late),
            of(link::Error::Closed),
            of(link::Error::NotProved(Error::other("invalid peer certificate: UnknownIssuer"))),
            reason(&ReachError::NoPod("n/w".to_owned())),
        ] {
            assert_eq!(other, "AgentUnreachable");
        }
    }
}
