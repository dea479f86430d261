//! `qd get` against the stock kubectl, on the real cluster with the demo in it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::{kubeconfig, kubectl};
use std::process::Output;

fn qd(args: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    e2e::console::command(home.path(), Some(&kubeconfig())).args(args).output().unwrap()
}

fn stdout(args: &[&str]) -> String {
    let output = qd(args);
    assert!(output.status.success(), "qd {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Cells of an aligned table, by the places of its headings: cells may hold blanks.
fn cells(text: &str) -> Vec<Vec<String>> {
    let heading: Vec<char> = text.lines().next().unwrap_or_default().chars().collect();
    let mut starts = vec![];
    for at in 0..heading.len() {
        let begins = heading[at] != ' '
            && (at == 0
                || heading[..at].ends_with(&[' ', ' ', ' '])
                || (at >= 2 && heading[at - 1] == ' ' && heading[at - 2] == ' '));
        if begins {
            starts.push(at);
        }
    }
    let cut = |line: &str| -> Vec<String> {
        let chars: Vec<char> = line.chars().collect();
        let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
        let pairs = starts.iter().zip(ends);
        pairs
            .map(|(from, to)| {
                chars.get(*from..to.min(chars.len())).unwrap_or_default().iter().collect::<String>().trim().to_owned()
            })
            .collect()
    };
    text.lines().map(cut).collect()
}

/// Ages within two seconds of each other are the same.
fn seconds(text: &str) -> Option<i64> {
    let (mut total, mut number) = (0, String::new());
    for c in text.chars() {
        match c {
            '0'..='9' => number.push(c),
            's' | 'm' | 'h' | 'd' | 'y' => {
                let unit = match c {
                    's' => 1,
                    'm' => 60,
                    'h' => 3600,
                    'd' => 86_400,
                    _ => 31_536_000,
                };
                total += std::mem::take(&mut number).parse::<i64>().ok()? * unit;
            }
            _ => return None,
        }
    }
    number.is_empty().then_some(total)
}

fn same(ours: &str, theirs: &str) -> bool {
    if ours == theirs {
        return true;
    }
    let words = |text: &str| text.replace(['(', ')'], " ").split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let (a, b) = (words(ours), words(theirs));
    // The age's last unit may just have ticked over.
    let near = |a: &str, b: &str| {
        a == b
            || matches!((seconds(a), seconds(b)), (Some(x), Some(y)) if (x - y).abs() <= 2 || (x.max(y) > 600 && (x - y).abs() <= 60) || (x.max(y) > 28_800 && (x - y).abs() <= 3600))
    };
    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| near(a, b))
}

/// Compares what both print; once more when the cluster moved in between.
fn compare(kind: &str) {
    let mut problems = vec![];
    for _ in 0..4 {
        let theirs = cells(&kubectl::stdout(&kubeconfig(), &["get", kind, "-A", "-o", "wide"]));
        let ours = cells(&stdout(&["get", kind, "-A", "-o", "wide"]));
        problems = differences(&ours, &theirs);
        if problems.is_empty() {
            assert!(theirs.len() > 1, "there are no {kind} to compare");
            return;
        }
    }
    panic!("{kind}:\n{}", problems.join("\n"));
}

fn differences(ours: &[Vec<String>], theirs: &[Vec<String>]) -> Vec<String> {
    if ours.first() != theirs.first() {
        return vec![format!("headings\n ours   {:?}\n theirs {:?}", ours.first(), theirs.first())];
    }
    if ours.len() != theirs.len() {
        return vec![format!("{} rows, kubectl has {}", ours.len(), theirs.len())];
    }
    let rows =
        ours.iter().zip(theirs).filter(|(a, b)| a.len() != b.len() || !a.iter().zip(*b).all(|(a, b)| same(a, b)));
    rows.map(|(a, b)| format!(" ours   {a:?}\n theirs {b:?}")).collect()
}

#[test]
fn ex_30c_pods_print_what_kubectl_prints() {
    compare("pods");
}

#[test]
fn ex_31b_nodes_print_what_kubectl_prints() {
    compare("nodes");
}

#[test]
fn ex_32a_namespaces_print_what_kubectl_prints() {
    compare("namespaces");
}

#[test]
fn ex_33b_deployments_print_what_kubectl_prints() {
    compare("deployments");
}

#[test]
fn ex_34a_daemonsets_print_what_kubectl_prints() {
    compare("daemonsets");
}

#[test]
fn ex_35a_statefulsets_print_what_kubectl_prints() {
    compare("statefulsets");
}

#[test]
fn ex_36a_replicasets_print_what_kubectl_prints() {
    compare("replicasets");
}

#[test]
fn ex_37b_jobs_and_cronjobs_print_what_kubectl_prints() {
    compare("jobs");
    compare("cronjobs");
}

#[test]
fn ex_40a_poddisruptionbudgets_print_what_kubectl_prints() {
    compare("poddisruptionbudgets");
}

#[test]
fn ex_43b_services_print_what_kubectl_prints() {
    compare("services");
}

#[test]
fn ex_44a_ingresses_and_classes_print_what_kubectl_prints() {
    compare("ingresses");
    compare("ingressclasses");
}

#[test]
fn ex_46a_networkpolicies_print_what_kubectl_prints() {
    compare("networkpolicies");
}

#[test]
fn ex_48b_configmaps_and_secrets_print_what_kubectl_prints() {
    compare("configmaps");
    compare("secrets");
}

#[test]
fn ex_49a_persistentvolumeclaims_print_what_kubectl_prints() {
    compare("persistentvolumeclaims");
}

#[test]
fn ex_51b_storageclasses_print_what_kubectl_prints() {
    compare("storageclasses");
}

#[test]
fn ex_64d_custom_resources_print_what_kubectl_prints() {
    compare("widgets");
    compare("gadgets");
}

#[test]
fn exn_03c_where_and_sort_choose_rows() {
    let output = stdout(&[
        "get",
        "pods",
        "-A",
        "--where",
        "namespace = \"data\" and not name ~ \"^redis\"",
        "--sort",
        "-name",
        "-o",
        "name",
    ]);
    let names: Vec<&str> = output.lines().collect();
    assert_eq!(names, ["pods/store-1", "pods/store-0", "pods/postgres-0"]);
    let refused = qd(&["get", "pods", "--where", "restrats > 3"]);
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{text}");
    assert!(text.contains("query_syntax") && text.contains("restarts"), "it names the nearest column: {text}");
}

#[test]
fn ex_64f_an_aggregated_api_has_the_columns_of_its_server_and_the_cells_of_kubectl() {
    for (kind, top, at) in [("pods.metrics.k8s.io", "pods", 2), ("nodes.metrics.k8s.io", "nodes", 1)] {
        let mut problems = vec![];
        // The server measures every 15 s: once more when it did in between.
        for _ in 0..4 {
            let all: &[&str] = if at == 2 { &["-A"] } else { &[] };
            let theirs = cells(&kubectl::stdout(&kubeconfig(), &[&["get", kind][..], all].concat()));
            let tops = cells(&kubectl::stdout(&kubeconfig(), &[&["top", top][..], all].concat()));
            let ours = cells(&stdout(&[&["get", kind][..], all].concat()));
            assert_eq!(ours.first(), theirs.first(), "headings of {kind}");
            problems = ours
                .iter()
                .skip(1)
                .filter(|row| {
                    let of = |rows: &[Vec<String>]| rows.iter().find(|other| other[..at] == row[..at]).cloned();
                    let (Some(theirs), Some(top)) = (of(&theirs), of(&tops)) else { return true };
                    // `kubectl top nodes` has shares between the two.
                    let memory = if at == 2 { &top[at + 1] } else { &top[at + 2] };
                    row[at] != top[at] || row[at + 1] != *memory || row[at + 2] != theirs[at + 2]
                })
                .cloned()
                .collect();
            if problems.is_empty() {
                assert_eq!(ours.len(), theirs.len(), "{kind}");
                assert!(ours.len() > 1, "there are no {kind}");
                break;
            }
        }
        assert!(problems.is_empty(), "{kind}: {problems:?}");
    }
}

#[test]
fn unknown_kinds_and_names_are_exit_4() {
    let kind = qd(&["get", "podz"]);
    let text = String::from_utf8_lossy(&kind.stderr).into_owned();
    assert_eq!(kind.status.code(), Some(4), "{text}");
    assert!(text.contains("kind_not_served") && text.contains("pods"), "{text}");
    assert_eq!(qd(&["get", "pod", "nope", "-n", "shop"]).status.code(), Some(4));
}

#[test]
fn exd_02_secrets_are_masked_in_every_form() {
    let plain = kubectl::stdout(&kubeconfig(), &["get", "secrets", "-A", "-o", "json"]);
    let list: serde_json::Value = serde_json::from_str(&plain).unwrap();
    let data = list["items"].as_array().unwrap().iter().filter_map(|item| item["data"].as_object());
    let canaries: Vec<String> = data
        .flat_map(|data| data.values())
        .filter_map(|value| value.as_str())
        .filter(|value| value.len() > 12)
        .map(str::to_owned)
        .collect();
    assert!(canaries.len() > 3, "the demo has Secrets");
    for form in ["json", "yaml", "jsonl", "csv", "wide", "name"] {
        let text = stdout(&["get", "secrets", "-A", "-o", form]);
        for canary in &canaries {
            assert!(!text.contains(canary.as_str()), "-o {form} prints a value");
        }
    }
}

#[test]
fn raw_objects_are_kubectls_but_for_values_of_secrets() {
    for args in
        [&["get", "deploy", "front", "-n", "shop", "-o", "json"][..], &["get", "services", "-n", "shop", "-o", "json"]]
    {
        let ours: serde_json::Value = serde_json::from_str(&stdout(args)).unwrap();
        let theirs: serde_json::Value = serde_json::from_str(&kubectl::stdout(&kubeconfig(), args)).unwrap();
        assert_eq!(ours, theirs, "{args:?}");
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let home = tempfile::tempdir().unwrap();
    let mut child = e2e::console::command(home.path(), Some(&kubeconfig()))
        .args(["get", "events", "-A"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(0));
}
