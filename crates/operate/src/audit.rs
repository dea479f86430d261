//! The journal, read under permits.

use crate::error::Error;
use api::rest::AuditPage;
use evidence::{Entry, Report, Tag};
use policy::action::{AuditQuery, AuditQueryObligations, AuditVerify, AuditVerifyObligations};
use policy::{Outcome, Permit};
use serde_json::{Value, json};
use store::{EntryFilter, Page, Store, StoreError, VerifyError};

/// Where the journal is read. A store is one.
pub trait AuditLog: Send + Sync {
    /// A page of entries, newest first.
    fn page(
        &self,
        filter: &EntryFilter,
        before: Option<u64>,
        limit: u32,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// Checks all of it.
    fn check(&self) -> impl Future<Output = Result<Report, VerifyError>> + Send;
}

impl AuditLog for Store {
    async fn page(&self, filter: &EntryFilter, before: Option<u64>, limit: u32) -> Result<Page, StoreError> {
        self.query(filter, before, limit).await
    }

    async fn check(&self) -> Result<Report, VerifyError> {
        self.verify().await
    }
}

/// A page of what the permit asks for. `before` is the `next` of the page before, `limit` at most 1,000.
///
/// # Errors
/// When `before` is not one, or the journal cannot be read.
pub async fn query(
    log: &impl AuditLog,
    permit: Permit<AuditQuery>,
    before: Option<&str>,
    limit: u32,
) -> Result<AuditPage, Error> {
    let AuditQueryObligations {} = permit.obligations();
    let before = before.map(str::parse).transpose().map_err(|_| Error::Invalid {
        message: "before is not the next of a page: leave it out for the first page".to_owned(),
    })?;
    let page = log.page(&filter(permit.target()), before, limit).await?;
    permit.finish(Outcome::Closed);
    Ok(AuditPage { entries: page.entries.iter().map(shown).collect(), next: page.next.map(|next| next.to_string()) })
}

/// Checks the whole journal.
///
/// # Errors
/// When a chain is broken, with its place, or the journal cannot be read.
pub async fn verify(log: &impl AuditLog, permit: Permit<AuditVerify>) -> Result<Report, Error> {
    let AuditVerifyObligations {} = permit.obligations();
    let checked = log.check().await;
    permit.finish(match &checked {
        Ok(report) => Outcome::Done { message: format!("{} entries verify", report.entries) },
        Err(error) => {
            Outcome::Failed { code: base::Coded::code(error).as_str().to_owned(), message: error.to_string() }
        }
    });
    Ok(checked?)
}

fn filter(query: &AuditQuery) -> EntryFilter {
    let AuditQuery { from_ms, to_ms, principal, action, object, decision } = query.clone();
    let anchors = [(Tag::Principal, principal), (Tag::Object, object), (Tag::Decision, decision)];
    let anchors = anchors.into_iter().filter_map(|(tag, value)| Some((tag, value?))).collect();
    let actions = action.iter().flat_map(|actions| actions.split(',')).map(|one| one.trim().to_owned()).collect();
    EntryFilter { from_ms, to_ms, anchors, actions }
}

/// An entry in an answer: the body as JSON, times in epoch milliseconds.
fn shown(entry: &Entry) -> Value {
    let envelope = &entry.envelope;
    let body: Value = entry.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or(Value::Null);
    json!({
        "writer": envelope.writer,
        "seq": envelope.seq,
        "at_ms": envelope.stamp.ms(),
        "kind": envelope.kind,
        "summary": envelope.summary,
        "anchors": envelope.anchors,
        "body": body,
        "body_digest": entry.body_digest,
        "hash": entry.hash,
    })
}
