#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::Config;

fn vars(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>().into_iter()
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn variables_go_over_the_file() {
    let file = file("[console]\nread_only = false\n[clusters]\nproduction = [\"a\"]\n");
    let config = Config::load(Some(file.path()), vars(&[("QD__CONSOLE__READ_ONLY", "true"), ("HOME", "/x")])).unwrap();
    assert!(config.console.read_only && config.console.open);
    assert_eq!(config.clusters.production, ["a"]);
}

#[test]
fn what_is_unknown_or_wrong_is_refused_with_its_place() {
    let bad = file("[console]\nread_onyl = true\n");
    let error = Config::load(Some(bad.path()), vars(&[])).unwrap_err().to_string();
    assert!(error.contains("read_onyl"), "{error}");
    let bad = file("[console]\n\nopen = = 1\n");
    let error = Config::load(Some(bad.path()), vars(&[])).unwrap_err().to_string();
    assert!(error.contains("line 3"), "{error}");
    let error = Config::load(Some(file("").path()), vars(&[("QD__CONSOLE", "1")])).unwrap_err().to_string();
    assert!(error.contains("QD__CONSOLE"), "{error}");
    assert!(Config::load(Some(std::path::Path::new("/nonexistent/qd.toml")), vars(&[])).is_err());
}

#[test]
fn what_is_shown_loads_back() {
    let config = Config::load(Some(file("[console]\nlisten = \"127.0.0.1:7\"\n").path()), vars(&[])).unwrap();
    let shown = file(&config.to_toml());
    assert_eq!(Config::load(Some(shown.path()), vars(&[])).unwrap(), config);
}

#[test]
fn wx_08i_how_long_quiet_connections_to_apps_stay_stands_in_the_configuration() {
    let seconds = |text: &str| {
        let times = Config::load(Some(file(text).path()), vars(&[])).unwrap().proxy.times();
        (times.rest.as_secs(), times.upgraded.as_secs())
    };
    assert_eq!(seconds(""), (600, 3600));
    assert_eq!(seconds("[proxy]\nidle_seconds = 30\nupgraded_idle_seconds = 86400\n"), (30, 86_400));
    assert_eq!(seconds("[proxy]\nidle_seconds = 0\n"), (1, 3600));
    let bad = file("[proxy]\nidle_seconds = \"long\"\n");
    assert!(Config::load(Some(bad.path()), vars(&[])).is_err());
}

#[test]
fn wx_04g_apps_are_served_in_place_only_where_that_is_said_and_whoever_says_it_is_warned() {
    let of = |text: &str| Config::load(Some(file(text).path()), vars(&[]));
    let usual = of("").unwrap().proxy;
    assert!(!usual.in_place() && usual.warning().is_none());
    assert!(!of("[proxy]\npath_mode = \"redirect\"\n").unwrap().proxy.in_place());
    let said = of("[proxy]\npath_mode = \"same-origin\"\n").unwrap();
    assert!(said.proxy.in_place() && said.proxy.warning().unwrap().contains("same-origin"));
    assert!(said.to_toml().contains("path_mode = \"same-origin\""));
    assert!(of("[proxy]\npath_mode = \"always\"\n").is_err());
}

#[test]
fn cap_10a_the_agents_image_stands_in_the_configuration_or_its_variable() {
    let file = file("[capture]\nagent_image = \"registry.test/agent:1\"\n");
    let config = Config::load(Some(file.path()), vars(&[])).unwrap();
    assert_eq!(config.capture.agent_image.as_deref(), Some("registry.test/agent:1"));
    let set = [("QD__CAPTURE__AGENT_IMAGE", "registry.test/agent:2")];
    let config = Config::load(Some(file.path()), vars(&set)).unwrap();
    assert_eq!(config.capture.agent_image.as_deref(), Some("registry.test/agent:2"));
    assert_eq!(Config::default().capture.agent_image, None);
}

#[test]
fn cap_45d_disk_and_folder_of_packets_stand_in_the_configuration() {
    let file = file("[capture]\nfolder = \"/var/packets\"\ntap_mib = 64\non_full = \"stop\"\n");
    let set = [("QD__CAPTURE__DISK_MIB", "256")];
    let capture = Config::load(Some(file.path()), vars(&set)).unwrap().capture;
    assert_eq!(capture.folder.as_deref(), Some(std::path::Path::new("/var/packets")));
    assert_eq!((capture.tap_mib.get(), capture.disk_mib.get(), capture.on_full), (64, 256, super::OnFull::Stop));
    let usual = Config::default().capture;
    assert_eq!((usual.tap_mib.get(), usual.disk_mib.get(), usual.on_full), (1_024, 4_096, super::OnFull::Drop));
    assert!(!usual.keep && usual.filter.is_empty(), "packets are erased at the end, all are captured");
    let set = [("QD__CAPTURE__FILTER", "not port 9100")];
    assert_eq!(Config::load(None, vars(&set)).unwrap().capture.filter, "not port 9100");
    assert!(Config::load(None, vars(&[("QD__CAPTURE__KEEP", "true")])).unwrap().capture.keep);
    assert!(Config::load(None, vars(&[("QD__CAPTURE__ON_FULL", "burn")])).is_err());
    assert!(Config::load(None, vars(&[("QD__CAPTURE__TAP_MIB", "0")])).is_err());
}

#[test]
fn cap_p_13a_how_many_records_a_tap_keeps_stands_in_the_configuration() {
    let of = |number: &str| Config::load(None, vars(&[("QD__CAPTURE__TAP_RECORDS", number)]));
    assert_eq!(of("1000000").unwrap().capture.tap_records.get(), 1_000_000);
    assert_eq!(Config::default().capture.tap_records.get(), 200_000);
    for number in ["0", "999", "2000001", "-1", "many"] {
        assert!(of(number).is_err(), "{number}");
    }
    let told = of("999").unwrap_err().to_string();
    assert!(told.contains("1000 to 2000000"), "{told}");
}

#[test]
fn ac_116a_all_that_is_wrong_is_said_at_once() {
    let bad =
        file("[serve]\nroels = []\nlisten = 7\nroles = [\"console\"]\n[consle]\nopen = true\n[console]\nopen = 1\n");
    let error =
        Config::load(Some(bad.path()), vars(&[("QD__SERVE__INSECURE_HTTP", "perhaps")])).unwrap_err().to_string();
    for words in ["5 things", "roels", "[serve] listen", "consle", "[console] open", "[serve] insecure_http"] {
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[test]
fn ac_116b_a_team_s_settings_are_read_from_file_and_variables() {
    let text = "[serve]\npublic_url = \"https://qd.test\"\n[[policy.deny]]\nname = \"x\"\nactions = [\"tap:*\"]\n";
    let set = [("QD__SERVE__ROLES", r#"["console", "operator"]"#), ("QD__SERVE__LISTEN", "0.0.0.0:9")];
    let config = Config::load(Some(file(text).path()), vars(&set)).unwrap();
    assert_eq!(config.serve.roles, [super::Role::Console, super::Role::Operator]);
    assert_eq!((config.serve.listen.port(), config.policy.deny.len()), (9, 1));
}
