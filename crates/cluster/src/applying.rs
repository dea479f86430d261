//! What a permit to change lets be made anew or applied, and what a permit lets be read of a container's log.

use crate::acting::{Acting, Target};
use crate::error::Error;
use crate::pace::Urgency;
use crate::transport::Call;
use bytes::Bytes;
use http::Method;
use policy::action::{Changes, Effect};
use serde_json::{Value, json};

impl Acting<Changes> {
    /// Makes an object, and gives it as it is then.
    ///
    /// # Errors
    /// As [`Error`] says; `Conflict` when there is one of this name.
    pub async fn create(&self, target: Target<'_>, object: &Value) -> Result<Value, Error> {
        let path = crate::reader::collection(target.kind, Some(target.namespace)) + "?fieldManager=quarterdeck";
        self.write(Method::POST, "create", target, &path, ("application/json", object)).await
    }

    /// Applies the fields of an object for a manager of fields (server-side apply), taking them over, and gives the object
    /// as it is then. An object without a uid is made when it is not there.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn apply(&self, target: Target<'_>, manager: &str, object: &Value) -> Result<Value, Error> {
        let path = target.path("", &format!("?fieldManager={manager}&force=true"));
        self.write(Method::PATCH, "patch", target, &path, ("application/apply-patch+yaml", object)).await
    }

    /// A token of a service account, good for so many seconds: the answer of the API server, which holds a secret.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn token(&self, account: Target<'_>, audience: &str, seconds: u32) -> Result<Value, Error> {
        let mut spec = json!({ "expirationSeconds": seconds });
        if let (Some(spec), false) = (spec.as_object_mut(), audience.is_empty()) {
            spec.insert("audiences".to_owned(), json!([audience]));
        }
        let asked = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec });
        let path = account.path("token", "");
        self.write(Method::POST, "create", account, &path, ("application/json", &asked)).await
    }

    async fn write(
        &self,
        method: Method,
        verb: &str,
        target: Target<'_>,
        path: &str,
        (content_type, object): (&str, &Value),
    ) -> Result<Value, Error> {
        let call = Call {
            method,
            user_agent: Some(self.user_agent()),
            body: Some((content_type, object.to_string().into_bytes())),
            ..Call::get(path, "application/json", verb, &target.kind.id, target.namespace)
        };
        let answer = self.transport().whole(&call).await?;
        serde_json::from_slice(&answer).map_err(|error| Error::Decode(error.to_string()))
    }
}

impl<E: Effect> Acting<E> {
    /// The last lines that a container of a pod wrote, under the decision.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn log(&self, pod: Target<'_>, container: &str, lines: u32, previous: bool) -> Result<Bytes, Error> {
        let mut query = format!("?timestamps=true&tailLines={lines}&previous={previous}&container=");
        crate::reader::escape(container, &mut query);
        let path = pod.path("log", &query);
        let call = Call::get(&path, "*/*", "get", "pods/log", pod.namespace).urgency(Urgency::Wanted);
        self.transport().whole(&Call { user_agent: Some(self.user_agent()), ..call }).await
    }

    /// The first bytes that a container of a pod wrote since a time (RFC 3339), each line behind its time, under the decision.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn log_since(&self, pod: Target<'_>, container: &str, since: &str, most: u64) -> Result<Bytes, Error> {
        let mut query = format!("?timestamps=true&limitBytes={most}&sinceTime=");
        crate::reader::escape(since, &mut query);
        query.push_str("&container=");
        crate::reader::escape(container, &mut query);
        let path = pod.path("log", &query);
        let call = Call::get(&path, "*/*", "get", "pods/log", pod.namespace).urgency(Urgency::Wanted);
        self.transport().whole(&Call { user_agent: Some(self.user_agent()), ..call }).await
    }
}
