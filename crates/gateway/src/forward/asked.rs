//! The request that an ingress controller asks about, as it tells it: nginx in `X-Original-URL`, others in `X-Forwarded-…`.

use axum::http::{HeaderMap, Uri, header};

/// A visitor's request.
pub(super) struct Original<'a> {
    /// Its host, without a port, in lower case.
    pub(super) host: String,
    url: Uri,
    reads: bool,
    headers: &'a HeaderMap,
}

impl<'a> Original<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name)?.to_str().ok();
        let url: Uri = match text("x-original-url") {
            Some(url) => url.parse().ok()?,
            None => {
                let (host, path) = (text("x-forwarded-host")?, text("x-forwarded-uri").unwrap_or("/"));
                format!("https://{host}{path}").parse().ok()?
            }
        };
        let method = text("x-original-method").or_else(|| text("x-forwarded-method")).unwrap_or("GET");
        let reads = matches!(method, "GET" | "HEAD");
        let host = url.host()?.to_ascii_lowercase();
        Some(Self { host, url, reads, headers })
    }

    /// A page of another origin made it: its own cookies ride along with such a request. Somebody who follows a link may.
    pub(super) fn is_foreign(&self) -> bool {
        let text = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(origin) = self.headers.get(header::ORIGIN) {
            let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
            if origin.and_then(|origin| origin.host().map(str::to_ascii_lowercase)) != Some(self.host.clone()) {
                return true;
            }
        }
        let elsewhere = matches!(text("sec-fetch-site"), Some("cross-site" | "same-site"));
        elsewhere && !(self.reads && text("sec-fetch-mode") == Some("navigate"))
    }

    pub(super) fn cookies(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let all = self.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        all.flat_map(|line| line.split(';')).map(str::trim)
    }

    /// The code in its query.
    pub(super) fn code(&self) -> Option<String> {
        let mut pairs = self.url.query()?.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == CODE).map(|(_, code)| code.to_owned())
    }
}

/// The URL of a host with a code; its root where nothing else of it is wanted.
pub(super) fn with_code(host: &str, wanted: Option<&Uri>, code: &str) -> String {
    let path = wanted.map_or("/", Uri::path);
    let kept = wanted.and_then(Uri::query).into_iter().flat_map(|query| query.split('&'));
    // one that was used up is not sent again
    let mut query: Vec<&str> = kept.filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(CODE)).collect();
    let own = format!("{CODE}={code}");
    query.push(&own);
    format!("https://{host}{path}?{}", query.join("&"))
}

const CODE: &str = "__qd_code";
