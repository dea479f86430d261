// Generated from the crate `api`. Do not edit: run `cargo xtask gen`.

export type CellValue = string | number | boolean | null | Array<string | number | null>;

/**
 * How the cells of a column are read, drawn and sorted.
 */
export type ColumnType = "text" | "int" | "age" | "ratio" | "status" | "restarts" | "span" | "bytes" | "micros" | "clock" | "milli_cpu" | "percent" | "bool";

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
 * `POST /api/v1/kubeconfig`: the clusters of another kubeconfig, for as long as this server runs. One of both.
 */
export type Kubeconfig = { 
/**
 * A file of the server's machine: its whole path, or one that begins with `~/`.
 */
file?: string, 
/**
 * The kubeconfig itself; it may not name programs or files. It is kept in memory alone.
 */
text?: string, };

/**
 * What came of it.
 */
export type KubeconfigAdded = { 
/**
 * Clusters that were not known before.
 */
added: Array<string>, 
/**
 * Those whose names were known: they stay as they are.
 */
known: Array<string>, };

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
export type What = { "rows": RowsQuery } | { "counts": CountsQuery } | "clusters" | { "list": ListQuery } | { "tally": TallyQuery };

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
 * A list that is no kind of a cluster, and the window of it that is on the screen. It is answered as rows are.
 */
export type ListQuery = { 
/**
 * Which list.
 */
list: List, 
/**
 * The filter box: a word, or `where …`.
 */
filter: string, 
/**
 * Sort columns, most important first; empty is the list's own order.
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
 * Which list.
 */
export type List = "taps" | { "records": string };

/**
 * Filters over a list that is no kind of a cluster.
 */
export type TallyQuery = { 
/**
 * Which list.
 */
list: List, 
/**
 * What is counted, each as the filter box takes it; at most 32, none of them on ages.
 */
filters: Array<string>, };

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
rows: Array<Row>, 
/**
 * Rows of the window whose objects could be read only in part (`decode_partial`): `[key, why]`.
 */
marks?: Array<[number, string]>, };

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
sources?: Array<Source>, 
/**
 * All marks of the window (see [`Snap::marks`]), when they are others than before.
 */
marks?: Array<[number, string]>, };

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
state: SourceState, 
/**
 * The last time in which changes may have been missed (`history_gap`): the rows are right again, but what came
 * and went in between was not seen.
 */
gap?: Gap, 
/**
 * Rows of the list whose objects could be read only in part; [`Snap::marks`] names those of the window.
 */
partial?: number, 
/**
 * Objects that could not be read at all since the last whole list: they have no row, or that of before.
 */
unreadable?: number, 
/**
 * Namespaces of the list that may not be listed, while others may.
 */
denied?: Array<ErrorBody>, 
/**
 * How the server is asked, where it is not by the best way: `pages`, `lists` (each half minute, because the kind
 * may not be watched), and `+json` where it has no protobuf for a kind that has one.
 */
way?: string, };

/**
 * A time in which changes may have been missed.
 */
export type Gap = { 
/**
 * The last moment of before at which all was known: epoch milliseconds.
 */
from_ms: number, 
/**
 * When the list was whole again: epoch milliseconds.
 */
until_ms: number, };

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
 * Objects by kind (`plural` or `plural.group`), where one that may not be counted is absent; of a tally, rows by filter.
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
kinds: Array<Kind>, 
/**
 * Sets of namespaces that kinds name.
 */
places?: Array<Array<string>>, };

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
 * Verbs that we know to be denied on the whole cluster: `list`, `watch`, `delete`, `patch`, `patch/scale`.
 */
denied: Array<string>, 
/**
 * For verbs of `denied`: the namespaces in which they are allowed all the same, as an index of
 * [`Cluster::places`].
 */
only_in?: { [key in string]: number }, };

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

/**
 * What a client asks on the packets socket.
 */
export type PacketsAsk = { "packets": PacketsWindow } | { "stream": PacketsWindow } | { "again": PacketsAgain };

/**
 * A window of packets or pieces.
 */
export type PacketsWindow = { 
/**
 * Client-chosen; the answer has it.
 */
id: number, 
/**
 * The first of them, counted from 0.
 */
first: number, 
/**
 * So many at most; 1,000 at most.
 */
count: number, 
/**
 * Bytes of packets at most, 1 MiB at most; the first comes whole whatever this is.
 */
bytes: number, };

/**
 * Asks for another choice.
 */
export type PacketsAgain = { 
/**
 * Client-chosen; the answer has it.
 */
id: number, };

/**
 * What the server says in text on the packets socket.
 */
export type PacketsSay = { "about": PacketsAbout } | { "error": PacketsError };

/**
 * What a packets socket shows.
 */
export type PacketsAbout = { 
/**
 * The ask that this answers; 0 for the first frame.
 */
id: number, 
/**
 * Packets of the connection that are kept.
 */
packets: number, 
/**
 * There are more: only the first million is shown.
 */
more: boolean, 
/**
 * Epoch nanoseconds of the first, as a decimal number.
 */
from_ns: string, 
/**
 * And of the last.
 */
to_ns: string, 
/**
 * The end that opened the connection, `address:port`; empty where no record says it.
 */
client: string, 
/**
 * The other one.
 */
server: string, 
/**
 * What packets name by `interface`.
 */
interfaces: Array<PacketsInterface>, 
/**
 * Policy lets headers alone be shown: packets are cut behind them, and there is no stream.
 */
headers_only: boolean, 
/**
 * The tap still runs: more may come.
 */
running: boolean, };

/**
 * An interface on which packets were seen.
 */
export type PacketsInterface = { 
/**
 * `namespace/pod/eth0`.
 */
name: string, 
/**
 * Its link type, as in capture files: 1 is Ethernet.
 */
link: number, };

/**
 * An ask that was not answered.
 */
export type PacketsError = { 
/**
 * Its id; 0 when the socket is over.
 */
id: number, 
/**
 * Why.
 */
error: ErrorBody, };

/**
 * How much of packets leaves a pod.
 */
export type TapPackets = "none" | "headers" | "masked" | "full";

/**
 * `POST /api/v1/taps`: taps pods; the answer is a [`Tap`]. Policy may ask for answers first (`confirmation_required`).
 */
