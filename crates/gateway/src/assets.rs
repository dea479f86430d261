//! The console's files, embedded at build time. Without a built console the server says how to build it.

#[cfg(debug_assertions)]
mod dev;

use axum::body::Body;
#[cfg(debug_assertions)]
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{MethodRouter, any};
use rust_embed::RustEmbed;
#[cfg(debug_assertions)]
use std::sync::Arc;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dist;

/// What answers for the console's files: of a build for development another server, where the environment names one.
pub(crate) fn files() -> MethodRouter {
    #[cfg(debug_assertions)]
    match dev::Origin::of_environment() {
        None => {}
        Some(Ok(origin)) => {
            let origin = Arc::new(origin);
            return any(move |request: Request| {
                let origin = origin.clone();
                async move { origin.answer(request).await }
            });
        }
        Some(Err(error)) => tracing::error!(error, "the pages of this build are served instead"),
    }
    any(asset)
}

/// Whatever is not an API path: a file of the console, or its page (the page's own router reads the path).
async fn asset(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if let Some(file) = Dist::get(path) {
        return answer(path, file);
    }
    // A missing script must not be answered with a page: only paths that look like places are.
    if path.starts_with("assets/") || path.starts_with("api/") {
        return StatusCode::NOT_FOUND.into_response();
    }
    match Dist::get("index.html") {
        Some(page) => answer("index.html", page),
        None => (StatusCode::NOT_FOUND, Html(UNBUILT)).into_response(),
    }
}

fn answer(path: &str, file: rust_embed::EmbeddedFile) -> Response {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let mut response = Response::new(Body::from(file.data.into_owned()));
    if let Ok(value) = HeaderValue::from_str(kind.as_ref()) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    // Files under assets/ have a hash of their content in their name.
    if path.starts_with("assets/") {
        let forever = HeaderValue::from_static("private, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, forever);
    }
    response
}

const UNBUILT: &str = "<!doctype html><html lang=en><title>Quarterdeck</title><p>This qd was built without the console: \
run <code>cargo xtask run</code>, or <code>npm run build</code> in <code>web/</code> and build qd again.</p></html>";
