use super::{World, joins, records};
use std::process::Command;

const PODS: usize = 200;
/// Of each: as fast as they are taken, more than ten times as fast as so many agents speak, and more than is kept.
const RECORDS: usize = 1_200;
/// What a hub may take for that.
const BUDGET: u64 = 256 << 20;

fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

/// All of it, in a process of its own.
async fn storm() {
    let world = World::new(false);
    let one = world.tap(true);
    for pod in 0..PODS {
        joins(&one, pod, &format!("front-{pod}")).await;
    }
    for batch in 0..RECORDS / 100 {
        for pod in 0..PODS {
            let line = |at: usize| {
                let at = (batch * 100 + at) * PODS + pod;
                format!(
                    r#"{{"v":1,"kind":"http","id":"{at:032x}","seq":{at},"ts":{at},"flow":"{:032x}","src":{{"ip":"10.0.0.1","port":4000}},"dst":{{"ip":"10.0.1.1","port":80}},"method":"GET","host":"shop.example","path":"/items/{at}","status":200,"wait_us":{at},"total_us":{at}}}"#,
                    at / 10
                )
            };
            let lines: Vec<String> = (0..100).map(line).collect();
            records(&one, pod, &lines.iter().map(String::as_str).collect::<Vec<_>>()).await;
        }
    }
    let totals = one.totals();
    assert_eq!(totals.records, (PODS * RECORDS) as u64);
    assert!(totals.kept >= 100_000, "{totals:?}");
    println!("peak {} of {BUDGET}", peak());
    assert!(peak() < BUDGET, "{} bytes", peak());
}

#[tokio::test]
async fn cap_d_23b_ten_times_what_two_hundred_agents_say_fits_into_the_memory_of_a_hub() {
    if std::env::var_os("QD_TEST_STORM").is_some() {
        return storm().await;
    }
    let name = std::thread::current().name().unwrap().to_owned();
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--exact", &name, "--nocapture"]).env("QD_TEST_STORM", "1").output().unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("peak "), "it did not run");
}
