//! Why a packet could not be read: counted by reason in `stats.malformed`, the first of each kind is an anomaly.

/// A reason; its position is that of its counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    Link,
    LinkType,
    Tags,
    IpHeader,
    IpLength,
    IpChecksum,
    Extensions,
    FragmentOverlap,
    FragmentSize,
    FragmentTable,
    Tunnel,
    Tcp,
    TcpChecksum,
    Udp,
    Icmp,
}

/// Counters of all reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MalformedCounts {
    counts: [u64; Malformed::ALL.len()],
}

impl Malformed {
    const ALL: [Self; 15] = [
        Self::Link,
        Self::LinkType,
        Self::Tags,
        Self::IpHeader,
        Self::IpLength,
        Self::IpChecksum,
        Self::Extensions,
        Self::FragmentOverlap,
        Self::FragmentSize,
        Self::FragmentTable,
        Self::Tunnel,
        Self::Tcp,
        Self::TcpChecksum,
        Self::Udp,
        Self::Icmp,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Link => "link_header",
            Self::LinkType => "link_type",
            Self::Tags => "link_tags",
            Self::IpHeader => "ip_header",
            Self::IpLength => "ip_length",
            Self::IpChecksum => "ip_checksum",
            Self::Extensions => "ip_extensions",
            Self::FragmentOverlap => "fragment_overlap",
            Self::FragmentSize => "fragment_size",
            Self::FragmentTable => "fragment_table",
            Self::Tunnel => "tunnel_depth",
            Self::Tcp => "tcp_header",
            Self::TcpChecksum => "tcp_checksum",
            Self::Udp => "udp_header",
            Self::Icmp => "icmp_header",
        }
    }
}

impl MalformedCounts {
    /// Counts one and says how many there are now.
    pub(crate) fn add(&mut self, reason: Malformed) -> u64 {
        match self.counts.get_mut(reason as usize) {
            Some(count) => {
                *count += 1;
                *count
            }
            None => 0,
        }
    }

    /// Names and counts of the reasons that occurred.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        Malformed::ALL
            .iter()
            .zip(self.counts)
            .filter(|(_, count)| *count > 0)
            .map(|(reason, count)| (reason.name(), count))
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}
