//! The grammar of `qd blueprint`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `qd blueprint`
#[derive(Clone, Debug, Subcommand)]
pub enum BlueprintCommand {
    /// List the blueprints there are
    #[command(after_help = EX_LIST)]
    List(ListArgs),
    /// Show one as it is asked for: its parents, parameters and presets
    #[command(after_help = EX_SHOW)]
    Show(ShowArgs),
    /// Check blueprints: every problem with its place
    #[command(alias = "lint", after_help = EX_VALIDATE)]
    Validate(ValidateArgs),
    /// Print what a workspace would be made from, each field with the layer it comes from
    #[command(after_help = EX_RESOLVE)]
    Resolve(ResolveArgs),
    /// Print the objects of a workspace as the operator would apply them
    #[command(after_help = EX_RENDER)]
    Render(RenderArgs),
    /// Say why a field is what it is
    #[command(after_help = EX_EXPLAIN)]
    Explain(ExplainArgs),
    /// Show in which fields two workspaces differ: by blueprint, user, repository or time
    #[command(after_help = EX_DIFF)]
    Diff(DiffArgs),
    /// Run fixtures: who asks for what, and what it has to be
    #[command(after_help = EX_TEST)]
    Test(TestArgs),
    /// Show how it goes with a new revision of a blueprint in the cluster, which serves some alone
    #[command(after_help = EX_ROLLOUT)]
    Rollout(RolledArgs),
    /// Have the newest revision of a blueprint in the cluster serve everybody
    #[command(after_help = EX_PROMOTE)]
    Promote(RolledArgs),
    /// Have the newest revision of a blueprint in the cluster serve nobody anew
    #[command(after_help = EX_HOLD)]
    Hold(RolledArgs),
    /// Have a revision that was held go on as its blueprint says
    #[command(after_help = EX_RESUME)]
    Resume(RolledArgs),
}

impl BlueprintCommand {
    /// Whether it is about a blueprint in the cluster.
    #[must_use]
    pub const fn asks_cluster(&self) -> bool {
        matches!(self, Self::Rollout(_) | Self::Promote(_) | Self::Hold(_) | Self::Resume(_))
    }
}

/// A blueprint in the cluster
#[derive(Clone, Debug, Args)]
pub struct RolledArgs {
    /// The blueprint
    pub name: String,
    /// The Blueprint of this namespace; the platform's ClusterBlueprint when left out
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,
}

/// Where blueprints are, and what the platform says for all of them.
#[derive(Clone, Debug, Args)]
pub struct Sources {
    /// Files or folders of the organization's blueprints, which shadow the platform's
    #[arg(long, value_name = "PATH")]
    pub org: Vec<PathBuf>,
    /// Registry of images whose name has no host part
    #[arg(long, value_name = "HOST")]
    pub registry: Option<String>,
    /// What env(NAME) gives in expressions; the environment of this process is never read
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub env: Vec<(String, String)>,
}

/// `qd blueprint list`
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    /// Files or folders of the platform's blueprints
    #[arg(value_name = "PATH", default_value = "blueprints")]
    pub paths: Vec<PathBuf>,
    /// What holds for all.
    #[command(flatten)]
    pub sources: Sources,
}

/// `qd blueprint show`
#[derive(Clone, Debug, Args)]
pub struct ShowArgs {
    /// The blueprint
    pub name: String,
    /// Files or folders of the platform's blueprints
    #[arg(long = "from", value_name = "PATH", default_value = "blueprints")]
    pub from: Vec<PathBuf>,
    /// What holds for all.
    #[command(flatten)]
    pub sources: Sources,
}

/// `qd blueprint validate`
#[derive(Clone, Debug, Args)]
pub struct ValidateArgs {
    /// Files or folders
    #[arg(value_name = "PATH", default_value = "blueprints")]
    pub paths: Vec<PathBuf>,
    /// What holds for all.
    #[command(flatten)]
    pub sources: Sources,
}

/// Who asks for a workspace, and how it is to be.
#[derive(Clone, Debug, Args)]
pub struct Ask {
    /// Files or folders of the platform's blueprints
    #[arg(long = "from", value_name = "PATH", default_value = "blueprints")]
    pub from: Vec<PathBuf>,
    /// What holds for all.
    #[command(flatten)]
    pub sources: Sources,
    /// Who asks: a file with the user's fields, the fields as a JSON map, or plain, admin, odd-digits, odd-long, odd-dots
    #[arg(long, value_name = "FILE|MAP|NAME", default_value = "plain")]
    pub user: String,
    /// A parameter of the blueprint
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    pub params: Vec<(String, String)>,
    /// A preset of parameters
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
    /// The repository's file: .quarterdeck.yaml, .k8shell.yaml
    #[arg(long, value_name = "FILE")]
    pub repo: Option<PathBuf>,
    /// Owner and name of the repository; else those of the folders above its file
    #[arg(long, value_name = "OWNER/NAME", requires = "repo")]
    pub repo_name: Option<String>,
    /// Ref of the repository
    #[arg(long = "ref", value_name = "REF", requires = "repo", default_value = "", hide_default_value = true)]
    pub reference: String,
    /// The workspace's own changes
    #[arg(long, value_name = "FILE")]
    pub overrides: Option<PathBuf>,
    /// The cluster's name, for expressions
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub on: String,
}

