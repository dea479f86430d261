//! The grammar of `qd filter`.

use clap::Args;
use pcap::LinkType;

/// `qd filter`
#[derive(Clone, Debug, Args)]
pub struct FilterArgs {
    /// The filter: `tcp port 80 and host 10.0.0.1`; without one, every packet matches
    #[arg(value_name = "EXPR", default_value = "", hide_default_value = true)]
    pub expression: String,
    /// Make the filter from words; off until a provider is configured
    #[arg(long, value_name = "WORDS", conflicts_with = "expression")]
    pub ask: Option<String>,
    /// Link type of the packets: EN10MB, RAW, LINUX_SLL, LINUX_SLL2, NULL, LOOP, IPV4, IPV6, or a number
    #[arg(long, value_name = "TYPE", default_value = "EN10MB", value_parser = link_type)]
    pub linktype: LinkType,
    /// Bytes to keep of a packet that matches
    #[arg(long, value_name = "BYTES", default_value_t = bpf::SNAPLEN, value_parser = clap::value_parser!(u32).range(1..))]
    pub snaplen: u32,
    /// The program in decimal, as `tcpdump -ddd` prints it
    #[arg(long)]
    pub ddd: bool,
    /// What the filter says, in words
    #[arg(long, conflicts_with = "ddd")]
    pub explain: bool,
}

fn link_type(text: &str) -> Result<LinkType, String> {
    if let Ok(number) = text.parse() {
        return Ok(LinkType(number));
    }
    let upper = text.to_ascii_uppercase();
    LINK_TYPES
        .iter()
        .find(|(name, _)| upper.strip_prefix("DLT_").unwrap_or(&upper) == *name)
        .map(|(_, link)| *link)
        .ok_or_else(|| {
            let names: Vec<_> = LINK_TYPES.iter().map(|(name, _)| *name).collect();
            format!("no such link type: one of {}, or a number", names.join(", "))
        })
}

const LINK_TYPES: &[(&str, LinkType)] = &[
    ("EN10MB", LinkType::ETHERNET),
    ("RAW", LinkType::RAW),
    ("LINUX_SLL", LinkType::SLL),
    ("LINUX_SLL2", LinkType::SLL2),
    ("NULL", LinkType::NULL),
    ("LOOP", LinkType::LOOP),
    ("IPV4", LinkType::IPV4),
    ("IPV6", LinkType::IPV6),
];

/// Examples of the help.
pub const EXAMPLES: &str = "Examples:
  qd filter 'tcp port 80 or 443'                    the program, as tcpdump -d prints it
  qd filter --explain 'port 53 and not host 10.0.0.1'
  qd filter --ddd --linktype RAW 'icmp' > icmp.bpf  for programs that attach it";
