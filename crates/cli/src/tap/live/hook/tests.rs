use super::*;

fn hook(command: &str) -> Hook {
    let (running, waiting) = (JoinSet::new(), VecDeque::new());
    Hook { command: command.to_owned(), running, waiting, done: 0, failed: 0, left_out: 0 }
}

#[tokio::test]
async fn cap_n_18g_a_command_gets_each_record_whole_and_nothing_of_it_as_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seen");
    let mut hook = hook(&format!("cat >> {}", file.display()));
    let records = [r#"{"path":"/a; touch /tmp/x"}"#, r#"{"path":"$(false)"}"#, r#"{"n":3}"#];
    for record in records {
        hook.take(record.as_bytes());
    }
    assert_eq!(hook.end().await, "--exec ran for 3 records, failed for 0, 0 were left out");
    let text = std::fs::read_to_string(file).unwrap();
    let mut seen: Vec<&str> = text.lines().collect();
    seen.sort_unstable();
    let mut wanted = records.to_vec();
    wanted.sort_unstable();
    assert_eq!(seen, wanted);
}

#[tokio::test]
async fn cap_n_18h_a_command_that_fails_or_is_slow_is_counted_and_holds_nothing_back() {
    let mut failing = hook("exit 3");
    failing.take(b"{}");
    assert_eq!(failing.end().await, "--exec ran for 1 records, failed for 1, 0 were left out");
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("gate");
    let mut slow = hook(&format!("until [ -e {} ]; do sleep 0.05; done", gate.display()));
    for _ in 0..AT_ONCE + MOST_WAITING + 7 {
        slow.take(b"{}");
    }
    assert_eq!((slow.running.len(), slow.waiting.len(), slow.left_out), (AT_ONCE, MOST_WAITING, 7));
    slow.waiting.truncate(2);
    std::fs::write(gate, "").unwrap();
    assert_eq!(slow.end().await, "--exec ran for 6 records, failed for 0, 7 were left out");
}
