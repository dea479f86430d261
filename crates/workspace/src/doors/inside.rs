//! What the daemon of a workspace tells doors and does for them: apps, their logs, ports, the machine.

use super::seeing::Named;
use super::{DoorError, Workspaces};
use base::Coded;
use link::told::{Line, Lines};
use link::{AppAct, Link, Watch};
use policy::action::WorkspaceApps;
use policy::{Answers, Outcome, Permit, Principal};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// What is asked of a daemon.
#[derive(Clone, Debug)]
pub enum Inside {
    /// Its apps.
    Apps,
    /// Every port that somebody listens on.
    Ports,
    /// How the machine is used.
    Machine,
    /// The last lines of an app.
    AppLog {
        /// Which.
        app: String,
        /// Which lines.
        lines: Lines,
    },
    /// Something is done with an app.
    App {
        /// Which.
        app: String,
        /// What.
        act: AppAct,
    },
}

/// The lines of an app as they come. The permit is held as long.
pub struct AppLog {
    lines: Watch<Line>,
    permit: Permit<WorkspaceApps>,
    /// The lines come over it.
    _link: Link,
}

impl AppLog {
    /// The next line; `None` when no more will come.
    ///
    /// # Errors
    /// When the connection broke.
    pub async fn next(&mut self) -> Result<Option<Line>, DoorError> {
        Ok(self.lines.next().await?)
    }

    /// Ends when the permit does.
    #[must_use]
    pub fn end(&self) -> CancellationToken {
        self.permit.end_token()
    }
}

impl Workspaces {
    /// Asks the daemon of a workspace.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn inside(
        &self,
        principal: &Principal,
        named: &Named,
        asked: Inside,
        answers: &api::rest::Answers,
    ) -> Result<Value, DoorError> {
        let (permit, link) = self.entered(principal, named, &asked, &super::acting::answers(answers)).await?;
        let told = async {
            let link = link?;
            Ok::<_, DoorError>(match asked {
                Inside::Apps => json!({ "apps": link.apps().await? }),
                Inside::Ports => json!({ "ports": link.ports().await? }),
                Inside::Machine => json!(link.system().await?),
                Inside::AppLog { app, lines } => json!({ "lines": link.app_logs(&app, &lines).await? }),
                Inside::App { app, act } => json!({ "app": link.app(&app, act).await? }),
            })
        };
        let told = told.await;
        permit.finish(match &told {
            Ok(_) => Outcome::Done { message: "told".to_owned() },
            Err(error) => Outcome::Failed { code: error.code().as_str().to_owned(), message: error.to_string() },
        });
        told
    }

    /// The lines of an app, as they come.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn app_log(
        &self,
        principal: &Principal,
        named: &Named,
        app: String,
        lines: Lines,
    ) -> Result<AppLog, DoorError> {
        let asked = Inside::AppLog { app: app.clone(), lines: lines.clone() };
        let (permit, link) = self.entered(principal, named, &asked, &Answers::default()).await?;
        let link = link?;
        let lines = link.follow_app_logs(&app, &lines).await?;
        Ok(AppLog { lines, permit, _link: link })
    }

    async fn entered(
        &self,
        principal: &Principal,
        named: &Named,
        asked: &Inside,
        answers: &Answers,
    ) -> Result<(Permit<WorkspaceApps>, Result<Link, DoorError>), DoorError> {
        self.visible(principal, named)?;
        let cluster = self.cluster(principal, &named.cluster)?;
        let (act, app) = asked.words();
        let action = WorkspaceApps { object: named.target(), act: act.to_owned(), app: app.to_owned() };
        let permit = self.0.gate.permit(principal, action, answers)?;
        let link = self.0.calling.reach(&cluster, &permit).await.map_err(DoorError::from);
        Ok((permit, link))
    }
}

impl Inside {
    /// What the policy is asked: the act, and the app.
    fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Apps | Self::Ports | Self::Machine => ("list", ""),
            Self::AppLog { app, .. } => ("logs", app),
            Self::App { app, act } => {
                let act = match act {
                    AppAct::Install { .. } => "install",
                    AppAct::Start => "start",
                    AppAct::Stop => "stop",
                    AppAct::Restart => "restart",
                };
                (act, app)
            }
        }
    }
}
