#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use std::net::TcpListener;

use super::*;

#[test]
fn ac_71j_lines_of_sockets_that_listen_are_read_and_no_others() {
    let four = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 34567 1 0 100 0 0 10 0";
    let one = parse(four).unwrap();
    assert_eq!((one.address.to_string().as_str(), one.port, one.uid, one.inode), ("127.0.0.1", 8080, 1000, 34567));
    let six = "   1: 00000000000000000000000001000000:0BB8 00000000000000000000000000000000:0000 0A 0:0 00:0 0 7 0 9 1";
    assert_eq!(parse(six).unwrap().address.to_string(), "::1");
    for other in [
        "  sl  local_address rem_address   st tx_queue",
        &four.replace(" 0A ", " 01 "),
        &four.replace("0100007F", "01"),
        &four.replace("1F90", "1F90F"),
        "0: :",
        "",
    ] {
        assert_eq!(parse(other), None, "{other}");
    }
}

#[test]
fn ac_71k_who_listens_is_found_by_the_socket() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let inode = listening().into_iter().find(|one| one.port == port).unwrap().inode;
    let found = owners(&HashSet::from([inode, 1]));
    assert_eq!(found.keys().collect::<Vec<_>>(), [&inode]);
    assert_eq!(found[&inode].pid, std::process::id() as i32);
}

proptest::proptest! {
    #[test]
    fn ac_71l_any_line_is_read_or_not(line in ".{0,200}") {
        let _ = parse(&line);
    }
}
