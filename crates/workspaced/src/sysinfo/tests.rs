#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::*;

#[test]
fn ac_71q_limits_and_file_systems_are_read_as_the_kernel_writes_them() {
    assert_eq!(
        (limit("150000 100000\n"), limit("max 100000\n"), limit("1 0"), limit("")),
        (Some(1500), None, None, None)
    );
    assert_eq!(limit("-1 100000"), None, "as version 1 writes it");
    assert_eq!(member("usage_usec 12\nuser_usec 3", "user_usec"), 3);
    assert_eq!(folder("4:memory:/no/such\n0::/\n", "memory"), Path::new("/sys/fs/cgroup/memory"));
    assert_eq!(load("0.50 1.25 2.00 3/400 5"), [0.5, 1.25, 2.0]);
    assert_eq!(unescaped("/a\\040b\\134c\\9"), "/a b\\c\\9");
    let text = "1 0 0:1 / / rw - overlay overlay rw\n\
                2 1 0:2 / /proc rw - proc proc rw\n\
                3 1 0:3 / /dev/shm rw - tmpfs shm rw\n\
                4 1 8:1 /x /tmp rw shared:1 - ext4 /dev/sda1 rw\n\
                5 1 8:1 /x /tmp rw - tmpfs tmpfs rw\n\
                6 1 8:1 /f /etc/hosts rw - ext4 /dev/sda1 rw\n\
                7 cut";
    assert_eq!(places(text), [("/".to_owned(), "overlay".to_owned()), ("/tmp".to_owned(), "tmpfs".to_owned())]);
}
