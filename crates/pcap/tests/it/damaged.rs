//! Cut files: we use at least what Wireshark uses.

use super::{ours, programs::output, written::sample};
use pcap::Why;

#[test]
fn cap_f_19h_of_a_cut_file_we_use_what_tshark_uses() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(sample(folder.path())).unwrap();
    let path = folder.path().join("cut.pcapng");
    let mut cuts = 0;
    for to in (700..bytes.len()).step_by(331) {
        std::fs::write(&path, &bytes[..to]).unwrap();
        let (lines, damages) = ours(&path);
        let told = output("tshark", &["-n", "-r", path.to_str().unwrap(), "-T", "fields", "-e", "frame.len"]);
        let theirs = String::from_utf8(told.stdout).unwrap().lines().count();
        assert_eq!(lines.len(), theirs, "cut at {to}");
        assert!(damages.iter().all(|damage| damage.why == Why::Cut) && damages.len() <= 1);
        assert_eq!(told.status.success(), damages.is_empty(), "both see the cut at {to}");
        cuts += damages.len();
    }
    assert!(cuts > 5);
}
