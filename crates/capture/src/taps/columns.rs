//! The columns of both lists: taps, and the records of one.

use api::ColumnType;
use api::socket::Column;
use std::sync::Arc;
use table::Schema;

/// Declares columns with the number of each.
macro_rules! columns {
    ($schema:ident whose $whose:expr; $($name:ident = $at:literal, $id:literal, $title:literal, $ty:ident, $width:literal, $wide:literal, $help:literal;)+) => {
        $(pub(in crate::taps) const $name: usize = $at;)+

        pub(in crate::taps) fn $schema() -> Arc<Schema> {
            let column = |id: &str, title: &str, ty, width, wide, help: &str| Column {
                id: id.to_owned(),
                title: title.to_owned(),
                ty,
                wide,
                extra: false,
                absent: String::new(),
                width,
                help: help.to_owned(),
            };
            Schema::with_whose(vec![$(column($id, $title, ColumnType::$ty, $width, $wide, $help)),+], true, $whose)
        }
    };
}

/// Of a record.
pub(super) mod record {
    use super::*;

    columns! { schema whose &[NAMESPACE, POD, SOURCE, TARGET, HOST];
        TIME = 0, "time", "Time", Clock, 12, false, "When it began.";
        SOURCE = 1, "source", "Source", Text, 28, false, "Who asked: a pod, a name, or an address.";
        DESTINATION = 2, "destination", "Destination", Text, 32, false, "Who was asked, with the port.";
        PROTOCOL = 3, "protocol", "Protocol", Text, 9, false, "The innermost protocol.";
        REQUEST = 4, "request", "Request", Text, 48, false, "What was asked: method and path, statement, command, name.";
        STATUS = 5, "status", "Status", Status, 10, false, "What came of it.";
        WAIT = 6, "wait", "Wait", Micros, 8, false, "From the end of the request to the begin of the answer; for others the latency or handshake.";
        TOTAL = 7, "total", "Total", Micros, 8, false, "From the first byte to the last.";
        UP = 8, "up", "Up", Bytes, 7, false, "Bytes to the server, without headers where these are known.";
        DOWN = 9, "down", "Down", Bytes, 7, false, "Bytes from the server, likewise.";
        FLAGS = 10, "flags", "Flags", Text, 16, false, "What is partial, cut, redacted, encrypted or odd about it.";
        POD = 11, "pod", "Pod", Text, 28, true, "The pod in which it was seen.";
        NAMESPACE = 12, "namespace", "Namespace", Text, 16, true, "The namespace of that pod.";
        NODE = 13, "node", "Node", Text, 18, true, "The node of that pod.";
        CONTAINER = 14, "container", "Container", Text, 16, true, "The container whose process it was.";
        TRACE = 15, "trace", "Trace id", Text, 34, true, "The trace that it belongs to.";
        VERDICT = 16, "verdict", "Verdict", Text, 18, true, "Whether the connection can be read, and why not.";
        VANTAGE = 17, "vantage", "Vantage", Text, 8, true, "Whether it was seen at its client or its server.";
        RETRANS = 18, "retransmits", "Retransmits", Int, 6, true, "Segments of the connection that were sent again.";
        ERROR = 19, "error", "Error", Bool, 6, true, "It failed: status from 400, an error, a reset.";
        PARTIAL = 20, "partial", "Partial", Bool, 6, true, "A part of it was not seen.";
        OWN = 21, "own", "Own", Bool, 6, true, "Traffic of the tap itself.";
        FLOW = 22, "flow", "Flow", Text, 34, true, "The connection that it belongs to.";
        NAME = 23, "name", "Id", Text, 12, true, "Its id in this tap.";
        HOST = 24, "host", "Host", Text, 24, true, "The host that was asked for by name.";
        SRC = 25, "src", "Source address", Text, 16, true, "The address of who asked.";
        DST = 26, "dst", "Destination address", Text, 16, true, "The address that was asked.";
        SERVICE = 27, "service", "Service", Text, 20, true, "The service that was asked.";
        TARGET = 28, "target", "Destination pod", Text, 28, true, "The pod that was asked.";
        URL = 29, "url", "URL", Text, 48, true, "Host and path that were asked for.";
        PACKETS = 30, "packets", "Packets", Int, 8, true, "Packets of the connection, both ways.";
        RATE = 31, "rate", "Bytes/s", Bytes, 8, true, "Bytes a second that the connection carried, both ways.";
    }
}

/// Of a tap.
pub(super) mod tap {
    use super::*;

    columns! { schema whose &[];
        TITLE = 0, "title", "Tap", Text, 36, false, "What is tapped.";
        STATE = 1, "state", "State", Status, 10, false, "Where it stands.";
        CLUSTER = 2, "cluster", "Cluster", Text, 16, false, "The cluster.";
        BY = 3, "by", "By", Text, 12, false, "Who started it.";
        SINCE = 4, "since", "Since", Age, 8, false, "When it was started.";
        PODS = 5, "pods", "Pods", Ratio, 7, false, "Pods that capture, of those it is of.";
        RECORDS = 6, "records", "Records", Int, 9, false, "Records that came.";
        PACKETS = 7, "packets", "Packets", Int, 9, false, "Packets that the agents saw.";
        BYTES = 8, "bytes", "Bytes", Bytes, 8, false, "Bytes of these packets.";
        LOST = 9, "lost", "Lost", Int, 7, false, "Packets lost or left out anywhere.";
        FILTER = 10, "filter", "Filter", Text, 24, true, "The capture filter.";
        LEVEL = 11, "packets_kept", "Kept", Text, 9, true, "What of packets is kept.";
        KEPT = 12, "kept", "Records kept", Int, 9, true, "Records that are still there.";
        NAME = 13, "name", "Id", Text, 34, true, "Its id.";
    }
}
