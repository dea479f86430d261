#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::Owner;
use std::os::unix::fs::PermissionsExt;

#[test]
fn cap_20d_a_user_has_one_key_that_nobody_else_reads() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tap.key");
    // Many begin at the same time.
    let all: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| Owner::kept(&file).map(|owner| owner.public()))).collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap().ok()).collect()
    });
    assert!(!all.is_empty() && all.iter().all(|one| *one == all[0]));
    let owner = Owner::kept(&file).unwrap();
    assert_eq!(owner.public(), all[0]);
    assert_eq!(Owner::from_secret(&owner.secret()).unwrap().public(), all[0]);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(folder.path().read_dir().unwrap().count(), 1, "something else is left");
    assert!(!format!("{owner:?}").contains(&owner.secret()));

    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
    assert_eq!(Owner::kept(&file).unwrap_err().kind(), std::io::ErrorKind::PermissionDenied);
    std::fs::write(&file, "no key").unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(Owner::kept(&file).unwrap_err().kind(), std::io::ErrorKind::InvalidData);
}
