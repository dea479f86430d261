//! The grammar of `qd tap`.

use super::live::LiveArgs;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `qd tap`
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct TapArgs {
    /// Another view of a capture
    #[command(subcommand)]
    pub command: Option<TapCommand>,
    /// What to read, and what of it.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Which running pods, where no file is read.
    #[command(flatten)]
    pub live: LiveArgs,
    /// Only these members of each record, with commas: `ts,src.ip,method,path,status`; the columns of table and CSV
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub fields: Vec<String>,
    /// In which order records come: as they are done, or by their start (keeps them all until the end)
    #[arg(long, value_enum, value_name = "ORDER", default_value_t = Order::Done)]
    pub order: Order,
    /// Write the packets to this file (`-` is stdout, `s3://BUCKET/NAME` an object) as well: of the records chosen, when some are
    #[arg(long, short = 'w', value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// Packets stay when the tap has ended: in a file of the state folder, or with --ui those that the view has
    #[arg(long, conflicts_with_all = ["read", "write"])]
    pub keep: bool,
    /// `off`: packets go to that file and nothing is told of them
    #[arg(long, value_enum, value_name = "WHETHER", default_value_t = Told::On, requires_if("off", "write"))]
    pub records: Told,
    /// Form of that file
    #[arg(long, value_enum, value_name = "FORM", default_value_t = FileForm::Pcapng)]
    pub format: FileForm,
    /// Begin another file after so many bytes and keep the newest ones: `100M,10`
    #[arg(long, value_name = "SIZE[,COUNT]", requires = "write", conflicts_with = "read")]
    pub rotate: Option<Rotate>,
    /// On a full disk: keep no more packets and go on with records, or delete the oldest file of --rotate; else the tap
    /// fails. With --ui, of what the view keeps
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "read")]
    pub on_full: Option<OnFull>,
    /// End when so many bytes of packets are written: `1G`
    #[arg(long, value_name = "SIZE", requires = "write", conflicts_with = "read", value_parser = size)]
    pub limit_size: Option<u64>,
    /// Go on reading when the file grows, until Ctrl-C
    #[arg(long, conflicts_with = "write")]
    pub follow: bool,
    /// Where objects of `--write s3://…` are, as configured
    #[arg(skip)]
    pub s3: crate::tap::S3,
}

impl TapArgs {
    /// It is about a running cluster, not about files.
    #[must_use]
    pub fn is_live(&self) -> bool {
        match &self.command {
            Some(TapCommand::Doctor(_) | TapCommand::List(_) | TapCommand::Clean(_)) => true,
            Some(_) => self.is_local(),
            None => self.read.read.is_none(),
        }
    }
}

impl TapArgs {
    /// It asks processes of this machine alone.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self.command, Some(TapCommand::Stop(_) | TapCommand::Show(_) | TapCommand::Join(_)))
    }

    /// It is the guard of a tap.
    #[must_use]
    pub fn is_guard(&self) -> bool {
        matches!(self.command, Some(TapCommand::Guard))
    }
}

/// What happens when the disk is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnFull {
    /// The oldest packets make room.
    Drop,
    /// No more packets are kept; records go on.
    Stop,
}

/// When another file is begun, and how many stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotate {
    /// Bytes of a file.
    pub size: u64,
    /// Files that are kept; all without.
    pub count: Option<usize>,
}

impl std::str::FromStr for Rotate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (bytes, count) = text.split_once(',').map_or((text, None), |(bytes, count)| (bytes, Some(count)));
        let count = count.map(|count| match count.parse() {
            Ok(count @ 1..) => Ok(count),
            _ => Err("write how many files are kept: `100M,10`".to_owned()),
        });
        let size = size(bytes)?;
        if size < LEAST_FILE {
            return Err(format!("a file has at least {} K", LEAST_FILE >> 10));
        }
        Ok(Self { size, count: count.transpose()? })
    }
}

/// Bytes, with K, M or G behind the number for powers of 1024.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let upper = text.trim().to_ascii_uppercase();
    let (number, shift) = match upper.char_indices().last() {
        Some((at, 'K')) => (upper.get(..at), 10),
        Some((at, 'M')) => (upper.get(..at), 20),
        Some((at, 'G')) => (upper.get(..at), 30),
        _ => (Some(upper.as_str()), 0),
    };
    let number: Option<u64> = number.and_then(|number| number.parse().ok());
    number
        .and_then(|number| number.checked_mul(1 << shift))
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "write bytes, like 500000, 64K, 100M or 1G".to_owned())
}

