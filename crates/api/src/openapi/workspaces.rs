//! Calls about workspaces: `docs/reference/workspaces-api.md`.

use super::{Call, Content, json};
use crate::blueprint::{BlueprintList, BlueprintPreview, BlueprintReloaded, BlueprintValidate, BlueprintValidated};
use crate::files::{FileDone, FileFolder, FileList, FileReceived, FileRename};
use crate::job::{Job, JobList};
use crate::terminal::{PROTOCOL, WorkspaceShells};
use crate::workspace::{
    Workspace, WorkspaceAccepted, WorkspaceActing, WorkspaceAllAccepted, WorkspaceAppDone, WorkspaceApps,
    WorkspaceCreate, WorkspaceKeeping, WorkspaceKept, WorkspaceLines, WorkspaceList, WorkspaceOpened, WorkspacePorts,
    WorkspaceRemains, WorkspaceStopping, WorkspaceSystem, WorkspaceUpdate, WorkspaceWhy,
};

/// A path below that of a workspace.
macro_rules! of {
    ($rest:literal) => {
        concat!("/api/v1/workspaces/{namespace}/{name}", $rest)
    };
}

type Params = &'static [(&'static str, &'static str, &'static str)];

const EVENTS: Params = &[
    ("send_events", "boolean", "Events of its pod and claims; yes unless said"),
    ("send_progress", "boolean", "How far it came; yes unless said"),
    ("after", "string", "Goes on after this message, where a client sets no headers"),
];
const LOG: Params =
    &[("tail", "integer", "Lines at most; 200 unless said"), ("follow", "boolean", "As messages, as they come")];

pub(super) fn calls() -> Vec<Call> {
    let one = of!("");
    vec![
        Call::new("GET", "/api/v1/workspaces", "Workspaces of clusters", json::<WorkspaceList>()).query(&[
            ("cluster!", "string", "The clusters, with commas between them"),
            ("namespace", "string", "Empty for all"),
            ("workspace", "string", "A name"),
            ("user_string", "string", "What a name was made from"),
            ("usernames", "string", "Owners, with commas between them"),
            ("organization", "string", "Their organization"),
            ("blueprint", "string", "What they are made from"),
            ("repo_name", "string", "The repository's name"),
            ("repo_owner", "string", "The repository's owner"),
            ("repo_ref", "string", "Its branch, tag or commit"),
            ("query", "string", "An expression over members"),
            ("sort", "string", "Members in their order, `-` before one for the other way round"),
            ("limit", "integer", "So many at most"),
            ("offset", "integer", "After so many"),
        ]),
        Call::new("DELETE", "/api/v1/workspaces", "Deletes all of somebody", json::<WorkspaceAllAccepted>())
            .of()
            .query(&[
                ("user!", "string", "Whose"),
                ("namespace", "string", "Empty for all"),
                ("org", "string", "Only those of this organization"),
                ("preserve_workspaces", "boolean", "They are stopped, and deleted after 7 days"),
            ])
            .takes::<WorkspaceActing>()
            .accepted(),
        Call::new("POST", "/api/v1/workspaces", "Makes a workspace", json::<WorkspaceAccepted>())
            .takes::<WorkspaceCreate>()
            .accepted(),
        Call::new("GET", one, "A workspace, with what whoever asks may do to it", json::<Workspace>()).of(),
        Call::new("PATCH", one, "Changes what it asks for", json::<Workspace>()).of().takes::<WorkspaceUpdate>(),
        Call::new("DELETE", one, "Stops or deletes it", json::<WorkspaceAccepted>())
            .of()
            .query(&[
                ("mode!", "string", "`stop` or `full`"),
                ("purge", "boolean", "Its own volumes go too, whatever it says of them"),
            ])
            .takes::<WorkspaceActing>()
            .accepted(),
        Call::new("POST", of!("/start"), "Starts it", json::<WorkspaceAccepted>())
            .of()
            .takes::<WorkspaceActing>()
            .accepted(),
        Call::new("POST", of!("/stop"), "Stops it", json::<WorkspaceAccepted>())
            .of()
            .takes::<WorkspaceStopping>()
            .accepted(),
        Call::new("POST", of!("/keep"), "It is not stopped for a while", json::<WorkspaceKept>())
            .of()
            .takes::<WorkspaceKeeping>(),
        Call::new("GET", of!("/remains"), "Volumes that it left", json::<WorkspaceRemains>()).of(),
        Call::new("DELETE", of!("/remains"), "Deletes them", json::<WorkspaceRemains>())
            .of()
            .takes::<WorkspaceActing>(),
        Call::new("GET", of!("/why"), "Why it is as it is", json::<WorkspaceWhy>()).of(),
        Call::new("GET", of!("/logs"), "What its programs wrote", Content::Raw("text/plain")).of().query(LOG).query(&[
            ("container", "string", "`main` unless said"),
            ("previous", "boolean", "Of the run before this one"),
        ]),
        Call::new("GET", of!("/events"), "What happens to it", Content::Events).of().query(EVENTS),
        Call::new("GET", "/api/v1/blueprints", "What workspaces are made from", json::<BlueprintList>())
            .of()
            .query(&[("namespace", "string", "Whose are seen"), ("org", "string", "Of this organization")]),
        Call::new("POST", "/api/v1/blueprints/preview", "What a workspace would be", json::<BlueprintPreview>())
            .takes::<WorkspaceCreate>(),
        Call::new(
            "POST",
            "/api/v1/blueprints/reload",
            "Read the platform's folder or repository of blueprints again",
            json::<BlueprintReloaded>(),
        ),
        Call::new("POST", "/api/v1/blueprints/validate", "What is wrong with a file", json::<BlueprintValidated>())
            .takes::<BlueprintValidate>(),
        Call::new("GET", "/api/v1/jobs", "What is being done to workspaces, and was", json::<JobList>()).query(&[
            ("cluster", "string", "The cluster"),
            ("namespace", "string", "The namespace"),
            ("name", "string", "The workspace"),
            ("state", "string", "How far they are"),
            ("limit", "integer", "So many at most; 100 unless said"),
        ]),
        Call::new("GET", "/api/v1/jobs/{id}", "A job", json::<Job>()),
        Call::new("DELETE", "/api/v1/jobs/{id}", "Takes back what a job began", json::<WorkspaceAccepted>())
            .takes::<WorkspaceActing>()
            .accepted(),
        Call::new("GET", "/api/v1/jobs/{id}/events", "What happens under it", Content::Events).query(EVENTS),
    ]
}

