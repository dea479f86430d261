//! PostgreSQL by psql and pgbench, against the server's own log of statements and tshark.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::capture::{Capture, Running, free_port, ours, program, run, wait_for};
use crate::servers::{folder, hiding, never_pairs_wrongly, open, postgres_program, unprivileged};

fn psql(port: u16, script: &str) {
    let mut command = program("psql", "postgresql-client");
    command.args(["-h", "127.0.0.1", "-U", "bob", "-d", "postgres", "-X", "-q", "-p", &port.to_string()]);
    run(script.split('\n').fold(&mut command, |command, line| command.args(["-c", line])).env("PGPASSWORD", "hunter2"));
}

fn pgbench(port: u16, more: &[&str]) {
    let mut command = Command::new(postgres_program("pgbench"));
    command.args(["-h", "127.0.0.1", "-U", "bob", "-p", &port.to_string()]);
    run(command.args(more).arg("postgres").env("PGPASSWORD", "hunter2"));
}

/// A server with an empty cluster, and its log.
fn server(folder: &Path, port: u16) -> (Running, PathBuf) {
    let data = folder.join("data");
    let password = folder.join("password");
    std::fs::write(&password, "hunter2\n").unwrap();
    let mut initdb = unprivileged(&postgres_program("initdb"));
    initdb.args(["-U", "bob", "-A", "scram-sha-256", "--no-sync", "-E", "UTF8", "--locale=C", "-D"]).arg(&data);
    run(initdb.arg("--pwfile").arg(&password));
    let log = folder.join("log");
    let mut command = unprivileged(Path::new("/bin/sh"));
    command.arg("-c").arg("exec \"$@\" 2>\"$0\"").arg(&log).arg(postgres_program("postgres"));
    command.arg("-D").arg(&data).arg("-k").arg(folder).args(["-p", &port.to_string(), "-h", "127.0.0.1"]);
    for setting in ["fsync=off", "log_statement=all", "log_line_prefix=%p|", "autovacuum=off", "ssl=off"] {
        command.args(["-c", setting]);
    }
    (Running::start(&mut command), log)
}

/// What a log says was run: simple statements, executions, statements that could not be read.
fn logged(log: &str) -> BTreeMap<String, usize> {
    let mut entries: Vec<String> = Vec::new();
    for line in log.lines() {
        match (line.strip_prefix('\t'), entries.last_mut()) {
            (Some(more), Some(last)) => {
                last.push('\n');
                last.push_str(more);
            }
            _ => entries.push(line.split_once('|').map_or(line, |(_, rest)| rest).to_owned()),
        }
    }
    let mut all = BTreeMap::new();
    let mut unread = false;
    for entry in &entries {
        let text = entry.strip_prefix("LOG:  statement: ").or_else(|| {
            let rest = entry.strip_prefix("LOG:  execute ")?;
            rest.split_once(": ").map(|(_, text)| text)
        });
        let text = text.or_else(|| entry.strip_prefix("STATEMENT:  ").filter(|_| unread));
        if let Some(text) = text {
            *all.entry(text.trim().to_owned()).or_default() += 1;
        }
        if !entry.starts_with("STATEMENT:") && !entry.starts_with("DETAIL:") && !entry.starts_with("HINT:") {
            unread = entry.starts_with("ERROR:  syntax error");
        }
    }
    all
}

fn counted<'a>(records: impl Iterator<Item = &'a Value>, name: &str) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    for record in records {
        if let Some(text) = record[name].as_str() {
            *out.entry(text.trim().to_owned()).or_default() += 1;
        }
    }
    out
}

fn differ(ours: &BTreeMap<String, usize>, theirs: &BTreeMap<String, usize>) {
    let more: Vec<_> = ours.iter().filter(|(key, count)| theirs.get(*key) != Some(count)).take(10).collect();
    let less: Vec<_> = theirs.iter().filter(|(key, count)| ours.get(*key) != Some(count)).take(10).collect();
    assert!(more.is_empty() && less.is_empty(), "ours: {more:#?}\ntheirs: {less:#?}");
}

/// The values of one field in all packets that have it.
fn fields(file: &Path, port: u16, filter: &str, field: &str) -> Vec<String> {
    let decode = format!("tcp.port=={port},pgsql");
    let mut command = program("tshark", "tshark");
    command.arg("-r").arg(file).args([
        "-d",
        &decode,
        "-Y",
        filter,
        "-T",
        "fields",
        "-E",
        "aggregator=\x1f",
        "-e",
        field,
    ]);
    run(&mut command).lines().flat_map(|line| line.split('\x1f').map(str::to_owned).collect::<Vec<_>>()).collect()
}

const SCRIPT: &str = "\
CREATE TABLE t (a int PRIMARY KEY, b text)
INSERT INTO t SELECT i, 'x' || i FROM generate_series(1, 1000) i
SELECT * FROM t ORDER BY a
SELECT * FROM t WHERE b = 'hunter2' -- a comment
UPDATE t SET b = $q$hunter2$q$ WHERE a < 10
SELECT 1; SELECT 2, 3; DELETE FROM t WHERE a = 999
SELECT 'hunter2'::int
SELEC 1
SELECT * FROM nosuch
INSERT INTO t VALUES (1, 'again')
COPY t TO STDOUT
BEGIN; SELECT 1/0; COMMIT
DO $$ BEGIN PERFORM 1; END $$
SELECT repeat('z', 300000)
SELECT
WITH q AS (SELECT 1) SELECT * FROM q";

