//! The grammar of `qd`: every command, flag and help text. What a command does stands in its own module.

pub mod api;
pub mod blueprint;
pub mod cert;
pub mod extcap;
pub mod filter;
pub mod live;
pub mod serve;
pub mod tap;
mod words;
pub mod workspace;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

pub use words::reworded;

/// See and run your Kubernetes clusters: `qd` alone opens the console in the browser.
#[derive(Debug, Parser)]
#[command(name = "qd", version, about, disable_help_subcommand = true, infer_subcommands = false)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// The command; `console` when there is none.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags of every command.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Kubeconfig file; else the files of KUBECONFIG, else ~/.kube/config
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig; else its current one
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// Form of the output
    #[arg(long, short = 'o', global = true, value_enum, value_name = "FORM", default_value_t = Output::Table, hide_default_value = true)]
    pub output: Output,
    /// Configuration file; else the usual one, if it is there
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to log on stderr: a level, or directives like `info,mirror=debug`
    #[arg(long, global = true, value_name = "LEVEL", default_value = "warn", hide_default_value = true)]
    pub log: String,
    /// Answer ordinary questions with yes
    #[arg(long, short = 'y', global = true)]
    pub yes: bool,
    /// The exact name, where a plan asks for it to be typed
    #[arg(long, global = true, value_name = "NAME")]
    pub confirm: Option<String>,
    /// The reason, where the policy asks for one
    #[arg(long, global = true, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Nothing but reads leaves this process
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Refused: what is an argument is seen by every user of the machine
    #[arg(long, global = true, hide = true, value_name = "KEY", num_args = 0..=1, default_missing_value = "")]
    pub anthropic_api_key: Option<String>,
    /// The form of the output was said, not taken for granted
    #[arg(skip)]
    pub output_said: bool,
}

impl Cli {
    /// Reads the words of a command line.
    ///
    /// # Errors
    /// When they are none of ours.
    pub fn read(words: impl Iterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = Self::command().try_get_matches_from(reworded(words))?;
        let mut cli = Self::from_arg_matches(&matches)?;
        cli.global.output_said = matches.value_source("output") == Some(ValueSource::CommandLine);
        if cli.global.output == Output::FlatJson && !cli.command.as_ref().is_some_and(Command::prints_records) {
            let message = "flat-json is a form of the records of `qd tap` and `qd tap join`";
            return Err(Self::command().error(ErrorKind::ArgumentConflict, message));
        }
        Ok(cli)
    }
}

impl Command {
    /// Whether records of taps are what comes out.
    fn prints_records(&self) -> bool {
        matches!(self, Self::Tap(tap) if matches!(tap.command, None | Some(tap::TapCommand::Join(_))))
    }
}

impl Global {
    /// The output is for whoever sits there, as far as the words say.
    #[must_use]
    pub fn for_people(&self) -> bool {
        !self.output_said && self.output == Output::Table
    }
}

/// Form of the output. `json` and `yaml` are the raw objects as kubectl prints them, `jsonl` is our rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Columns.
    Table,
    /// All columns that `kubectl get -o wide` prints.
    Wide,
    /// The objects, as JSON.
    Json,
    /// Our rows, one JSON object a line.
    Jsonl,
    /// Records of `qd tap` under flat names, one JSON object a line.
    FlatJson,
    /// The objects, as YAML.
    Yaml,
    /// Our rows, comma separated.
    Csv,
    /// `kind/name`, one a line.
    Name,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open the console: a local web page, live on your clusters
    #[command(after_help = EX_CONSOLE)]
    Console(ConsoleArgs),
    /// Certificates of this machine's own authority
    #[command(subcommand, after_help = cert::EXAMPLES)]
    Cert(cert::CertCommand),
    /// Print another one-time URL of a running console
    Url {
        /// Port of the console, when several run
        #[arg(long)]
        port: Option<u16>,
    },
    /// Show objects as rows
    #[command(after_help = EX_GET)]
    Get(GetArgs),
    /// Delete objects: shows the plan first
    #[command(after_help = EX_DELETE)]
    Delete(DeleteArgs),
    /// Set the number of replicas: shows the plan first
    #[command(after_help = EX_SCALE)]
    Scale(ScaleArgs),
    /// Restart the pods of a workload, one after the other: shows the plan first
    #[command(after_help = EX_RESTART)]
    Restart(TargetArgs),
    /// See what pods say to each other, or what a capture file holds: requests, queries, handshakes, losses
    #[command(after_help = tap::EXAMPLES)]
    Tap(Box<tap::TapArgs>),
    /// Compile a capture filter and show its program, or what it says in words
    #[command(after_help = filter::EXAMPLES)]
    Filter(filter::FilterArgs),
    /// Blueprints of workspaces: list, check, resolve, render, explain, compare, test files; roll out those in the cluster
    #[command(subcommand)]
    Blueprint(Box<blueprint::BlueprintCommand>),
    /// Workspaces: make, start, stop, delete, look at them
    #[command(subcommand, alias = "workspace")]
    Ws(Box<workspace::WorkspaceCommand>),
    /// What other programs speak with
    #[command(subcommand)]
    Api(api::ApiCommand),
    /// The journal of what was decided and done
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Serve a team: the console with TLS, for people with tokens
    #[command(after_help = serve::EXAMPLES)]
    Serve(Box<serve::ServeArgs>),
    /// The clusters of the kubeconfig
    Contexts,
    /// Who the API server says you are
    Whoami,
    /// The configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// The versions of this program, of its agents' protocol, and the agent's image in it
    Version,
    /// What Wireshark asks of a capture program
    #[command(hide = true)]
    Extcap(extcap::ExtcapArgs),
}

