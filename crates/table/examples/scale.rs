//! How large and how fast a table of pods is: `cargo run --release -p table --example scale [ROWS]`.
//!
//! Prints bytes a row, and for sorts, filters, catching up, windows and frames the median of several turns
//! (and the fastest, where the machine may have been busy with other things).
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use api::socket::{Column, RowsQuery, Sort, SourceState, Sub, What};
use api::{ColumnType, Level};
use base::ClusterName;
use parking_lot::RwLock;
use query::Filter;
use std::sync::Arc;
use std::time::{Duration, Instant};
use table::{Content, Limits, RowBuf, Rows, Run, Schema, Scope, SharedTable, Source, Subscriber, Table, View};

const NOW: i64 = 1_700_000_000_000;

const COLUMNS: &[(&str, ColumnType)] = &[
    ("ready", ColumnType::Ratio),
    ("status", ColumnType::Status),
    ("restarts", ColumnType::Restarts),
    ("age", ColumnType::Age),
    ("ip", ColumnType::Text),
    ("node", ColumnType::Text),
    ("nominated_node", ColumnType::Text),
    ("readiness_gates", ColumnType::Text),
    ("images", ColumnType::Text),
    ("controlled_by", ColumnType::Text),
    ("qos", ColumnType::Text),
    ("service_account", ColumnType::Text),
    ("cpu_request", ColumnType::MilliCpu),
    ("memory_request", ColumnType::Bytes),
    ("memory_limit", ColumnType::Bytes),
    ("host_network", ColumnType::Bool),
];

fn schema() -> Arc<Schema> {
    let column = |&(id, ty): &(&str, ColumnType)| Column {
        id: id.to_owned(),
        title: id.to_owned(),
        ty,
        wide: false,
        extra: false,
        absent: String::new(),
        width: 8,
        help: String::new(),
    };
    Schema::new(COLUMNS.iter().map(column).collect(), true)
}

/// A number that looks random, the same for the same input.
fn mix(number: u64) -> u64 {
    let mut number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    number ^= number >> 29;
    number = number.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number ^ (number >> 32)
}

/// Writes pod `at`: ten pods a ReplicaSet, three thousand nodes, two hundred namespaces.
fn fill(buf: &mut RowBuf, at: u64, turn: u64) {
    let set = at / 10;
    let app = set % 900;
    buf.clear();
    let namespace = format!("team-{:03}", mix(set) % 200);
    let owner = format!("app-{app:03}-{:010x}", mix(set) & 0xff_ffff_ffff);
    let name = format!("{owner}-{:05x}", mix(at) & 0xf_ffff);
    let (high, low) = (mix(at + 7), mix(at + 9));
    let uid = format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        high & 0xffff,
        low & 0xfff,
        (low >> 12) & 0xfff,
        low >> 16
    );
    buf.set_identity(&namespace, &name, &uid, &(1_000_000 + at + turn).to_string());
    let hash = format!("{:010x}", mix(set) & 0xff_ffff_ffff);
    let app = format!("app-{app:03}");
    buf.labels([("app", app.as_str()), ("pod-template-hash", &hash), ("team", &namespace)]);
    let failing = mix(at + turn * 31).is_multiple_of(50);
    buf.ratio(0, u32::from(!failing), 1);
    if failing {
        buf.status(1, "CrashLoopBackOff", Level::Bad)
    } else {
        buf.status(1, "Running", Level::Ok)
    }
    buf.restarts(2, u32::try_from(mix(at) % 7).unwrap(), at.is_multiple_of(7).then_some(NOW - 1_000_000));
    buf.age(3, NOW - i64::try_from(mix(at) % 10_000_000_000).unwrap() / 1000 * 1000);
    buf.text(4, &format!("10.{}.{}.{}", at >> 16 & 0xff, at >> 8 & 0xff, at & 0xff));
    buf.text(5, &format!("ip-10-0-{}-{}.ec2.internal", mix(at) % 3000 / 250, mix(at) % 250));
    buf.text(8, &format!("registry.example.com/team/{app}:v1.{}", set % 40));
    buf.text(9, &format!("ReplicaSet/{owner}"));
    buf.text(10, "Burstable");
    buf.text(11, "default");
    buf.int(12, 100);
    buf.int(13, 128 << 20);
    buf.int(14, 256 << 20);
    buf.bool(15, false);
}

