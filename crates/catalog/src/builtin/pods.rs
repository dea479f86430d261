//! Pods (EX-30). The status follows the server's rules in the server's order.

use super::Builtin;
use crate::cells::{Buf, Cells, Out, clamp, put};
use crate::column::{self, Args, Col, DELETED, age, filled, text, with};
use crate::format;
use crate::kind::Section;
use crate::program::{Fill, FillSpec};
use api::cell::{ColumnType, Level};
use smallvec::SmallVec;
use std::borrow::Cow;
use wire::{Extract, Message, Node, Slots};

pub(super) static KINDS: &[Builtin] = &[Builtin::new("pods", "v1", "Pod", Section::Workloads, "Pods", COLUMNS)
    .short(&["po"])
    .fill(FillSpec { paths: PATHS, make: |message| Box::new(PodFill::new(message)) })];

static COLUMNS: &[Col] = &[
    filled("ready", "Ready", ColumnType::Ratio).width(6),
    filled("status", "Status", ColumnType::Status),
    filled("restarts", "Restarts", ColumnType::Restarts).width(12),
    age(),
    with("ip", "IP", ColumnType::Text, &[&["status", "podIPs"]], ip).wide().none(),
    text("node", "Node", &["spec", "nodeName"]).wide().none().width(20),
    text("nominated_node", "Nominated Node", &["status", "nominatedNodeName"]).wide().none(),
    with("readiness_gates", "Readiness Gates", ColumnType::Text, &[&["spec", "readinessGates"], CONDITIONS], gates)
        .wide()
        .none(),
    with("owner", "Owner", ColumnType::Text, &[&["metadata", "ownerReferences"]], format::owner)
        .extra()
        .help("the controller that made the pod"),
    with("images", "Images", ColumnType::Text, &[&["spec", "containers"]], format::container_images).extra().width(40),
    text("qos", "QoS", &["status", "qosClass"]).extra().width(10).help("quality of service class"),
    filled("last_exit", "Last exit", ColumnType::Text).extra().help("reason and exit code of the last restart"),
];

// Columns that `PodFill` writes.
const READY: usize = 0;
const STATUS: usize = 1;
const RESTARTS: usize = 2;
const LAST_EXIT: usize = 11;

const CONDITIONS: column::Path = &["status", "conditions"];
const PATHS: &[column::Path] = &[
    &["spec", "containers"],
    &["spec", "initContainers"],
    &["status", "phase"],
    &["status", "reason"],
    CONDITIONS,
    &["status", "initContainerStatuses"],
    &["status", "containerStatuses"],
    DELETED,
];

fn ip(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let first = args.get(0).and_then(|list| list.items().next()).and_then(|item| item.get("ip"));
    out.text(&first.and_then(Node::as_str).unwrap_or_default());
}

fn gates(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let Some(gates) = args.get(0) else { return out.absent() };
    let (mut all, mut passed) = (0, 0);
    for gate in gates.items() {
        let ty = gate.get("conditionType").and_then(Node::as_str).unwrap_or_default();
        all += 1;
        passed += usize::from(format::condition(args.get(1), &ty).is_some_and(|(status, _)| status == "True"));
    }
    if all == 0 {
        return out.absent();
    }
    let mut text = Buf::default();
    put!(text, "{passed}/{all}");
    out.text(text.as_str());
}

/// Reads the lists of a pod once each.
struct PodFill {
    spec: Extract,
    status: Extract,
    condition: Extract,
}

// Slots of a container's spec.
const SPEC_PATHS: &[&[&str]] = &[&["name"], &["restartPolicy"]];
// Slots of a container's status.
const STATUS_PATHS: &[&[&str]] = &[
    &["name"],
    &["ready"],
    &["restartCount"],
    &["started"],
    &["state", "waiting"],
    &["state", "waiting", "reason"],
    &["state", "terminated"],
    &["state", "terminated", "reason"],
    &["state", "terminated", "exitCode"],
    &["state", "terminated", "signal"],
    &["state", "running"],
    &["lastState", "terminated"],
    &["lastState", "terminated", "finishedAt"],
    &["lastState", "terminated", "reason"],
    &["lastState", "terminated", "exitCode"],
];
const CONDITION_PATHS: &[&[&str]] = &[&["type"], &["status"], &["reason"]];

