//! What a daemon tells of its workspace: asked once, or told with each change.

use std::marker::PhantomData;

use proto::workspace::told::{App, Line, Lines, Port, System};
use proto::workspace::{Kind, OUT, Watch as Asked};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{Error, Event, LONGEST_ANSWER, Link, Session};

/// What can be done with an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppAct {
    /// Installs it where its program is missing, or in any case.
    Install {
        /// In any case.
        force: bool,
    },
    /// Starts it; one that runs stays as it is.
    Start,
    /// Ends it, until it is started again by hand or with the workspace.
    Stop,
    /// Ends it and starts it.
    Restart,
}

impl AppAct {
    fn word(self) -> &'static str {
        match self {
            Self::Install { .. } => "install",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
        }
    }
}

impl Link {
    /// The ports that somebody in the workspace listens on, in their order.
    ///
    /// # Errors
    /// When the daemon refuses, is too old, or is gone; so do all that follow.
    pub async fn ports(&self) -> Result<Vec<Port>, Error> {
        self.told("GET", "/api/v1/ports", None, "ports").await
    }

    /// The ports, now and with each change. The daemon looks every two seconds while somebody watches.
    ///
    /// # Errors
    /// As [`Link::ports`].
    pub async fn watch_ports(&self) -> Result<Watch<Vec<Port>>, Error> {
        self.watch("/api/v1/ports".to_owned(), "ports").await
    }

    /// The apps of the workspace, by their ids.
    ///
    /// # Errors
    /// As [`Link::ports`].
    pub async fn apps(&self) -> Result<Vec<App>, Error> {
        self.told("GET", "/api/v1/apps", None, "apps").await
    }

    /// The apps, now and with each change.
    ///
    /// # Errors
    /// As [`Link::ports`].
    pub async fn watch_apps(&self) -> Result<Watch<Vec<App>>, Error> {
        self.watch("/api/v1/apps".to_owned(), "apps").await
    }

    /// Does something with an app; how it stands then. What takes long is only begun: [`Link::watch_apps`] tells of its end.
    ///
    /// # Errors
    /// As [`Link::ports`]; `not_found` when there is no such app, `conflict` when it cannot be done now.
    pub async fn app(&self, id: &str, act: AppAct) -> Result<App, Error> {
        let body = if act == (AppAct::Install { force: true }) { json!({ "force": true }) } else { json!({}) };
        let path = format!("/api/v1/apps/{}/{}", part(id), act.word());
        self.told("POST", &path, Some(&body), "app").await
    }

    /// Lines of an app's own log, of its output and of its installation.
    ///
    /// # Errors
    /// As [`Link::app`].
    pub async fn app_logs(&self, id: &str, which: &Lines) -> Result<Vec<Line>, Error> {
        self.told("GET", &format!("/api/v1/apps/{}/logs{}", part(id), which.query()), None, "lines").await
    }

    /// The lines, and those that come.
    ///
    /// # Errors
    /// As [`Link::app`].
    pub async fn follow_app_logs(&self, id: &str, which: &Lines) -> Result<Watch<Line>, Error> {
        self.watch(format!("/api/v1/apps/{}/logs{}", part(id), which.query()), "").await
    }

    /// Lines of the daemon's log.
    ///
    /// # Errors
    /// As [`Link::ports`].
    pub async fn logs(&self, which: &Lines) -> Result<Vec<Line>, Error> {
        self.told("GET", &format!("/api/v1/logs{}", which.query()), None, "lines").await
    }

    /// The lines, and those that come.
    ///
    /// # Errors
    /// As [`Link::ports`].
    pub async fn follow_logs(&self, which: &Lines) -> Result<Watch<Line>, Error> {
        self.watch(format!("/api/v1/logs{}", which.query()), "").await
    }

    /// The machine as the workspace has it.
    ///
    /// # Errors
    /// As [`Link::ports`].
    pub async fn system(&self) -> Result<System, Error> {
        self.told("GET", "/api/v1/sysinfo", None, "").await
    }

    /// Keeps the workspace from being stopped while nobody uses it, for so long from now; 0 takes that back. Until when, in epoch
    /// milliseconds.
    ///
    /// # Errors
    /// As [`Link::ports`].
    pub async fn keep(&self, seconds: u64, reason: &str) -> Result<u64, Error> {
        let body = json!({ "seconds": seconds, "reason": reason });
        self.told("POST", "/api/v1/keep", Some(&body), "until_ms").await
    }

    /// Where the program in the foreground of a shell works.
    ///
    /// # Errors
    /// As [`Link::ports`]; `not_found` when there is no such shell.
    pub async fn folder(&self, shell: &str) -> Result<String, Error> {
        self.told("GET", &format!("/api/v1/shells/{}/cwd", part(shell)), None, "cwd").await
    }

    async fn told<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        member: &str,
    ) -> Result<T, Error> {
        let (status, answer) = self.request(method, path, body).await?;
        if status == 200 {
            return read(answer, member);
        }
        let word = |member: &str| answer.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        Err(Error::Refused { code: word("code"), message: word("message") })
    }

    async fn watch<T>(&self, path: String, member: &'static str) -> Result<Watch<T>, Error> {
        let session = self.channel(Kind::Watch(Asked { path })).await?;
        Ok(Watch { session, member, bytes: Vec::new(), of: PhantomData })
    }
}

/// Something that is told with each change; dropping it ends that.
#[derive(Debug)]
pub struct Watch<T> {
    session: Session,
    /// The member of each answer that is meant; the answer itself when empty.
    member: &'static str,
    /// Of a line that is not whole yet.
    bytes: Vec<u8>,
    of: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Watch<T> {
    /// What it is now; `None` when no more will be told. May be dropped while it waits, nothing is lost.
    ///
    /// # Errors
    /// When the connection broke, or what came cannot be read.
    pub async fn next(&mut self) -> Result<Option<T>, Error> {
        loop {
            if let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let rest = self.bytes.split_off(end + 1);
                let line = std::mem::replace(&mut self.bytes, rest);
                return read(serde_json::from_slice(&line).map_err(Error::Answer)?, self.member).map(Some);
            }
            match self.session.next().await? {
                Some(Event::Output { stream: OUT, bytes }) if self.bytes.len() + bytes.len() <= LONGEST_ANSWER => {
                    self.bytes.extend_from_slice(&bytes);
                }
                Some(Event::Output { stream: OUT, .. }) => return Err(Error::Long),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }
}

fn read<T: DeserializeOwned>(mut answer: Value, member: &str) -> Result<T, Error> {
    let meant = if member.is_empty() { answer } else { answer.get_mut(member).map(Value::take).unwrap_or_default() };
    serde_json::from_value(meant).map_err(Error::Answer)
}

/// A part of a path: an id with anything else in it is nobody's.
fn part(id: &str) -> String {
    id.chars().map(|one| if one.is_ascii_alphanumeric() || "-_.".contains(one) { one } else { '_' }).collect()
}
