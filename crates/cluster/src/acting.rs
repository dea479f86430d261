//! The only thing that can change a cluster. It exists only from a permit, and says so in every request. What it can
//! do is in its type: [`Reads`] has no write methods, [`Tries`] only dry-runs, [`Changes`] writes.

use crate::error::Error;
use crate::pace::Urgency;
use crate::transport::{Call, Transport, USER_AGENT};
use http::Method;
use policy::action::{Changes, Effect, Reads, Tries};
use serde_json::{Value, json};
use std::marker::PhantomData;
use std::sync::Arc;

/// Acts in one cluster under one decision, as far as the action's effect `E` goes.
pub struct Acting<E: Effect = Reads> {
    transport: Arc<Transport>,
    user_agent: String,
    effect: PhantomData<E>,
}

/// Which object.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Its kind.
    pub kind: &'a catalog::Kind,
    /// Empty for cluster-scoped kinds.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
}

impl Target<'_> {
    /// The object's path, below it a subresource if one is given.
    pub(crate) fn path(&self, subresource: &str, query: &str) -> String {
        let mut path = crate::reader::collection(self.kind, Some(self.namespace));
        path.push('/');
        crate::reader::escape(self.name, &mut path);
        if !subresource.is_empty() {
            path.push('/');
            path.push_str(subresource);
        }
        path + query
    }
}

/// What becomes of dependents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// Deleted afterwards.
    Background,
    /// Deleted first.
    Foreground,
    /// Left.
    Orphan,
}

/// How to delete.
#[derive(Clone, Debug, Default)]
pub struct DeleteOptions {
    /// The kind's own when absent.
    pub propagation: Option<Propagation>,
    /// The object's own when absent.
    pub grace_seconds: Option<u32>,
    /// Only if the object still has this uid.
    pub uid: Option<String>,
    /// Only if the object is still at this version.
    pub version: Option<String>,
}

/// The language of a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchKind {
    /// RFC 7386.
    Merge,
    /// Kubernetes' strategic merge.
    Strategic,
    /// RFC 6902.
    Json,
}

impl Acting<Changes> {
    /// Deletes the object, and gives what the server answers: the object while it is being deleted, or a `Status`.
    ///
    /// # Errors
    /// As [`Error`] says; `NotFound` when it was gone already.
    pub async fn delete(&self, target: Target<'_>, options: &DeleteOptions) -> Result<Value, Error> {
        self.send_delete(target, options, false).await
    }

    /// Patches the object or a subresource of it, and gives the object as it is then.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn patch(
        &self,
        target: Target<'_>,
        subresource: &str,
        kind: PatchKind,
        patch: &Value,
    ) -> Result<Value, Error> {
        self.send_patch(target, subresource, kind, patch, false).await
    }

    /// Lets the server try a patch (dry-run) before it is made, and gives the object as it would be then.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn try_patch(
        &self,
        target: Target<'_>,
        subresource: &str,
        kind: PatchKind,
        patch: &Value,
    ) -> Result<Value, Error> {
        self.send_patch(target, subresource, kind, patch, true).await
    }
}

impl Acting<Tries> {
    /// Lets the server try a deletion (dry-run).
    ///
    /// # Errors
    /// As [`Error`] says; `NotFound` when it was gone already.
    pub async fn try_delete(&self, target: Target<'_>, options: &DeleteOptions) -> Result<Value, Error> {
        self.send_delete(target, options, true).await
    }

    /// Lets the server try a patch (dry-run), and gives the object as it would be then.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn try_patch(
        &self,
        target: Target<'_>,
        subresource: &str,
        kind: PatchKind,
        patch: &Value,
    ) -> Result<Value, Error> {
        self.send_patch(target, subresource, kind, patch, true).await
    }
}

impl<E: Effect> Acting<E> {
    pub(crate) fn new(transport: Arc<Transport>, decision: &str) -> Self {
        Self { transport, user_agent: format!("{USER_AGENT} decision/{decision}"), effect: PhantomData }
    }

    /// Reads the object or a subresource of it, under the decision.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn get(&self, target: Target<'_>, subresource: &str) -> Result<Value, Error> {
        self.send(Method::GET, "get", target, subresource, "", None).await
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    pub(crate) fn user_agent(&self) -> &str {
        &self.user_agent
    }

    async fn send_delete(&self, target: Target<'_>, options: &DeleteOptions, dry_run: bool) -> Result<Value, Error> {
        let mut body = json!({ "apiVersion": "v1", "kind": "DeleteOptions" });
        let mut preconditions = serde_json::Map::new();
        for (key, value) in [("uid", &options.uid), ("resourceVersion", &options.version)] {
            if let Some(value) = value {
                preconditions.insert(key.to_owned(), json!(value));
            }
        }
        let propagation = options.propagation.map(|propagation| match propagation {
            Propagation::Background => "Background",
            Propagation::Foreground => "Foreground",
            Propagation::Orphan => "Orphan",
        });
        if let Some(fields) = body.as_object_mut() {
            let set = [
                ("propagationPolicy", propagation.map(Value::from)),
                ("gracePeriodSeconds", options.grace_seconds.map(Value::from)),
                ("preconditions", (!preconditions.is_empty()).then_some(Value::Object(preconditions))),
                ("dryRun", dry_run.then(|| json!(["All"]))),
            ];
            fields.extend(set.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
        }
        // The server reads the body; its audit log shows only the query.
        let query = if dry_run { "?dryRun=All" } else { "" };
        self.send(Method::DELETE, "delete", target, "", query, Some(("application/json", &body))).await
    }

    async fn send_patch(
        &self,
        target: Target<'_>,
        subresource: &str,
        kind: PatchKind,
        patch: &Value,
        dry_run: bool,
    ) -> Result<Value, Error> {
        let content_type = match kind {
            PatchKind::Merge => "application/merge-patch+json",
            PatchKind::Strategic => "application/strategic-merge-patch+json",
            PatchKind::Json => "application/json-patch+json",
        };
        let query = if dry_run { "?fieldManager=quarterdeck&dryRun=All" } else { "?fieldManager=quarterdeck" };
        self.send(Method::PATCH, "patch", target, subresource, query, Some((content_type, patch))).await
    }

    async fn send(
        &self,
        method: Method,
        verb: &str,
        target: Target<'_>,
        subresource: &str,
        query: &str,
        body: Option<(&str, &Value)>,
    ) -> Result<Value, Error> {
        let path = target.path(subresource, query);
        let call = Call {
            method,
            path: &path,
            accept: "application/json",
            user_agent: Some(&self.user_agent),
            body: body.map(|(content_type, value)| (content_type, value.to_string().into_bytes())),
            verb,
            kind: &target.kind.id,
            namespace: target.namespace,
            urgency: Urgency::Wanted,
            websocket: None,
        };
        let answer = self.transport.whole(&call).await?;
        serde_json::from_slice(&answer).map_err(|error| Error::Decode(error.to_string()))
    }
}
