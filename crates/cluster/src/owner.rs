//! What the operator of workspaces does to a cluster: server-side apply of the kinds on its list, and nothing else.
//!
//! ```text
//! Permit<OperatorRun> ───────► Owner    its lease, its certificate authority
//! Permit<WorkspaceReconcile> ─► Hands   objects of that workspace, in its namespace: apply, delete; its status
//! Permit<WorkspaceExpire> ───► Remains  claims that a workspace left: since when, and their end
//! Permit<OperatorInstall> ────► Installer  custom resource definitions, the exec guard
//! ```
//!
//! Invariants: each exists only from its permit; every request names the decision; a claim of storage is deleted by
//! [`Hands::discard`] and [`Remains::discard`] alone.

use crate::connect::Cluster;
use crate::error::Error;
use crate::pace::Urgency;
use crate::transport::{Call, Transport, USER_AGENT};
use http::Method;
use policy::Permit;
use policy::action::{OperatorInstall, OperatorRun, WorkspaceExpire, WorkspaceReconcile};
use serde_json::{Value, json};
use std::sync::Arc;

pub use kind::Owned;

mod kind;

/// Holds the operator's lease in a cluster.
pub struct Owner {
    link: Link,
    namespace: String,
}

/// Changes what belongs to one workspace.
pub struct Hands {
    link: Link,
    namespace: String,
    workspace: String,
}

/// Looks after claims of storage that a workspace left which is gone.
pub struct Remains {
    link: Link,
    namespace: String,
    left: Vec<String>,
    over: Vec<String>,
}

/// Installs kinds.
pub struct Installer {
    link: Link,
}

/// The way to the server under one decision.
struct Link {
    transport: Arc<Transport>,
    user_agent: String,
}

impl Cluster {
    /// The operator's own hold of this cluster, as long as its permit says.
    #[must_use]
    pub fn owner(&self, permit: &Permit<OperatorRun>) -> Owner {
        Owner { link: self.link(&permit.decision_id()), namespace: permit.target().namespace.clone() }
    }

    /// The hands with which the operator carries out one generation of a workspace.
    #[must_use]
    pub fn hands(&self, permit: &Permit<WorkspaceReconcile>) -> Hands {
        let object = &permit.target().object;
        let (namespace, workspace) = (object.namespace.clone(), object.name.clone());
        Hands { link: self.link(&permit.decision_id()), namespace, workspace }
    }

    /// Looks after what a workspace left.
    #[must_use]
    pub fn remains(&self, permit: &Permit<WorkspaceExpire>) -> Remains {
        let WorkspaceExpire { object, left, over } = permit.target();
        let (namespace, left, over) = (object.namespace.clone(), left.clone(), over.clone());
        Remains { link: self.link(&permit.decision_id()), namespace, left, over }
    }

    /// Installs kinds.
    #[must_use]
    pub fn installer(&self, permit: &Permit<OperatorInstall>) -> Installer {
        Installer { link: self.link(&permit.decision_id()) }
    }

    fn link(&self, decision: &impl std::fmt::Display) -> Link {
        Link { transport: self.transport(), user_agent: format!("{USER_AGENT} decision/{decision}") }
    }
}