#[test]
fn cap_n_03j_postgres_is_what_the_server_says_it_ran() {
    let folder = folder();
    let port = free_port();
    let (_server, log) = server(folder.path(), port);
    wait_for(port);
    let file = folder.path().join("postgres.pcap");
    let capture = Capture::start(&file, &format!("tcp port {port}"));
    let before = std::fs::read_to_string(&log).unwrap().len();
    talk(folder.path(), port);
    let file = capture.stop();
    let log = std::fs::read_to_string(&log).unwrap()[before..].to_owned();
    let records = ours(&file, open());

    let ran = || records.iter().filter(|one| one.get("query").is_some());
    let theirs = logged(&log);
    assert!(theirs.values().sum::<usize>() > 1500, "{}", theirs.len());
    differ(&counted(ran(), "query"), &theirs);

    // Errors by their state; each statement has its outcome.
    let failed: Vec<&str> = records.iter().filter_map(|one| one["error"]["state"].as_str()).collect();
    let mut told = fields(&file, port, "pgsql.code", "pgsql.code");
    told.retain(|code| !code.starts_with("00") && !code.starts_with("01"));
    assert_eq!(failed, told);
    for one in ran() {
        assert!(one.get("latency_us").is_some() && one.get("partial").is_none(), "{one}");
        assert_eq!((&one["user"], &one["database"]), (&Value::from("bob"), &Value::from("postgres")));
    }
    let logins = records.iter().filter(|one| one["op"] == "CONNECT" && one.get("error").is_none()).count();
    assert!(logins >= 10 && records.iter().any(|one| one["op"] == "CONNECT" && one["error"]["state"] == "28P01"));

    // Rows and tags as tshark tells them.
    let rows: u64 = ran().filter(|one| one.get("error").is_none()).filter_map(|one| one["rows"].as_u64()).sum();
    let types = fields(&file, port, "pgsql.type", "pgsql.type");
    assert_eq!(rows as usize, types.iter().filter(|kind| *kind == "Data row").count());
    let tags = fields(&file, port, "pgsql.tag", "pgsql.tag");
    let last = counted(ran(), "tag");
    let of_tshark = tags.iter().fold(BTreeMap::new(), |mut all: BTreeMap<&str, usize>, tag| {
        *all.entry(tag.as_str()).or_default() += 1;
        all
    });
    for (tag, count) in &last {
        assert!(of_tshark.get(tag.as_str()).is_some_and(|theirs| theirs >= count), "{tag}: {count} of {of_tshark:?}");
    }

    // Of a damaged capture nothing is paired that does not belong together.
    never_pairs_wrongly(&file, &records, |one| {
        one.get("latency_us").filter(|_| one["op"] != "CONNECT")?;
        let query = one["query"].as_str().filter(|query| !query.contains('«'))?;
        let outcome = ["rows", "affected", "tag", "error"].map(|name| &one[name]);
        Some(format!("{} {} {query} {outcome:?}", one["src"]["port"], one["ts"]))
    });

    let hidden = serde_json::to_string(&ours(&file, hiding())).unwrap();
    assert!(!hidden.contains("hunter2") && hidden.contains("WHERE b = ?"), "a secret is shown");
}

fn talk(folder: &Path, port: u16) {
    // Errors do not end psql: each line is a session's own command.
    let mut all = program("psql", "postgresql-client");
    all.args(["-h", "127.0.0.1", "-U", "bob", "-d", "postgres", "-X", "-q", "-p", &port.to_string()]);
    for line in SCRIPT.lines() {
        all.args(["-c", line]);
    }
    all.env("PGPASSWORD", "hunter2").output().unwrap();
    let lines = folder.join("lines");
    std::fs::write(&lines, "2001\tone\n2002\ttwo\n").unwrap();
    psql(port, &format!("\\copy t FROM '{}'\nSELECT count(*) FROM t", lines.display()));
    let mut wrong = program("psql", "postgresql-client");
    wrong.args(["-h", "127.0.0.1", "-U", "bob", "-d", "postgres", "-p", &port.to_string(), "-c", "SELECT 1"]);
    assert!(!wrong.env("PGPASSWORD", "wrong").output().unwrap().status.success());
    pgbench(port, &["-i", "-q", "-s", "1"]);
    for mode in ["simple", "extended", "prepared"] {
        pgbench(port, &["-n", "-c", "3", "-t", "30", "-M", mode]);
    }
    let pipeline = folder.join("pipeline.sql");
    std::fs::write(
        &pipeline,
        "\\startpipeline\nSELECT 1;\nSELECT abalance FROM pgbench_accounts WHERE aid = 5;\nSELECT 2, 'hunter2';\n\\endpipeline\n",
    )
    .unwrap();
    for mode in ["extended", "prepared"] {
        pgbench(port, &["-n", "-c", "2", "-t", "20", "-M", mode, "-f", &pipeline.display().to_string()]);
    }
}
