//! Who we are to one server: from tokens, files, passwords and exec plugins, renewed when they end.

use crate::address::{decode, read_file};
use crate::certificate::{self, Certificate};
use crate::plugin;
use base64::Engine;
use http::HeaderValue;
use kube::config::{AuthInfo, Cluster};
use secrecy::ExposeSecret;
use std::time::{Duration, Instant, SystemTime};

/// Credentials as they are now.
pub(crate) struct Credentials {
    /// What the client needs for TLS and impersonation. Tokens are not in it.
    pub(crate) user: AuthInfo,
    /// `Authorization`, if there is one.
    pub(crate) header: Option<HeaderValue>,
    /// When to read or ask again.
    renew: Option<Instant>,
    /// They come from a plugin, so that a 401 is worth asking it again.
    pub(crate) renewable: bool,
    /// Our own certificate, for the words of a refusal.
    pub(crate) certificate: Option<Certificate>,
}

impl Credentials {
    /// They are good for a while yet.
    pub(crate) fn fresh(&self) -> bool {
        self.renew.is_none_or(|at| Instant::now() < at)
    }
}

/// Gathers the credentials of a user. The error is for the user.
pub(crate) async fn gather(user: &AuthInfo, cluster: &Cluster) -> Result<Credentials, String> {
    let mut own = user.clone();
    (own.token, own.token_file, own.username, own.password, own.exec) = (None, None, None, None, None);
    let mut found = Credentials { user: own, header: None, renew: None, renewable: false, certificate: None };
    let file = user.token_file.as_deref().filter(|file| !file.is_empty());
    let token = user.token.as_ref().map(|token| token.expose_secret().trim()).filter(|token| !token.is_empty());
    let name = user.username.as_deref().filter(|name| !name.is_empty());
    if let Some(file) = file {
        // The file is what is renewed; a token beside it only stands in while the file cannot be read.
        let read = read_file(file).map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
        let text = match (read, token) {
            (Ok(text), _) if !text.is_empty() => text,
            (_, Some(token)) => token.to_owned(),
            (Ok(_), None) => return Err(format!("the token file {file} is empty")),
            (Err(error), None) => return Err(format!("tokenFile {error}")),
        };
        found.header = Some(bearer(&text)?);
        found.renew = Some(Instant::now() + TOKEN_FILE_TIME);
    } else if let Some(token) = token {
        found.header = Some(bearer(token)?);
    } else if let Some(name) = name {
        let password = user.password.as_ref().map(|password| password.expose_secret()).unwrap_or_default();
        let both = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
        found.header = Some(header(&format!("Basic {both}"))?);
    } else if let Some(exec) = &user.exec {
        found.renewable = true;
        let given = plugin::run(exec, cluster).await?;
        if let Some(token) = given.token.as_deref().filter(|token| !token.is_empty()) {
            found.header = Some(bearer(token)?);
        }
        match (given.client_certificate_data, given.client_key_data) {
            (Some(pair), Some(key)) => {
                let encode = |text: String| base64::engine::general_purpose::STANDARD.encode(text);
                found.user.client_certificate_data = Some(encode(pair));
                found.user.client_key_data = Some(encode(key).into());
            }
            (None, None) if found.header.is_some() => {}
            (None, None) => return Err("the exec plugin gave neither a token nor a certificate".to_owned()),
            _ => return Err("the exec plugin gave a certificate without its key, or a key alone".to_owned()),
        }
        found.renew = given.expiration_timestamp.as_deref().and_then(expiry);
    }
    found.certificate = own_certificate(&found.user)?;
    Ok(found)
}

fn own_certificate(user: &AuthInfo) -> Result<Option<Certificate>, String> {
    let data = user.client_certificate_data.as_deref().filter(|data| !data.is_empty());
    let file = user.client_certificate.as_deref().filter(|file| !file.is_empty());
    let pem = match (data, file) {
        (Some(data), _) => decode(data).map_err(|error| format!("client-certificate-data: {error}"))?,
        (None, Some(file)) => read_file(file).map_err(|error| format!("client-certificate: {error}"))?,
        (None, None) => return Ok(None),
    };
    Ok(certificate::from_pem(&pem).first().and_then(|der| Certificate::read(der)))
}

fn bearer(token: &str) -> Result<HeaderValue, String> {
    header(&format!("Bearer {token}"))
}

fn header(text: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(text).map_err(|_| "the token has characters that no token has".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

/// When to ask the plugin again: half a minute before its credentials end.
fn expiry(text: &str) -> Option<Instant> {
    let ends = crate::certificate::rfc3339_ms(text)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let left = Duration::from_millis(u64::try_from(ends).ok()?).saturating_sub(now);
    // A plugin that gives credentials which end at once is not asked for every request.
    Some(Instant::now() + left.saturating_sub(Duration::from_secs(30)).max(Duration::from_secs(5)))
}

const TOKEN_FILE_TIME: Duration = Duration::from_secs(60);
