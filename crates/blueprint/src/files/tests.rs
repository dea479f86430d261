#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;

fn tree(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

fn read(files: &[(&str, &str)]) -> Vec<Read> {
    let tree = tree(files);
    let paths: Vec<String> = tree.keys().filter(|path| path.ends_with(".yaml")).cloned().collect();
    read_all(&tree, &paths, LayerKind::Platform)
}

fn error(files: &[(&str, &str)]) -> Problem {
    read(files).into_iter().find_map(|one| one.documents.err()).expect("a problem")
}

#[test]
fn bc_01e_includes_are_relative_to_their_file_and_keep_their_own_marks() {
    let all = read(&[
        ("a.yaml", "x: !include parts/b.yaml\ny: !file parts/run.sh\n"),
        ("parts/b.yaml", "\nz: !include ../c.yaml\n"),
        ("parts/run.sh", "echo hello\n"),
        ("c.yaml", "- 1\n"),
    ]);
    assert_eq!(all.len(), 1, "what is included is no file of its own");
    let node = all[0].documents.as_ref().unwrap()[0].clone();
    assert_eq!(node.to_json(), serde_json::json!({ "x": { "z": [1] }, "y": "echo hello\n" }));
    assert_eq!(node.get("x").unwrap().get("z").unwrap().items()[0].origin.mark.to_string(), "c.yaml:1:3");
    assert_eq!(node.get("y").unwrap().origin.mark.to_string(), "a.yaml:2:4");
}

#[test]
fn bc_01f_cycles_are_named_in_full() {
    let files: &[(&str, &str)] =
        &[("a.yaml", "x: !include b.yaml"), ("b.yaml", "x: !include c.yaml"), ("c.yaml", "- !include a.yaml")];
    let problem = error(files);
    assert_eq!(problem.code, Code::BlueprintCycle);
    assert!(problem.message.contains("a.yaml → b.yaml → c.yaml → a.yaml"), "{problem}");
    let beside: &[(&str, &str)] =
        &[("0.yaml", "x: !include a.yaml"), ("a.yaml", "x: !include b.yaml"), ("b.yaml", "x: !include a.yaml")];
    assert!(error(beside).message.contains("a.yaml → b.yaml → a.yaml"));
    assert_eq!(error(&[("a.yaml", "x: !include a.yaml")]).code, Code::BlueprintCycle);
    // Beside files that are right none of them is left out in silence, and each circle is told once.
    let among: &[(&str, &str)] = &[
        ("good.yaml", "x: 1"),
        ("x.yaml", "- !include y.yaml"),
        ("y.yaml", "- !include x.yaml"),
        ("z.yaml", "- !include z.yaml"),
    ];
    let told: Vec<String> =
        read(among).into_iter().filter_map(|one| one.documents.err()).map(|one| one.message).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("x.yaml → y.yaml → x.yaml") && told[1].contains("z.yaml → z.yaml"), "{told:?}");
}

#[test]
fn bc_01g_nothing_outside_of_the_tree_is_read() {
    struct Spy;
    impl Files for Spy {
        fn read(&self, path: &str) -> Result<String, String> {
            assert_eq!(path, "dir/a.yaml", "asked for a file outside");
            Err("x".to_owned())
        }
    }
    read_all(&Spy, &["dir/a.yaml".to_owned()], LayerKind::Repo);
    for path in ["../../etc/passwd", "/etc/passwd", "x/../../../y", "C:\\x", "", "..", "b\\..\\..\\c"] {
        for tag in ["!include", "!file"] {
            let text = format!("x: {tag} '{path}'");
            let problem = error(&[("dir/a.yaml", &text)]);
            assert!(problem.message.contains("outside"), "{tag} {path}: {problem}");
        }
    }
    assert!(error(&[("a.yaml", "x: !file gone.sh")]).message.contains("gone.sh: there is no such file"));
}