impl Owner {
    /// A lease of the operator's namespace; `None` when there is none.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn lease(&self, name: &str) -> Result<Option<Value>, Error> {
        self.link.get(Owned::Lease, &self.namespace, name).await
    }

    /// Writes the lease: makes it, or takes the place of the one that has this `resourceVersion`.
    ///
    /// # Errors
    /// As [`Error`] says; `Conflict` when somebody else was first.
    pub async fn write_lease(&self, name: &str, lease: &Value) -> Result<Value, Error> {
        self.write(Owned::Lease, name, lease).await
    }

    /// The Secret of the operator's own namespace that holds its certificate authority; `None` when there is none.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn authority(&self) -> Result<Option<Value>, Error> {
        self.link.get(Owned::Secret, &self.namespace, AUTHORITY).await
    }

    /// Writes that Secret: makes it, or takes the place of the one that has this `resourceVersion`.
    ///
    /// # Errors
    /// As [`Error`] says; `Conflict` when somebody else was first.
    pub async fn write_authority(&self, secret: &Value) -> Result<Value, Error> {
        self.write(Owned::Secret, AUTHORITY, secret).await
    }

    async fn write(&self, kind: Owned, name: &str, object: &Value) -> Result<Value, Error> {
        let old = object.pointer("/metadata/resourceVersion").is_some();
        let (method, verb, at) = if old { (Method::PUT, "update", Some(name)) } else { (Method::POST, "create", None) };
        let path = kind.path(&self.namespace, at, "");
        self.link.send(method, verb, kind, &self.namespace, &path, Some(("application/json", object))).await
    }

    /// Applies our fields of a status: of a workspace that may not be carried out, of a quota, of a grant,
    /// of a blueprint.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn apply_status(&self, kind: Owned, namespace: &str, name: &str, object: &Value) -> Result<Value, Error> {
        let query = format!("?fieldManager={MANAGER}&force=true");
        let path = kind.path(namespace, Some(name), "status") + &query;
        self.link.send(Method::PATCH, "patch", kind, namespace, &path, Some((APPLY, object))).await
    }

    /// Applies what holds a quota in a namespace, or takes it away: a ResourceQuota or a LimitRange of this name.
    ///
    /// # Errors
    /// As [`Error`] says; `Invalid` for any other kind.
    pub async fn backstop(
        &self,
        kind: Owned,
        namespace: &str,
        name: &str,
        object: Option<&Value>,
    ) -> Result<(), Error> {
        if !matches!(kind, Owned::ResourceQuota | Owned::LimitRange) {
            let message = format!("{} holds no quota", kind.kind());
            return Err(Error::Invalid { message, causes: Value::Null });
        }
        let path = kind.path(namespace, Some(name), "");
        let done = match object {
            Some(object) => {
                let path = path + &format!("?fieldManager={MANAGER}&force=true");
                self.link.send(Method::PATCH, "patch", kind, namespace, &path, Some((APPLY, object))).await
            }
            None => self.link.send(Method::DELETE, "delete", kind, namespace, &path, None).await,
        };
        match done {
            Err(Error::NotFound { .. }) if object.is_none() => Ok(()),
            done => done.map(drop),
        }
    }

    /// Whether the server serves this kind.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn serves(&self, kind: Owned) -> Result<bool, Error> {
        let path = kind.path("", None, "") + "?limit=1";
        match self.link.send(Method::GET, "list", kind, "", &path, None).await {
            Ok(_) => Ok(true),
            Err(Error::NotServed { .. } | Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Hands {
    /// Reads an object of the workspace's namespace; `None` when there is none.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn get(&self, kind: Owned, name: &str) -> Result<Option<Value>, Error> {
        self.link.get(kind, &self.namespace, name).await
    }

    /// Lets the server try what [`Hands::apply`] would do, and gives the object as it would be then.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn try_apply(&self, kind: Owned, name: &str, object: &Value) -> Result<Value, Error> {
        let query = format!("?fieldManager={MANAGER}&force=true&dryRun=All");
        self.patch(kind, name, &query, "", object).await
    }

    /// Applies our fields of an object (server-side apply), and gives the object as it is then.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn apply(&self, kind: Owned, name: &str, object: &Value) -> Result<Value, Error> {
        self.patch(kind, name, &format!("?fieldManager={MANAGER}&force=true"), "", object).await
    }

    /// Gives the containers of a pod that runs other sizes (strategic merge patch of its resources), and gives it as it is then.
    ///
    /// # Errors
    /// As [`Error`] says; `Invalid` for what a pod that runs cannot become.
    pub async fn resize(&self, pod: &str, patch: &Value) -> Result<Value, Error> {
        let path = Owned::Pod.path(&self.namespace, Some(pod), "resize") + &format!("?fieldManager={MANAGER}");
        let body = Some(("application/strategic-merge-patch+json", patch));
        self.link.send(Method::PATCH, "patch", Owned::Pod, &self.namespace, &path, body).await
    }

    /// Applies our fields of the workspace's status.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn apply_status(&self, object: &Value) -> Result<Value, Error> {
        let query = format!("?fieldManager={MANAGER}&force=true");
        self.patch(Owned::Workspace, &self.workspace, &query, "status", object).await
    }

    /// Changes the workspace's own finalizers and annotations, if it is still at this version (merge patch).
    ///
    /// # Errors
    /// As [`Error`] says; `Conflict` when it has changed since.
    pub async fn patch_metadata(&self, version: &str, metadata: &Value) -> Result<Value, Error> {
        let mut metadata = metadata.clone();
        if let Some(fields) = metadata.as_object_mut() {
            fields.insert("resourceVersion".to_owned(), version.into());
        }
        let path =
            Owned::Workspace.path(&self.namespace, Some(&self.workspace), "") + &format!("?fieldManager={MANAGER}");
        let body = json!({ "metadata": metadata });
        let body = Some(("application/merge-patch+json", &body));
        self.link.send(Method::PATCH, "patch", Owned::Workspace, &self.namespace, &path, body).await
    }

    /// Sets the workspace's desired state, and nothing else of its spec, under a manager of fields of its own; the cause
    /// stands in an annotation.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn say_state(&self, uid: &str, state: &str, annotation: &str, cause: &str) -> Result<(), Error> {
        let object = json!({
            "apiVersion": Owned::Workspace.api_version(), "kind": Owned::Workspace.kind(),
            "metadata": { "name": self.workspace, "namespace": self.namespace, "uid": uid, "annotations": { annotation: cause } },
            "spec": { "state": state },
        });
        let query = format!("?fieldManager={STATE_MANAGER}&force=true");
        self.patch(Owned::Workspace, &self.workspace, &query, "", &object).await.map(drop)
    }

    /// Labels a pod as one that ends because its workspace is to be stopped, if it still has this uid (merge patch).
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn mark_stop(&self, pod: &str, uid: &str) -> Result<(), Error> {
        let path = Owned::Pod.path(&self.namespace, Some(pod), "") + &format!("?fieldManager={MANAGER}");
        let body = json!({ "metadata": { "uid": uid, "labels": { STOP_REQUESTED: "true" } } });
        let body = Some(("application/merge-patch+json", &body));
        self.link.send(Method::PATCH, "patch", Owned::Pod, &self.namespace, &path, body).await.map(drop)
    }

    /// Deletes an object, if it still has this uid. One that is gone is no error; a claim of storage is refused.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn delete(&self, kind: Owned, name: &str, uid: &str, grace: Option<u32>) -> Result<(), Error> {
        if kind == Owned::Claim {
            let message = format!("claim {name} is storage: what holds data is not deleted on the way");
            return Err(Error::Invalid { message, causes: Value::Null });
        }
        self.link.remove(kind, &self.namespace, name, uid, grace).await
    }

    /// Deletes a claim of storage of a workspace that is being deleted and says that its storage goes with it.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn discard(&self, claim: &str, uid: &str) -> Result<(), Error> {
        self.link.remove(Owned::Claim, &self.namespace, claim, uid, None).await
    }

    /// Changes annotations of a claim, if it still has this uid (merge patch).
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn annotate_claim(&self, claim: &str, uid: &str, annotations: &Value) -> Result<(), Error> {
        self.link.annotate_claim(&self.namespace, claim, uid, annotations).await
    }

    async fn patch(
        &self,
        kind: Owned,
        name: &str,
        query: &str,
        subresource: &str,
        object: &Value,
    ) -> Result<Value, Error> {
        let path = kind.path(&self.namespace, Some(name), subresource) + query;
        let body = Some((APPLY, object));
        self.link.send(Method::PATCH, "patch", kind, &self.namespace, &path, body).await
    }
}

