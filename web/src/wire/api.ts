// Generated from the crate `api`. Do not edit: run `cargo xtask gen`.

export type CellValue = string | number | boolean | null | Array<string | number | null>;

/**
 * How the cells of a column are read, drawn and sorted.
 */
export type ColumnType = "text" | "int" | "age" | "ratio" | "status" | "restarts" | "span" | "bytes" | "milli_cpu" | "percent" | "bool";

/**
 * `{code, message, details?, request_id}`. The code is stable; the message says what to do next.
 */
export type ErrorBody = { 
/**
 * Stable snake_case code: see `docs/reference/errors.md`.
 */
code: string, 
/**
 * For a person: what happened and what to do next. No internal text.
 */
message: string, 
/**
 * Machine-readable particulars: `{verb, kind, namespace}` of a denial, `{at, len}` of a syntax error.
 */
details?: unknown, 
/**
 * The request's id, also in the log and the journal.
 */
request_id: string, };

/**
 * Names one object.
 */
export type ObjectRef = { 
/**
 * The cluster.
 */
cluster: string, 
/**
 * `plural` or `plural.group`.
 */
kind: string, 
/**
 * Empty for cluster-scoped kinds.
 */
namespace: string, 
/**
 * The name.
 */
name: string, };

/**
 * `GET /api/v1/object?…`: one object for the detail pane. Secret values are masked in all of it.
 */
export type ObjectDetail = { 
/**
 * Which.
 */
object: ObjectRef, 
/**
 * The object as YAML, without managedFields, values of Secrets masked.
 */
yaml: string, 
/**
 * The same object as JSON, masked alike.
 */
json: unknown, 
/**
 * Keys of a Secret's data with their sizes in bytes; empty for other kinds.
 */
secret_keys: Array<SecretKey>, };

/**
 * A key of a Secret.
 */
export type SecretKey = { 
/**
 * The key.
 */
key: string, 
/**
 * Length of the value in bytes.
 */
bytes: number, };

/**
 * `POST /api/v1/secret/reveal`: asks for one key's value: a decided, recorded act.
 */
export type RevealRequest = { 
/**
 * The Secret.
 */
object: ObjectRef, 
/**
 * The key.
 */
key: string, 
/**
 * Answers to what the policy needs.
 */
answers: Answers, };

/**
 * The value of one key.
 */
export type Revealed = { 
/**
 * The value in base64.
 */
value_base64: string, 
/**
 * Decision under which it was read.
 */
decision: string, };

/**
 * An act that can be planned.
 */
export type Act = { "act": "delete", 
/**
 * `background` (default), `foreground` or `orphan`.
 */
propagation?: Propagation, 
/**
 * Seconds; the objects' own when absent.
 */
grace_seconds?: number, } | { "act": "scale", 
/**
 * Replicas wanted.
 */
replicas: number, } | { "act": "restart" };

/**
 * What becomes of dependents.
 */
export type Propagation = "background" | "foreground" | "orphan";

/**
 * `POST /api/v1/plans`: makes a plan. Nothing changes yet.
 */
export type PlanRequest = { 
/**
 * The act.
 */
act: Act, 
/**
 * On these objects; at most 1,000.
 */
objects: Array<ObjectRef>, };

/**
 * A plan: what would change, who decided, what is missing.
 */
export type Plan = { 
/**
 * Its id.
 */
id: string, 
/**
 * The act.
 */
act: Act, 
/**
 * One step per object, in the order asked.
 */
steps: Array<PlanStep>, 
/**
 * What must be given at commit.
 */
needs: Array<Need>, 
/**
 * It can be committed: every step is allowed and the dry-run found nothing wrong.
 */
ready: boolean, 
/**
 * Epoch milliseconds after which it is gone.
 */
expires_ms: number, };

/**
 * What a plan does to one object.
 */
export type PlanStep = { 
/**
 * The object.
 */
object: ObjectRef, 
/**
 * `allow`, `needs` or `deny`.
 */
decision: Verdict, 
/**
 * Why, in words: the policy's reason or the API server's message.
 */
reason: string, 
/**
 * Unified diff of the YAML before and after, from the server's dry-run. Empty for a deletion.
 */
diff: string, 
/**
 * What else happens: `deletes 3 pods`, `frees 1 volume claim`.
 */
effects: Array<string>, 
/**
 * The dry-run's error, if it found one.
 */
error?: ErrorBody, };

/**
 * What the policy said.
 */
export type Verdict = "allow" | "needs" | "deny";

/**
 * Something that the policy wants at commit.
 */
export type Need = { "need": "confirm" } | { "need": "typed_name", 
/**
 * What to type.
 */
name: string, } | { "need": "reason" };

/**
 * What the user gave for a plan's needs.
 */
export type Answers = { 
/**
 * Yes.
 */
confirm: boolean, 
/**
 * The typed name.
 */
typed_name: string, 
/**
 * The reason.
 */
reason: string, };

