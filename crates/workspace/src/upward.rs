//! What workspaces ask from inside, and the answers: credentials for their user, their own deletion, the check of a blueprint.
//!
//! ```text
//! kbox, helpers ─► daemon's socket ─► the link that the operator holds ─► Permit<WorkspaceAsk> ─► answer
//! ```
//!
//! The operator keeps the link by which it asked a daemon how it is, one for each workspace, and answers what comes over it. Each
//! question is a decision of its own, on disk before anything is done; what is answered is written nowhere.

pub(crate) mod credentials;

use crate::acts::{ActError, kind, narrow};
use crate::egress;
use crate::key::Key;
use crate::render::Render;
use base::{Coded, RequestId};
use blueprint::objects::Egress;
use cluster::{Cluster, DeleteOptions, Target};
use link::{Asked, Link};
use policy::action::{ObjectTarget, WorkspaceAsk};
use policy::{Answers, Door, Gate, Outcome, Permit, Principal};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout};

/// What answering needs.
pub(crate) struct Desk {
    pub(crate) cluster: Cluster,
    pub(crate) gate: Gate,
    /// The process: a workspace asks it, for its owner.
    pub(crate) principal: Principal,
    pub(crate) render: Arc<dyn Render>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) key: Key,
    pub(crate) uid: String,
    pub(crate) owner: String,
}

/// The links that are held.
#[derive(Default)]
pub(crate) struct Links {
    /// By workspace: the pod, and the task that answers it.
    of: HashMap<Key, (String, AbortHandle)>,
    /// By workspace: what it reaches by name.
    opened: HashMap<Key, watch::Sender<Option<Arc<Egress>>>>,
    tasks: JoinSet<()>,
}

impl Links {
    /// Answers a workspace over this link from now on, unless it is answered already or too many are.
    pub(crate) fn hold(&mut self, desk: &Arc<Desk>, who: Who, pod: &str, link: Link) {
        while self.tasks.try_join_next().is_some() {}
        self.of.retain(|_, (_, task)| !task.is_finished());
        // whose programs connect by this link is not left out for those who rarely ask
        let most = if self.opened.contains_key(&who.key) { MOST_OPENED } else { MOST_HELD };
        if self.of.get(&who.key).is_some_and(|(of, _)| of == pod) || self.of.len() >= most {
            return;
        }
        self.drop_task(&who.key);
        let (desk, key) = (desk.clone(), who.key.clone());
        let opened = self.opened.entry(key.clone()).or_default().subscribe();
        let task = self.tasks.spawn(async move {
            let connects = async {
                match egress::serve(&desk, &who, &link, opened).await {
                    Ok(()) => std::future::pending().await,
                    Err(error) => Err(error),
                }
            };
            // what asks and what connects are of one link, and end with it
            let ended = tokio::select! {
                ended = answer_all(&desk, &who, &link) => ended,
                ended = connects => ended,
            };
            if let Err(error) = ended {
                tracing::debug!(workspace = %who.key, %error, "what it asks is not answered any more");
            }
        });
        self.of.insert(key, (pod.to_owned(), task));
    }

    /// What a workspace reaches by name from now on. What it was connected to by other rules is cut.
    pub(crate) fn open(&mut self, key: &Key, egress: Option<Egress>) {
        if egress.is_none() && !self.opened.contains_key(key) {
            return;
        }
        self.opened.entry(key.clone()).or_default().send_if_modified(|now| {
            let changes = now.as_deref() != egress.as_ref();
            if changes {
                *now = egress.map(Arc::new);
            }
            changes
        });
    }

    /// It is gone.
    pub(crate) fn forget(&mut self, key: &Key) {
        self.opened.remove(key);
        self.drop_task(key);
    }

    fn drop_task(&mut self, key: &Key) {
        if let Some((_, task)) = self.of.remove(key) {
            task.abort();
        }
    }
}

async fn answer_all(desk: &Desk, who: &Who, link: &Link) -> Result<(), link::Error> {
    let mut upward = link.upward().await?;
    let mut pace = Pace::of(MOST_ASKED);
    while let Some(asked) = upward.next().await? {
        let answer = if pace.allows() {
            let answered = timeout(PATIENCE, answer(desk, who, &asked)).await;
            answered.unwrap_or_else(|_| no(504, "timed_out", "the gateway was not ready in time"))
        } else {
            no(429, "too_many", "this workspace asks too often: try again in a minute")
        };
        upward.answer(&asked, answer.0, answer.1).await?;
    }
    Ok(())
}