impl Remains {
    /// Changes annotations of one of the claims that are told since when they are left, if it still has this uid.
    ///
    /// # Errors
    /// As [`Error`] says; `Invalid` for a claim that the permit does not name.
    pub async fn annotate(&self, claim: &str, uid: &str, annotations: &Value) -> Result<(), Error> {
        named(&self.left, claim)?;
        self.link.annotate_claim(&self.namespace, claim, uid, annotations).await
    }

    /// Deletes one of the claims whose time is over, if it still has this uid.
    ///
    /// # Errors
    /// As [`Error`] says; `Invalid` for a claim that the permit does not name.
    pub async fn discard(&self, claim: &str, uid: &str) -> Result<(), Error> {
        named(&self.over, claim)?;
        self.link.remove(Owned::Claim, &self.namespace, claim, uid, None).await
    }
}

fn named(all: &[String], claim: &str) -> Result<(), Error> {
    if all.iter().any(|one| one == claim) {
        return Ok(());
    }
    Err(Error::Invalid { message: format!("claim {claim} is not of this decision"), causes: Value::Null })
}

impl Installer {
    /// Applies a custom resource definition, or a part of the exec guard, and gives it as it is then.
    ///
    /// # Errors
    /// As [`Error`] says; `Conflict` when somebody else manages its fields, `Invalid` for any other kind.
    pub async fn apply(&self, kind: Owned, name: &str, object: &Value) -> Result<Value, Error> {
        if !matches!(kind, Owned::Definition | Owned::AdmissionPolicy | Owned::AdmissionBinding) {
            let message = format!("{} is nothing that is installed", kind.kind());
            return Err(Error::Invalid { message, causes: Value::Null });
        }
        let path = kind.path("", Some(name), "") + &format!("?fieldManager={MANAGER}");
        self.link.send(Method::PATCH, "patch", kind, "", &path, Some((APPLY, object))).await
    }

