//! MariaDB by its own clients and Perl's driver, against the server's general log and tshark.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::capture::{Capture, Running, free_port, ours, program, run, wait_for};
use crate::servers::{folder, hiding, never_pairs_wrongly, open, path_of, unprivileged};

/// A server with empty tables, and its general log.
fn server(folder: &Path, port: u16) -> (Running, PathBuf) {
    let (data, socket, log) = (folder.join("data"), folder.join("socket"), folder.join("general"));
    let mut install = unprivileged(&path_of("mariadb-install-db", "mariadb-server"));
    install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
    run(install.arg(format!("--datadir={}", data.display())));
    let mut command = unprivileged(&path_of("mariadbd", "mariadb-server"));
    command.arg("--no-defaults").args(["--bind-address=127.0.0.1", "--skip-name-resolve", "--local-infile=1"]);
    command.arg(format!("--datadir={}", data.display())).arg(format!("--port={port}"));
    command.arg(format!("--socket={}", socket.display())).arg(format!("--pid-file={}", folder.join("pid").display()));
    command.arg("--general-log").arg(format!("--general-log-file={}", log.display()));
    let running = Running::start(&mut command);
    wait_for(port);
    let mut grant = program("mariadb", "mariadb-client");
    grant.arg("--no-defaults").arg(format!("--socket={}", socket.display())).args(["-u", "root", "-e"]);
    run(grant.arg(
        "CREATE DATABASE shop; CREATE USER bob@'127.0.0.1' IDENTIFIED BY 'hunter2'; GRANT ALL ON *.* TO bob@'127.0.0.1'",
    ));
    (running, log)
}

fn client(port: u16) -> Command {
    let mut command = program("mariadb", "mariadb-client");
    command.args(["--no-defaults", "--protocol=tcp", "-h", "127.0.0.1", "-u", "bob", "-phunter2", "--local-infile=1"]);
    command.arg(format!("--port={port}"));
    command
}