/// Each question is a line of the journal: there are not too many.
pub(crate) struct Pace {
    most: u32,
    since: Instant,
    asked: u32,
}

impl Pace {
    /// So many in a minute.
    pub(crate) fn of(most: u32) -> Self {
        Self { most, since: Instant::now(), asked: 0 }
    }

    /// Whether there may be another one.
    pub(crate) fn allows(&mut self) -> bool {
        if self.since.elapsed() >= MINUTE {
            (self.since, self.asked) = (Instant::now(), 0);
        }
        self.asked = self.asked.saturating_add(1);
        self.asked <= self.most
    }
}

/// A status and a body.
type Answer = (u16, Value);

fn no(status: u16, code: &str, message: impl ToString) -> Answer {
    (status, json!({ "code": code, "message": message.to_string() }))
}

async fn answer(desk: &Desk, who: &Who, asked: &Asked) -> Answer {
    if !matches!(asked.ask.as_str(), "credentials" | "delete" | "validate" | "passwd") {
        return no(501, "not_supported", "the gateway that is connected cannot do this");
    }
    let wanted = match credentials::Wanted::of(asked) {
        Ok(wanted) => wanted,
        Err(message) => return no(422, "invalid", message),
    };
    let object = ObjectTarget::workspace(desk.cluster.name(), &who.key.namespace, &who.key.name);
    let (service, host) = (wanted.service.to_owned(), wanted.host.clone());
    let action = WorkspaceAsk { object, owner: who.owner.clone(), ask: asked.ask.clone(), service, host };
    let principal = desk.principal.asking(RequestId::new(), Door::Process);
    let permit = match desk.gate.permit(&principal, action, &Answers::default()) {
        Ok(permit) => permit,
        Err(refusal) => return no(403, "denied", refusal),
    };
    if permit.settled().await.is_err() {
        return no(503, "unavailable", "the journal takes no entries, so nothing was done");
    }
    let answer = match asked.ask.as_str() {
        "credentials" => credentials::find(&desk.cluster, &permit, who, &wanted).await,
        "delete" => delete(&desk.cluster, &permit, who).await,
        "validate" => validate(desk, asked).await,
        // what is left is how a password is changed
        _ => (200, json!({ "password": false, "how": NO_PASSWORD })),
    };
    permit.finish(outcome(&answer));
    answer
}

/// What became of it, without what was answered.
fn outcome((status, body): &Answer) -> Outcome {
    let word = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    match status {
        200 => Outcome::Done { message: "answered".to_owned() },
        _ => Outcome::Failed { code: word("code"), message: word("message") },
    }
}

/// The workspace goes; its storage as it says itself.
async fn delete(cluster: &Cluster, permit: &Permit<WorkspaceAsk>, who: &Who) -> Answer {
    let done = async {
        let kind = kind()?;
        let target = Target { kind: &kind, namespace: &who.key.namespace, name: &who.key.name };
        let options = DeleteOptions { uid: Some(who.uid.clone()), ..DeleteOptions::default() };
        let deleted = cluster.acting(permit).delete(target, &options).await;
        deleted.map_err(|error| narrow(error, &who.key.namespace, &who.key.name))
    };
    match done.await {
        Ok(_) => (200, json!({})),
        Err(error) => failed(&error),
    }
}

fn failed(error: &ActError) -> Answer {
    no(502, error.code().as_str(), error)
}

/// Whether a blueprint would be taken.
async fn validate(desk: &Desk, asked: &Asked) -> Answer {
    let text = |name: &str| asked.with.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (path, text, render) = (text("path"), text("text"), desk.render.clone());
    // Expressions are tried for several users: that is work.
    let tried = tokio::task::spawn_blocking(move || render.problems(&path, &text)).await;
    match tried {
        Ok(problems) => (200, json!({ "problems": problems })),
        Err(_) => no(500, "internal", "it could not be checked"),
    }
}

/// What is said of passwords.
const NO_PASSWORD: &str = "there is no password to change: people sign in to Quarterdeck, by their identity provider or a token \
    that its administrators make anew, and the account in here takes none";
/// Workspaces that are answered at a time.
const MOST_HELD: usize = 256;
/// The same, with those that reach hosts by name.
const MOST_OPENED: usize = 4096;
/// Questions of one of them in a minute.
const MOST_ASKED: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);
/// For an answer; the daemon waits a little longer.
const PATIENCE: Duration = Duration::from_secs(25);
