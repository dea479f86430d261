//! Files that Wireshark's programs write, as our reader reads them.

use super::{
    ours,
    programs::{run, theirs},
    written::sample,
};

#[test]
fn cap_n_23e_every_form_that_editcap_writes_reads_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = sample(folder.path());
    for form in ["pcapng", "pcap", "nsecpcap", "modpcap"] {
        let to = folder.path().join(form);
        run("editcap", &["-F", form, path.to_str().unwrap(), to.to_str().unwrap()]);
        let (lines, damages) = ours(&to);
        assert_eq!(damages, [], "{form}");
        assert_eq!(lines.len(), 40, "{form}");
        assert_eq!(lines, theirs(&to), "{form}");
    }
}

#[test]
fn cap_n_23f_cut_packets_and_merged_files_keep_lengths_and_interfaces() {
    let folder = tempfile::tempdir().unwrap();
    let path = sample(folder.path());
    let (cut, merged, joined) = (folder.path().join("cut"), folder.path().join("merged"), folder.path().join("joined"));
    run("editcap", &["-s", "30", path.to_str().unwrap(), cut.to_str().unwrap()]);
    let (lines, _) = ours(&cut);
    assert!(lines.iter().all(|line| line.kept <= 30) && lines[39].orig > 100);
    assert_eq!(lines, theirs(&cut));
    run("mergecap", &["-I", "none", "-w", merged.to_str().unwrap(), path.to_str().unwrap(), cut.to_str().unwrap()]);
    let (lines, damages) = ours(&merged);
    assert_eq!((lines.len(), damages.len()), (80, 0));
    assert_eq!(lines, theirs(&merged));
    assert_eq!(lines.iter().map(|line| line.iface).max(), Some(3));
    // two files behind each other are two sections
    let bytes = [std::fs::read(&path).unwrap(), std::fs::read(&cut).unwrap()].concat();
    std::fs::write(&joined, bytes).unwrap();
    let (lines, damages) = ours(&joined);
    assert_eq!((lines.len(), damages.len()), (80, 0));
    let both = [theirs(&path), theirs(&cut)].concat();
    let plain = |line: &super::Line| (line.ts_ns, line.kept, line.orig);
    assert_eq!(lines.iter().map(plain).collect::<Vec<_>>(), both.iter().map(plain).collect::<Vec<_>>());
}
