//! The `socket` record: a socket of the kernel's table, where packets may not be captured.

use crate::json::Object;

/// A socket as the kernel knows it.
#[derive(Clone, Copy, Debug)]
pub struct SocketRecord {
    /// Its state by the kernel's name; `closed` in the last record of a socket.
    pub state: &'static str,
    /// `tcp` or `udp`.
    pub proto: &'static str,
    /// Bytes that the process has not read; of a listening socket connections that it has not taken.
    pub recvq: u64,
    /// Bytes that the other side has not acknowledged; of a listening socket the longest queue.
    pub sendq: u64,
    /// The user it belongs to.
    pub uid: u64,
    /// Its inode, by which its process can be found.
    pub inode: Option<u64>,
    /// What TCP measures.
    pub tcp: Option<TcpRecord>,
}

/// What TCP measures of a connection. Counters are those of its whole life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpRecord {
    /// The smoothed round trip, in microseconds.
    pub rtt_us: u64,
    /// How much it varies, in microseconds.
    pub rttvar_us: u64,
    /// Segments sent again.
    pub retrans: u64,
    /// Segments that are taken for lost now.
    pub lost: u64,
    /// Segments received.
    pub segs_in: u64,
    /// Segments sent.
    pub segs_out: u64,
    /// Bytes sent and acknowledged.
    pub bytes_acked: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// The rate at which bytes were delivered lately, in bits a second.
    pub delivery_bps: u64,
    /// Segments that may be on the way.
    pub cwnd: u64,
    /// The longest packet of the path.
    pub pmtu: u64,
}

impl SocketRecord {
    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object.text("state", self.state);
        object.text("proto", self.proto);
        object.uint("recvq", self.recvq);
        object.uint("sendq", self.sendq);
        if let Some(tcp) = &self.tcp {
            object.uint("rtt_us", tcp.rtt_us);
            object.uint("rttvar_us", tcp.rttvar_us);
            object.uint("retrans", tcp.retrans);
            object.uint("lost", tcp.lost);
            object.uint("segs_in", tcp.segs_in);
            object.uint("segs_out", tcp.segs_out);
            object.uint("bytes_acked", tcp.bytes_acked);
            object.uint("bytes_received", tcp.bytes_received);
            object.uint("delivery_bps", tcp.delivery_bps);
            object.uint("cwnd", tcp.cwnd);
            object.uint("pmtu", tcp.pmtu);
        }
        object.uint("uid", self.uid);
        object.maybe("inode", self.inode);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{Envelope, FlowId, Marks, Record};

    #[test]
    fn cap_n_32d_a_socket_is_told_by_the_published_schema() {
        let flow = FlowId(7);
        let (id, marks) = (flow.record(0), Marks::default());
        let envelope = Envelope {
            seq: 0,
            id,
            ts_us: 1,
            flow: Some(flow),
            src: None,
            dst: None,
            vantage: None,
            iface: 0,
            marks,
            names: [None; 2],
        };
        let bare = SocketRecord { state: "listen", proto: "tcp", recvq: 0, sendq: 5, uid: 0, inode: None, tcp: None };
        let whole = SocketRecord { state: "closed", inode: Some(9), tcp: Some(TcpRecord::default()), ..bare };
        for record in [bare, whole] {
            let mut line = Vec::new();
            Record::Socket(&record).write_json(&envelope, &mut line);
            crate::schema::check(&serde_json::from_slice(&line).unwrap());
        }
    }
}
