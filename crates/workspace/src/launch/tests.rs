#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Launch, LaunchError, Meant, Said};
use base::{Code, Coded};
use serde_json::json;

fn either(text: &str) -> Result<Meant, LaunchError> {
    Said::new(text)?.meant(None)
}

#[test]
fn wl_09z_a_bad_name_comes_with_a_good_one() {
    assert_eq!(Meant::name("a-1").unwrap().name, "a-1");
    for (bad, good) in [("My_Space", "my-space"), ("-a", "a"), ("", "workspace"), ("ö", "workspace")] {
        let error = Meant::name(bad).unwrap_err();
        assert_eq!(error.code(), Code::WorkspaceNameInvalid);
        assert!(error.to_string().ends_with(good), "{error}");
        assert_eq!(error.details().unwrap()["free"], good);
    }
    assert!(Meant::name(&"a".repeat(53)).is_err());
}

#[test]
fn wl_01b_a_user_string_says_who_what_and_under_which_name() {
    let meant = either("ada~rust").unwrap();
    assert_eq!((meant.user.as_deref(), meant.blueprint.as_deref()), (Some("ada"), Some("rust")));
    assert!(meant.name.starts_with("ada-") && meant.name.len() <= 52, "{}", meant.name);
    assert_eq!(either("ada~rust").unwrap(), meant, "the same string is the same workspace");
    let repo = either("ada~repo=org~proj+ref=main").unwrap();
    assert_eq!(repo.source, Some(json!({ "repo": { "owner": "org", "name": "proj", "ref": "main" } })));
    assert_ne!(repo.name, meant.name);
    assert_eq!(either("scratch").unwrap(), Meant { name: "scratch".into(), ..Meant::default() });
    assert!(either("ada~nope=1").is_err());
    for other in ["ada~pod=web-0", "ada~rust+workload=deployment~web+ns=shop", "ada~repo=a+workload=daemonset~x+ns=y"] {
        let error = either(other).unwrap_err();
        assert_eq!(error.code(), Code::FeatureUnavailable, "nothing else is made in its place: {other}");
    }
}

#[test]
fn wl_01c_the_object_holds_what_was_asked_and_nothing_else() {
    let launch = Launch {
        owner: "ada".into(),
        org: "lab".into(),
        blueprint: Some("rust".into()),
        params: [("CPU".to_owned(), "4".to_owned())].into(),
        memory: Some("2Gi".into()),
        stopped: true,
        ..Launch::default()
    };
    let spec = json!({
        "owner": "ada", "org": "lab", "blueprintRef": { "name": "rust" }, "params": { "CPU": "4" },
        "resources": { "memory": "2Gi" }, "state": "Stopped",
    });
    assert_eq!(launch.spec(), spec);
}

#[test]
fn gn_06a_arguments_ports_and_labels_stand_in_the_object() {
    let launch = Launch {
        owner: "ada".into(),
        org: "lab".into(),
        image: Some("nginx".into()),
        args: vec!["-q".into()],
        ports: vec![(8080, "http".into()), (9000, String::new())],
        labels: [("team".to_owned(), "red".to_owned())].into(),
        ..Launch::default()
    };
    let spec = json!({
        "owner": "ada", "org": "lab", "image": "nginx", "args": ["-q"], "podLabels": { "team": "red" },
        "ports": [{ "containerPort": 8080, "name": "http", "protocol": "TCP" }, { "containerPort": 9000, "protocol": "TCP" }],
    });
    assert_eq!(launch.spec(), spec);
}

#[test]
fn wb_03j_dotfiles_are_said_in_one_word() {
    use super::dotfiles;
    assert_eq!(dotfiles(" ~/dots "), json!({ "folder": "~/dots" }));
    assert_eq!(dotfiles("/shared/dots#1"), json!({ "folder": "/shared/dots#1" }));
    let repository = "https://git.example/ada/dots";
    assert_eq!(dotfiles(repository), json!({ "repository": repository }));
    assert_eq!(dotfiles(&format!("{repository}#main")), json!({ "repository": repository, "ref": "main" }));
    let launch = Launch { owner: "ada".into(), dotfiles: Some("~/dots".into()), ..Launch::default() };
    assert_eq!(launch.spec()["dotfiles"], json!({ "folder": "~/dots" }));
}
