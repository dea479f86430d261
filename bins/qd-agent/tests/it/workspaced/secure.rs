//! The port: who is let in, and how certificates come and are renewed. Two real processes.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use link::{Error, Link};
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
    let pod = Pod::start(&json!({ "listen": address, "trust": "ship" }));
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
        let said = pod.said();
        assert!(said.contains("was not let in: invalid peer certificate: certificate expired"), "{said}");
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
        let short = parking_lot::RwLock::new(authority.with_leaves_of(Duration::from_secs(4)));
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let mut ways = 0;
        let keep = link::keep_certified(
            &short,
            &blue,
            || {
                ways += 1;
                let (way, door, address, blue, pod) = (ways, door.clone(), address.clone(), blue.clone(), &pod);
                async move {
                    match way {
                        // the proof of the pod at first, the certificate later; one way that fails is tried again
                        1 => Ok(pod.link().await),
                        2 => Err(Error::Closed),
                        _ => Link::call(&address, door, blue, "operator", "").await,
                    }
                }
            },
            |done| tell.send(done.as_ref().ok().copied()).unwrap(),
        );
        let watch = async {
            let first = told.recv().await.unwrap().unwrap();
            let link = Link::call(&address, door.clone(), blue.clone(), "anna", "").await.unwrap();
            let mut held = link.exec(exec(&["cat"])).await.unwrap();
            assert_eq!(told.recv().await.unwrap(), None, "one way failed");
            let second = told.recv().await.unwrap().unwrap();
            let third = told.recv().await.unwrap().unwrap();
            assert!(first < second && second < third);
            assert!(SystemTime::now() > first, "the first has expired");
            Link::call(&address, door.clone(), blue.clone(), "anna", "").await.unwrap();
            held.send(b"still here").await.unwrap();
            held.end_input().await.unwrap();
            assert_eq!(finish(&mut held).await.0, b"still here");
        };
        tokio::select! {
            never = keep => match never {},
            () = watch => {}
        }
    });
}