export type TapRequest = { 
/**
 * The cluster.
 */
cluster: string, 
/**
 * Pods, workloads and services; pods of workloads and services come and go with them.
 */
targets: Array<ObjectRef>, 
/**
 * Instead: namespaces, with `selector`; `*` is all that may be listed.
 */
namespaces: Array<string>, 
/**
 * Labels of the pods in `namespaces`; empty for all of them.
 */
selector: string, 
/**
 * The capture filter (`docs/reference/filter.md`); empty for all.
 */
filter: string, 
/**
 * What of packets is kept.
 */
packets: TapPackets, 
/**
 * Secrets leave as they are: a decision of its own.
 */
unredacted: boolean, 
/**
 * Bytes of a body that a record shows; absent for 4,096, 262,144 at most.
 */
body?: number, 
/**
 * What happens when the disk for packets is full; absent for what is configured.
 */
on_full?: TapOnFull, 
/**
 * Seconds after which it ends by itself.
 */
seconds?: number, 
/**
 * Answers to what the policy needs.
 */
answers: Answers, };

/**
 * `GET /api/v1/taps/{id}`: one tap.
 */
export type Tap = { 
/**
 * 32 hexadecimal digits.
 */
id: string, 
/**
 * The cluster.
 */
cluster: string, 
/**
 * Where it stands.
 */
state: TapState, 
/**
 * What is tapped, as asked for: `-n shop -l app=front`, `deployments.apps shop/front`.
 */
title: string, 
/**
 * Who started it.
 */
by: string, 
/**
 * Epoch milliseconds.
 */
started_ms: number, 
/**
 * Epoch milliseconds.
 */
ended_ms?: number, 
/**
 * The capture filter in force.
 */
filter: string, 
/**
 * Capture filters that were in force, the newest last; at most 50.
 */
filters: Array<TapFilter>, 
/**
 * Its agents let packets pass unseen.
 */
paused: boolean, 
/**
 * Bytes of a body that a record shows.
 */
body: number, 
/**
 * What of packets is kept, after the decision's obligations.
 */
packets: TapPackets, 
/**
 * Secrets are masked at the source.
 */
redacted: boolean, 
/**
 * What policy obliges it to, in words; agents keep it at the source.
 */
obliged?: Array<string>, 
/**
 * Pods, in the order in which they came.
 */
targets: Array<TapTarget>, 
/**
 * Sums over all pods.
 */
totals: TapTotals, 
/**
 * Something of what happened is not in it: lost, left out, cut, missing in a stream, or forgotten too early.
 */
partial?: boolean, 
/**
 * Why it ended, when it was not asked to.
 */
error?: ErrorBody, };

/**
 * Where a tap stands.
 */
export type TapState = "starting" | "running" | "waiting" | "stopping" | "ended";

/**
 * One pod of a tap.
 */
export type TapTarget = { 
/**
 * Its namespace.
 */
namespace: string, 
/**
 * Its name.
 */
pod: string, 
/**
 * Where it stands: `starting`, `added`, `running`, `capturing`, `ended`, `failed`.
 */
state: string, 
/**
 * The agent's container.
 */
container?: string, 
/**
 * `netraw`, `inherited` or `sockets`.
 */
profile?: string, 
/**
 * Why packets cannot be seen there, where they cannot: its connections alone are told.
 */
no_packets?: string, 
/**
 * Since when its agent cannot be reached, in epoch milliseconds: its stream is opened again, and goes on after what came
 * last.
 */
lost_ms?: number, 
/**
 * Why it, or the agent's container, does not run yet: the cluster's reason, and what its newest event says beyond it.
 */
waits?: string, 
/**
 * Its steps so far, each with its time.
 */
steps?: Array<TapStep>, 
/**
 * Why it is not tapped.
 */
error?: ErrorBody, 
/**
 * Its counters.
 */
totals: TapTotals, };

/**
 * Counters.
 */
export type TapTotals = { 
/**
 * Records that came.
 */
records: number, 
/**
 * Records that are still kept.
 */
kept: number, 
/**
 * Packets that the kernel gave to the agents.
 */
packets: number, 
/**
 * Bytes of these packets.
 */
bytes: number, 
/**
 * Packets lost or left out anywhere, by any cause.
 */
lost: number, 
/**
 * Bytes of packets that are kept.
 */
spooled: number, };

/**
 * `PATCH /api/v1/taps/{id}`: what is given changes.
 */
export type TapChange = { 
/**
 * Another capture filter.
 */
filter?: string, 
/**
 * That filter is of this pod alone, `namespace/name`; an empty one gives it that of the tap again.
 */
pod?: string, 
/**
 * Its agents let packets pass unseen, or look at them again.
 */
paused?: boolean, };

/**
 * A capture filter of a tap.
 */
export type TapFilter = { 
/**
 * Since when, epoch milliseconds.
 */
since_ms: number, 
/**
 * As written; empty for none.
 */
filter: string, 
/**
 * The pod of which it is alone, as `namespace/name`.
 */
pod?: string, 
/**
 * Who asked for it.
 */
by: string, };

/**
 * What happens when the disk for packets is full.
 */
export type TapOnFull = "drop" | "stop";

/**
 * `GET /api/v1/taps/{id}/stats`: what a tap came to.
 */
export type TapStats = { 
/**
 * Sums over all pods.
 */
totals: TapTotals, 
/**
 * Records that came, by kind.
 */
kinds: Array<TapKind>, 
/**
 * Losses, by cause.
 */
losses: Array<TapLoss>, 
/**
 * Packets that could not be read, by reason.
 */
malformed: Array<TapKind>, 
/**
 * Bytes of memory that records take.
 */
record_bytes: number, 
/**
 * Bytes that records may take.
 */
record_budget: number, 
/**
 * The packets that are kept; absent where none are.
 */
spool: TapSpool | null, 
/**
 * Who looks at packets of it now.
 */
viewers: number, };

/**
 * How often something came.
 */
export type TapKind = { 
/**
 * What.
 */
name: string, 
/**
 * How often.
 */
count: number, };

/**
 * What was lost by one cause.
 */
export type TapLoss = { 
/**
 * `ring`, `credit`, `throttle`, `stream`, `spool`, `recorder`.
 */
cause: string, 
/**
 * Packets.
 */
packets: number, 
/**
 * Records.
 */
records: number, 
/**
 * Bytes, where counted.
 */
bytes: number, };

/**
 * The packets that a tap keeps.
 */
export type TapSpool = { 
/**
 * Bytes on disk.
 */
bytes: number, 
/**
 * Bytes that may be there; over it the oldest go.
 */
budget: number, 
/**
 * Packets that went to make room, or could not be written.
 */
dropped: number, 
/**
 * Why no more packets are kept (`spool_full`); records go on.
 */
error?: ErrorBody, };

/**
 * One of `GET /api/v1/taps/{id}/agents`.
 */