/// The median and the fastest, in milliseconds.
fn median(turns: usize, mut once: impl FnMut() -> Duration) -> (f64, f64) {
    let mut times: Vec<f64> = (0..turns).map(|_| once().as_secs_f64() * 1e3).collect();
    times.sort_by(f64::total_cmp);
    (times.get(turns / 2).copied().unwrap_or(0.0), times.first().copied().unwrap_or(0.0))
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let began = Instant::now();
    let out = work();
    (began.elapsed(), out)
}

fn sort(column: &str, descending: bool) -> Vec<Sort> {
    vec![Sort { column: column.to_owned(), descending }]
}

fn build(table: &SharedTable, filter: &str, sort: &[Sort]) -> (Duration, Run) {
    let table = table.read();
    let filter = Arc::new(Filter::parse(filter, &**table.schema()).unwrap());
    let mut run = Run::new(Scope::all(), Some(filter), table.schema().sort_keys(sort).unwrap());
    let (took, done) = timed(|| run.catch_up(&table, NOW));
    done.unwrap();
    (took, run)
}

fn main() {
    let rows: u64 = std::env::args().nth(1).and_then(|rows| rows.parse().ok()).unwrap_or(150_000);
    let schema = schema();
    let table = Table::shared(Arc::clone(&schema));
    let mut buf = RowBuf::new(&schema);
    let (fills, ()) = timed(|| (0..rows).for_each(|at| fill(&mut buf, at, 0)));
    let (took, ()) = timed(|| {
        for at in 0..rows {
            fill(&mut buf, at, 0);
            table.write().apply(&buf);
        }
    });
    let apply = took.saturating_sub(fills).as_nanos() as f64 / rows as f64;
    println!("rows {rows}, columns {}", COLUMNS.len());
    println!("{:<44} {apply:>9.0} ns", "insert a row");
    println!("{:<44} {:>9}", "bytes a row before any view", table::bytes_per_row(&table.read()));
    let (first, _) = build(&table, "", &[]);
    println!("{:<44} {:>9.2} ms", "first list, by namespace and name", first.as_secs_f64() * 1e3);
    println!("{:<44} {:>9}", "bytes a row with the order by name", table::bytes_per_row(&table.read()));

    let worst = (0..COLUMNS.len()).map(|at| COLUMNS.get(at).unwrap().0).chain(["name", "namespace"]).map(|column| {
        let (took, best) = median(7, || build(&table, "", &sort(column, true)).0);
        println!("{:<44} {took:>9.2} ms, {best:.2} at best", format!("sort by {column}"));
        took
    });
    println!("{:<44} {:>9.2} ms", "sort, slowest column", worst.fold(0.0, f64::max));
    for filter in [
        "app-77",
        "crash",
        "zzzz",
        "-l app=app-077",
        "~^app-7.*f$",
        "where restarts > 3 and age < 1h",
        "where labels.app ~ \"7$\"",
    ] {
        let (took, best) = median(7, || build(&table, filter, &[]).0);
        let shown = build(&table, filter, &[]).1.rows().len();
        println!("{:<44} {took:>9.2} ms, {best:.2} at best  ({shown} rows)", format!("filter {filter}"));
    }

    let mut turn = 1;
    for changes in [1, 100, 1_000] {
        let (_, mut run) = build(&table, "", &sort("status", false));
        let (took, best) = median(21, || {
            for step in 0..changes {
                turn += 1;
                fill(&mut buf, mix(turn + step) % rows, turn);
                table.write().apply(&buf);
            }
            let table = table.read();
            timed(|| run.catch_up(&table, NOW).unwrap()).0
        });
        println!(
            "{:<44} {took:>9.3} ms, {best:.3} at best  ({} rebuilds)",
            format!("catch up with {changes} changes, sort by status"),
            run.rebuilds()
        );
    }

    frames(&table, &mut buf, rows, &mut turn);

    for parts in [1, 10] {
        let tables: Vec<SharedTable> = (0..parts).map(|_| Table::shared(Arc::clone(&schema))).collect();
        for at in 0..rows {
            fill(&mut buf, at, 0);
            tables.get((at % parts) as usize).unwrap().write().apply(&buf);
        }
        let view = View::new(
            tables.iter().enumerate().map(|(at, table)| source(at, table, &sort("age", false))).collect(),
            false,
        );
        view.read(NOW, |_| ()).unwrap();
        let (took, best) =
            median(21, || timed(|| view.read(NOW, |reading| reading.window(rows as usize / 2, 150).len()).unwrap()).0);
        println!("{:<44} {took:>9.3} ms, {best:.3} at best", format!("window in the middle of {parts} clusters"));
    }
}

