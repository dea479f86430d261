//! How long a pod takes from protobuf bytes to a row: `cargo run --release -p catalog --example decode [rounds]`.
//!
//! The pod is of the size that the explorer's speed figures name: two containers with environment and probes, full
//! status, managed fields; about 5.4 kB.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::cast_precision_loss)]

use std::hint::black_box;
use std::time::Instant;
use table::{RowBuf, Table};
use wire::{Budget, Format, MAGIC, object};

/// A protobuf message under construction.
#[derive(Clone, Default)]
struct Msg(Vec<u8>);

impl Msg {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
            value >>= 7;
        }
        self.0.push(u8::try_from(value).unwrap());
    }
    fn int(mut self, number: u64, value: u64) -> Self {
        self.varint(number << 3);
        self.varint(value);
        self
    }
    fn str(self, number: u64, value: &str) -> Self {
        self.raw(number, value.as_bytes())
    }
    fn msg(self, number: u64, value: Self) -> Self {
        self.raw(number, &value.0)
    }
    fn raw(mut self, number: u64, value: &[u8]) -> Self {
        self.varint(number << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }
    fn entry(self, number: u64, key: &str, value: &str) -> Self {
        self.msg(number, Self::default().str(1, key).str(2, value))
    }
}

fn m() -> Msg {
    Msg::default()
}

fn time(at: u64) -> Msg {
    m().int(1, 1_700_000_000 + at).int(2, 0)
}

fn container(name: &str) -> Msg {
    let mut out = m().str(1, name).str(2, "registry.example.test/shop/storefront:2.14.0").str(5, "");
    out = out.msg(6, m().str(1, "http").int(2, 0).int(3, 8080).str(4, "TCP").str(5, ""));
    for at in 0..14 {
        out = out.msg(7, m().str(1, &format!("SETTING_NUMBER_{at}")).str(2, &format!("value-of-the-setting-{at}")));
    }
    let quantity = |value: &str| m().str(1, value);
    let limits = |number| {
        m().msg(number, m().str(1, "cpu").msg(2, quantity("500m")))
            .msg(number, m().str(1, "memory").msg(2, quantity("512Mi")))
    };
    out = out.msg(8, Msg([limits(1).0, limits(2).0].concat()));
    out = out.msg(
        9,
        m().str(1, "kube-api-access").int(2, 1).str(3, "/var/run/secrets/kubernetes.io/serviceaccount").str(4, ""),
    );
    let probe = || {
        m().msg(
            1,
            m().msg(2, m().str(1, "/healthz").msg(2, m().int(1, 1).int(2, 0).str(3, "http")).str(3, "").str(4, "HTTP")),
        )
        .int(2, 5)
        .int(3, 1)
        .int(4, 10)
        .int(5, 1)
        .int(6, 3)
    };
    out.msg(10, probe()).msg(11, probe()).str(13, "/dev/termination-log").str(14, "IfNotPresent").str(20, "File")
}

fn status(name: &str, restarts: u64) -> Msg {
    let running = m().msg(2, m().msg(1, time(50)));
    let last = m().msg(
        3,
        m().int(1, 137)
            .int(2, 0)
            .str(3, "OOMKilled")
            .str(4, "")
            .msg(5, time(10))
            .msg(6, time(40))
            .str(7, "containerd://0"),
    );
    m().str(1, name).msg(2, running).msg(3, if restarts > 0 { last } else { m() }).int(4, 1).int(5, restarts)
        .str(6, "registry.example.test/shop/storefront:2.14.0").str(7, "registry.example.test/shop/storefront@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")
        .str(8, "containerd://0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef").int(9, 1)
}