/**
 * `POST /api/v1/plans/{id}/commit`: answers to the needs.
 */
export type CommitRequest = { 
/**
 * The answers.
 */
answers: Answers, };

/**
 * What a commit did.
 */
export type Committed = { 
/**
 * The plan.
 */
plan: string, 
/**
 * One result per step.
 */
results: Array<StepResult>, };

/**
 * What became of one object.
 */
export type StepResult = { 
/**
 * The object.
 */
object: ObjectRef, 
/**
 * Done; or the error.
 */
done: boolean, 
/**
 * `deleted`, `scaled to 3`, `restarted`.
 */
message: string, 
/**
 * Decision under which it was done: also in the API server's audit log, in the user agent.
 */
decision: string, 
/**
 * What went wrong.
 */
error?: ErrorBody, };

/**
 * `GET /api/v1/session`: who is at the console and what it may.
 */
export type Session = { 
/**
 * Display name of the user.
 */
user: string, 
/**
 * Nothing but reads.
 */
read_only: boolean, 
/**
 * Version of `qd`.
 */
version: string, 
/**
 * Why no cluster can be shown, when none can: no kubeconfig, or a broken one.
 */
problem?: ErrorBody, };

/**
 * `GET /api/v1/audit`: entries of the journal, newest first.
 */
export type AuditPage = { 
/**
 * Entries.
 */
entries: Array<unknown>, 
/**
 * Pass as `before` for the next page.
 */
next?: string, };

/**
 * A frame from the client.
 */
export type ClientFrame = { "sub": Sub } | { "move": Move } | { "ack": Ack } | { "unsub": Unsub };

/**
 * Opens a subscription.
 */
export type Sub = { 
/**
 * Client-chosen number.
 */
id: number, 
/**
 * What to show.
 */
what: What, 
/**
 * Where an earlier subscription stopped, to go on without a new snapshot when the server still knows it.
 */
resume?: Resume, };

/**
 * What a subscription shows.
 */
export type What = { "rows": RowsQuery } | { "counts": CountsQuery } | "clusters";

/**
 * A list: kind x clusters x namespaces, filter and sort, and the window of it that is on the screen.
 */
export type RowsQuery = { 
/**
 * `plural` or `plural.group`: `pods`, `deployments.apps`.
 */
kind: string, 
/**
 * Clusters to merge.
 */
clusters: Array<string>, 
/**
 * Namespaces; empty is all of them.
 */
namespaces: Array<string>, 
/**
 * The filter box: a word, `/-l a=b`, or `where …` (EXN-03, EX-91).
 */
filter: string, 
/**
 * Sort columns, most important first; empty is namespace, name.
 */
sort: Array<Sort>, 
/**
 * First row of the window.
 */
at: number, 
/**
 * Rows in the window; at most 1,000.
 */
len: number, };

/**
 * One sort column.
 */
export type Sort = { 
/**
 * Column id.
 */
column: string, 
/**
 * Largest first.
 */
descending: boolean, };

/**
 * Which counts.
 */
export type CountsQuery = { 
/**
 * Clusters to add up.
 */
clusters: Array<string>, 
/**
 * Namespaces; empty is all.
 */
namespaces: Array<string>, };

/**
 * Where an earlier subscription stopped.
 */
export type Resume = { 
/**
 * The server process that counted `seq`.
 */
epoch: number, 
/**
 * The last sequence that was painted.
 */
seq: number, };

/**
 * Moves the window.
 */
export type Move = { 
/**
 * The subscription.
 */
id: number, 
/**
 * First row.
 */
at: number, 
/**
 * Rows.
 */
len: number, };

/**
 * Acknowledges a frame.
 */
export type Ack = { 
/**
 * The subscription.
 */
id: number, 
/**
 * The frame's sequence.
 */
seq: number, };

/**
 * Closes a subscription.
 */
export type Unsub = { 
/**
 * The subscription.
 */
id: number, };

/**
 * A frame from the server. `Snap` and `Delta` carry their rows as JSON that the subscriber wrote straight from the
 * table (`RawRows`), so that no row is copied into a tree first.
 */
export type ServerFrame = { "hello": Hello } | { "snap": Snap } | { "delta": Delta } | { "counts": Counts } | { "clusters": Clusters } | { "end": End };

/**
 * First frame.
 */
export type Hello = { 
/**
 * Names this server process; sequences of another epoch mean nothing.
 */
epoch: number, 
/**
 * The server's clock, so that ages do not depend on the client's.
 */
now_ms: number, 
/**
 * Views one socket may hold.
 */
max_views: number, };

/**
 * A column of a list.
 */
