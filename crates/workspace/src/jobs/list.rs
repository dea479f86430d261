//! Jobs as a list, the newest first.

use super::body::Body;
use super::{JobError, Jobs};
use api::job::Job;

impl Jobs {
    /// The newest jobs that are wanted, so many at most. Those that go on are told as they are now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list(&self, mut wanted: impl FnMut(&Job) -> bool, most: usize) -> Result<Vec<Job>, JobError> {
        let mut found = Vec::new();
        let mut last: Option<(i64, String)> = None;
        loop {
            let after = last.as_ref().map(|(created_ms, id)| (*created_ms, id.as_str()));
            let page = self.0.parts.store.jobs_after(after, PAGE).await?;
            let Some(end) = page.last() else { return Ok(found) };
            last = Some((end.created_ms, end.id.clone()));
            for kept in page {
                let live = self.0.live.lock().get(&kept.id).map(|live| live.told.borrow().job.clone());
                let job = live.or_else(|| serde_json::from_str::<Body>(&kept.body).ok().map(|body| body.job));
                found.extend(job.filter(|job| wanted(job)));
                if found.len() >= most {
                    return Ok(found);
                }
            }
        }
    }
}

/// Jobs that are read at a time: each has its events with it.
const PAGE: u32 = 50;