/// Two thousand changes a second, a client that acknowledges at once: what a frame costs.
fn frames(table: &SharedTable, buf: &mut RowBuf, rows: u64, turn: &mut u64) {
    let view = View::new(vec![source(0, table, &sort("status", false))], false);
    let query = RowsQuery {
        kind: "pods".to_owned(),
        clusters: Vec::new(),
        namespaces: Vec::new(),
        filter: String::new(),
        sort: Vec::new(),
        at: 0,
        len: 150,
    };
    let mut subscriber = Subscriber::new(1, Limits::default());
    let sub = api::socket::ClientFrame::Sub(Sub { id: 1, what: What::Rows(query), resume: None });
    let mut now = NOW as u64;
    subscriber.receive(&serde_json::to_string(&sub).unwrap(), now);
    subscriber.attach(1, Content::Rows(Rows::new(view, ())));
    while let Some(frame) = subscriber.poll(now) {
        println!("{:<44} {:>9} bytes", "frame", frame.len());
    }
    let (mut apply, mut looked, mut sent, mut bytes) = (Duration::ZERO, Duration::ZERO, 0, 0);
    const TURNS: u32 = 100;
    for _ in 0..TURNS {
        for _ in 0..100 {
            *turn += 1;
            fill(buf, mix(*turn) % rows, *turn);
            apply += timed(|| table.write().apply(buf)).0;
        }
        now += 50;
        subscriber.receive(r#"{"ack":{"id":1,"seq":9007199254740991}}"#, now);
        subscriber.mark_all_dirty();
        let (took, frame) = timed(|| subscriber.poll(now));
        looked += took;
        if let Some(frame) = frame {
            sent += 1;
            bytes += frame.len();
        }
    }
    println!("{:<44} {:>9.0} ns", "update a row", apply.as_nanos() as f64 / f64::from(TURNS * 100));
    println!(
        "{:<44} {:>9.3} ms  ({sent} frames, {} bytes each)",
        "look after 100 changes (20 a second)",
        looked.as_secs_f64() * 1e3 / f64::from(TURNS),
        bytes / sent.max(1)
    );
    let share = (apply + looked).as_secs_f64() / (f64::from(TURNS) * 0.05) * 100.0;
    println!("{:<44} {share:>9.2} %", "share of a core at 2,000 changes a second");
}

fn source(at: usize, table: &SharedTable, sort: &[Sort]) -> Source {
    let schema = Arc::clone(table.read().schema());
    Source {
        cluster: ClusterName::new(format!("c{at}")),
        table: Arc::clone(table),
        run: Run::shared(Scope::all(), None, schema.sort_keys(sort).unwrap()),
        state: Arc::new(RwLock::new(SourceState::Live)),
    }
}