impl PodFill {
    fn new(pod: Option<&'static Message>) -> Self {
        let at = |path: &[&str]| pod.and_then(|pod| pod.at(path));
        Self {
            spec: Extract::new(at(&["spec", "initContainers"]), SPEC_PATHS),
            status: Extract::new(at(&["status", "containerStatuses"]), STATUS_PATHS),
            condition: Extract::new(at(CONDITIONS), CONDITION_PATHS),
        }
    }

    fn conditions(&self, list: Option<Node<'_>>) -> Result<Conditions, wire::Error> {
        let mut found = Conditions::default();
        let mut slots = Slots::default();
        for item in list.map(Node::items).into_iter().flatten() {
            self.condition.run(item, &mut slots)?;
            let member = |at| slots.get(at).and_then(Node::as_str).unwrap_or_default();
            let holds = member(1) == "True";
            match &*member(0) {
                "PodScheduled" => found.gated |= member(2) == "SchedulingGated",
                "Initialized" if found.initialized.is_none() => found.initialized = Some(holds),
                "Ready" => found.ready |= holds,
                _ => {}
            }
        }
        Ok(found)
    }
}

#[derive(Default)]
struct Conditions {
    gated: bool,
    initialized: Option<bool>,
    ready: bool,
}

/// What the containers' statuses add up to.
#[derive(Default)]
struct Sum {
    ready: i64,
    restarts: i64,
    last: Option<i64>,
    last_exit: Option<(i64, Buf)>,
}

impl Sum {
    fn restarted(&mut self, status: &Status<'_, '_>) {
        self.restarts += status.int(2);
        self.last = self.last.max(status.finished());
    }

    /// Keeps the newest end for the `Last exit` column.
    fn exited(&mut self, status: &Status<'_, '_>) {
        let Some(finished) =
            status.finished().filter(|finished| self.last_exit.as_ref().is_none_or(|(at, _)| at < finished))
        else {
            return;
        };
        let mut text = Buf::default();
        text.push(&status.text(13));
        let code = status.int(14);
        put!(text, "{}{code}", if text.is_empty() { "" } else { " " });
        self.last_exit = Some((finished, text));
    }
}

/// A captured container status.
struct Status<'s, 'a>(&'s Slots<'a>);

impl<'a> Status<'_, 'a> {
    fn has(&self, at: usize) -> bool {
        self.0.get(at).is_some()
    }
    fn is(&self, at: usize) -> bool {
        self.0.get(at).and_then(Node::as_bool).unwrap_or(false)
    }
    fn int(&self, at: usize) -> i64 {
        self.0.get(at).and_then(Node::as_i64).unwrap_or(0)
    }
    fn text(&self, at: usize) -> Cow<'a, str> {
        self.0.get(at).and_then(Node::as_str).unwrap_or_default()
    }
    /// When it ended before its last restart.
    fn finished(&self) -> Option<i64> {
        self.0.get(12).and_then(Node::as_time_ms)
    }
    /// How a terminated container ended, when it gives no reason: `Signal:9`, `ExitCode:1`.
    fn end(&self, text: &mut Buf) {
        match self.int(9) {
            0 => put!(text, "ExitCode:{}", self.int(8)),
            signal => put!(text, "Signal:{signal}"),
        }
    }
}