export type TapAgent = { 
/**
 * The pod's namespace.
 */
namespace: string, 
/**
 * The pod.
 */
pod: string, 
/**
 * Its uid.
 */
uid: string, 
/**
 * As in [`super::TapTarget`].
 */
state: string, 
/**
 * The agent's container.
 */
container: string, 
/**
 * `netraw`, `inherited` or `sockets`.
 */
profile: string, 
/**
 * `packets` or `sockets`; empty until it said who it is.
 */
mode: string, 
/**
 * Why it sees no packets, where it sees none.
 */
reason: string, 
/**
 * Its version.
 */
version: string, 
/**
 * `x86_64`, `aarch64`.
 */
arch: string, 
/**
 * The kernel's release.
 */
kernel: string, 
/**
 * The node.
 */
node: string, 
/**
 * Names of the interfaces that it captures on.
 */
interfaces: Array<string>, 
/**
 * How far the node's clock is from ours, in microseconds.
 */
clock_us: number | null, 
/**
 * By how much that may be wrong.
 */
clock_error_us: number | null, 
/**
 * Packets that passed the filter.
 */
packets: number, 
/**
 * Their bytes.
 */
bytes: number, 
/**
 * Packets that the kernel dropped.
 */
kernel_drops: number, 
/**
 * Packets lost or left out, by any cause.
 */
lost: number, 
/**
 * Processor time, in milliseconds.
 */
cpu_ms: number, 
/**
 * Bytes of memory.
 */
rss: number, 
/**
 * 0, or what is left out to stay within the budget: 1 bodies, 2 parsing of new connections, 3 payload of packets, 4 flows.
 */
level: number, 
/**
 * Why it is not there.
 */
error?: ErrorBody, };

/**
 * `POST /api/v1/taps/{id}/marks`.
 */
export type TapMarkRequest = { 
/**
 * A word or a sentence; 500 bytes at most.
 */
text: string, };

/**
 * One of `GET /api/v1/taps/{id}/marks`.
 */
export type TapMark = { 
/**
 * Epoch microseconds.
 */
ts: number, 
/**
 * The words.
 */
text: string, 
/**
 * Whose they are.
 */
by: string, };

/**
 * A step of a pod on its way into a tap.
 */
export type TapStep = { 
/**
 * When, epoch milliseconds.
 */
at_ms: number, 
/**
 * `found`, `waiting`, `permitted`, `tried`, `added`, `reused`, `running`, `hello`, `capturing`, `lost`, `resumed`, `gone`, `ended` or `failed`.
 */
step: string, };

/**
 * `GET /api/v1/taps/{id}/tls`: servers that speak TLS, whose certificate ends first before the others.
 */
export type TapTls = { 
/**
 * The servers.
 */
servers: Array<TapTlsServer>, 
/**
 * There are more.
 */
more: boolean, };

/**
 * A server that speaks TLS, by the name that its clients want, else by its address.
 */
export type TapTlsServer = { 
/**
 * Its name.
 */
server: string, 
/**
 * The ends that clients of this name came to, as the column `destination` says them; some of them where there are many.
 */
ends: Array<string>, 
/**
 * Handshakes; one that two pods saw counts once.
 */
connections: number, 
/**
 * Those that ended with an alert.
 */
failed: number, 
/**
 * Versions that were spoken.
 */
versions: Array<string>, 
/**
 * Fingerprints of its clients.
 */
ja3: Array<string>, 
/**
 * The same.
 */
ja4: Array<string>, 
/**
 * Its own fingerprints.
 */
ja4s: Array<string>, 
/**
 * What it showed last. Absent where that was encrypted, as TLS 1.3 does it, or came before the tap.
 */
certificate?: TapCertificate, };

/**
 * A server's own certificate.
 */
export type TapCertificate = { 
/**
 * Whom it names.
 */
subject: string, 
/**
 * Who signed it.
 */
issuer: string, 
/**
 * Names that it is good for.
 */
sans: Array<string>, 
/**
 * Good from, epoch seconds.
 */
from?: number, 
/**
 * Good until, epoch seconds.
 */
to?: number, 
/**
 * Whole days until then; negative when that is past.
 */
days_left?: number, 
/**
 * How it stands in time.
 */
standing: TapCertificateStanding, 
/**
 * It is not good for the name that clients want.
 */
mismatch: boolean, 
/**
 * Its fingerprint, hexadecimal.
 */
sha256: string, 
/**
 * Certificates that this server showed beside it.
 */
others: number, };

/**
 * How a certificate stands in time.
 */
export type TapCertificateStanding = "good" | "soon" | "expired" | "early" | "unread";

/**
 * `GET /api/v1/taps/{id}/traces/{trace}/logs`: lines of the logs of a trace's pods that name it.
 */
export type TapTraceLogs = { 
/**
 * What lines are looked for by: the id of the trace, and those of its requests.
 */
ids: Array<string>, 
/**
 * The lines, in order of time; 500 at most.
 */
lines: Array<TapTraceLine>, 
/**
 * Pods whose logs were looked through, as `namespace/name`.
 */
pods: Array<string>, 
/**
 * Pods whose logs could not be read.
 */
unread: Array<TapUnread>, 
/**
 * There is more than was looked through or is shown.
 */
more: boolean, };

/**
 * One line of a container's log.
 */
export type TapTraceLine = { 
/**
 * When, as the node says it: RFC 3339.
 */
time: string, 
/**
 * `namespace/name` of its pod.
 */
pod: string, 
/**
 * The container.
 */
container: string, 
/**
 * The line.
 */
text: string, };

/**
 * A pod whose log could not be read.
 */
export type TapUnread = { 
/**
 * `namespace/name`.
 */
pod: string, 
/**
 * Why.
 */
error: ErrorBody, };

/**
 * `POST /api/v1/taps/{id}/keys`, a key log as text: what became of it.
 */
export type TapKeys = { 
/**
 * Lines that are keys.
 */
keys: number, 
/**
 * Lines that are neither keys nor comments.
 */
invalid: number, 
/**
 * Agents that were given them: connections that begin from now on are read.
 */
agents: number, 
/**
 * Records of earlier connections that could be read now, from packets that are kept.
 */
records: number, };

/**
 * `GET /api/v1/taps/{id}/preview?bpf=`: what a capture filter would choose of the packets that came last.
 */
export type TapPreview = { 
/**
 * So many match.
 */
matches: number, 
/**
 * Of so many: the last 10,000, or all there are.
 */
of: number, };

/**
 * `GET /api/v1/taps/{id}/records/{record}`: one record whole, and what belongs to the same flow.
 */
