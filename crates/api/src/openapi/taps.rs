//! Calls about taps: `docs/reference/taps-api.md`.

use super::{Call, Content, json};
use crate::tap::{
    Tap, TapAgent, TapChange, TapFlow, TapHistograms, TapKeys, TapMap, TapMark, TapMarkRequest, TapPreview, TapRecord,
    TapRequest, TapStats, TapTls, TapTraceLogs,
};

type Params = &'static [(&'static str, &'static str, &'static str)];

const SELECT: Params = &[("select", "string", "An expression over members of records")];
const BY: Params =
    &[("by", "string", "Latencies by `route`, `method`, `status`, `peer`, `vantage`; several with commas")];
const RECORDS: Params = &[
    ("flow", "string", "One flow alone"),
    ("since", "integer", "Only records after this one"),
    ("limit", "integer", "So many at most"),
];
const PACKETS: Params = &[
    ("flow", "string", "The packets of one flow alone"),
    ("bpf", "string", "A capture filter"),
    ("from", "integer", "Not before, epoch microseconds"),
    ("to", "integer", "Not after"),
];

pub(super) fn calls() -> Vec<Call> {
    vec![
        Call::new("GET", "/api/v1/taps", "All taps of this server", json::<Vec<Tap>>()),
        Call::new("POST", "/api/v1/taps", "Taps pods", json::<Tap>()).takes::<TapRequest>(),
        Call::new("GET", "/api/v1/taps/{id}", "A tap", json::<Tap>()),
        Call::new("PATCH", "/api/v1/taps/{id}", "Changes its filter, or holds it", json::<Tap>()).takes::<TapChange>(),
        Call::new("DELETE", "/api/v1/taps/{id}", "Stops it", json::<Tap>()).query(&[(
            "forget",
            "boolean",
            "What it captured is erased too",
        )]),
        Call::new("POST", "/api/v1/taps/{id}/reset", "Sets its counters back", json::<Tap>()),
        Call::new("GET", "/api/v1/taps/{id}/records", "Records as lines", Content::Raw("application/x-ndjson"))
            .query(SELECT)
            .query(RECORDS),
        Call::new("GET", "/api/v1/taps/{id}/records/{record}", "One record whole", json::<TapRecord>()),
        Call::new("GET", "/api/v1/taps/{id}/flows/{flow}", "All records of one connection", json::<TapFlow>()),
        Call::new("GET", "/api/v1/taps/{id}/traces/{trace}", "All records of one trace", json::<TapFlow>()),
        Call::new(
            "GET",
            "/api/v1/taps/{id}/traces/{trace}/logs",
            "Log lines that name a trace",
            json::<TapTraceLogs>(),
        ),
        Call::new("GET", "/api/v1/taps/{id}/har", "HTTP of it as an archive", Content::Raw("application/json"))
            .query(SELECT)
            .query(RECORDS),
        Call::new("GET", "/api/v1/taps/{id}/packets", "Its packets: docs/reference/socket.md", Content::Socket(""))
            .query(PACKETS),
        Call::new("GET", "/api/v1/taps/{id}/pcapng", "A capture file", Content::Raw("application/x-pcapng"))
            .query(SELECT)
            .query(PACKETS)
            .query(&[("format", "string", "`pcapng`, `pcap` or `pcap-ns`")]),
        Call::new("GET", "/api/v1/taps/{id}/stats", "What it came to", json::<TapStats>()),
        Call::new("GET", "/api/v1/taps/{id}/agents", "Its agents", json::<Vec<TapAgent>>()),
        Call::new("GET", "/api/v1/taps/{id}/marks", "Marks in it", json::<Vec<TapMark>>()),
        Call::new("POST", "/api/v1/taps/{id}/marks", "Sets a mark", json::<TapMark>()).takes::<TapMarkRequest>(),
        Call::new("POST", "/api/v1/taps/{id}/keys", "Gives it a key log of TLS", json::<TapKeys>())
            .takes_raw("text/plain"),
        Call::new("GET", "/api/v1/taps/{id}/schemas", "The form of records", Content::Raw("application/schema+json")),
        Call::new("GET", "/api/v1/taps/{id}/preview", "What a filter would choose", json::<TapPreview>()).query(&[(
            "bpf",
            "string",
            "A capture filter",
        )]),
        Call::new("GET", "/api/v1/taps/{id}/map", "Who asks whom", json::<TapMap>()).query(SELECT),
        Call::new("GET", "/api/v1/taps/{id}/tls", "Servers that speak TLS, and their certificates", json::<TapTls>())
            .query(SELECT),
        Call::new("GET", "/api/v1/taps/{id}/histograms", "How long answers took", json::<TapHistograms>())
            .query(SELECT)
            .query(BY),
        Call::new("GET", "/api/v1/taps/{id}/metrics", "Its figures for Prometheus", Content::Raw("text/plain"))
            .query(SELECT)
            .query(BY),
    ]
}
