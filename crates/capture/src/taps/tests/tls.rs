use super::{World, joins, records};
use api::tap::TapCertificateStanding as Standing;
use policy::action::TapView;

const DAY: i64 = 86_400;

/// A handshake that a pod saw, at one end of its connection.
fn handshake(vantage: &str, port: u32, name: &str, more: &str) -> String {
    format!(
        r#"{{"kind":"tls","ts":{port}000000,"flow":"{port:x}","vantage":"{vantage}","src":{{"ip":"10.0.0.1","port":{port}}},"dst":{{"ip":"10.0.0.2","port":443,"name":"pay.shop"}},"sni":"{name}","version":"1.2","ja3":"3a","ja4":"t13d","ja4s":"t120{port}"{more}}}"#
    )
}

fn shows(days: i64, anomaly: &str, more: &str) -> String {
    let to = (crate::taps::one::now_us() / 1_000_000).cast_signed() + days * DAY + DAY / 2;
    format!(
        r#","anomaly":[{anomaly}],"certs":[{{"subject":"CN=pay","issuer":"CN=ca{more}","sans":["pay.example"],"from":1,"to":{to},"sha256":"ab{days}{more}"}},{{"subject":"CN=ca","sha256":"cd"}}]"#
    )
}

#[tokio::test]
async fn cap_n_22_the_board_has_servers_with_what_they_showed_whose_certificate_ends_first_before_the_others() {
    let world = World::new(false);
    let one = world.tap(true);
    joins(&one, 0, "front-1").await;
    joins(&one, 1, "pay-1").await;
    let permit = || world.permit(TapView { tap: Some(world.target(&one)) });
    assert!(world.taps.tls(permit(), "").await.unwrap().servers.is_empty());
    let soon = handshake("client", 1, "Pay.example.", &shows(12, "", ""));
    let twice = handshake("server", 1, "pay.example", &shows(12, "", ""));
    let past = handshake("client", 2, "old.example", &shows(-3, r#""cert_expired","cert_name_mismatch""#, ""));
    let older = handshake("client", 3, "good.example", &shows(400, r#""cert_name_mismatch""#, ""));
    let newer = handshake("client", 4, "good.example", &shows(90, "", " two"));
    let hidden = handshake("client", 5, "", r#","alert":{"from":"client"}"#);
    let other = r#"{"kind":"http","ts":1,"flow":"9","sni":"http.example"}"#;
    records(&one, 0, &[&soon, &past, &newer, &older, &hidden, other]).await;
    records(&one, 1, &[&twice]).await;
    let board = world.taps.tls(permit(), "").await.unwrap();
    let names: Vec<&str> = board.servers.iter().map(|server| server.server.as_str()).collect();
    assert_eq!(names, ["old.example", "pay.example", "good.example", "pay.shop:443"]);
    let [old, pay, good, none] = &board.servers[..] else { panic!("{board:?}") };
    let stands = |at: usize| {
        let one = board.servers[at].certificate.as_ref().unwrap();
        (one.standing, one.days_left.unwrap(), one.mismatch, one.others)
    };
    assert_eq!(stands(0), (Standing::Expired, -3, true, 0));
    assert_eq!(stands(1), (Standing::Soon, 12, false, 0));
    assert_eq!(stands(2), (Standing::Good, 90, false, 1), "the one that was shown last");
    assert_eq!(good.certificate.as_ref().unwrap().issuer, "CN=ca two");
    assert_eq!((pay.connections, old.connections, good.connections, none.connections), (1, 1, 2, 1));
    assert_eq!((pay.ends.as_slice(), none.failed), (&["pay.shop:443".to_owned()][..], 1));
    assert_eq!((good.ja4s.len(), good.ja3.as_slice(), good.versions.len()), (2, &["3a".to_owned()][..], 1));
    assert_eq!(pay.certificate.as_ref().unwrap().sans, ["pay.example"]);
    assert!(none.certificate.is_none() && !board.more);
    assert_eq!(world.taps.tls(permit(), r#"sni = "old.example""#).await.unwrap().servers.len(), 1);
}