export type TapRecord = { 
/**
 * The record (`docs/reference/flow-records.md`).
 */
record: Record<string, unknown>, 
/**
 * The latest `flow` record of its flow, if there is one.
 */
flow: Record<string, unknown> | null, 
/**
 * The lookup of a name that its connection began with, if one was seen.
 */
dns: Record<string, unknown> | null, };

/**
 * `GET /api/v1/taps/{id}/map?select=`: who asks whom, over the records that are kept.
 */
export type TapMap = { 
/**
 * Time of the first record, epoch microseconds; 0 without any.
 */
from: number, 
/**
 * Time of the last.
 */
to: number, 
/**
 * Who asks whom, the busiest first; at most 1,000.
 */
edges: Array<TapEdge>, 
/**
 * What the ends of these are.
 */
ends: Array<TapEnd>, 
/**
 * There are more.
 */
more: boolean, };

/**
 * One asks another by one protocol.
 */
export type TapEdge = { 
/**
 * Who asks: as the column `source` says it.
 */
source: string, 
/**
 * Who is asked: as the column `destination` says it.
 */
destination: string, 
/**
 * The protocol.
 */
protocol: string, 
/**
 * Transactions, or connections where nothing is known of what they hold.
 */
count: number, 
/**
 * Those that failed.
 */
errors: number, 
/**
 * Connections that were never answered: refused on the way, as a rule.
 */
unanswered: number, 
/**
 * Bytes both ways.
 */
bytes: number, 
/**
 * How long answers took.
 */
us: TapShares, };

/**
 * One end of edges.
 */
export type TapEnd = { 
/**
 * As edges name it, without a port.
 */
name: string, 
/**
 * What it is.
 */
kind: TapEndKind, 
/**
 * What owns the pod: `deployment/front`.
 */
workload?: string, 
/**
 * The namespace of the pod or service.
 */
namespace?: string, };

/**
 * What an end of an edge is.
 */
export type TapEndKind = "pod" | "service" | "node" | "external";

/**
 * Lengths of time in microseconds; absent where nothing was measured.
 */
export type TapShares = { 
/**
 * Half took no longer.
 */
p50: number | null, 
/**
 * 95 of 100 took no longer.
 */
p95: number | null, 
/**
 * 99 of 100 took no longer.
 */
p99: number | null, 
/**
 * The longest.
 */
max: number | null, };

/**
 * `GET /api/v1/taps/{id}/histograms?select=&by=`: how long transactions took, by what they ask for.
 */
export type TapHistograms = { 
/**
 * Groups, the largest first; what is over 1,000 is `(others)`.
 */
groups: Array<TapHistogram>, };

/**
 * Transactions that ask for the same.
 */
export type TapHistogram = { 
/**
 * The kind of record.
 */
kind: string, 
/**
 * Method, host and path; type of question; command; or what `by` asks for, with ` · ` between.
 */
what: string, 
/**
 * How many.
 */
count: number, 
/**
 * Those that failed.
 */
errors: number, 
/**
 * Shares of all.
 */
us: TapShares, 
/**
 * Lengths and how often each was seen: `[[from_us, count], …]`, each up to an eighth longer than it says.
 */
buckets: Array<[number, number]>, };

/**
 * `GET /api/v1/taps/{id}/flows/{flow}`: everything of one connection, in order of time.
 */
export type TapFlow = { 
/**
 * Records of the flow, at most 1,000.
 */
records: Array<Record<string, unknown>>, 
/**
 * There are more.
 */
more: boolean, };

/**
 * `GET /api/v1/workspaces?cluster=&namespace=&query=&sort=&limit=…`: the workspaces of clusters that are wanted.
 */
export type WorkspaceList = { 
/**
 * By cluster, namespace and name, or as `sort` says.
 */
workspaces: Array<WorkspaceRow>, 
/**
 * How many are wanted, on this page or not.
 */
total: number, 
/**
 * Clusters that could not be asked.
 */
problems: Array<ClusterProblem>, };

/**
 * Why a cluster is not in a list.
 */
export type ClusterProblem = { 
/**
 * The cluster.
 */
cluster: string, 
/**
 * What is wrong.
 */
error: ErrorBody, };

/**
 * A workspace in a list.
 */
export type WorkspaceRow = { 
/**
 * Its cluster.
 */
cluster: string, 
/**
 * Its namespace.
 */
namespace: string, 
/**
 * Its name, which is its canonical id.
 */
name: string, 
/**
 * Its uid: another one is another workspace of the same name.
 */
uid: string, 
/**
 * Whose it is.
 */
owner: string, 
/**
 * Of which organization.
 */
org: string, 
/**
 * The blueprint it is made from; empty where an image alone is named.
 */
blueprint: string, 
/**
 * The image of its main container, as far as it is known.
 */
image: string, 
/**
 * `Running` or `Stopped`: what is asked for.
 */
wanted: string, 
/**
 * In one word: `Pending`, `Provisioning`, `Running`, `Stopping`, `Stopped`, `Terminating`, `Failed`, `Unknown`.
 */
phase: string, 
/**
 * The step on the way: `Queued`, `Resolving`, `Scheduling`, `Pulling`, `Initializing`, `Starting`, `Running`, …
 */
stage: string, 
/**
 * Since when, epoch milliseconds.
 */
stage_since_ms: number | null, 
/**
 * In percent; 100 only when it runs, and null where it is on no way up.
 */
progress: number | null, 
/**
 * It can be entered.
 */
ready: boolean, 
/**
 * How it is, in a sentence.
 */
message: string, 
/**
 * What went wrong last; empty when nothing did.
 */
error: string, 
/**
 * Who or what stopped it; empty while it is to run.
 */
stop_reason: string, 
/**
 * The node it runs on; empty while it has none.
 */
node: string, 
/**
 * When it was made, epoch milliseconds.
 */
created_ms: number, 
/**
 * When it was used last, epoch milliseconds.
 */
last_activity_ms: number | null, 
/**
 * Since when nobody uses it, epoch milliseconds; null while somebody does.
 */
idle_since_ms: number | null, 
/**
 * When it will be stopped, if nothing changes; epoch milliseconds.
 */
stop_at_ms: number | null, 
/**
 * Its URLs.
 */
urls: Array<string>, };

/**
 * `GET /api/v1/workspaces/{namespace}/{name}?cluster=`: one workspace, with all that is known of it.
 */