/// `qd blueprint resolve`
#[derive(Clone, Debug, Args)]
pub struct ResolveArgs {
    /// The blueprint; else that of the repository's file, or the first that the user may have
    pub name: Option<String>,
    /// Who asks.
    #[command(flatten)]
    pub ask: Ask,
    /// Without the comments
    #[arg(long)]
    pub plain: bool,
}

/// `qd blueprint render`
#[derive(Clone, Debug, Args)]
pub struct RenderArgs {
    /// The blueprint; else that of the repository's file, or the first that the user may have
    pub name: Option<String>,
    /// Who asks.
    #[command(flatten)]
    pub ask: Ask,
    /// Namespace of the objects
    #[arg(short, long, value_name = "NAME", default_value = "default")]
    pub namespace: String,
    /// Image of the agent
    #[arg(long, value_name = "IMAGE", default_value_t = format!("quarterdeck/qd-agent-workspaced:{}", env!("CARGO_PKG_VERSION")))]
    pub agent_image: String,
    /// One node, whose control plane may run workspaces
    #[arg(long)]
    pub single_node: bool,
}

/// `qd blueprint explain`
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// The blueprint
    pub name: String,
    /// The field: /resources/cpu
    pub pointer: String,
    /// Who asks.
    #[command(flatten)]
    pub ask: Ask,
}

/// `qd blueprint diff`
#[derive(Clone, Debug, Args)]
pub struct DiffArgs {
    /// The blueprint
    pub name: String,
    /// The other one; else the same, with what `--with-…` says
    pub other: Option<String>,
    /// Who asks.
    #[command(flatten)]
    pub ask: Ask,
    /// Blueprints of the other side: another state of the same files
    #[arg(long, value_name = "PATH")]
    pub with_from: Vec<PathBuf>,
    /// User of the other side
    #[arg(long, value_name = "FILE|MAP|NAME")]
    pub with_user: Option<String>,
    /// A parameter of the other side
    #[arg(long = "with-param", value_name = "NAME=VALUE", value_parser = pair)]
    pub with_params: Vec<(String, String)>,
    /// Repository's file of the other side
    #[arg(long, value_name = "FILE")]
    pub with_repo: Option<PathBuf>,
}

/// `qd blueprint test`
#[derive(Clone, Debug, Args)]
pub struct TestArgs {
    /// Folders with blueprints and fixtures (*.test.yaml), or fixtures alone
    #[arg(value_name = "PATH", default_value = "blueprints")]
    pub paths: Vec<PathBuf>,
    /// Files or folders of the platform's blueprints; else those of the fixtures' own folder
    #[arg(long = "from", value_name = "PATH")]
    pub from: Vec<PathBuf>,
    /// A configuration whose rules on what workspaces are made of ([[policy.provision]]) say their verdict
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// What holds for all.
    #[command(flatten)]
    pub sources: Sources,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("NAME=VALUE is expected".to_owned()),
    }
}

const EX_LIST: &str = "Examples:
  qd blueprint list                              the folder ./blueprints
  qd blueprint list platform/ --org team.yaml -o jsonl";

const EX_SHOW: &str = "Examples:
  qd blueprint show go
  qd blueprint show go --from platform/ -o json";

const EX_VALIDATE: &str = "Examples:
  qd blueprint validate                          the folder ./blueprints
  qd blueprint validate platform/ --org team.yaml -o jsonl";

const EX_RESOLVE: &str = "Examples:
  qd blueprint resolve go --user admin --param CPU=2
  qd blueprint resolve --repo ~/work/shop/.k8shell.yaml --repo-name acme/shop --ref main
  qd blueprint resolve go --user '{\"username\": \"ada\", \"roles\": [\"dev\"]}' -o json";

const EX_RENDER: &str = "Examples:
  qd blueprint render go -n team                 pod, services, claims and the rest, as YAML
  qd blueprint render go -n team -o json | kubectl apply --dry-run=server -f -";

const EX_EXPLAIN: &str = "Examples:
  qd blueprint explain go /resources/cpu         why is my CPU 2?
  qd blueprint explain go /env/GOFLAGS --repo .k8shell.yaml";

const EX_DIFF: &str = "Examples:
  qd blueprint diff go rust
  qd blueprint diff go --with-user admin
  qd blueprint diff go --with-from ../before/blueprints";

const EX_TEST: &str = "Examples:
  qd blueprint test                              fixtures in ./blueprints
  qd blueprint test ci/team.test.yaml --from platform/";

const EX_ROLLOUT: &str = "Examples:
  qd blueprint rollout go                        how the platform's blueprint go is rolled out
  qd blueprint rollout go -n lab -o json";

const EX_PROMOTE: &str = "Examples:
  qd blueprint promote go";

const EX_HOLD: &str = "Examples:
  qd blueprint hold go -n lab";

const EX_RESUME: &str = "Examples:
  qd blueprint resume go";
