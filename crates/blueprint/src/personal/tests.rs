#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::Dotfiles;
use crate::compose::Beside;
use crate::testing::Ask;
use std::process::Command;

fn repository(address: &str) -> Dotfiles {
    Dotfiles { repository: address.to_owned(), ..Dotfiles::default() }
}

fn folder(path: &str) -> Dotfiles {
    Dotfiles { folder: path.to_owned(), ..Dotfiles::default() }
}

const PLATFORM: &str = "\
- name: go
  image: go
  initScripts: [{name: first, script: echo 1}]
  env: {A: b}
- name: closed
  image: go
  allow: {/initScripts: {set: false}}
";

#[test]
fn wb_03c_dotfiles_are_a_layer_of_their_own_after_all_scripts_and_change_nothing_else() {
    let dotfiles = repository("https://git.example/ada/dotfiles");
    let beside = Beside { dotfiles: Some(&dotfiles), ..Beside::default() };
    let ask = || Ask {
        platform: PLATFORM,
        name: Some("go"),
        overrides: Some("{initScripts: [{name: own, script: echo 2}]}"),
        ..Ask::default()
    };
    let (plain, with) = (ask().compose().unwrap(), Ask { beside, ..ask() }.compose().unwrap());
    let changes = crate::diff(&plain.node, &with.node);
    assert!(changes.iter().all(|one| one.pointer.to_string() == "/initScripts"), "{changes:?}");
    let scripts = with.node.get("initScripts").unwrap();
    let names: Vec<_> = scripts.items().iter().map(|one| one.get("name").unwrap().text().unwrap().to_owned()).collect();
    assert_eq!((&names[..2], names[2].starts_with("dotfiles-")), (&["first".to_owned(), "own".to_owned()][..], true));
    assert_eq!(scripts.items()[2].origin.layer.to_string(), "personal");
    let layers: Vec<String> = with.layers.iter().map(|layer| layer.origin.layer.to_string()).collect();
    assert_eq!(layers, ["platform go", "overrides overrides", "personal"]);
    // where blueprints let nobody add scripts, nobody does
    let closed = Ask { platform: PLATFORM, name: Some("closed"), beside, ..Ask::default() }.problems();
    assert!(closed[0].contains("personal may not set this"), "{closed:?}");
    // other dotfiles are another script, which is run again
    let other = Dotfiles { reference: "main".to_owned(), ..dotfiles.clone() };
    assert_ne!(dotfiles.name(), other.name());
}

#[test]
fn wb_03d_addresses_and_folders_that_mean_something_else_are_refused() {
    for good in [
        repository("https://git.example/ada/dotfiles.git"),
        Dotfiles { reference: "v1".to_owned(), ..repository("https://git.example/ada/dotfiles") },
        folder("~/dots"),
        folder("/shared/it's mine"),
    ] {
        assert_eq!(good.check(), Ok(()), "{good:?}");
    }
    for (bad, word) in [
        (Dotfiles::default(), "a repository or a folder"),
        (Dotfiles { folder: "/x".to_owned(), ..repository("https://a/b") }, "not both"),
        (repository("http://git.example/a"), "https://"),
        (repository("https://git.example"), "https://"),
        (repository("https://ada:secret@git.example/a"), "no password"),
        (repository("https://git.example/a b"), "https://"),
        (repository("--upload-pack=x"), "https://"),
        (Dotfiles { reference: "--x".to_owned(), ..repository("https://a/b") }, "no ref"),
        (folder("dots"), "from / or ~/"),
        (Dotfiles { reference: "main".to_owned(), ..folder("~/dots") }, "no ref"),
    ] {
        let why = bad.check().unwrap_err();
        assert!(why.contains(word), "{bad:?}: {why}");
    }
}

#[test]
fn wb_03e_the_script_installs_by_the_usual_names_or_links_what_begins_with_a_dot() {
    let home = tempfile::tempdir().unwrap();
    let at = |path: &str| home.path().join(path);
    let run = |dotfiles: &Dotfiles| {
        let script = dotfiles.script();
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).env("HOME", home.path());
        shell.output().unwrap()
    };
    std::fs::create_dir_all(at("it's mine/.git")).unwrap();
    std::fs::write(at("it's mine/.vimrc"), "new").unwrap();
    std::fs::write(at("it's mine/README"), "").unwrap();
    std::fs::write(at(".vimrc"), "old").unwrap();
    let own = folder("~/it's mine");
    for _ in 0..2 {
        let done = run(&own);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(std::fs::read_to_string(at(".vimrc")).unwrap(), "new");
    }
    assert_eq!(std::fs::read_to_string(at(".vimrc.before-dotfiles")).unwrap(), "old");
    assert!(!at(".git").exists() && !at("README").exists());
    std::fs::write(at("it's mine/install.sh"), "echo \"$PWD\" > \"$HOME\"/installed\n").unwrap();
    assert!(run(&own).status.success());
    assert!(std::fs::read_to_string(at("installed")).unwrap().ends_with("it's mine\n"));
    let told = Dotfiles { command: "echo told > \"$HOME\"/told".to_owned(), ..own };
    assert!(run(&told).status.success() && at("told").exists());
    let none = run(&folder("~/none"));
    assert!(!none.status.success() && String::from_utf8_lossy(&none.stderr).contains("there is no folder"));
}