export type Workspace = { 
/**
 * The name of its pod and Service.
 */
canonical_id: string, 
/**
 * The name in its host names.
 */
route_id: string, 
/**
 * Changes with each change of what is asked for.
 */
generation: number, 
/**
 * The generation that the rest was made for.
 */
observed_generation: number, 
/**
 * What was found out about it, aspect by aspect.
 */
conditions: Array<WorkspaceCondition>, 
/**
 * Its volumes.
 */
volumes: Array<WorkspaceVolume>, 
/**
 * Ports that are said of it; which of them listen is told by `…/ports`.
 */
ports: Array<WorkspacePort>, 
/**
 * What its main container may use.
 */
resources: WorkspaceResources, 
/**
 * Its pod; null where it has none.
 */
pod: WorkspacePod | null, 
/**
 * Its last use; null where none is known.
 */
last_activity: WorkspaceActivity | null, 
/**
 * Why and by whom its state was set last; empty where nobody said.
 */
cause: string, 
/**
 * The name of its Service in the cluster's DNS.
 */
service_dns: string, 
/**
 * The version of the agent in it.
 */
agent_version: string, 
/**
 * The digest of a newer blueprint that has not taken effect; empty where there is none.
 */
update_available: string, 
/**
 * What that changes of its pod.
 */
update_changes: Array<WorkspaceChange>, 
/**
 * The job that works on it, or did last; empty where none is known.
 */
job: string, 
/**
 * The layers that it was composed of, lowest first: `platform rust`, `overrides`.
 */
layers: Array<string>, 
/**
 * What may be done to it by whoever asks.
 */
acts: Array<WorkspaceMay>, 
/**
 * Its `spec` as it stands.
 */
spec: unknown, 
/**
 * Its cluster.
 */
cluster: string, 
/**
 * Its namespace.
 */
namespace: string, 
/**
 * Its name, which is its canonical id.
 */
name: string, 
/**
 * Its uid: another one is another workspace of the same name.
 */
uid: string, 
/**
 * Whose it is.
 */
owner: string, 
/**
 * Of which organization.
 */
org: string, 
/**
 * The blueprint it is made from; empty where an image alone is named.
 */
blueprint: string, 
/**
 * The image of its main container, as far as it is known.
 */
image: string, 
/**
 * `Running` or `Stopped`: what is asked for.
 */
wanted: string, 
/**
 * In one word: `Pending`, `Provisioning`, `Running`, `Stopping`, `Stopped`, `Terminating`, `Failed`, `Unknown`.
 */
phase: string, 
/**
 * The step on the way: `Queued`, `Resolving`, `Scheduling`, `Pulling`, `Initializing`, `Starting`, `Running`, …
 */
stage: string, 
/**
 * Since when, epoch milliseconds.
 */
stage_since_ms: number | null, 
/**
 * In percent; 100 only when it runs, and null where it is on no way up.
 */
progress: number | null, 
/**
 * It can be entered.
 */
ready: boolean, 
/**
 * How it is, in a sentence.
 */
message: string, 
/**
 * What went wrong last; empty when nothing did.
 */
error: string, 
/**
 * Who or what stopped it; empty while it is to run.
 */
stop_reason: string, 
/**
 * The node it runs on; empty while it has none.
 */
node: string, 
/**
 * When it was made, epoch milliseconds.
 */
created_ms: number, 
/**
 * When it was used last, epoch milliseconds.
 */
last_activity_ms: number | null, 
/**
 * Since when nobody uses it, epoch milliseconds; null while somebody does.
 */
idle_since_ms: number | null, 
/**
 * When it will be stopped, if nothing changes; epoch milliseconds.
 */
stop_at_ms: number | null, 
/**
 * Its URLs.
 */
urls: Array<string>, };

/**
 * A field of its pod that becomes another.
 */
export type WorkspaceChange = { 
/**
 * Which: `spec.containers[main].image`.
 */
field: string, 
/**
 * As it is; empty where there is none. Values that may hold a secret are not shown.
 */
from: string, 
/**
 * As it will be; empty where it goes.
 */
to: string, };

/**
 * What was found out about one aspect.
 */
export type WorkspaceCondition = { 
/**
 * `Ready`, `Accepted`, `BlueprintResolved`, …
 */
type: string, 
/**
 * `True`, `False` or `Unknown`.
 */
status: string, 
/**
 * In one word.
 */
reason: string, 
/**
 * In a sentence.
 */
message: string, 
/**
 * Since when, epoch milliseconds.
 */
since_ms: number | null, };

/**
 * A volume.
 */
export type WorkspaceVolume = { 
/**
 * Its name in the blueprint.
 */
name: string, 
/**
 * The claim behind it.
 */
claim: string, 
/**
 * `local` or `shared`.
 */
type: string, 
/**
 * How much it may hold: `10Gi`.
 */
size: string, 
/**
 * How much it holds; empty where that is not known.
 */
used: string, 
/**
 * Of one that a workspace left: until when it is kept, epoch milliseconds; absent where that is for ever, or its workspace
 * is there.
 */
kept_until_ms?: number, };

/**
 * A port that is said of a workspace.
 */
export type WorkspacePort = { 
/**
 * Its number.
 */
port: number, 
/**
 * Its name; may be empty.
 */
name: string, 
/**
 * `TCP` or `UDP`.
 */
protocol: string, };

/**
 * What a main container may use; empty where nobody said.
 */
export type WorkspaceResources = { 
/**
 * Processors asked for: `500m`.
 */
cpu: string, 
/**
 * Memory asked for: `4Gi`.
 */
memory: string, 
/**
 * Processors that it may use now.
 */
applied_cpu: string, 
/**
 * Memory that it may use now.
 */
applied_memory: string, };

/**
 * The pod of a workspace.
 */
export type WorkspacePod = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its uid.
 */
uid: string, 
/**
 * Its address; may be empty.
 */
ip: string, 
/**
 * Since when it runs, epoch milliseconds.
 */
started_ms: number | null, 
/**
 * How often its main container was started again.
 */
restarts: number, };

/**
 * The last use of a workspace.
 */
export type WorkspaceActivity = { 
/**
 * When, epoch milliseconds.
 */
at_ms: number, 
/**
 * Through which door: `ssh`, `http`, `terminal`, `api`, `exec`, `files`, `cpu`, `keep`.
 */
door: string, 
/**
 * What was done; may be empty.
 */
detail: string, };

/**
 * Whether an act may be done by whoever asks.
 */
export type WorkspaceMay = { 
/**
 * Which.
 */
act: WorkspaceAct, 
/**
 * What the policy says.
 */
decision: Verdict, 
/**
 * Why not; empty when it is allowed.
 */
reason: string, 
/**
 * What has to be given first.
 */
needs: Array<Need>, 
/**
 * It makes sense now: what runs is not started.
 */
applies: boolean, };

/**
 * Something that is done to a workspace, or in it.
 */