impl Fill for PodFill {
    fn run(&self, args: &Args<'_, '_>, cells: &mut dyn Cells) -> Result<(), wire::Error> {
        let phase = args.text(2);
        let conditions = self.conditions(args.get(4))?;
        let mut reason = Buf::default();
        let status_reason = args.text(3);
        reason.push(if conditions.gated {
            "SchedulingGated"
        } else if status_reason.is_empty() {
            &phase
        } else {
            &status_reason
        });

        let mut total = count(args.get(0));
        let init_total = count(args.get(1));
        let mut sidecars: SmallVec<[Cow<'_, str>; 4]> = SmallVec::new();
        let mut slots = Slots::default();
        for container in args.get(1).map(Node::items).into_iter().flatten() {
            self.spec.run(container, &mut slots)?;
            if slots.get(1).and_then(Node::as_str).as_deref() == Some("Always") {
                sidecars.push(slots.get(0).and_then(Node::as_str).unwrap_or_default());
            }
        }
        total += i64::try_from(sidecars.len()).unwrap_or(0);

        let (mut init, mut sidecar) = (Sum::default(), Sum::default());
        let mut initializing = false;
        for (at, item) in args.get(5).map(Node::items).into_iter().flatten().enumerate() {
            self.status.run(item, &mut slots)?;
            let status = Status(&slots);
            let restartable = sidecars.contains(&status.text(0));
            init.restarted(&status);
            init.exited(&status);
            if restartable {
                sidecar.restarted(&status);
            }
            if status.has(6) && status.int(8) == 0 {
                continue;
            }
            if restartable && status.is(3) {
                init.ready += i64::from(status.is(1));
                continue;
            }
            reason.clear();
            reason.push("Init:");
            if status.has(6) {
                match &*status.text(7) {
                    "" => status.end(&mut reason),
                    why => reason.push(why),
                }
            } else {
                match &*status.text(5) {
                    "" | "PodInitializing" => put!(reason, "{at}/{init_total}"),
                    why => reason.push(why),
                }
            }
            initializing = true;
            break;
        }

        let ready = init.ready;
        let mut sum = init;
        if !initializing || conditions.initialized == Some(true) {
            sum = Sum { ready, last_exit: sum.last_exit, ..sidecar };
            let (mut running, mut told) = (false, false);
            for item in args.get(6).map(Node::items).into_iter().flatten() {
                self.status.run(item, &mut slots)?;
                let status = Status(&slots);
                sum.restarted(&status);
                sum.exited(&status);
                let waiting = status.text(5);
                // Of several containers the first with something to tell decides.
                if !waiting.is_empty() || status.has(6) {
                    if !told {
                        reason.clear();
                        match (&*waiting, &*status.text(7)) {
                            ("", "") => status.end(&mut reason),
                            ("", why) | (why, _) => reason.push(why),
                        }
                    }
                    told = true;
                } else if status.is(1) && status.has(10) {
                    running = true;
                    sum.ready += 1;
                }
            }
            if running && reason.as_str() == "Completed" {
                reason.clear();
                reason.push(if conditions.ready { "Running" } else { "NotReady" });
            }
        }
        if args.get(7).is_some() {
            if status_reason == "NodeLost" {
                reason.clear();
                reason.push("Unknown");
            } else if phase != "Succeeded" && phase != "Failed" {
                reason.clear();
                reason.push("Terminating");
            }
        }

        cells.ratio(READY, clamp(sum.ready), clamp(total));
        match reason.as_str() {
            "" => cells.absent(STATUS),
            text => cells.status(STATUS, text, level(text, sum.ready >= total)),
        }
        cells.restarts(RESTARTS, clamp(sum.restarts), sum.last.filter(|_| sum.restarts != 0));
        match sum.last_exit {
            Some((_, text)) => cells.text(LAST_EXIT, text.as_str()),
            None => cells.absent(LAST_EXIT),
        }
        Ok(())
    }
}

fn count(list: Option<Node<'_>>) -> i64 {
    i64::try_from(list.map_or(0, Node::count)).unwrap_or(i64::MAX)
}

/// How good a pod's status is: `Running` only with every container ready.
fn level(status: &str, all_ready: bool) -> Level {
    match status {
        "Running" if all_ready => Level::Ok,
        "Running" | "NotReady" | "Unknown" => Level::Warn,
        "Succeeded" | "Completed" => Level::Plain,
        "Pending" | "ContainerCreating" | "PodInitializing" | "SchedulingGated" | "Terminating" => Level::Info,
        // `Init:1/3` is progress; `Init:Error` is not.
        other => match other.strip_prefix("Init:") {
            Some(step) if step.starts_with(|letter: char| letter.is_ascii_digit()) => Level::Info,
            _ => Level::Bad,
        },
    }
}
