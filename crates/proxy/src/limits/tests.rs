#![allow(clippy::unwrap_used)]

use super::{Limits, Rate, Route, Taken};
use crate::host::Service;
use base::ClusterName;
use std::sync::Arc;
use std::time::Duration;
use workspace::Key;

fn key(namespace: &str, name: &str) -> Key {
    Key { namespace: namespace.to_owned(), name: name.to_owned() }
}

#[tokio::test(start_paused = true)]
async fn wx_09c_a_person_has_so_many_requests_at_once_and_so_many_a_second_and_no_other_person_pays_for_it() {
    let limits = Limits { rate: Some(Rate { per_second: 10, burst: 30 }), ..Limits::default() };
    let taken = Taken::default();
    let all = |who: &str, count: usize| (0..count).filter(|_| taken.request(who, &limits).is_ok()).count();
    assert_eq!(all("user:ada", 100), 30);
    assert_eq!(all("user:bob", 100), 30);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(all("user:ada", 100), 10);
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(all("user:ada", 100), 30, "no more than at once");
    let answer = taken.request("user:ada", &limits).unwrap_err();
    assert_eq!((answer.status, answer.again), (429, Some(1)));
    assert_eq!((0..10_000).filter(|_| taken.request("user:ada", &Limits::default()).is_err()).count(), 0);
    tokio::time::advance(Duration::from_secs(60)).await;
    (0..5_000).for_each(|at| assert!(taken.request(&format!("user:{at}"), &limits).is_ok()));
    tokio::time::advance(Duration::from_secs(60)).await;
    assert!(taken.request("user:eve", &limits).is_ok());
    assert_eq!(taken.people.lock().len(), 1, "whoever has all that is left to them is forgotten");
}

#[test]
fn wx_09d_the_first_route_that_fits_says_how_long_a_body_may_be() {
    let route = |namespace: Option<&str>, workspace: Option<&str>, service: Option<&str>, body_bytes| Route {
        namespace: namespace.map(str::to_owned),
        workspace: workspace.map(str::to_owned),
        service: service.map(str::to_owned),
        body_bytes,
    };
    let routes = [
        route(Some("lab"), Some("web"), Some("3000"), 1),
        route(Some("lab"), None, Some("ide"), 2),
        route(Some("lab"), None, None, 3),
        route(None, None, Some("8080"), 4),
    ];
    let limits = Limits { routes: Arc::new(routes), ..Limits::default() };
    let (three, ide, eighty) = (Service::Port(3000), Service::App("ide".to_owned()), Service::Port(8080));
    for (workspace, service, most) in [
        (key("lab", "web"), &three, Some(1)),
        (key("lab", "web"), &ide, Some(2)),
        (key("lab", "other"), &three, Some(3)),
        (key("else", "web"), &three, None),
        (key("else", "web"), &eighty, Some(4)),
    ] {
        assert_eq!(limits.body(&workspace, service), most, "{workspace} {service:?}");
    }
    assert_eq!(Limits::default().body(&key("lab", "web"), &three), None);
}

#[test]
fn wx_09e_all_who_come_to_one_workspace_share_its_room() {
    let taken = Taken::default();
    let (one, other) = (ClusterName::new("a"), ClusterName::new("b"));
    let room = taken.room(&one, &key("n", "w"));
    assert!(Arc::ptr_eq(&room, &taken.room(&one, &key("n", "w"))));
    assert!(!Arc::ptr_eq(&room, &taken.room(&other, &key("n", "w"))));
    assert!(!Arc::ptr_eq(&room, &taken.room(&one, &key("n", "v"))));
    drop(room);
    let _ = taken.room(&one, &key("n", "x"));
    assert!(taken.rooms.lock().len() <= 1, "what nobody comes to is forgotten");
}