const SCRIPT: &str = "\
CREATE TABLE t (a int PRIMARY KEY, b longtext);
INSERT INTO t VALUES (1, 'hunter2'), (2, \"hunter2\");
INSERT INTO t SELECT seq, CONCAT('x', seq) FROM seq_3_to_1000;
SELECT * FROM t;
SELECT * FROM t WHERE b = 'hunter2';
UPDATE t SET b = 'y' WHERE a < 10;
INSERT INTO t VALUES (1, 'again');
SELEC 'hunter2';
SELECT * FROM nosuch;
SELECT REPEAT('z', 300000);
SELECT a FROM t WHERE 1 = 0;
START TRANSACTION;
DELETE FROM t WHERE a = 999;
ROLLBACK;
USE mysql;
USE shop;
SHOW TABLES;
PREPARE s FROM 'SELECT a FROM t WHERE a = ?';
EXECUTE s USING 5;
DO 1;
";

/// Statements by prepared handles, which the text client has none of.
const PERL: &str = r#"
use strict; use DBI;
my $dbh = DBI->connect("DBI:MariaDB:database=shop;host=127.0.0.1;port=$ARGV[0];mariadb_server_prepare=1", "bob", "hunter2", {RaiseError => 1, PrintError => 0});
my $insert = $dbh->prepare("INSERT INTO t (a, b) VALUES (?, ?)");
$insert->execute($_ + 5000, "hunter2 $_") for 1 .. 20;
my $select = $dbh->prepare("SELECT a, b FROM t WHERE a > ? AND b <> ?");
for my $from (1, 500, 5000) { $select->execute($from, undef); $select->fetchall_arrayref; $select->execute($from, 'q'); $select->fetchall_arrayref }
eval { $insert->execute(5001, "again") };
$dbh->disconnect;
"#;

fn talk(folder: &Path, port: u16) {
    let script = folder.join("script.sql");
    std::fs::write(&script, SCRIPT).unwrap();
    let mut text = client(port);
    text.args(["--force", "shop"]).stdin(std::fs::File::open(&script).unwrap());
    text.output().unwrap();
    let lines = folder.join("lines");
    std::fs::write(&lines, "2001\thunter2\n2002\ttwo\n").unwrap();
    run(client(port).args(["shop", "-e"]).arg(format!("LOAD DATA LOCAL INFILE '{}' INTO TABLE t", lines.display())));
    assert!(!client(port).arg("-pwrong").args(["-e", "SELECT 1"]).output().unwrap().status.success());
    let mut slap = program("mariadb-slap", "mariadb-client");
    slap.args(["--no-defaults", "--protocol=tcp", "-h", "127.0.0.1", "-u", "bob", "-phunter2", "--silent"]);
    slap.arg(format!("--port={port}")).args(["--auto-generate-sql", "--concurrency=3", "--number-of-queries=300"]);
    run(&mut slap);
    let said = program("perl", "perl").args(["-e", PERL, &port.to_string()]).output().unwrap();
    let error = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{error}\n(DBD::MariaDB is missing: apt-get install libdbd-mariadb-perl)");
    // Compression is told and left alone.
    run(client(port).args(["--compress", "shop", "-e", "SELECT 'squeezed'"]));
}

/// Commands of a general log with their text, `241121 11:30:00\t     5 Query\tSELECT 1`, of one client each.
fn logged(log: &str) -> Vec<(u64, String, String)> {
    let mut all: Vec<(u64, String, String)> = Vec::new();
    for line in log.lines() {
        let fields: Vec<&str> = line.splitn(3, '\t').collect();
        let (head, text) = match fields[..] {
            ["", rest] => rest.split_once('\t').unwrap_or((rest, "")),
            ["", "", rest] => rest.split_once('\t').unwrap_or((rest, "")),
            ["", head, text] => (head, text),
            [_, head, text] => (head, text),
            _ => ("", ""),
        };
        let Some((number, kind)) = head.trim_start().split_once(' ') else { continue };
        if let Ok(number) = number.parse() {
            all.push((number, kind.trim_end().to_owned(), text.to_owned()));
        }
    }
    all
}

fn sorted(texts: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    texts.for_each(|text| *out.entry(text).or_default() += 1);
    out
}

fn differ(ours: &BTreeMap<String, usize>, theirs: &BTreeMap<String, usize>) {
    let more: Vec<_> = ours.iter().filter(|(key, count)| theirs.get(*key) != Some(count)).take(10).collect();
    let less: Vec<_> = theirs.iter().filter(|(key, count)| ours.get(*key) != Some(count)).take(10).collect();
    assert!(more.is_empty() && less.is_empty(), "ours: {more:#?}\ntheirs: {less:#?}");
}

#[test]
fn cap_n_03k_mariadb_is_what_the_server_says_it_ran() {
    let folder = folder();
    let port = free_port();
    let (_server, log) = server(folder.path(), port);
    let file = folder.path().join("mariadb.pcap");
    let capture = Capture::start(&file, &format!("tcp port {port}"));
    let before = std::fs::read_to_string(&log).unwrap().len();
    talk(folder.path(), port);
    let file = capture.stop();
    let log = logged(&std::fs::read_to_string(&log).unwrap()[before..]);
    let records = ours(&file, open());

    // Text queries, but for those inside compression.
    let of = |kind: &str| {
        log.iter().filter(move |(_, own, _)| own == kind).map(|(.., text)| text.clone()).collect::<Vec<_>>()
    };
    let squeezed: Vec<u64> =
        log.iter().filter(|(.., text)| text.contains("squeezed")).map(|(number, ..)| *number).collect();
    let seen = |number: &u64| !squeezed.contains(number);
    let queries = log.iter().filter(|(number, kind, _)| kind == "Query" && seen(number)).map(|(.., text)| text.clone());
    let texts =
        records.iter().filter(|one| one.get("prepared").is_none() && one["op"] != "USE" && one["op"] != "CONNECT");
    let texts = texts.filter_map(|one| one["query"].as_str().map(str::to_owned));
    differ(&sorted(texts), &sorted(queries));
    let executed = records.iter().filter(|one| one.get("prepared").is_some()).count();
    assert_eq!(executed, of("Execute").len() - 1, "one EXECUTE was text");
    let used: Vec<&str> =
        records.iter().filter(|one| one["op"] == "USE").filter_map(|one| one["query"].as_str()).collect();
    assert_eq!(used, of("Init DB"));
    let logins = records.iter().filter(|one| one["op"] == "CONNECT" && one.get("error").is_none()).count();
    let connected = of("Connect").iter().filter(|text| !text.contains("Access denied")).count();
    assert!(
        logins > 5 && records.iter().any(|one| one["op"] == "CONNECT" && one["error"]["code"] == 1045),
        "{logins} {connected}"
    );
    assert!(records.iter().any(|one| one["anomaly"][0] == "mysql_compressed"));
    for one in records.iter().filter(|one| one["kind"] == "sql" && one["op"] != "CONNECT") {
        assert!(one.get("latency_us").is_some() && one.get("partial").is_none(), "{one}");
    }
    tshark_agrees(&records, &file, port);
    let bound = records.iter().find(|one| one["params"][1] == "hunter2 7").expect("bound parameters are read");
    assert_eq!(bound["affected"], 1);
    assert!(records.iter().any(|one| one["params"][1] == "NULL"));

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

fn tshark_agrees(records: &[Value], file: &Path, port: u16) {
    let fields = |field: &str, filter: &str| {
        let decode = format!("tcp.port=={port},mysql");
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
        let lines: Vec<String> = run(&mut command)
            .lines()
            .flat_map(|line| line.split('\x1f').map(str::to_owned).collect::<Vec<_>>())
            .collect();
        lines
    };
    let mut codes: Vec<String> = fields("mysql.error_code", "mysql.error_code");
    let mut failed: Vec<String> =
        records.iter().filter_map(|one| one["error"]["code"].as_u64()).map(|code| code.to_string()).collect();
    // What MariaDB tells of its progress is no error.
    codes.retain(|code| code != "65535");
    codes.sort();
    failed.sort();
    assert_eq!(failed, codes);
    let executions = fields("mysql.command", "mysql.command == 23").len();
    assert_eq!(records.iter().filter(|one| one.get("prepared").is_some()).count(), executions);
}
