//! The Secrets with which images are pulled.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use registry::Logins;
use serde_json::Value;
use zeroize::Zeroizing;

/// Adds the logins of a Secret of the type `kubernetes.io/dockerconfigjson`; whether it is one.
pub(crate) fn add(logins: &mut Logins, secret: &Value) -> bool {
    let text = secret.get("data").and_then(|data| data.get(KEY)).and_then(Value::as_str);
    let bytes = text.and_then(|text| STANDARD.decode(text).ok()).map(Zeroizing::new);
    bytes.is_some_and(|bytes| logins.add(&bytes))
}

const KEY: &str = ".dockerconfigjson";
