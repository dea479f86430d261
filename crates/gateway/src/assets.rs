//! The console's files, embedded at build time. Without a built console the server says how to build it.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dist;

/// Whatever is not an API path: a file of the console, or its page (the page's own router reads the path).
pub(crate) async fn asset(uri: Uri) -> Response {
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