pub(super) fn inside() -> Vec<Call> {
    vec![
        Call::new("GET", of!("/apps"), "Its apps", json::<WorkspaceApps>()).of(),
        Call::new(
            "POST",
            of!("/apps/{app}/{act}"),
            "Installs, starts, stops or restarts an app",
            json::<WorkspaceAppDone>(),
        )
        .of()
        .query(&[("force", "boolean", "Installs whether its program is there or not")])
        .takes::<WorkspaceActing>(),
        Call::new("GET", of!("/apps/{app}/logs"), "What an app and its installation wrote", json::<WorkspaceLines>())
            .of()
            .query(LOG),
        Call::new("GET", of!("/ports"), "Every port on which somebody listens", json::<WorkspacePorts>()).of(),
        Call::new("GET", of!("/sysinfo"), "Its machine", json::<WorkspaceSystem>()).of(),
        Call::new(
            "POST",
            of!("/open"),
            "A URL that lets a browser into a port or an app, once",
            json::<WorkspaceOpened>(),
        )
        .of()
        .query(&[
            ("port", "integer", "The port; this or `app`"),
            ("app", "string", "An app or a declared port by its name"),
            ("path", "string", "Where in the app to begin"),
            ("framed", "boolean", "For a frame of the console"),
        ])
        .takes::<WorkspaceActing>(),
        Call::new(
            "GET",
            of!("/interactive"),
            "A terminal: docs/reference/terminal-and-files.md",
            Content::Socket(PROTOCOL),
        )
        .of()
        .query(&[
            ("cols!", "integer", "Columns"),
            ("rows!", "integer", "Rows"),
            ("shell", "string", "Comes back to this shell"),
            ("take", "boolean", "Types though somebody else does"),
            ("view_only", "boolean", "Looks on"),
        ])
        .answered(),
        Call::new("GET", of!("/shells"), "Its shells", json::<WorkspaceShells>()).of().answered(),
    ]
}

pub(super) fn files() -> Vec<Call> {
    let files = of!("/files");
    let at: Params = &[("path", "string", "In the home of its user, or from `/`")];
    let upload: Params = &[("upload", "string", "The upload that this is a part of")];
    let bytes = Content::Raw("application/octet-stream");
    vec![
        Call::new("GET", files, "A file, or a range of it; of an upload what is there", bytes)
            .of()
            .query(at)
            .query(upload)
            .answered(),
        Call::new("PUT", files, "Writes a file, or the next part of one", json::<FileReceived>())
            .of()
            .query(at)
            .query(upload)
            .query(&[
                ("mode", "string", "Permission bits in octal digits"),
                ("mtime_ms", "integer", "When it was changed, epoch milliseconds"),
                ("keep", "boolean", "A file that is there is in the way"),
            ])
            .answered()
            .takes_raw("application/octet-stream"),
        Call::new("DELETE", files, "Deletes a file or folder", json::<FileDone>())
            .of()
            .query(at)
            .query(&[("recursive", "boolean", "With what a folder holds")])
            .answered(),
        Call::new("GET", of!("/files/list"), "What a folder holds", json::<FileList>())
            .of()
            .query(at)
            .query(&[("hidden", "boolean", "Names that begin with a dot too")])
            .answered(),
        Call::new("GET", of!("/files/zip"), "A folder as an archive", Content::Raw("application/zip"))
            .of()
            .query(at)
            .answered(),
        Call::new("POST", of!("/files/mkdir"), "Makes a folder", json::<FileDone>()).of().takes::<FileFolder>(),
        Call::new("POST", of!("/files/rename"), "Gives a file or folder another place", json::<FileDone>())
            .of()
            .takes::<FileRename>(),
    ]
}