export type Column = { 
/**
 * Stable id: what sort and filter name.
 */
id: string, 
/**
 * Heading.
 */
title: string, 
/**
 * How to read the cells.
 */
type: ColumnType, 
/**
 * kubectl prints it only with `-o wide`; the console hides it at first.
 */
wide: boolean, 
/**
 * Ours, not kubectl's.
 */
extra: boolean, 
/**
 * What an absent cell shows: `<none>`, `<unknown>`, or empty for `–`.
 */
absent: string, 
/**
 * A first width in characters.
 */
width: number, 
/**
 * What the column means, for a tooltip.
 */
help?: string, };

/**
 * One row: `[key, source, namespace, name, cells]`. `key` is stable while the object lives; `source` indexes
 * [`Snap::sources`]; `cells` follow [`Snap::columns`].
 */
export type Row = [number, number, string, string, Array<CellValue>];

/**
 * The window, whole.
 */
export type Snap = { 
/**
 * The subscription.
 */
id: number, 
/**
 * Sequence of this frame, to acknowledge.
 */
seq: number, 
/**
 * Rows in the whole list.
 */
total: number, 
/**
 * First row of this window.
 */
at: number, 
/**
 * Columns, in order.
 */
columns: Array<Column>, 
/**
 * The clusters this list merges, with their states.
 */
sources: Array<Source>, 
/**
 * The rows.
 */
rows: Array<Row>, };

/**
 * What changed in the window since the last frame.
 */
export type Delta = { 
/**
 * The subscription.
 */
id: number, 
/**
 * Sequence of this frame.
 */
seq: number, 
/**
 * Rows in the whole list.
 */
total: number, 
/**
 * First row of this window.
 */
at: number, 
/**
 * The keys of the window in order, when the order or the membership changed.
 */
order?: Array<number>, 
/**
 * Rows that the client does not have yet.
 */
rows?: Array<Row>, 
/**
 * Cells that changed: `[key, [[column, cell], …]]`.
 */
cells?: Array<[number, Array<[number, CellValue]>]>, 
/**
 * The sources, when one of them changed.
 */
sources?: Array<Source>, };

/**
 * Where rows come from and how fresh they are.
 */
export type Source = { 
/**
 * The cluster.
 */
cluster: string, 
/**
 * How fresh.
 */
state: SourceState, };

/**
 * How fresh the rows of a source are.
 */
export type SourceState = { "is": "connecting" } | { "is": "loading", 
/**
 * Rows so far.
 */
loaded: number, } | { "is": "live" } | { "is": "stale", 
/**
 * Epoch milliseconds.
 */
since_ms: number, 
/**
 * Why.
 */
error: ErrorBody, } | { "is": "unreachable", 
/**
 * Why.
 */
error: ErrorBody, } | { "is": "denied", 
/**
 * Why.
 */
error: ErrorBody, };

/**
 * Objects by kind (`plural` or `plural.group`); a kind that may not be counted is absent.
 */
export type Counts = { 
/**
 * The subscription.
 */
id: number, 
/**
 * Sequence of this frame.
 */
seq: number, 
/**
 * Counts.
 */
kinds: { [key in string]: number }, };

/**
 * The clusters.
 */
export type Clusters = { 
/**
 * The subscription.
 */
id: number, 
/**
 * Sequence of this frame.
 */
seq: number, 
/**
 * Each cluster.
 */
clusters: Array<Cluster>, };

/**
 * One cluster.
 */
export type Cluster = { 
/**
 * Its name here: the kubeconfig context.
 */
name: string, 
/**
 * The kubeconfig's current context.
 */
current: boolean, 
/**
 * Marked production: destructive plans ask for a typed name.
 */
production: boolean, 
/**
 * State of the connection.
 */
state: SourceState, 
/**
 * The API server's version, once known: `v1.34.4`.
 */
version?: string, 
/**
 * Who the API server says we are.
 */
user?: string, 
/**
 * The context's own namespace.
 */
namespace?: string, 
/**
 * Kinds that it serves, in the navigation's order; empty until discovered.
 */
kinds: Array<Kind>, };

/**
 * A kind that a cluster serves.
 */
export type Kind = { 
/**
 * `plural` or `plural.group`.
 */
id: string, 
/**
 * `v1`.
 */
version: string, 
/**
 * `Deployment`.
 */
kind: string, 
/**
 * Group of the navigation: `Cluster`, `Workloads`, `Network`, `Config`, `Storage`, `Access`, `Custom`.
 */
section: string, 
/**
 * Heading: `Deployments`.
 */
title: string, 
/**
 * Short names: `deploy`.
 */
short_names: Array<string>, 
/**
 * Lives in namespaces.
 */
namespaced: boolean, 
/**
 * Acts that exist for this kind: `delete`, `scale`, `restart`, `reveal`.
 */
acts: Array<string>, 
/**
 * Verbs that we know to be denied on the whole cluster: `list`, `watch`, `delete`, ….
 */
denied: Array<string>, };

/**
 * The subscription is over.
 */
export type End = { 
/**
 * The subscription.
 */
id: number, 
/**
 * Why, unless the client asked for it.
 */
error?: ErrorBody, };