/// A file that is rotated has room for what describes its interfaces.
const LEAST_FILE: u64 = 64 << 10;

/// What every view of a capture is told.
#[derive(Clone, Debug, Args)]
pub struct ReadArgs {
    /// The capture: pcap or pcapng, plain or compressed with gzip or zstd; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub read: Option<PathBuf>,
    /// Only packets that this capture filter takes: `tcp port 80 and host 10.0.0.1`
    #[arg(long, short = 'f', value_name = "BPF")]
    pub filter: Option<String>,
    /// Only records for which this holds: `status >= 500 and host = "shop"`
    #[arg(long = "where", visible_alias = "select", value_name = "EXPR")]
    pub where_expr: Option<String>,
    /// Only these protocols or kinds of record, with commas: `http,dns`
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub proto: Vec<String>,
    /// Key log of TLS connections, as SSLKEYLOGFILE makes it
    #[arg(long, value_name = "FILE")]
    pub keylog: Option<PathBuf>,
    /// A `.proto` file or a set of descriptors: messages of gRPC are shown with its names. Once for each file
    #[arg(long, value_name = "FILE")]
    pub proto_file: Vec<PathBuf>,
    /// Bytes of each body to show, at most 262144
    #[arg(long, value_name = "BYTES", default_value_t = 4096)]
    pub body: usize,
    /// Show secrets: nothing is replaced by a mark
    #[arg(long)]
    pub no_redact: bool,
    /// Look into VXLAN, Geneve, GRE and IP in IP
    #[arg(long)]
    pub decap: bool,
    /// Leave out packets whose checksums are wrong
    #[arg(long)]
    pub checksums: bool,
}

/// Views of a capture, and what belongs to taps.
#[derive(Clone, Debug, Subcommand)]
pub enum TapCommand {
    /// Counts and latencies of a capture
    Stats(ReadArgs),
    /// HTTP transactions as an HTTP archive (HAR 1.2)
    Har(ReadArgs),
    /// Who talks to whom in a capture: rate, errors, latencies, bytes
    Map(MapArgs),
    /// What is different between two captures: endpoints, status, latency, headers, bodies
    Diff(DiffArgs),
    /// Whether a file of packets is as it was written, by the manifest beside it
    Verify(VerifyArgs),
    /// Whether a tap would work here, and which rights it lacks
    Doctor(DoctorArgs),
    /// Agents in pods: those that run, and how many ran before
    List(ListArgs),
    /// Running taps of yours on this machine, with their pods and counters
    Show(ShowArgs),
    /// The records of a running tap of yours, from now on
    Join(JoinArgs),
    /// End running taps, as Ctrl-C in their terminals does
    Stop(StopArgs),
    /// End agents that no tap leads any more
    Clean(CleanArgs),
    /// Ends a tap's agents when its process is killed
    #[command(hide = true)]
    Guard,
    /// Write the image of the capture agent, for a registry or a node
    Image(ImageArgs),
}

/// `qd tap map`
#[derive(Clone, Debug, Args)]
pub struct MapArgs {
    /// Which capture.
    #[command(flatten)]
    pub read: ReadArgs,
    /// As a graph in the language of Graphviz
    #[arg(long)]
    pub dot: bool,
}

/// `qd tap diff`
#[derive(Clone, Debug, Args)]
pub struct DiffArgs {
    /// The capture before
    #[arg(value_name = "BEFORE")]
    pub before: PathBuf,
    /// The capture after
    #[arg(value_name = "AFTER")]
    pub after: PathBuf,
    /// Only packets that this capture filter takes
    #[arg(long, short = 'f', value_name = "BPF")]
    pub filter: Option<String>,
    /// Only records for which this holds
    #[arg(long = "where", visible_alias = "select", value_name = "EXPR")]
    pub where_expr: Option<String>,
    /// Only these protocols, with commas: `http,dns`
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub proto: Vec<String>,
    /// Key log of TLS connections of both
    #[arg(long, value_name = "FILE")]
    pub keylog: Option<PathBuf>,
    /// How sure a shift has to be to be told, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 95.0)]
    pub confidence: f64,
}

/// `qd tap verify`
#[derive(Clone, Debug, Args)]
pub struct VerifyArgs {
    /// The file of packets
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Its manifest; else FILE.manifest
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
}

