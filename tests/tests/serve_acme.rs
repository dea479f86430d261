//! The certificate of a gateway from an ACME server: Pebble, with the DNS server that belongs to it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::console::{command, free_port};
use e2e::curl::curl;
use e2e::gateway::{prepared, serve, served, token};
use e2e::server::Server;
use e2e::workspaces::until;
use e2e::{env, errors, kubeconfig, out};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// An ACME server that looks for names at a DNS server of its own: every one of them is this machine.
struct Authority {
    folder: tempfile::TempDir,
    port: u16,
    management: u16,
    records: u16,
    programs: Vec<Child>,
}

impl Authority {
    /// One that looks at this port for answers by TLS.
    fn start(tls: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cert = |args: &[&str]| {
            let output =
                command(folder.path(), None).arg("cert").args(args).current_dir(folder.path()).output().unwrap();
            assert!(output.status.success(), "{}", errors(&output));
            output.stdout
        };
        let _ = cert(&["make", "--host", "localhost"]);
        std::fs::write(folder.path().join("own.pem"), cert(&["show"])).unwrap();
        let (port, management, records, names) = (free_port(), free_port(), free_port(), free_port());
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"), "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": "localhost.pem", "privateKey": "localhost.key", "httpPort": free_port(), "tlsPort": tls,
            "ocspResponderURL": "", "externalAccountBindingRequired": false, "keyAlgorithm": "ecdsa",
            "profiles": { "default": { "description": "as usual", "validityPeriod": 7_776_000 } },
        } });
        std::fs::write(folder.path().join("pebble.json"), config.to_string()).unwrap();
        let start = |program: &str, args: &[String]| {
            let mut command = Command::new(env(program));
            command
                .args(args)
                .current_dir(folder.path())
                .env("PEBBLE_VA_NOSLEEP", "1")
                .env("PEBBLE_WFE_NONCEREJECT", "0");
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
        };
        let names_at = format!("127.0.0.1:{names}");
        let of = |words: &[(&str, &str)]| {
            words.iter().flat_map(|(key, value)| [(*key).to_owned(), (*value).to_owned()]).collect::<Vec<_>>()
        };
        let managed = format!("127.0.0.1:{records}");
        let dns = of(&[
            ("-dnsserver", &names_at),
            ("-doh", ""),
            ("-http01", ""),
            ("-https01", ""),
            ("-tlsalpn01", ""),
            ("-management", &managed),
            ("-defaultIPv6", ""),
        ]);
        let programs = vec![
            start("QD_CHALLTESTSRV", &dns),
            start("QD_PEBBLE", &of(&[("-config", "pebble.json"), ("-dnsserver", &names_at)])),
        ];
        let authority = Self { folder, port, management, records, programs };
        until("it answers", 30, || {
            Command::new("curl").args(["-sk", &authority.directory()]).output().unwrap().status.success()
        });
        authority
    }

    fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    /// What `[serve.acme]` says of it.
    fn settings(&self) -> String {
        let root = self.folder.path().join("own.pem");
        format!(
            "[serve.acme]\nterms_agreed = true\ndirectory = \"{}\"\nauthority_file = \"{}\"\ncontacts = [\"ops@qd.test\"]\n",
            self.directory(),
            root.display()
        )
    }

    /// Its root, as a client is told to trust it.
    fn root(&self) -> String {
        let url = format!("https://localhost:{}/roots/0", self.management);
        let root = self.folder.path().join("root.pem");
        let output = Command::new("curl").args(["-skf", &url, "-o"]).arg(&root).output().unwrap();
        assert!(output.status.success(), "{}", errors(&output));
        root.display().to_string()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        for program in &mut self.programs {
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

/// A gateway's configuration for `qd.test`, with more of `[serve]` and behind it.
fn written(home: &Path, (port, metrics): (u16, u16), serve: &str, more: &str) {
    let text = format!(
        "[serve]\nlisten = \"127.0.0.1:{port}\"\nmetrics = \"127.0.0.1:{metrics}\"\npublic_url = \"https://qd.test:{port}\"\n\
         tokens = \"{}\"\n{serve}\n{more}",
        home.join("tokens.toml").display()
    );
    std::fs::write(home.join("qd.toml"), text).unwrap();
}

/// What `openssl` says of the certificate that a host has.
fn shown(port: u16, host: &str) -> String {
    let line = format!(
        "openssl s_client -connect 127.0.0.1:{port} -servername {host} </dev/null 2>/dev/null | openssl x509 -noout -issuer -serial -ext subjectAltName"
    );
    out(&Command::new("sh").args(["-c", &line]).output().unwrap())
}

fn asked(port: u16, host: &str, root: &str) -> Output {
    let to = format!("{host}:{port}:127.0.0.1:{port}");
    let url = format!("https://{host}:{port}/healthz");
    Command::new("curl").args(["-sS", "--cacert", root, "--connect-to", &to, &url]).output().unwrap()
}

#[test]
fn ge_09e_a_gateway_gets_its_certificate_from_an_acme_server_which_comes_to_its_port() {
    let (home, port, metrics) = prepared("");
    let authority = Authority::start(port);
    let folder = home.path();
    written(folder, (port, metrics), "", &authority.settings());
    let _ = token(folder, &kubeconfig(), &["root", "--role", "admin"]);
    let server = Server::start(&mut serve(folder, &kubeconfig(), &[]), false);
    // The port is open at once, with a certificate that nobody trusts unasked.
    until("it has the certificate of the server", 60, || shown(port, "qd.test").contains("Pebble"));
    let root = authority.root();
    let answer = asked(port, "qd.test", &root);
    assert!(answer.status.success(), "{} {}", errors(&answer), server.said());
    let first = shown(port, "qd.test");
    assert!(first.contains("DNS:qd.test") && !first.contains("localhost"), "{first}");
    // Others see no answers to challenges.
    let line =
        format!("openssl s_client -connect 127.0.0.1:{port} -servername qd.test -alpn acme-tls/1 </dev/null 2>&1");
    let told = out(&Command::new("sh").args(["-c", &line]).output().unwrap());
    assert!(told.contains("no peer certificate available"), "{told}");
    // Keys are for nobody else.
    let state = folder.join(".local/state/quarterdeck/acme");
    for name in ["key.pem", "account.json", "issued"] {
        let mode = std::fs::metadata(state.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    drop(server);
    // The next one has what is kept, and asks for nothing.
    let server = Server::start(&mut serve(folder, &kubeconfig(), &[]), false);
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(shown(port, "qd.test"), first, "{}", server.said());
    // For another host it asks anew, where it runs with the same account.
    drop(server);
    let account = std::fs::read(state.join("account.json")).unwrap();
    written(folder, (port, metrics), "certificate_hosts = [\"other.test\"]", &authority.settings());
    let server = Server::start(&mut serve(folder, &kubeconfig(), &[]), false);
    until("it is good for both", 60, || shown(port, "other.test").contains("DNS:other.test"));
    assert!(asked(port, "other.test", &root).status.success(), "{}", server.said());
    assert_eq!(std::fs::read(state.join("account.json")).unwrap(), account);
}

#[test]
fn ge_09f_names_of_all_hosts_of_a_domain_are_proven_by_records_that_a_program_sets() {
    let (home, port, metrics) = prepared("");
    let authority = Authority::start(free_port());
    let folder = home.path();
    let records = format!("http://127.0.0.1:{}", authority.records);
    let program = folder.join("records.sh");
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> {}\ncase $1 in set) act=set-txt;; *) act=clear-txt;; esac\n\
         exec curl -sSf -d '{{\"host\":\"'$2'.\",\"value\":\"'$3'\"}}' {records}/$act\n",
        folder.join("records.log").display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let apps = "apps_domain = \"apps.test\"";
    let _ = token(folder, &kubeconfig(), &["root", "--role", "admin"]);
    // Without the program the configuration says what lacks.
    written(folder, (port, metrics), apps, &authority.settings());
    let refused = served(folder, &kubeconfig(), &[]);
    let said = errors(&refused);
    assert!(refused.status.code() == Some(2) && said.contains("[serve.acme] dns_command: *.apps.test"), "{said}");
    written(
        folder,
        (port, metrics),
        apps,
        &authority.settings().replace("terms_agreed = true", "terms_agreed = false"),
    );
    assert!(errors(&served(folder, &kubeconfig(), &[])).contains("[serve.acme] terms_agreed"));

    let settings = format!("{}dns_command = [\"{}\"]\n", authority.settings(), program.display());
    written(folder, (port, metrics), apps, &settings);
    let server = Server::start(&mut serve(folder, &kubeconfig(), &[]), false);
    until("it has the certificate of the server", 60, || shown(port, "qd.test").contains("Pebble"));
    let told = shown(port, "3000--a.apps.test");
    assert!(told.contains("DNS:*.apps.test") && told.contains("DNS:qd.test"), "{told}");
    let root = authority.root();
    let to = format!("x.apps.test:{port}:127.0.0.1:{port}");
    let answer = curl(&format!("https://x.apps.test:{port}/"), &["--cacert", &root, "--connect-to", &to]);
    assert!(answer.status >= 400, "it is trusted, and there is no such app: {} {}", answer.status, server.said());
    let log = std::fs::read_to_string(folder.join("records.log")).unwrap();
    let lines = |act: &str| log.lines().filter(|line| line.starts_with(act)).count();
    assert_eq!((lines("set _acme-challenge."), lines("clear _acme-challenge.")), (2, 2), "{log}");
}

#[test]
fn ge_09g_a_server_that_is_not_satisfied_is_told_and_the_gateway_goes_on() {
    let (home, port, metrics) = prepared("");
    // It looks at a port where nobody is.
    let authority = Authority::start(free_port());
    let folder = home.path();
    written(folder, (port, metrics), "", &authority.settings());
    let _ = token(folder, &kubeconfig(), &["root", "--role", "admin"]);
    let server = Server::start(&mut serve(folder, &kubeconfig(), &[]), false);
    until("it says why", 90, || server.said().contains("no certificate from the ACME server"));
    assert!(server.said().contains("Failed to connect to 127.0.0.1"), "with the server's words: {}", server.said());
    let shown = shown(port, "qd.test");
    assert!(shown.contains("Quarterdeck local authority"), "{shown}");
}
