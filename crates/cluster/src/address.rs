//! From a context to the address, trust and proxy of its server, by the rules of client-go.

use crate::error::Error;
use crate::proxy;
use base64::Engine;
use http::Uri;
use kube::config::{AuthInfo, Cluster, Kubeconfig};
use std::path::Path;

/// Where a context leads, and who asks there.
pub(crate) struct Address {
    /// Everything but the credentials.
    pub(crate) config: kube::Config,
    pub(crate) cluster: Cluster,
    pub(crate) user: AuthInfo,
}

/// Reads a context. Files that it names are read; nothing is asked of anybody.
pub(crate) fn read(kubeconfig: &Kubeconfig, context: &str) -> Result<Address, Error> {
    let wrong = |message: String| Error::Kubeconfig { place: format!("context {context}"), message };
    let named = kubeconfig.contexts.iter().find(|named| named.name == context);
    let chosen = named.ok_or_else(|| Error::NoContext { context: context.to_owned() })?.context.clone();
    let chosen = chosen.ok_or_else(|| wrong("it says neither cluster nor user".to_owned()))?;
    let cluster = kubeconfig.clusters.iter().find(|named| named.name == chosen.cluster);
    let cluster = cluster
        .and_then(|named| named.cluster.clone())
        .ok_or_else(|| wrong(format!("the kubeconfig has no cluster {:?}", chosen.cluster)))?;
    let user = match chosen.user.as_deref().filter(|name| !name.is_empty()) {
        Some(name) => kubeconfig
            .auth_infos
            .iter()
            .find(|named| named.name == name)
            .map(|named| named.auth_info.clone().unwrap_or_default())
            .ok_or_else(|| wrong(format!("the kubeconfig has no user {name:?}")))?,
        None => AuthInfo::default(),
    };
    check(&cluster, &user).map_err(wrong)?;

    let url = server_url(&cluster, &user).map_err(wrong)?;
    let mut config = kube::Config::new(url);
    config.default_namespace = chosen.namespace.filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned());
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
    config.root_cert = authorities(&cluster).map_err(wrong)?;
    config.tls_server_name = cluster.tls_server_name.clone().filter(|name| !name.is_empty());
    config.proxy_url =
        proxy::choose(cluster.proxy_url.as_deref(), &config.cluster_url, |name| std::env::var(name).ok())
            .map_err(wrong)?;
    Ok(Address { config, cluster, user })
}

/// What kubectl refuses too, in words of ours.
fn check(cluster: &Cluster, user: &AuthInfo) -> Result<(), String> {
    let has = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    let authority = has(&cluster.certificate_authority) || has(&cluster.certificate_authority_data);
    if cluster.insecure_skip_tls_verify == Some(true) && authority {
        return Err("insecure-skip-tls-verify and a certificate-authority exclude each other: keep one".to_owned());
    }
    if has(&user.username) && (user.token.is_some() || has(&user.token_file)) {
        return Err("its user has a name with a password and a token too: keep one".to_owned());
    }
    let acts_as = has(&user.impersonate);
    let extra = user.impersonate_groups.as_ref().is_some_and(|groups| !groups.is_empty())
        || has(&user.impersonate_uid)
        || user.impersonate_user_extra.as_ref().is_some_and(|extra| !extra.is_empty());
    if extra && !acts_as {
        return Err("its user has as-uid, as-groups or as-user-extra and no `as`".to_owned());
    }
    if user.exec.is_some() && user.auth_provider.is_some() {
        return Err("its user has an exec plugin and an auth-provider too: keep one".to_owned());
    }
    match user.auth_provider.as_ref().map(|provider| provider.name.as_str()) {
        None | Some("oidc") => Ok(()),
        Some(name) => Err(format!(
            "its auth-provider {name:?} is no more (kubectl dropped it in 1.26): use the exec plugin of your cloud"
        )),
    }
}

/// `host:port` alone is HTTPS where the context speaks of certificates, else HTTP.
fn server_url(cluster: &Cluster, user: &AuthInfo) -> Result<Uri, String> {
    let text = cluster.server.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let text = text.ok_or("its cluster has no server address")?;
    let secure = cluster.certificate_authority.is_some()
        || cluster.certificate_authority_data.is_some()
        || cluster.insecure_skip_tls_verify == Some(true)
        || user.client_certificate.is_some()
        || user.client_certificate_data.is_some();
    let whole = match (text.contains("://"), secure) {
        (true, _) => text.to_owned(),
        (false, true) => format!("https://{text}"),
        (false, false) => format!("http://{text}"),
    };
    let url: Uri = whole.parse().map_err(|error| format!("the server address {text:?} is not a URL: {error}"))?;
    match url.scheme_str() {
        Some("http" | "https") if url.host().is_some() => Ok(url),
        _ => Err(format!("the server address {text:?} is not an http or https URL")),
    }
}

/// The certificates that sign the server's, in DER. `None` trusts what the system trusts.
fn authorities(cluster: &Cluster) -> Result<Option<Vec<Vec<u8>>>, String> {
    let data = cluster.certificate_authority_data.as_deref().filter(|data| !data.is_empty());
    let file = cluster.certificate_authority.as_deref().filter(|file| !file.is_empty());
    let pem = match (data, file) {
        (Some(data), _) => decode(data).map_err(|error| format!("certificate-authority-data: {error}"))?,
        (None, Some(file)) => read_file(file).map_err(|error| format!("certificate-authority: {error}"))?,
        (None, None) => return Ok(None),
    };
    let found = crate::certificate::from_pem(&pem);
    if found.is_empty() {
        return Err("certificate-authority has no certificate in it".to_owned());
    }
    Ok(Some(found))
}

/// Base64 as client-go reads it: line breaks do not matter.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, String> {
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    base64::engine::general_purpose::STANDARD.decode(text).map_err(|error| format!("not base64: {error}"))
}

/// A small file that a kubeconfig names.
pub(crate) fn read_file(path: &str) -> Result<Vec<u8>, String> {
    std::fs::read(Path::new(path)).map_err(|error| format!("{path}: {error}"))
}

#[cfg(test)]
mod tests;