/// `qd tap doctor`
#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    /// These namespaces, with commas; the context's unless said
    #[arg(long, short, value_name = "NAME", value_delimiter = ',')]
    pub namespace: Vec<String>,
    /// The pod on which the container is tried; else one that runs
    #[arg(long, value_name = "NAME")]
    pub pod: Option<String>,
    /// The agent's image
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
}

/// `qd tap list`
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    /// Pods of this namespace; the context's unless said
    #[arg(long, short, value_name = "NAME", conflicts_with = "all_namespaces")]
    pub namespace: Option<String>,
    /// Pods with these labels
    #[arg(long, short = 'l', value_name = "SELECTOR")]
    pub selector: Option<String>,
    /// Pods of every namespace
    #[arg(long, short = 'A')]
    pub all_namespaces: bool,
    /// Those that have ended as well
    #[arg(long)]
    pub ended: bool,
}

/// `qd tap show`
#[derive(Clone, Debug, Args)]
pub struct ShowArgs {
    /// The tap, by the first digits of its id; all unless said
    #[arg(value_name = "ID")]
    pub id: Option<String>,
}

/// `qd tap join`
#[derive(Clone, Debug, Args)]
pub struct JoinArgs {
    /// The tap, by the first digits of its id; the only one unless said
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Only records for which this holds
    #[arg(long = "where", visible_alias = "select", value_name = "EXPR")]
    pub where_expr: Option<String>,
    /// Only these protocols or kinds of record, with commas: `http,dns`
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub proto: Vec<String>,
    /// Only these members of each record, with commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub fields: Vec<String>,
    /// End after so many records
    #[arg(long, value_name = "COUNT")]
    pub count: Option<u64>,
}

/// `qd tap stop`
#[derive(Clone, Debug, Args)]
pub struct StopArgs {
    /// The tap, by the first digits of its id; the only one unless said
    #[arg(value_name = "ID", conflicts_with = "all")]
    pub id: Option<String>,
    /// All of them
    #[arg(long)]
    pub all: bool,
}

/// `qd tap clean`
#[derive(Clone, Debug, Args)]
pub struct CleanArgs {
    /// In pods of this namespace; the context's unless said
    #[arg(long, short, value_name = "NAME", conflicts_with = "all_namespaces")]
    pub namespace: Option<String>,
    /// In pods of every namespace
    #[arg(long, short = 'A')]
    pub all_namespaces: bool,
    /// Agents of this owner as well, by the first 8 digits of his key or more; may be given again
    #[arg(long, value_name = "KEY")]
    pub owner: Vec<String>,
}

/// `qd tap image`
#[derive(Clone, Debug, Args)]
pub struct ImageArgs {
    /// Write the archive here, `-` for stdout (`--output FILE` says the same); without it, tell what there is
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// For these processors: amd64, arm64; else this machine's
    #[arg(long, value_name = "ARCH")]
    pub arch: Option<String>,
}

/// Whether there are records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Told {
    /// Of everything that is seen.
    On,
    /// Packets alone.
    Off,
}

/// In which order records come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// As they are done.
    Done,
    /// By their start.
    Start,
}

/// Form of a file of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FileForm {
    /// With names, keys and comments.
    Pcapng,
    /// Classic, microseconds.
    Pcap,
    /// Classic, nanoseconds.
    PcapNs,
}

pub(super) const EXAMPLES: &str = "Examples:
  qd tap --read shop.pcapng                       one line for each transaction
  qd tap --read shop.pcapng -o jsonl              the records, one a line
  qd tap --read shop.pcapng -f 'tcp port 80'      only these packets
  tcpdump -w - -U | qd tap --read - -o jsonl      while it is captured
  qd tap --read shop.pcap.zst --where 'status >= 500' --fields ts,host,path,status -o csv
  qd tap --read tls.pcapng --keylog keys.log --proto http
  qd tap --read grpc.pcapng --proto-file shop.proto --proto http
  qd tap --read all.pcapng --where 'host = \"shop\"' --write shop.pcapng
  qd tap stats --read shop.pcapng                 counts and latencies
  qd tap har --read shop.pcapng > shop.har
  qd tap map --read shop.pcapng                   who talks to whom
  qd tap diff before.pcapng after.pcapng          what is different
  qd tap -n shop -l app=front --write - | wireshark -k -i -
  qd tap doctor -n shop                           whether a tap would work there
  qd tap image --output agent.tar                 the agent's image, for a registry";

#[cfg(test)]
mod tests;
