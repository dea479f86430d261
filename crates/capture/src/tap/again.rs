//! A capture filter that names objects is compiled anew when their addresses change.

use super::filters::Filters;
use super::order;
use crate::names::{Names, Objects};
use std::time::Duration;
use tokio::sync::watch;

/// Keeps the filter in force true until nobody has it any more.
pub(super) async fn run(filter: watch::Sender<Filters>, names: Names, within: String) {
    let mut changes = names.changes();
    loop {
        compile(&filter, &names, &within);
        // What changes in a moment is one change.
        let changed = async {
            changes.next().await;
            tokio::time::sleep(MOMENT).await;
        };
        tokio::select! {
            () = filter.closed() => return,
            () = changed => {}
        }
    }
}

fn compile(filter: &watch::Sender<Filters>, names: &Names, within: &str) {
    let named = |(_, text): &(Option<usize>, &str)| !bpf::objects(text).is_empty();
    let texts: Vec<_> = filter.borrow().texts().filter(named).map(|(pod, text)| (pod, text.to_owned())).collect();
    for (pod, text) in texts {
        match order::filter(&text, within, &Objects::again(names)) {
            Ok(next) => drop(filter.send_if_modified(|now| now.renew(pod, next))),
            // Too many addresses for a program: the one before stays.
            Err(error) => tracing::warn!(%error, "a capture filter is not compiled again"),
        }
    }
}

/// Pods come and go in crowds.
const MOMENT: Duration = Duration::from_millis(200);