    /// A custom resource definition; `None` when there is none.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn get(&self, name: &str) -> Result<Option<Value>, Error> {
        self.link.get(Owned::Definition, "", name).await
    }
}

impl Link {
    async fn get(&self, kind: Owned, namespace: &str, name: &str) -> Result<Option<Value>, Error> {
        let path = kind.path(namespace, Some(name), "");
        match self.send(Method::GET, "get", kind, namespace, &path, None).await {
            Ok(object) => Ok(Some(object)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn remove(
        &self,
        kind: Owned,
        namespace: &str,
        name: &str,
        uid: &str,
        grace: Option<u32>,
    ) -> Result<(), Error> {
        let mut body = json!({
            "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": { "uid": uid },
            "propagationPolicy": "Background",
        });
        if let (Some(fields), Some(grace)) = (body.as_object_mut(), grace) {
            fields.insert("gracePeriodSeconds".to_owned(), grace.into());
        }
        let path = kind.path(namespace, Some(name), "");
        let body = Some(("application/json", &body));
        match self.send(Method::DELETE, "delete", kind, namespace, &path, body).await {
            Ok(_) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Under a name among managers of its own: what is applied to a claim takes none of these away.
    async fn annotate_claim(&self, namespace: &str, claim: &str, uid: &str, annotations: &Value) -> Result<(), Error> {
        let path = Owned::Claim.path(namespace, Some(claim), "") + &format!("?fieldManager={REMAINS_MANAGER}");
        let body = json!({ "metadata": { "uid": uid, "annotations": annotations } });
        let body = Some(("application/merge-patch+json", &body));
        self.send(Method::PATCH, "patch", Owned::Claim, namespace, &path, body).await.map(drop)
    }

    async fn send(
        &self,
        method: Method,
        verb: &str,
        kind: Owned,
        namespace: &str,
        path: &str,
        body: Option<(&str, &Value)>,
    ) -> Result<Value, Error> {
        let call = Call {
            method,
            path,
            accept: "application/json",
            user_agent: Some(&self.user_agent),
            body: body.map(|(content_type, value)| (content_type, value.to_string().into_bytes())),
            verb,
            kind: kind.id(),
            namespace,
            urgency: Urgency::Wanted,
            websocket: None,
        };
        let answer = self.transport.whole(&call).await?;
        serde_json::from_slice(&answer).map_err(|error| Error::Decode(error.to_string()))
    }
}

/// The operator's name among the managers of fields.
pub const MANAGER: &str = "quarterdeck-operator";
/// Name of the Secret with the certificate authority.
pub const AUTHORITY: &str = "quarterdeck-authority";
/// The label of a pod that ends because its workspace is to be stopped.
pub const STOP_REQUESTED: &str = "quarterdeck.dev/stop-requested";
/// Who says since when a claim is left.
const REMAINS_MANAGER: &str = "quarterdeck-remains";
/// Who says whether a workspace runs: manifests that leave the state out never fight over it.
pub const STATE_MANAGER: &str = "quarterdeck-state";
/// JSON is YAML.
const APPLY: &str = "application/apply-patch+yaml";
