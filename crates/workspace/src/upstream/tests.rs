#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use super::Upstream;
use crate::blueprints::{Blueprints, Platform};
use crate::desired::Desired;
use crate::folder::Folder;
use crate::render::{Refused, Render as _, Rendered};
use crate::source::Sourced;
use git::testing::{Host, Keys, Repository};
use git::{Git, Reference, Remote, Settings, Signer};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn of(host: &Host, reference: Reference, signers: Vec<Signer>) -> Arc<Folder> {
    let here = vec![host.name()];
    let git = Git::new(Settings { private_hosts: here.clone(), plain_hosts: here, ..Settings::default() });
    let remote = Remote { host: host.name(), path: "acme/shop".to_owned() };
    let upstream = Upstream { git, remote, reference, folder: "platform".to_owned(), login: None, signers };
    Arc::new(Folder::upstream(upstream))
}

fn blueprints(folder: &Arc<Folder>) -> Blueprints {
    Blueprints::new(Platform { folder: Some(folder.clone()), ..Platform::new("dev", "images.invalid/agent:1") })
}

fn render(blueprints: &Blueprints, name: &str) -> Result<Rendered, Refused> {
    let object = json!({
        "metadata": { "name": "w", "namespace": "team", "uid": "uid-1", "generation": 1, "resourceVersion": "1" },
        "spec": { "owner": "ada", "org": "lab", "blueprintRef": { "name": name } },
    });
    blueprints.render(&Desired::of(&object).unwrap(), &object, &Sourced::None)
}

