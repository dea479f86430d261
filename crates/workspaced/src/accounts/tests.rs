#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::*;

fn user() -> User {
    User { name: "anna".into(), uid: 4000, gid: 4001, sudo: true, ..User::default() }
}

/// An image with accounts of its own, one of which has the number.
fn image() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for folder in ["etc/sudoers.d", "etc/skel", "bin"] {
        fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    let put = |name: &str, text: &str| fs::write(root.path().join(name), text).unwrap();
    put("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nubuntu:x:4000:4001::/home/ubuntu:/bin/sh\n");
    put("etc/group", "root:x:0:\nanna:x:77:\n");
    put("etc/shadow", "root:*:::::::\n");
    put("etc/skel/.profile", "umask 027\n");
    put("bin/sh", "");
    root
}

#[test]
fn ac_70a_an_account_is_made_once_and_found_before_others_of_its_number() {
    let (root, log) = (image(), Log::new());
    let account = make(root.path(), &user(), &log).unwrap();
    assert_eq!(account.shell, "/bin/sh", "the image has no bash");
    let read = |name: &str| fs::read_to_string(root.path().join(name)).unwrap();
    let passwd = read("etc/passwd");
    assert!(passwd.starts_with("anna:x:4000:4001::/home/anna:/bin/sh\nroot:x:0:0:"), "{passwd}");
    assert!(passwd.ends_with("ubuntu:x:4000:4001::/home/ubuntu:/bin/sh\n"), "{passwd}");
    assert_eq!(read("etc/group"), "anna:x:4001:\nroot:x:0:\n");
    assert_eq!(read("etc/shadow"), "anna:!:::::::\nroot:*:::::::\n");
    assert_eq!(read("etc/sudoers.d/quarterdeck"), "anna ALL=(ALL:ALL) NOPASSWD:ALL\n");
    let home = root.path().join("home/anna");
    let owner = |path: &Path| fs::metadata(path).map(|meta| (meta.uid(), meta.gid())).unwrap();
    assert_eq!(owner(&home), (4000, 4001));
    assert_eq!(owner(&home.join(".profile")), (4000, 4001));
    fs::write(home.join(".profile"), "mine\n").unwrap();
    make(root.path(), &user(), &log).unwrap();
    assert_eq!(read("etc/passwd"), passwd, "a second start changes nothing");
    assert_eq!(read("home/anna/.profile"), "mine\n");
}

#[test]
fn ac_70a_a_home_of_somebody_else_is_refused() {
    let (root, log) = (image(), Log::new());
    let home = root.path().join("home/anna");
    fs::create_dir_all(&home).unwrap();
    chown(&home, Some(999), Some(999)).unwrap();
    let error = make(root.path(), &user(), &log).unwrap_err().to_string();
    assert!(error.contains("belongs to the user number 999"), "{error}");
}
