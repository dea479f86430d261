#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::Live;
use api::ErrorBody;
use api::socket::SourceState;
use base::{Code, RequestId};
use catalog::Kind;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

fn body(code: Code) -> ErrorBody {
    ErrorBody { code, message: "m".to_owned(), details: None, request_id: RequestId::new() }
}

fn live() -> std::sync::Arc<Live> {
    Live::new(Kind::builtin("secrets").unwrap(), CancellationToken::new(), watch::channel(0).0, 1_000)
}

#[test]
fn a_view_of_some_namespaces_has_the_state_of_those() {
    let live = live();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let (a, b, both) =
        (live.state_of(&names(&["a"])), live.state_of(&names(&["b"])), live.state_of(&names(&["a", "b"])));
    live.set_state(None, SourceState::Loading { loaded: 1 });
    assert_eq!(*a.read(), SourceState::Loading { loaded: 1 }, "one feed for all: its state is everybody's");

    live.set_state(Some("a"), SourceState::Live);
    live.set_state(Some("b"), SourceState::Denied { error: body(Code::RbacDenied) });
    assert_eq!(*a.read(), SourceState::Live);
    assert!(matches!(*b.read(), SourceState::Denied { .. }));
    assert_eq!(*both.read(), SourceState::Live, "the allowed rest shows");
    assert_eq!(*live.state.read(), SourceState::Live);

    live.set_state(Some("a"), SourceState::Stale { since_ms: 7, error: body(Code::ClusterUnreachable) });
    assert!(matches!(*both.read(), SourceState::Stale { since_ms: 7, .. }));
    assert!(matches!(*b.read(), SourceState::Denied { .. }));
}

#[test]
fn a_table_is_idle_from_its_last_user_on() {
    let live = live();
    assert_eq!(live.idle_ms(1_500), Some(500), "a table that nobody took counts from when it was made");
    let (first, second) = (live.use_it(|| 2_000), live.use_it(|| 3_000));
    drop(first);
    assert_eq!(live.idle_ms(9_000), None);
    drop(second);
    assert_eq!(live.idle_ms(9_000), Some(6_000));
}