fn image(blueprints: &Blueprints, name: &str) -> String {
    let pod = render(blueprints, name).unwrap().pod.unwrap().body;
    pod["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
}

const BASE: (&str, &str) = ("platform/base.yaml", "blueprint:\n  name: base\n  isTemplate: true\n  env: {A: \"1\"}\n");

fn rust(tag: &str) -> String {
    format!("blueprint:\n  name: rust\n  template: base\n  image: images.invalid/rust:{tag}\n")
}

#[tokio::test]
async fn bc_02h_blueprints_of_a_repository_are_taken_commit_by_commit_and_a_broken_one_is_not() {
    let (host, repository, env) = (Host::start(), Repository::new(), BTreeMap::new());
    let outside = ("other/x.yaml", "blueprint: [\n");
    let first = repository.commit(&[BASE, ("platform/team/rust.yaml", &rust("1")), outside], "one");
    let folder = of(&host, Reference::Named("main".to_owned()), Vec::new());
    let blueprints = blueprints(&folder);

    // As long as nothing was read nobody says that there is no such blueprint.
    let gone = folder.reload(&env).await;
    assert!(!gone.changed && gone.problems[0].contains("acme/shop is not there"), "{gone:?}");
    let waits = render(&blueprints, "rust").unwrap_err();
    assert_eq!((waits.condition, waits.reason, waits.queued), ("BlueprintResolved", "Unknown", true));
    assert!(waits.message.contains("are not read yet") && waits.message.contains("acme/shop"), "{}", waits.message);

    host.keep("acme/shop", &repository);
    let taken = folder.reload(&env).await;
    assert_eq!((taken.commit.as_str(), taken.files, taken.changed), (first.as_str(), 2, true), "{taken:?}");
    assert_eq!(taken.source, format!("branch, tag or commit main of {}/acme/shop", host.name()));
    assert_eq!(image(&blueprints, "rust"), "images.invalid/rust:1");
    let asked = host.asked().len();
    assert!(!folder.reload(&env).await.changed, "nothing is new");
    assert_eq!(host.asked().len() - asked, 2, "and nothing is fetched: its refs are asked for");

    repository.commit(&[("platform/team/rust.yaml", "blueprint:\n  name: rust\n  image: [\n")], "broken");
    host.keep("acme/shop", &repository);
    let broken = folder.reload(&env).await;
    assert_eq!((broken.commit.as_str(), broken.changed), (first.as_str(), false));
    let told = broken.problems.join("\n");
    assert!(told.contains("team/rust.yaml:"), "it says where it fails: {told}");
    assert_eq!(image(&blueprints, "rust"), "images.invalid/rust:1", "what was there before holds");
    let (_, problems) = blueprints.library("team");
    assert!(problems.iter().any(|one| &*one.mark.file == "team/rust.yaml"), "{problems:?}");

    let mended = repository.commit(&[("platform/team/rust.yaml", &rust("2"))], "mended");
    host.keep("acme/shop", &repository);
    let taken = folder.reload(&env).await;
    assert_eq!((taken.commit, taken.problems.len(), taken.changed), (mended, 0, true));
    assert_eq!(image(&blueprints, "rust"), "images.invalid/rust:2");
    assert!(blueprints.library("team").1.is_empty());

    // A host that is away changes nothing.
    drop(host);
    let away = folder.reload(&env).await;
    assert!(!away.problems.is_empty());
    assert_eq!(image(&blueprints, "rust"), "images.invalid/rust:2");
}

#[tokio::test]
async fn bc_02i_where_signers_are_named_a_commit_of_nobody_else_is_taken() {
    let (host, repository, keys, env) = (Host::start(), Repository::new(), Keys::new(), BTreeMap::new());
    let ada = Signer::parse(&keys.make("ada", "ed25519")).unwrap();
    drop(keys.make("eve", "ed25519"));
    let folder = of(&host, Reference::Default, vec![ada]);
    let blueprints = blueprints(&folder);
    let signed = repository.signed_commit(&keys, "ada", &[BASE, ("platform/rust.yaml", &rust("1"))], "one");
    host.keep("acme/shop", &repository);
    assert_eq!(folder.reload(&env).await.commit, signed);
    repository.signed_commit(&keys, "eve", &[("platform/rust.yaml", &rust("2"))], "two");
    host.keep("acme/shop", &repository);
    let refused = folder.reload(&env).await;
    assert!(refused.problems[0].contains("not among the signers"), "{refused:?}");
    repository.commit(&[("platform/rust.yaml", &rust("3"))], "three");
    host.keep("acme/shop", &repository);
    let refused = folder.reload(&env).await;
    assert!(refused.problems[0].contains("it is not signed") && refused.commit == signed, "{refused:?}");
    assert_eq!(image(&blueprints, "rust"), "images.invalid/rust:1");
    let next = repository.signed_commit(&keys, "ada", &[("platform/rust.yaml", &rust("4"))], "four");
    host.keep("acme/shop", &repository);
    assert_eq!(folder.reload(&env).await.commit, next);
    assert_eq!(image(&blueprints, "rust"), "images.invalid/rust:4");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bc_02j_readers_see_no_gap_while_commits_are_taken() {
    let (host, repository, env) = (Host::start(), Repository::new(), BTreeMap::new());
    repository.commit(&[BASE, ("platform/rust.yaml", &rust("0"))], "one");
    host.keep("acme/shop", &repository);
    let folder = of(&host, Reference::Default, Vec::new());
    assert!(folder.reload(&env).await.changed);
    let blueprints = Arc::new(blueprints(&folder));
    let (over, looks) = (Arc::new(AtomicBool::new(false)), Arc::new(std::sync::atomic::AtomicUsize::new(0)));
    let reader = std::thread::spawn({
        let (blueprints, over, looks) = (blueprints.clone(), over.clone(), looks.clone());
        move || {
            let mut missed = 0;
            while !over.load(Ordering::SeqCst) {
                missed += usize::from(blueprints.library("team").0.get("rust").is_none());
                looks.fetch_add(1, Ordering::SeqCst);
            }
            missed
        }
    });
    for at in 1..=8 {
        let before = looks.load(Ordering::SeqCst);
        repository.commit(&[("platform/rust.yaml", &rust(&at.to_string()))], "next");
        host.keep("acme/shop", &repository);
        assert!(folder.reload(&env).await.changed);
        while looks.load(Ordering::SeqCst) == before {
            tokio::task::yield_now().await;
        }
    }
    over.store(true, Ordering::SeqCst);
    assert_eq!(reader.join().unwrap(), 0);
    assert_eq!(image(&blueprints, "rust"), "images.invalid/rust:8");
}
