//! A capture filter that names objects is compiled anew when their addresses change.

use super::order;
use crate::names::{Names, Objects};
use proto::capture::SetFilter;
use std::time::Duration;
use tokio::sync::watch;

/// Keeps the filter in force true until nobody has it any more.
pub(super) async fn run(filter: watch::Sender<SetFilter>, names: Names) {
    let mut changes = names.changes();
    loop {
        compile(&filter, &names);
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

fn compile(filter: &watch::Sender<SetFilter>, names: &Names) {
    let text = filter.borrow().text.clone();
    if bpf::objects(&text).is_empty() {
        return;
    }
    match order::filter(&text, &Objects::again(names)) {
        Ok(next) => {
            filter.send_if_modified(|now| {
                // Another filter may have come meanwhile.
                let changed = now.text == next.text && now.programs != next.programs;
                if changed {
                    *now = SetFilter { id: now.id.wrapping_add(1), ..next };
                }
                changed
            });
        }
        // Too many addresses for a program: the one before stays.
        Err(error) => tracing::warn!(%error, "the capture filter is not compiled again"),
    }
}

/// Pods come and go in crowds.
const MOMENT: Duration = Duration::from_millis(200);
