//! Calls about objects, the journal, who asks, and of doors beside the API.

use super::{Call, Content, json};
use crate::guild::{Deleted, Image, JobAccepted, JobSpec, LogLine, ProxyDebug, Server, StoppedAll, UiConfig};
use crate::rest::{
    AuditPage, CommitRequest, Committed, Kubeconfig, KubeconfigAdded, NewUrl, ObjectDetail, Plan, PlanRequest,
    RevealRequest, Revealed, Session,
};
use crate::workspace::WorkspaceActing;
use serde_json::Value;

pub(super) fn desk() -> Vec<Call> {
    vec![
        Call::new("GET", "/api/v1/session", "Who asks, and what this server is", json::<Session>()),
        Call::new("POST", "/api/v1/codes", "A URL that opens a desk console once", json::<NewUrl>()),
        Call::new("POST", "/api/v1/kubeconfig", "Adds the clusters of another kubeconfig", json::<KubeconfigAdded>())
            .takes::<Kubeconfig>(),
        Call::new("GET", "/api/v1/object", "One object, values of Secrets masked", json::<ObjectDetail>()).query(&[
            ("cluster!", "string", "The cluster"),
            ("kind!", "string", "`plural` or `plural.group`"),
            ("namespace", "string", "Empty for kinds of the cluster"),
            ("name!", "string", "Its name"),
        ]),
        Call::new("POST", "/api/v1/plans", "Plans an act on objects; nothing changes", json::<Plan>())
            .takes::<PlanRequest>(),
        Call::new("GET", "/api/v1/plans/{id}", "A plan that was made", json::<Plan>()),
        Call::new("POST", "/api/v1/plans/{id}/commit", "Carries a plan out", json::<Committed>())
            .takes::<CommitRequest>(),
        Call::new("POST", "/api/v1/secret/reveal", "The value of one key of a Secret", json::<Revealed>())
            .takes::<RevealRequest>(),
        Call::new("GET", "/api/v1/audit", "Entries of the journal, the newest first", json::<AuditPage>()).query(&[
            ("from_ms", "integer", "Not before, epoch milliseconds"),
            ("to_ms", "integer", "Not after"),
            ("principal", "string", "Who asked"),
            ("action", "string", "The action, or several with commas between them: `workspace:start`"),
            ("object", "string", "The object: cluster/kind/namespace/name"),
            ("decision", "string", "The id of a decision"),
            ("before", "string", "`next` of the page before"),
            ("limit", "integer", "So many at most; 100 unless said"),
        ]),
        Call::new("GET", "/api/v1/socket", "Live views: docs/reference/socket.md", Content::Socket("")),
    ]
}

pub(super) fn others() -> Vec<Call> {
    let answered = "Whether it is up";
    let stop = |path| {
        Call::new("POST", path, "Stops, or deletes, all that whoever asks may", json::<StoppedAll>())
            .query(&[
                ("delete", "boolean", "Deletes instead"),
                ("dry_run", "boolean", "Tells only what would be done"),
                ("confirm", "string", "The token of a dry run, for more than five"),
            ])
            .takes::<WorkspaceActing>()
    };
    let proxy = |path| Call::new("*", path, "307 to the host of an app", Content::Empty);
    vec![
        Call::new("GET", "/healthz", answered, Content::Raw("text/plain")).open(),
        Call::new("GET", "/readyz", "Whether it is ready, and which part is not", Content::Raw("text/plain")).open(),
        Call::new(
            "GET",
            "/forward-auth/check/{cluster}/{namespace}/{name}",
            "Whether a request to the host of an exposed workspace may pass: for its ingress controller",
            Content::Empty,
        )
        .open(),
        Call::new(
            "GET",
            "/forward-auth/enter/{cluster}/{namespace}/{name}",
            "Gives a visitor of an exposed workspace a code",
            Content::Raw("text/html"),
        )
        .query(&[("rd", "string", "Where they wanted to go")]),
        Call::new(
            "GET",
            "/apps/enter",
            "Leads somebody who came to the host of an app without a login on to it",
            Content::Raw("text/html"),
        )
        .query(&[("host", "string", "The host of the app"), ("to", "string", "Where in the app")]),
        Call::new("GET", "/api/ui-config", "What this place is called", json::<UiConfig>()),
        Call::new("GET", "/api/images", "What a workspace can be made of", json::<Vec<Image>>()),
        Call::new("GET", "/api/image-defaults", "Ports, variables and labels of an image", json::<Value>()).query(&[(
            "image",
            "string",
            "The image",
        )]),
        Call::new("GET", "/api/servers", "Workspaces", json::<Vec<Server>>()),
        Call::new("GET", "/api/servers/{id}", "A workspace", json::<Server>()),
        Call::new("DELETE", "/api/servers/{id}", "Deletes a workspace", json::<Deleted>()).takes::<WorkspaceActing>(),
        Call::new("GET", "/api/servers/{id}/logs", "The last lines of its pods", json::<Vec<LogLine>>()).query(&[
            ("level", "string", "`debug`, `info`, `warn` or `error`"),
            ("limit", "integer", "So many at most; 200 unless said"),
        ]),
        Call::new("POST", "/api/jobs", "Makes a workspace", json::<JobAccepted>()).takes::<JobSpec>().accepted(),
        stop("/api/stop-all"),
        stop("/api/stop-all/"),
        stop("/api/admin/stop-all"),
        stop("/api/admin/stop-all/"),
        Call::new("GET", "/sse/logs", "A log as it is written", Content::Events).query(&[
            ("target!", "string", "The workspace"),
            ("level", "string", "`debug`, `info`, `warn` or `error`"),
            ("tail", "integer", "Lines to begin with; 200 unless said"),
        ]),
        Call::new("GET", "/api/proxy-debug", "Where a path of an app leads", json::<ProxyDebug>())
            .query(&[("server!", "string", "The workspace"), ("path", "string", "The path")]),
        proxy("/proxy").query(&[
            ("to!", "string", "HOST:PORT"),
            ("path", "string", "The path"),
            ("scheme", "string", "`http` or `https`"),
        ]),
        proxy("/proxy/").query(&[
            ("to!", "string", "HOST:PORT"),
            ("path", "string", "The path"),
            ("scheme", "string", "`http` or `https`"),
        ]),
        proxy("/proxy/{*rest}"),
    ]
}