fn pod(at: u64) -> Vec<u8> {
    let name = format!("storefront-7d9c5b6f8-{at:05x}");
    let mut metadata = m()
        .str(1, &name)
        .str(2, "storefront-7d9c5b6f8-")
        .str(3, "shop")
        .str(4, "")
        .str(5, &format!("8d1b3c5e-0000-4000-8000-{at:012x}"))
        .str(6, &format!("{}", 1_000_000 + at))
        .int(7, 0)
        .msg(8, time(at % 1000));
    for (key, value) in [
        ("app.kubernetes.io/name", "storefront"),
        ("app.kubernetes.io/part-of", "shop"),
        ("pod-template-hash", "7d9c5b6f8"),
        ("tier", "front"),
    ] {
        metadata = metadata.entry(11, key, value);
    }
    metadata = metadata.entry(12, "harbor.test/checksum", "0123456789abcdef0123456789abcdef");
    metadata = metadata.msg(
        13,
        m().str(1, "ReplicaSet").str(3, "storefront-7d9c5b6f8").str(4, "a-uid").str(5, "apps/v1").int(6, 1).int(7, 1),
    );
    for manager in ["kube-controller-manager", "kubelet"] {
        let fields = "{\"f:metadata\":{\"f:labels\":{\".\":{},\"f:app\":{}}}}".repeat(15);
        metadata = metadata.msg(
            17,
            m().str(1, manager)
                .str(2, "Update")
                .str(3, "v1")
                .msg(4, time(1))
                .str(6, "FieldsV1")
                .msg(7, m().str(1, &fields)),
        );
    }
    let spec = m()
        .msg(1, m().str(1, "kube-api-access").msg(2, m().msg(26, m().int(2, 420))))
        .msg(2, container("storefront"))
        .msg(2, container("proxy"))
        .str(3, "Always")
        .int(4, 30)
        .str(6, "ClusterFirst")
        .str(8, "default")
        .str(9, "default")
        .str(10, &format!("node-{}", at % 500))
        .int(11, 0)
        .str(19, "default-scheduler");
    let condition = |ty: &str| m().str(1, ty).str(2, "True").msg(3, m()).msg(4, time(60)).str(5, "").str(6, "");
    let ip = format!("10.{}.{}.{}", at >> 16 & 255, at >> 8 & 255, at & 255);
    let status = m()
        .str(1, "Running")
        .msg(2, condition("PodReadyToStartContainers"))
        .msg(2, condition("Initialized"))
        .msg(2, condition("Ready"))
        .msg(2, condition("ContainersReady"))
        .msg(2, condition("PodScheduled"))
        .str(3, "")
        .str(4, "")
        .str(5, "192.0.2.7")
        .str(6, &ip)
        .msg(7, time(2))
        .msg(8, status("storefront", at % 3))
        .msg(8, status("proxy", 0))
        .str(9, "Burstable")
        .str(11, "")
        .msg(12, m().str(1, &ip));
    let raw = m().msg(1, metadata).msg(2, spec).msg(3, status);
    let unknown = m().msg(1, m().str(1, "v1").str(2, "Pod")).raw(2, &raw.0);
    [MAGIC.as_slice(), &unknown.0].concat()
}

/// Time on a processor so far, which other programs do not lengthen.
fn cpu_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
}

fn main() {
    const PODS: u64 = 2_000;
    let rounds: u32 = std::env::args().nth(1).map_or(50, |rounds| rounds.parse().unwrap());
    let pods: Vec<Vec<u8>> = (0..PODS).map(pod).collect();
    let mean = pods.iter().map(Vec::len).sum::<usize>() / pods.len();
    let kind = catalog::Kind::builtin("pods").unwrap();
    let program = catalog::compile(&kind);
    let budget = Budget::default();
    let mut row = RowBuf::new(program.schema());
    let mut table = Table::new(program.schema().clone());
    let mut time = |label: &str, apply: bool| {
        let (start, cpu) = (Instant::now(), cpu_ns());
        for _ in 0..rounds {
            for bytes in &pods {
                program.run(object(Format::Protobuf, black_box(bytes), &budget).unwrap(), &mut row).unwrap();
                if apply {
                    table.apply(&row);
                }
            }
        }
        let each = start.elapsed().as_secs_f64() * 1e6 / f64::from(rounds) / PODS as f64;
        let own = (cpu_ns() - cpu) as f64 / 1e3 / f64::from(rounds) / PODS as f64;
        println!("{label}: {own:.2} µs of processor time ({each:.2} µs elapsed) per pod of {mean} bytes");
    };
    time("bytes to row buffer", false);
    time("bytes to table", true);
}