export type WorkspaceAct = "create" | "start" | "stop" | "update" | "delete" | "connect" | "files" | "apps" | "proxy" | "logs" | "keep" | "purge" | "delete_all" | "keep_all";

/**
 * `POST /api/v1/workspaces`: makes a workspace for whoever asks. With the header `Idempotency-Key` the same request is carried
 * out once, however often it comes. `POST /api/v1/blueprints/preview`: what it would be made of; nothing is made, and its name may
 * be absent.
 */
export type WorkspaceCreate = { 
/**
 * The cluster.
 */
cluster: string, 
/**
 * The namespace; absent for that of the cluster's context.
 */
namespace?: string, 
/**
 * Its name. This or `user_string`.
 */
name?: string, 
/**
 * Instead: who and what (`ada~rust`, `ada~repo=org~proj`); its name is the canonical id of that.
 */
user_string?: string, 
/**
 * The address of a git repository (`https://host/owner/name`, `git@host:owner/name.git`, `owner/name`), with `#ref` behind it for
 * a branch, tag or commit. Without a name it is the user string of that, and so is its name.
 */
repository?: string, 
/**
 * Its organization; absent for `default`.
 */
org?: string, 
/**
 * The blueprint by its name. This or `image`.
 */
blueprint?: string, 
/**
 * The image of its main container.
 */
image?: string, 
/**
 * Values of the blueprint's parameters.
 */
params?: { [key in string]: string }, 
/**
 * A preset of parameters.
 */
preset?: string, 
/**
 * What whoever works in it brings along: the address of a git repository of dotfiles (`https://host/owner/dotfiles#ref`),
 * or a folder in the workspace (`~/dotfiles`).
 */
dotfiles?: string, 
/**
 * Fields of the blueprint that are to be otherwise.
 */
overrides?: Record<string, unknown>, 
/**
 * Arguments of the image's entrypoint.
 */
args?: Array<string>, 
/**
 * Variables of the main container.
 */
env?: { [key in string]: string }, 
/**
 * TCP ports that it listens on.
 */
ports?: Array<WorkspacePortAsked>, 
/**
 * Labels of its pod.
 */
labels?: { [key in string]: string }, 
/**
 * Processors, at most: `500m`, `2`.
 */
cpu?: string, 
/**
 * Memory, at most: `4Gi`.
 */
memory?: string, 
/**
 * What people should know about it.
 */
notes?: string, 
/**
 * It is made without being started.
 */
stopped?: boolean, 
/**
 * Answers to what the policy needs.
 */
answers?: Answers, };

/**
 * A port that a new workspace listens on.
 */
export type WorkspacePortAsked = { 
/**
 * Its number.
 */
port: number, 
/**
 * Its name; may be left out.
 */
name?: string, };

/**
 * `POST …/start` and `DELETE …?mode=`: the body may be left out.
 */
export type WorkspaceActing = { 
/**
 * Answers to what the policy needs.
 */
answers?: Answers, };

/**
 * `POST …/stop`: the body may be left out.
 */
export type WorkspaceStopping = { 
/**
 * Seconds to wait first: 60 at most.
 */
delay_seconds?: number, 
/**
 * Answers to what the policy needs.
 */
answers?: Answers, };

/**
 * `POST …/keep`: it is not stopped for a while, though nobody uses it.
 */
export type WorkspaceKeeping = { 
/**
 * For how long from now: seven days at most; 0 takes back what was asked before.
 */
seconds: number, 
/**
 * Why; may be left out.
 */
reason?: string, 
/**
 * Answers to what the policy needs.
 */
answers?: Answers, };

/**
 * Until when it is kept.
 */
export type WorkspaceKept = { 
/**
 * Epoch milliseconds; that of now where it is kept no longer.
 */
until_ms: number, };

/**
 * `GET …/remains`: the volumes that a workspace left, which was deleted. `DELETE …/remains` answers with those that it deleted.
 */
export type WorkspaceRemains = { 
/**
 * By the names of their claims.
 */
volumes: Array<WorkspaceVolume>, };

/**
 * `PATCH …`: changes what a workspace asks for, but neither whether it runs nor whose it is.
 */
export type WorkspaceUpdate = { 
/**
 * A JSON merge patch of `spec` (RFC 7386): null takes a field away.
 */
spec: Record<string, unknown>, 
/**
 * Only if it is still of this generation.
 */
generation?: number, 
/**
 * Answers to what the policy needs.
 */
answers?: Answers, };

/**
 * `DELETE …?mode=`
 */
export type WorkspaceDeleteMode = "stop" | "full";

/**
 * `202`: it is being done. The job tells how it goes.
 */
export type WorkspaceAccepted = { 
/**
 * The job.
 */
job: Job, 
/**
 * The workspace as it was then.
 */
workspace: Workspace, };

/**
 * `202` of `DELETE /api/v1/workspaces?user=`: it is being done.
 */
export type WorkspaceAllAccepted = { 
/**
 * The job on all of them.
 */
job: Job, 
/**
 * Them, as they were then.
 */
workspaces: Array<WorkspaceRow>, };

/**
 * `GET …/events`, first message (`event: handshake`).
 */
export type WorkspaceHandshake = { 
/**
 * The workspace: `namespace/name`.
 */
workspace: string, 
/**
 * The job that works on it; empty where none does.
 */
jobid: string, 
/**
 * Why nothing follows; empty when something does.
 */
error: string, 
/**
 * It goes on after the event that `Last-Event-ID` names. When not, it begins again: what was shown before is of no use.
 */
resumed: boolean, };

/**
 * `GET …/events` and `GET /api/v1/jobs/{id}/events`, each further message (`event: status`, `event`, `progress` or `gone`).
 */
export type WorkspaceEvent = { 
/**
 * Names it; also the message's `id`, for `Last-Event-ID`.
 */
id: string, 
/**
 * What it is about.
 */
type: WorkspaceEventKind, 
/**
 * When, RFC 3339 with its zone.
 */
timestamp: string, 
/**
 * What it is of: `pod/dev`, `workspace/dev`.
 */
object_name: string, 
/**
 * In one word: `Starting`, `Pulling`, `Running`, `Stopping`, `Terminating`, `Stopped`, `Failing`, `Unknown`, `Warning`, `Error`.
 */
status: string, 
/**
 * In a sentence.
 */
message: string, 
/**
 * The stage of the workspace then.
 */
stage: string, 
/**
 * In one word why: the kubelet's where it has one.
 */
reason: string, 
/**
 * What it weighs.
 */
severity: WorkspaceSeverity, 
/**
 * In percent, never back, and 100 only when it runs; null where there is none.
 */
progress: number | null, 
/**
 * How long this stage took of late for workspaces of its blueprint, in milliseconds; null where nobody knows.
 */
expected_ms: number | null, };

