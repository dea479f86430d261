//! Keeping a workspace from being stopped while nobody uses it: `kbox keep` from outside.

use super::acting::answers;
use super::seeing::Named;
use super::{DoorError, Workspaces};
use crate::reach::Reaches;
use api::workspace::{WorkspaceKeeping, WorkspaceKept};
use base::Coded;
use policy::action::{ObjectTarget, WorkspaceKeep};
use policy::{Outcome, Principal};

impl Reaches for WorkspaceKeep {
    fn workspace(&self) -> &ObjectTarget {
        &self.object
    }
}

impl Workspaces {
    /// Keeps a workspace for so long from now. The operator hears it from the daemon, before it stops anything.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn keep(
        &self,
        principal: &Principal,
        named: &Named,
        asked: WorkspaceKeeping,
    ) -> Result<WorkspaceKept, DoorError> {
        let WorkspaceKeeping { seconds, reason, answers: given } = asked;
        if seconds > LONGEST_S {
            return Err(DoorError::Bad(format!("a workspace is kept for {LONGEST_S} seconds at most: seven days")));
        }
        if reason.chars().count() > MOST_REASON {
            return Err(DoorError::Bad(format!("a reason has {MOST_REASON} characters at most")));
        }
        self.visible(principal, named)?;
        let cluster = self.cluster(principal, &named.cluster)?;
        let action = WorkspaceKeep { object: named.target(), seconds: seconds.into(), reason };
        let permit = self.0.gate.permit(principal, action, &answers(&given))?;
        let kept = async {
            let link = self.0.calling.reach(&cluster, &permit).await?;
            Ok::<_, DoorError>(link.keep(seconds.into(), &permit.target().reason).await?)
        };
        let kept = kept.await;
        permit.finish(match &kept {
            Ok(_) => Outcome::Done { message: "kept".to_owned() },
            Err(error) => Outcome::Failed { code: error.code().as_str().to_owned(), message: error.to_string() },
        });
        Ok(WorkspaceKept { until_ms: kept? })
    }
}

const LONGEST_S: u32 = 7 * 24 * 3600;
const MOST_REASON: usize = 200;
