//! Reads from a cluster. There is no way to change anything from here.

use crate::discovery;
use crate::error::Error;
use crate::feed::Feed;
use crate::pace::Urgency;
use crate::transport::{Call, Transport};
use bytes::Bytes;
use catalog::{Crd, Kind, ServedColumn, ServedResource};
use http::Method;
use policy::UserInfo;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use wire::{Budget, Format};

/// Reads from one cluster. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    pub(crate) transport: Arc<Transport>,
    pub(crate) urgency: Urgency,
}

/// Who the API server says we are.
pub type WhoAmI = UserInfo;

impl Reader {
    pub(crate) fn new(transport: Arc<Transport>) -> Self {
        Self { transport, urgency: Urgency::Wanted }
    }

    /// The same for what nobody waits for: it lets everything else go first.
    #[must_use]
    pub fn in_background(mut self) -> Self {
        self.urgency = Urgency::Background;
        self
    }

    /// The server's version: `v1.34.4`.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn version(&self) -> Result<String, Error> {
        let answer = self.json("/version", "get", "", "").await?;
        Ok(answer.get("gitVersion").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// Who we are (SelfSubjectReview, served since 1.28; it changes nothing).
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn whoami(&self) -> Result<WhoAmI, Error> {
        let body = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
        let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
        let answer = self.review(path, &body, "selfsubjectreviews.authentication.k8s.io").await?;
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            status: Status,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Status {
            user_info: UserInfo,
        }
        let answer: Answer = serde_json::from_slice(&answer).map_err(|error| Error::Decode(error.to_string()))?;
        Ok(answer.status.user_info)
    }

    /// Every resource that the server serves.
    ///
    /// # Errors
    /// As [`Error`] says. A group that does not answer (an aggregated API that is down) is left out.
    pub async fn discover(&self) -> Result<Vec<ServedResource>, Error> {
        discovery::discover(self).await
    }

    /// The columns of custom resources; empty when CRDs may not be listed.
    ///
    /// # Errors
    /// As [`Error`] says, but for a denial.
    pub async fn crds(&self) -> Result<Vec<Crd>, Error> {
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let kind = "customresourcedefinitions.apiextensions.k8s.io";
        let call = Call::get(path, accept(Format::Protobuf), "list", kind, "");
        let bytes = match self.transport.whole(&call).await {
            Ok(bytes) => bytes,
            Err(Error::Denied { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let format = format_of(&bytes);
        let list = wire::list::List::open(format, &bytes, &Budget::default())
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(list.items().filter_map(Result::ok).filter_map(Crd::read).collect())
    }

    /// A live list of a kind, in one namespace or all.
    #[must_use]
    pub fn feed(&self, kind: Arc<Kind>, namespace: Option<&str>) -> Feed {
        Feed::new(self.clone(), kind, namespace)
    }

    /// One object as JSON, as the server sends it.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn get_json(&self, kind: &Kind, namespace: &str, name: &str) -> Result<Value, Error> {
        let path = crate::Target { kind, namespace, name }.path("", "");
        self.json(&path, "get", &kind.id, namespace).await
    }

    /// A whole list in a format, page after page: each page's bytes for [`wire::list`], with the token of the next.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn page(&self, kind: &Kind, query: PageQuery<'_>) -> Result<Bytes, Error> {
        self.page_as(accept(query.format), kind, query).await
    }

    /// The same as the server prints it, for kinds whose columns it alone knows.
    pub(crate) async fn printed_page(&self, kind: &Kind, query: PageQuery<'_>) -> Result<Bytes, Error> {
        self.page_as(TABLE, kind, query).await
    }

    async fn page_as(&self, accept: &str, kind: &Kind, query: PageQuery<'_>) -> Result<Bytes, Error> {
        let mut path = collection(kind, query.namespace);
        // 0 is no limit, for a server as for us.
        path.push_str(&format!("?limit={}", query.limit));
        for (key, value) in [
            ("continue", query.token),
            ("labelSelector", query.selector),
            ("fieldSelector", query.fields),
            ("resourceVersion", query.version),
        ] {
            if !value.is_empty() {
                path.push_str(&format!("&{key}="));
                escape(value, &mut path);
            }
        }
        self.whole(&path, accept, kind, query.namespace).await
    }

    /// The kind with the columns that its server prints, where nobody else knows them: kinds of aggregated APIs. One whose
    /// server does not say, or that we may not list, stays as it is, with its name and age.
    pub async fn printed(&self, kind: Arc<Kind>) -> Arc<Kind> {
        if !kind.prints_itself() {
            return kind;
        }
        match tokio::time::timeout(PRINTS, self.printed_columns(&kind)).await {
            Ok(Ok(columns)) => Arc::new((*kind).clone().with_served(columns)),
            Ok(Err(error)) => {
                tracing::debug!(%error, kind = %kind.id, "its columns are not known");
                kind
            }
            Err(_) => kind,
        }
    }

    async fn printed_columns(&self, kind: &Kind) -> Result<Vec<ServedColumn>, Error> {
        let path = format!("{}?limit=1", collection(kind, None));
        let bytes = self.whole(&path, TABLE, kind, None).await?;
        let table = wire::object(Format::Json, &bytes, &Budget::default());
        table.map(ServedColumn::of).map_err(|error| Error::Decode(error.to_string()))
    }

    async fn whole(&self, path: &str, accept: &str, kind: &Kind, namespace: Option<&str>) -> Result<Bytes, Error> {
        let call = Call::get(path, accept, "list", &kind.id, namespace.unwrap_or_default());
        self.transport.whole(&call.urgency(self.urgency)).await
    }

    /// Asks whether the server is there: the smallest question that every server answers to everybody.
    ///
    /// # Errors
    /// As [`Error`] says; a server that answers anything at all is there, whatever it answers.
    pub async fn probe(&self) -> Result<(), Error> {
        let call = Call::get("/version", "application/json", "get", "", "");
        match self.transport.open(&call).await {
            Ok(_) | Err(Error::Denied { .. } | Error::NotFound { .. } | Error::Server { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// How long nothing was heard of the server, on any connection.
    #[must_use]
    pub fn silence(&self) -> std::time::Duration {
        self.transport.silence()
    }

    pub(crate) async fn json(&self, path: &str, verb: &str, kind: &str, namespace: &str) -> Result<Value, Error> {
        let call = Call::get(path, "application/json", verb, kind, namespace).urgency(self.urgency);
        let answer = self.transport.whole(&call).await?;
        serde_json::from_slice(&answer).map_err(|error| Error::Decode(error.to_string()))
    }

    /// A question that is put as a POST. It stores nothing.
    pub(crate) async fn review(&self, path: &str, body: &Value, kind: &str) -> Result<Bytes, Error> {
        let call = Call {
            method: Method::POST,
            path,
            accept: "application/json",
            user_agent: None,
            body: Some(("application/json", body.to_string().into_bytes())),
            verb: "create",
            kind,
            namespace: "",
            urgency: self.urgency,
            websocket: None,
        };
        self.transport.whole(&call).await
    }
}

/// One page of a list.
#[derive(Clone, Copy, Debug)]
pub struct PageQuery<'a> {
    /// One namespace, or all.
    pub namespace: Option<&'a str>,
    /// Objects in the page.
    pub limit: u32,
    /// Where the last page ended; empty for the first.
    pub token: &'a str,
    /// Label selector; empty for none.
    pub selector: &'a str,
    /// Field selector; empty for none.
    pub fields: &'a str,
    /// `0` for whatever the server has at hand; empty for the newest.
    pub version: &'a str,
    /// How the objects are written.
    pub format: Format,
}

/// What to accept for lists and objects. JSON stays acceptable: a server that has no protobuf for a kind sends it.
pub(crate) const fn accept(format: Format) -> &'static str {
    match format {
        Format::Protobuf => "application/vnd.kubernetes.protobuf,application/json",
        Format::Json => "application/json",
    }
}

/// How long a server may take to say which columns it prints: discovery waits for it.
const PRINTS: std::time::Duration = std::time::Duration::from_secs(3);
/// A table, where the server makes one.
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

/// How an answer is written, by its first bytes.
#[must_use]
pub(crate) fn format_of(bytes: &[u8]) -> Format {
    if bytes.starts_with(wire::MAGIC) { Format::Protobuf } else { Format::Json }
}

/// The path of a kind's objects.
pub(crate) fn collection(kind: &Kind, namespace: Option<&str>) -> String {
    let mut path = if kind.group.is_empty() {
        format!("/api/{}", kind.version)
    } else {
        format!("/apis/{}/{}", kind.group, kind.version)
    };
    if let Some(namespace) = namespace.filter(|name| kind.namespaced && !name.is_empty()) {
        path.push_str("/namespaces/");
        escape(namespace, &mut path);
    }
    path.push('/');
    path.push_str(&kind.plural);
    path
}

/// Writes a text so that it is one segment or value of a URL (RFC 3986).
pub(crate) fn escape(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}