/**
 * What a message is about.
 */
export type WorkspaceEventKind = "status" | "event" | "progress" | "gone";

/**
 * What it weighs.
 */
export type WorkspaceSeverity = "info" | "warning" | "critical";

/**
 * `GET …/logs?follow=true`, each `event: line`.
 */
export type WorkspaceLogLine = { 
/**
 * When it was written, RFC 3339; also the message's `id`, for `Last-Event-ID`.
 */
at: string, 
/**
 * What it says.
 */
text: string, };

/**
 * A time in which a workspace was used through one door, or by what ran inside.
 */
export type WorkspaceUse = { 
/**
 * `ssh`, `http`, `terminal`, `api`, `exec`, `files`, `cpu`, `keep`.
 */
door: string, 
/**
 * Its first minute, epoch milliseconds.
 */
from_ms: number, 
/**
 * The end of its last minute.
 */
to_ms: number, 
/**
 * What it was, where it is the newest through its door: a path, a command, the program that computes.
 */
detail: string, 
/**
 * The parameters of `GET /api/v1/audit` that give who was let in for it; empty for what nobody asked for.
 */
audit: string, };

/**
 * `GET …/why`: why it is as it is.
 */
export type WorkspaceWhy = { 
/**
 * `Running` or `Stopped`: what is asked for.
 */
wanted: string, 
/**
 * Why and by whom that was set; empty where nobody said.
 */
cause: string, 
/**
 * In one word.
 */
phase: string, 
/**
 * The step on the way.
 */
stage: string, 
/**
 * Since when, RFC 3339.
 */
since: string, 
/**
 * How it is, in a sentence.
 */
message: string, 
/**
 * What is wrong; empty when nothing is.
 */
error: string, 
/**
 * Who or what stopped it; empty while it is to run.
 */
stop_reason: string, 
/**
 * Whether somebody uses it and by which rule it would be stopped, in a sentence; empty while that is not known.
 */
idle: string, 
/**
 * When it is stopped if nobody uses it, epoch milliseconds; null while that is not near.
 */
stop_at_ms: number | null, 
/**
 * Its last use; null where none is known.
 */
last_use: WorkspaceActivity | null, 
/**
 * By what it was used within the last day, the oldest first, as this server knows it: exact to a minute.
 */
uses: Array<WorkspaceUse>, 
/**
 * What it took since it was started; null while it does not run.
 */
cost: WorkspaceCost | null, 
/**
 * The parameters of `GET /api/v1/audit` that give who made, started and stopped it, and all else that was decided of it.
 */
audit: string, };

/**
 * What a workspace took since it was started: what it may use, for as long as its pod stands.
 */
export type WorkspaceCost = { 
/**
 * Since when, epoch milliseconds.
 */
since_ms: number, 
/**
 * Thousandths of hours of a processor.
 */
cpu_milli_hours: number, 
/**
 * Hours of a MiB of memory.
 */
memory_mib_hours: number, 
/**
 * By `[prices]`: `0.42 EUR`; null where nobody said what it costs.
 */
amount: string | null, };

/**
 * `GET /api/v1/jobs/{id}`
 */
export type Job = { 
/**
 * Its id, a UUID.
 */
id: string, 
/**
 * What is done.
 */
act: WorkspaceAct, 
/**
 * To the workspace of this cluster …
 */
cluster: string, 
/**
 * … this namespace …
 */
namespace: string, 
/**
 * … and this name; empty of a job on all workspaces of somebody …
 */
name: string, 
/**
 * … who is this user.
 */
user?: string, 
/**
 * Who asked for it: the id of the principal.
 */
principal: string, 
/**
 * How far it is.
 */
state: JobState, 
/**
 * The stage that the workspace is in, or was in at the end.
 */
stage: string, 
/**
 * How it went, in a sentence.
 */
message: string, 
/**
 * When it was asked for, epoch milliseconds.
 */
created_ms: number, 
/**
 * When it changed last, epoch milliseconds.
 */
changed_ms: number, 
/**
 * Why it failed.
 */
error?: ErrorBody, };

/**
 * `GET /api/v1/jobs?cluster=&namespace=&name=&state=&limit=`
 */
export type JobList = { 
/**
 * The newest first: those of whoever asks, and those of workspaces that they may see.
 */
jobs: Array<Job>, };

/**
 * How far a job is.
 */
export type JobState = "queued" | "running" | "succeeded" | "failed" | "cancelled";

/**
 * What the server says of the terminal.
 */
export type TerminalSay = { "is": "open", 
/**
 * Its id: whoever names it comes back to it.
 */
shell: string, 
/**
 * Input is taken.
 */
writes: boolean, 
/**
 * It was there before.
 */
attached: boolean, } | { "is": "writes", 
/**
 * Input is taken.
 */
writes: boolean, } | { "is": "lost", 
/**
 * What is wrong.
 */
message: string, } | { "is": "exit", 
/**
 * What it returned.
 */
code: number, 
/**
 * The signal that ended it, without `SIG`; empty when none did.
 */
signal: string, } | { "is": "detached" };

/**
 * `GET /api/v1/workspaces/{namespace}/{name}/shells?cluster=`: the shells of a workspace.
 */
export type WorkspaceShells = { 
/**
 * The oldest first.
 */
shells: Array<WorkspaceShell>, };

/**
 * One shell.
 */
export type WorkspaceShell = { 
/**
 * Its id.
 */
id: string, 
/**
 * `ACTIVE`, `DETACHED` or `STOPPED`.
 */
state: string, 
/**
 * What runs on it.
 */
command: string, 
/**
 * Who opened it.
 */
principal: string, 
/**
 * When, epoch milliseconds.
 */
created_ms: number, 
/**
 * How many look at it.
 */
viewers: number, 
/**
 * Since when nobody does.
 */
detached_ms?: number, 
/**
 * When it is ended unless somebody comes back.
 */
ends_ms?: number, 
/**
 * When the workspace was stopped, and it with it: whoever comes to it sees its last screen.
 */
stopped_ms?: number, 
/**
 * Where its program worked then.
 */
folder?: string, 
/**
 * What ran in it then, as it is typed.
 */
resume?: string, };

/**
 * `GET …/files/list?cluster=&path=&hidden=`: what a folder holds.
 */
export type FileList = { 
/**
 * The folder's whole path, without dots and links.
 */
path: string, 
/**
 * Where the user is at home.
 */
home: string, 
/**
 * By their names.
 */
entries: Array<FileEntry>, 
/**
 * Those that begin with a dot and were not asked for.
 */
hidden: number, };

