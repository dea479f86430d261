//! The port: who is let in, and how certificates come and are renewed. Two real processes.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use link::{Error, Link, Renewed};
use pki::{Authority, Keys, Name};
use serde_json::json;

use super::caller::{exec, finish, steps};
use super::pod::Pod;

const HOUR: Duration = Duration::from_secs(3600);

fn keys(authority: &Authority, name: &Name, at: SystemTime) -> Arc<Keys> {
    let keys = Keys::new().unwrap();
    keys.take(authority.certify(keys.public(), name, at).unwrap(), at).unwrap();
    keys
}

/// A port that nobody has.
fn port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn ac_72a_wrong_authority_wrong_role_expired_and_unnamed_callers_are_refused() {
    let address = format!("127.0.0.1:{}", port());
    let mut pod = Pod::start(&json!({ "listen": address, "trust": "ship" }));
    steps(async {
        let now = SystemTime::now();
        let authority = Authority::new("ship", now).unwrap();
        let (blue, gateway) = (Name::workspace("ship", "6f3c"), Name::role("ship", "gateway"));
        let door = keys(&authority, &gateway, now);
        let call = |keys: Arc<Keys>, whom: Name| {
            let address = address.clone();
            async move { Link::call(&address, keys, whom, "anna", "").await }
        };
        assert!(call(door.clone(), blue.clone()).await.is_err(), "without a certificate the port takes nobody in");

        let inside = pod.link().await;
        assert_eq!(inside.welcome().certified_until_ms, 0);
        let red = Name::workspace("ship", "red");
        assert!(matches!(inside.certify(&authority, &red, now).await, Err(Error::Another { .. })));
        let until = inside.certify(&authority, &blue, now).await.unwrap();
        assert_eq!(until, now + 24 * HOUR);

        let link = call(door.clone(), blue.clone()).await.unwrap();
        assert!(link.welcome().certified_until_ms > 0);
        let mut session = link.exec(exec(&["echo", "over TLS"])).await.unwrap();
        assert_eq!(finish(&mut session).await.0, b"over TLS\n");

        let other = Authority::new("ship", now).unwrap();
        for (what, keys, whom) in [
            ("of another authority", keys(&other, &gateway, now), &blue),
            ("of another role", keys(&authority, &Name::role("ship", "hub"), now), &blue),
            ("another workspace", keys(&authority, &red, now), &blue),
            ("expired", keys(&authority, &gateway, now - 25 * HOUR), &blue),
            ("without a certificate", Keys::new().unwrap(), &blue),
            ("asking for another workspace", door.clone(), &red),
        ] {
            let refused = call(keys, whom.clone()).await;
            assert!(refused.is_err(), "one that is {what} was let in");
        }
        // The daemon says it a moment after who was refused knows.
        let expired = "was not let in: invalid peer certificate: certificate expired";
        pod.until("it says who was not let in", |pod| pod.said().contains(expired));
        let plain = tokio::net::TcpStream::connect(&address).await.unwrap();
        assert!(Link::open(plain, "anna", "").await.is_err(), "without TLS");

        // renewed over the link that stands, which goes on; later ones see the new certificate
        let mut held = link.exec(exec(&["cat"])).await.unwrap();
        link.certify(&authority, &blue, now - 25 * HOUR).await.unwrap();
        assert!(call(door.clone(), blue.clone()).await.is_err(), "now it shows one that has expired");
        link.certify(&authority, &blue, now).await.unwrap();
        call(door.clone(), blue.clone()).await.unwrap();
        held.send(b"still here").await.unwrap();
        held.end_input().await.unwrap();
        assert_eq!(finish(&mut held).await.0, b"still here");
    });
}

#[test]
fn ac_72b_only_callers_may_ask_for_the_key_or_bring_a_certificate() {
    let pod = Pod::start(&json!({}));
    for (method, path) in [("GET", "/api/v1/key"), ("POST", "/api/v1/certificate")] {
        assert_eq!(pod.ask(method, path).0, 404, "{path} by the local socket");
    }
}

#[test]
fn ac_78a_a_daemon_is_certified_again_at_half_life_over_the_channel_and_stands_meanwhile() {
    let address = format!("127.0.0.1:{}", port());
    let pod = Pod::start(&json!({ "listen": address, "trust": "ship" }));
    steps(async {
        let now = SystemTime::now();
        let authority = Authority::new("ship", now).unwrap();
        let (blue, gateway) = (Name::workspace("ship", "6f3c"), Name::role("ship", "gateway"));
        let door = keys(&authority, &gateway, now);
        let short = authority.with_leaves_of(Duration::from_secs(6));
        let renew = async |link: &Link| {
            link.renew(&blue, |key| short.certify(key, &blue, SystemTime::now())).await.expect("it is renewed")
        };
        // by the proof of the pod at first
        let Renewed::Until(first) = renew(&pod.link().await).await else { panic!("it had none") };
        assert_eq!(renew(&pod.link().await).await, Renewed::Stands);
        let link = Link::call(&address, door.clone(), blue.clone(), "anna", "").await.unwrap();
        let mut held = link.exec(exec(&["cat"])).await.unwrap();
        // later over the certificate that is still good
        let over = Link::call(&address, door.clone(), blue.clone(), "operator", "").await.unwrap();
        let second = loop {
            match renew(&over).await {
                Renewed::Until(until) => break until,
                _ if SystemTime::now() > first => panic!("it was not due at half of its life"),
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        assert!(second > first);
        while SystemTime::now() <= first {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        renew(&over).await;
        Link::call(&address, door.clone(), blue.clone(), "anna", "").await.unwrap();
        held.send(b"still here").await.unwrap();
        held.end_input().await.unwrap();
        assert_eq!(finish(&mut held).await.0, b"still here");
        let other = Name::workspace("ship", "another");
        let refused = over.renew(&other, |key| short.certify(key, &other, SystemTime::now())).await;
        assert!(matches!(refused, Err(Error::Another { .. })), "{refused:?}");
    });
}
