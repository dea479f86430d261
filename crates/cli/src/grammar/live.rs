//! The grammar of a live tap.

use clap::{Args, ValueEnum};
use std::time::Duration;

/// Which pods are tapped, and how much of them.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Live")]
pub struct LiveArgs {
    /// The pods of these objects: `deploy/front`, `svc/shop`, `node/worker-1`; also sts, ds, rs, job, rc, pod
    #[arg(value_name = "KIND/NAME", value_parser = object, conflicts_with = "read")]
    pub objects: Vec<capture::Object>,
    /// Pods of these namespaces, with commas: `a,team-*,!team-b`; the context's unless said
    #[arg(long, short, value_name = "LIST", value_delimiter = ',', conflicts_with_all = ["read", "all_namespaces"])]
    pub namespace: Vec<String>,
    /// Pods with these labels: `app=front,tier!=cache,track in (stable,canary)`
    #[arg(long, short = 'l', value_name = "SELECTOR", conflicts_with = "read")]
    pub selector: Option<String>,
    /// Pods by name; may be given again
    #[arg(long = "pod", value_name = "NAME", conflicts_with = "read")]
    pub pods: Vec<String>,
    /// Pods of every namespace
    #[arg(long, short = 'A', conflicts_with = "read")]
    pub all_namespaces: bool,
    /// Only the pods that are there now: none joins later
    #[arg(long, conflicts_with = "read")]
    pub no_watch: bool,
    /// End when no pod is there, instead of waiting for one
    #[arg(long, conflicts_with = "read")]
    pub no_wait: bool,
    /// End with exit code 5 when no record came within this time: `30s`
    #[arg(long, value_name = "TIME", conflicts_with = "read", value_parser = time)]
    pub wait_for: Option<Duration>,
    /// The container whose processes the agent sees; the pod's default container unless said
    #[arg(long, short = 't', visible_alias = "target", value_name = "NAME", conflicts_with_all = ["read", "no_target"])]
    pub container: Option<String>,
    /// The agent sees no container's processes
    #[arg(long, conflicts_with = "read")]
    pub no_target: bool,
    /// How much of packets leaves the pods; without --write none does
    #[arg(long, value_enum, value_name = "LEVEL", conflicts_with = "read")]
    pub packets: Option<Level>,
    /// End after so many seconds
    #[arg(long, value_name = "SECONDS", conflicts_with = "read")]
    pub duration: Option<u64>,
    /// End after so many records
    #[arg(long, value_name = "COUNT", conflicts_with = "read")]
    pub count: Option<u64>,
    /// Run this command for each record that is shown, with the record on its standard input
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["read", "ui"])]
    pub exec: Option<String>,
    /// Only this interface; may be given again
    #[arg(long, value_name = "NAME", value_delimiter = ',', conflicts_with = "read")]
    pub interface: Vec<String>,
    /// Memory of each agent, 32M unless said: with more, rings that lose packets grow to at most 64M
    #[arg(long, value_name = "SIZE", conflicts_with = "read", value_parser = super::tap::size)]
    pub memory: Option<u64>,
    /// The agent's image
    #[arg(long, value_name = "IMAGE", conflicts_with = "read")]
    pub image: Option<String>,
    /// Flight recorder: everything stays in the pods until this holds for a record; may be given again
    #[arg(long, value_name = "EXPR", conflicts_with = "read")]
    pub until: Vec<String>,
    /// Then what came in this time before leaves
    #[arg(long, value_name = "TIME", default_value = "30s", requires = "until", value_parser = time)]
    pub pre: Duration,
    /// And what comes in this time after
    #[arg(long, value_name = "TIME", default_value = "10s", requires = "until", value_parser = time)]
    pub post: Duration,
    /// How agents are reached: by a program that is started beside them, or attached to them
    #[arg(long, value_enum, value_name = "WAY", default_value_t = Way::Auto, conflicts_with = "read")]
    pub transport: Way,
    /// Pods that share the network of their node as well: what is seen is the node's traffic
    #[arg(long, conflicts_with = "read")]
    pub allow_host_network: bool,
    /// A privileged container where admission lets nothing less see packets
    #[arg(long, conflicts_with = "read")]
    pub force_privileged: bool,
    /// Agents wait for the next tap so many seconds after the end of this one (600 without a number)
    #[arg(
        long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "600",
        value_parser = clap::value_parser!(u32).range(1..=86_400), conflicts_with = "read"
    )]
    pub keep_agent: Option<u32>,
    /// Show it in the browser, by a URL that works once, instead of here
    #[arg(long, conflicts_with = "read")]
    pub ui: bool,
    /// Port of that view; where it is taken, another one that is printed
    #[arg(long, value_name = "PORT", default_value_t = 8899, requires = "ui")]
    pub ui_port: u16,
    /// Tap at most so many pods at the same time
    #[arg(long, value_name = "COUNT", default_value_t = 50, conflicts_with = "read")]
    pub max_pods: usize,
}

impl LiveArgs {
    /// The flight recorder, where one is asked for.
    #[must_use]
    pub fn recorder(&self) -> Option<capture::Recorder> {
        let until = self.until.clone();
        (!until.is_empty()).then_some(capture::Recorder { pre: self.pre, post: self.post, until })
    }
}

/// A time: a number with `ms`, `s`, `m` or `h` behind it.
fn time(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len()));
    let one = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    let ms = number.parse::<u64>().ok().and_then(|number| number.checked_mul(one));
    ms.filter(|_| one > 0)
        .map(Duration::from_millis)
        .filter(|time| *time <= LONGEST)
        .ok_or_else(|| "write a time of at most an hour, like 500ms, 30s or 5m".to_owned())
}

/// Neither before nor after.
const LONGEST: Duration = Duration::from_secs(3600);

fn object(text: &str) -> Result<capture::Object, String> {
    capture::Object::parse(text).map_err(|error| error.to_string())
}

/// How agents are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// By exec, and where that is not permitted by attach.
    Auto,
    /// A relay is started in the agent's container.
    Exec,
    /// By the agent's own streams; frames are sealed, since the container's log keeps them.
    Attach,
}

/// How much of packets leaves a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// None.
    None,
    /// Headers up to the transport.
    Headers,
    /// With payload, secrets masked.
    Masked,
    /// As captured.
    Full,
}

#[cfg(test)]
mod tests;
