//! What a feed reads out of the frames and events of a watch.

use crate::error::Error;
use bytes::Bytes;
use http_body_util::BodyExt;
use kube::client::Body;
use std::future::Future;
use std::task::Poll;
use std::time::Duration;
use wire::watch::Event;
use wire::{Budget, Node};

/// The next frame, if it is there already. A server sends each event in a chunk of its own, and the connection's task
/// hands over one chunk at a time: it is given a few turns, without asking the network for more.
pub(super) async fn at_hand(body: &mut Body) -> Option<Option<Result<http_body::Frame<Bytes>, kube::Error>>> {
    let mut turns = 0;
    std::future::poll_fn(|context| match std::pin::pin!(body.frame()).poll(context) {
        Poll::Ready(frame) => Poll::Ready(Some(frame)),
        Poll::Pending if turns < TURNS => {
            turns += 1;
            context.waker().wake_by_ref();
            Poll::Pending
        }
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// The version of the last event that can be read.
pub(super) fn latest(events: &[Event], budget: &Budget) -> Option<String> {
    let version = |event: &Event| {
        let node = event.node(budget).ok()?;
        Some(text(node, &["metadata", "resourceVersion"])).filter(|version| !version.is_empty())
    };
    events.iter().rev().find_map(version)
}

pub(super) fn text(node: Node<'_>, path: &[&str]) -> String {
    node.path(path).and_then(Node::as_str).unwrap_or_default().into_owned()
}

/// The bookmark that ends the initial list.
pub(super) fn ends_list(node: Node<'_>) -> bool {
    let annotations = node.path(&["metadata", "annotations"]);
    annotations
        .and_then(|map| map.get("k8s.io/initial-events-end"))
        .and_then(Node::as_str)
        .is_some_and(|value| value == "true")
}

/// The `Status` of an error event.
pub(super) fn failure(event: &Event, budget: &Budget, server: &str) -> Error {
    let Ok(node) = event.node(budget) else { return Error::Decode("a watch failed without saying why".to_owned()) };
    let message = text(node, &["message"]);
    match node.get("code").and_then(Node::as_i64) {
        Some(410) => Error::Gone,
        Some(429) => Error::Throttled { server: server.to_owned(), retry_after: Duration::from_secs(1) },
        code => Error::Server { status: code.and_then(|code| u16::try_from(code).ok()).unwrap_or(500), message },
    }
}

/// Turns that the connection's task gets to bring what has already come.
const TURNS: u32 = 3;