/// `qd console`
#[derive(Clone, Debug, Default, Args)]
pub struct ConsoleArgs {
    /// Address to listen on (loopback only); else 127.0.0.1:5050, or a free port when that is taken
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Do not open the browser
    #[arg(long)]
    pub no_open: bool,
    /// Run the operator of workspaces, too: it says what it installs in the cluster, and asks
    #[arg(long)]
    pub with_operator: bool,
}

/// `qd get`
#[derive(Clone, Debug, Args)]
pub struct GetArgs {
    /// Kind: plural, singular, short name or plural.group
    pub kind: String,
    /// Only the object of this name
    pub name: Option<String>,
    /// Namespace; else that of the context
    #[arg(long, short)]
    pub namespace: Option<String>,
    /// All namespaces
    #[arg(long, short = 'A', conflicts_with = "namespace")]
    pub all_namespaces: bool,
    /// Label selector: `app=front,tier!=db`
    #[arg(long, short = 'l', value_name = "SELECTOR")]
    pub selector: Option<String>,
    /// Only rows for which this holds: `restarts > 3 and status != "Running"`
    #[arg(long = "where", value_name = "EXPR")]
    pub where_expr: Option<String>,
    /// Sort by this column; `-COLUMN` for the largest first
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    pub sort: Option<String>,
    /// Go on with every change
    #[arg(long, short = 'w')]
    pub watch: bool,
    /// Without the heading
    #[arg(long)]
    pub no_headers: bool,
    /// With the labels as a last column
    #[arg(long)]
    pub show_labels: bool,
}

/// Names objects of one kind: `KIND NAME…` or `KIND/NAME…`.
#[derive(Clone, Debug, Args)]
pub struct TargetArgs {
    /// `KIND NAME…` or `KIND/NAME…`
    #[arg(required = true, value_name = "KIND NAME | KIND/NAME")]
    pub targets: Vec<String>,
    /// Namespace; else that of the context
    #[arg(long, short)]
    pub namespace: Option<String>,
    /// Show the plan and stop
    #[arg(long)]
    pub plan: bool,
}

/// `qd delete`
#[derive(Clone, Debug, Args)]
pub struct DeleteArgs {
    /// Which.
    #[command(flatten)]
    pub target: TargetArgs,
    /// What becomes of dependents
    #[arg(long, value_enum)]
    pub cascade: Option<Cascade>,
    /// Seconds that pods get to stop
    #[arg(long, value_name = "SECONDS")]
    pub grace_period: Option<u32>,
}

/// What becomes of dependents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Cascade {
    /// Deleted afterwards.
    Background,
    /// Deleted first.
    Foreground,
    /// Left.
    Orphan,
}

/// `qd scale`
#[derive(Clone, Debug, Args)]
pub struct ScaleArgs {
    /// Which.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Replicas wanted
    #[arg(long)]
    pub replicas: u32,
}

/// `qd audit`
#[derive(Clone, Debug, Subcommand)]
pub enum AuditCommand {
    /// Entries, newest first
    Query {
        /// Only actions of this name, or of several with commas between them: `object:delete`
        #[arg(long)]
        action: Option<String>,
        /// Only entries about this object: CLUSTER/KIND/NAMESPACE/NAME
        #[arg(long)]
        object: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Check every hash chain; a broken one is exit 1 with the place
    Verify,
}

/// `qd config`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say whether the configuration is right
    Check,
    /// Print the configuration in force
    Show,
}

const EX_CONSOLE: &str = "Examples:
  qd                                    the console on all contexts of your kubeconfig
  qd console --no-open                  only print the URL
  qd console --with-operator            keep the workspaces of the current context
  qd --read-only                        look, change nothing";

const EX_GET: &str = "Examples:
  qd get pods -A                        pods of all namespaces
  qd get deploy -n shop -o wide         what kubectl get -o wide prints
  qd get pods -A --where 'restarts > 3 and age < 1h' --sort -restarts
  qd get nodes -o jsonl                 rows for scripts";

const EX_DELETE: &str = "Examples:
  qd delete pod front-7c9 -n shop
  qd delete deploy/front deploy/cart -n shop --plan
  qd delete ns old --confirm old        in a production context";

const EX_SCALE: &str = "Examples:
  qd scale deploy front -n shop --replicas 3
  qd scale sts/store -n data --replicas 0 --plan";

const EX_RESTART: &str = "Examples:
  qd restart deploy front -n shop
  qd restart ds/agent -n platform --yes";
