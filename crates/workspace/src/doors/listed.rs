//! Lists of workspaces and of jobs, as doors tell them.

use super::seeing::Named;
use super::{DoorError, Workspaces};
use crate::acts;
use crate::launch::Said;
use crate::lookup::{Lookup, Wanted};
use crate::{about, earlier, pages};
use api::job::{Job, JobState};
use api::workspace::{ClusterProblem, WorkspaceList};
use base::ClusterName;
use policy::action::WorkspaceView;
use policy::{Answers, Principal};
use serde_json::Value;
use std::collections::HashMap;

/// Which jobs are asked for; what is empty is any.
#[derive(Clone, Debug, Default)]
pub struct JobsAsked {
    /// On workspaces of this cluster.
    pub cluster: String,
    /// In this namespace.
    pub namespace: String,
    /// Of this name.
    pub name: String,
    /// So far.
    pub state: Option<JobState>,
    /// So many at most.
    pub most: usize,
}

impl JobsAsked {
    fn takes(&self, job: &Job) -> bool {
        let same = |asked: &str, is: &str| asked.is_empty() || asked == is;
        same(&self.cluster, job.cluster.as_str())
            && same(&self.namespace, &job.namespace)
            && same(&self.name, &job.name)
            && self.state.is_none_or(|state| state == job.state)
    }
}

impl Workspaces {
    /// The workspaces of clusters that are wanted, of one namespace, or of all, as far as whoever asks may know of them.
    ///
    /// # Errors
    /// When none of the clusters is named, or what is wanted is no expression. What a single cluster says stands in the answer.
    pub async fn list(
        &self,
        principal: &Principal,
        clusters: &[ClusterName],
        namespace: &str,
        wanted: &Wanted,
    ) -> Result<WorkspaceList, DoorError> {
        let first = clusters.first().ok_or(DoorError::Cluster(mirror::Error::NoCluster))?;
        let meant = match wanted.user_string.as_deref().map(Said::sought_string).transpose()? {
            Some(said) => Some(self.meant(principal, said, first, namespace).await?),
            None => None,
        };
        let mut lookup = Lookup::of(wanted, meant.as_ref().map(|meant| meant.name.clone()))?;
        let mut list = WorkspaceList::default();
        let mut found: Vec<(ClusterName, Value)> = Vec::new();
        for name in clusters {
            match self.listed(principal, name, namespace).await {
                Ok(items) => {
                    let known = items.into_iter().filter(|item| self.may_know(principal, name, item));
                    found.extend(known.map(|item| (name.clone(), item)));
                }
                Err(error) => {
                    let error = api::ErrorBody::of(&error, principal.request().unwrap_or_default());
                    list.problems.push(ClusterProblem { cluster: name.clone(), error });
                }
            }
        }
        if let Some(meant) = &meant {
            let name = |object: &Value| object.pointer("/metadata/name").and_then(Value::as_str).map(str::to_owned);
            let objects = || found.iter().map(|(_, object)| object);
            if !objects().any(|object| name(object).as_deref() == Some(&meant.name))
                && let Some(imported) = earlier::one(objects(), &meant.earlier)?.cloned()
            {
                lookup = Lookup::of(wanted, name(&imported))?;
                found.retain(|(_, object)| *object == imported);
            }
        }
        let (total, page) = lookup.choose(found, base::Clock::now_ms(&base::SystemClock));
        list.total = total;
        list.workspaces = page.iter().map(|(cluster, item)| about::row(cluster, item)).collect();
        Ok(list)
    }

    /// Whether whoever asks may know of a workspace that the API server shows them: one by one it is not there otherwise.
    fn may_know(&self, principal: &Principal, cluster: &ClusterName, object: &Value) -> bool {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
        self.visible(principal, &Named { cluster: cluster.clone(), namespace, name }).is_ok()
    }

    pub(super) async fn listed(
        &self,
        principal: &Principal,
        name: &ClusterName,
        namespace: &str,
    ) -> Result<Vec<Value>, DoorError> {
        let cluster = self.cluster(principal, name)?;
        let action = WorkspaceView { cluster: name.clone(), namespace: namespace.to_owned(), name: String::new() };
        let permit = self.0.gate.permit(principal, action, &Answers::default())?;
        let kind = acts::kind()?;
        let items = pages::all(&cluster, &kind, namespace, "").await;
        drop(permit);
        items.map_err(|error| DoorError::Act(acts::narrow(error, namespace, "")))
    }

    /// The newest jobs: those that whoever asks began, and those on workspaces that they may see.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn jobs(&self, principal: &Principal, asked: &JobsAsked) -> Result<Vec<Job>, DoorError> {
        let mut seen: HashMap<(ClusterName, String, String), bool> = HashMap::new();
        let wanted = |job: &Job| {
            asked.takes(job)
                && (job.principal == principal.id()
                    || job.user.as_ref().is_some_and(|user| self.sees_all(principal, &job.cluster, user))
                    || job.user.is_none()
                        && *seen
                            .entry((job.cluster.clone(), job.namespace.clone(), job.name.clone()))
                            .or_insert_with_key(|(cluster, namespace, name)| {
                                let (cluster, namespace, name) = (cluster.clone(), namespace.clone(), name.clone());
                                self.visible(principal, &Named { cluster, namespace, name }).is_ok()
                            }))
        };
        Ok(self.0.jobs.list(wanted, asked.most).await?)
    }
}
