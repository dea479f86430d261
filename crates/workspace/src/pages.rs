//! All objects of a kind, page after page.

use catalog::Kind;
use cluster::{Cluster, Error, PageQuery};
use serde_json::Value;
use wire::{Budget, Format};

/// Lists the objects of a kind that have these fields; of all namespaces when none is named.
///
/// # Errors
/// As [`Error`] says.
pub async fn all(cluster: &Cluster, kind: &Kind, namespace: &str, fields: &str) -> Result<Vec<Value>, Error> {
    selected(cluster, kind, namespace, "", fields).await
}

/// The same of those that have these labels too.
///
/// # Errors
/// As [`Error`] says.
pub async fn selected(
    cluster: &Cluster,
    kind: &Kind,
    namespace: &str,
    selector: &str,
    fields: &str,
) -> Result<Vec<Value>, Error> {
    let (reader, mut items, mut token) = (cluster.reader(), Vec::new(), String::new());
    for _ in 0..PAGES {
        let namespace = Some(namespace).filter(|name| !name.is_empty());
        let format = Format::Json;
        let query = PageQuery { namespace, limit: 500, token: &token, selector, fields, version: "", format };
        let page = reader.page(kind, query).await?;
        let wrong = |error: wire::Error| Error::Decode(error.to_string());
        let list = wire::list::List::open(Format::Json, &page, &Budget::default()).map_err(wrong)?;
        items.extend(list.items().flatten().map(wire::to_json));
        token = list.continue_token().into_owned();
        if token.is_empty() {
            return Ok(items);
        }
    }
    Err(Error::Decode(format!("there are more than {} of {}", PAGES * 500, kind.id)))
}

/// Pages at most.
const PAGES: usize = 200;