/**
 * One of a folder.
 */
export type FileEntry = { 
/**
 * Without the folder.
 */
name: string, 
/**
 * Whole.
 */
path: string, 
/**
 * In bytes; of a link, of what it leads to.
 */
size: number, 
/**
 * Permission bits.
 */
mode: number, 
/**
 * A folder, or a link to one.
 */
dir: boolean, 
/**
 * A symbolic link.
 */
link: boolean, 
/**
 * Neither folder nor file: a socket, a device, a link that leads nowhere.
 */
odd: boolean, 
/**
 * When it was changed, epoch milliseconds.
 */
mtime_ms: number, };

/**
 * `POST …/files/mkdir?cluster=`: makes a folder.
 */
export type FileFolder = { 
/**
 * Where.
 */
path: string, 
/**
 * With those above it that are not there.
 */
parents: boolean, 
/**
 * Answers to what the policy needs.
 */
answers: Answers, };

/**
 * `POST …/files/rename?cluster=`: gives a file or folder another place.
 */
export type FileRename = { 
/**
 * Where it is.
 */
from: string, 
/**
 * Where it shall be.
 */
to: string, 
/**
 * What is there is replaced.
 */
replace: boolean, 
/**
 * Answers to what the policy needs.
 */
answers: Answers, };

/**
 * What was done with files.
 */
export type FileDone = { 
/**
 * How many.
 */
count: number, };

/**
 * `PUT …/files?cluster=&path=&upload=`: what is there of an upload.
 */
export type FileReceived = { 
/**
 * Bytes that are there.
 */
have: number, 
/**
 * It is whole, and in its place.
 */
whole: boolean, };

/**
 * `GET /api/v1/blueprints?cluster=&namespace=`: the blueprints that a namespace sees.
 */
export type BlueprintList = { 
/**
 * By name.
 */
blueprints: Array<BlueprintRow>, 
/**
 * What is wrong with those that could not be read.
 */
problems: Array<BlueprintProblem>, 
/**
 * The blueprint of a workspace that names an image alone.
 */
default_blueprint: string, };

/**
 * A blueprint.
 */
export type BlueprintRow = { 
/**
 * Its name.
 */
name: string, 
/**
 * `ClusterBlueprint`, `Blueprint`, `file` of the folder of the platform, or `built-in`.
 */
kind: string, 
/**
 * It is only there to be a parent.
 */
abstract: boolean, 
/**
 * What it says of itself; may be empty.
 */
description: string, 
/**
 * Its parents and itself, the root first.
 */
chain: Array<string>, 
/**
 * What it asks of whoever makes a workspace, in the order of a form.
 */
params: Array<BlueprintParam>, 
/**
 * Its presets of parameters.
 */
presets: Array<BlueprintPreset>, 
/**
 * A workspace can be made from it, with the parameters' defaults as far as they have one.
 */
valid: boolean, 
/**
 * What is wrong with it, and what is doubtful.
 */
problems: Array<BlueprintProblem>, };

/**
 * A parameter.
 */
export type BlueprintParam = { 
/**
 * Its name.
 */
name: string, 
/**
 * `string`, `number`, `bool`, `size`, `enum` or `secret`.
 */
type: string, 
/**
 * What it is for; may be empty.
 */
description: string, 
/**
 * The value that it has where none is given.
 */
default?: unknown, 
/**
 * It has no default, so it has to be given.
 */
required: boolean, 
/**
 * The least: of a number or size.
 */
min?: string, 
/**
 * The most: of a number or size.
 */
max?: string, 
/**
 * What may be chosen, of an `enum`.
 */
options: Array<BlueprintOption>, 
/**
 * An expression over the parameters before it that says whether it is asked at all; may be empty.
 */
when: string, 
/**
 * An expression over its value that has to hold; may be empty.
 */
check: string, 
/**
 * What is said where that does not hold; may be empty.
 */
message: string, 
/**
 * It may be changed later.
 */
mutable: boolean, };

/**
 * What may be chosen.
 */
export type BlueprintOption = { 
/**
 * The value.
 */
value: string, 
/**
 * What it means; may be empty.
 */
description: string, 
/**
 * An expression that says whether it is there; may be empty.
 */
when: string, };

/**
 * A preset of parameters.
 */
export type BlueprintPreset = { 
/**
 * Its name.
 */
name: string, 
/**
 * What it is for; may be empty.
 */
description: string, 
/**
 * The values.
 */
params: Record<string, unknown>, };

/**
 * What it would be made of. Where something is wrong, the fields are absent and the problems say what.
 */
export type BlueprintPreview = { 
/**
 * A workspace can be made so.
 */
valid: boolean, 
/**
 * The blueprint's name; empty where it is not valid.
 */
name: string, 
/**
 * Every field that has a value, in the order of the blueprint.
 */
fields: Array<BlueprintField>, 
/**
 * The values of the parameters, typed.
 */
params: Record<string, unknown>, 
/**
 * What may be chosen of each parameter that has options, as far as the others say: whatever else is wrong.
 */
options: { [key in string]: Array<string> }, 
/**
 * The layers, lowest first: `platform rust`, `overrides`.
 */
layers: Array<string>, 
/**
 * The repository and commit whose file was looked for.
 */
source?: string, 
/**
 * Why the file of its repository is no part of it.
 */
fallback?: string, 
/**
 * The tightest Pod Security level that lets its main container through; empty where it is not valid.
 */
pod_security: string, 
/**
 * What is wrong, each with its pointer, and what is doubtful.
 */
problems: Array<BlueprintProblem>, };

/**
 * A field with where it comes from.
 */
export type BlueprintField = { 
/**
 * JSON pointer in the blueprint: `/resources/cpu`.
 */
pointer: string, 
/**
 * Its value.
 */
value: unknown, 
/**
 * Whose word it is: `default`, `platform`, `org`, `repo`, `overrides`, `policy`.
 */
layer: string, 
/**
 * The blueprint's name, where the layer is one.
 */
blueprint: string, 
/**
 * Why it is so, in a sentence.
 */
why: string, };

/**
 * A problem.
 */
export type BlueprintProblem = { 
/**
 * Its code.
 */
code: string, 
/**
 * `error` or `warning`.
 */
severity: string, 
/**
 * The blueprint; may be empty.
 */
blueprint: string, 
/**
 * JSON pointer of the field; empty where the problem is that of a document.
 */
pointer: string, 
/**
 * The document.
 */
file: string, 
/**
 * Its line.
 */
line: number, 
/**
 * Its column.
 */
column: number, 
/**
 * What is wrong, and what to do.
 */
message: string, };
