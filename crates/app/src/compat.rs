//! The paths of an earlier product, as they are configured.

use crate::config::{Compat, ConfigError};
use crate::error::Failed;
use base::ClusterName;
use cluster::Kubeconfig;
use gateway::{AppUrl, Guild};
use proxy::{AppHost, Domain, Service};
use std::sync::Arc;

/// What they are about; `None` where they are off.
pub(crate) fn guild(
    compat: &Compat,
    kubeconfig: Option<&Kubeconfig>,
    context: Option<&str>,
    domain: Option<Domain>,
) -> Result<Option<Guild>, Failed> {
    if !compat.guildnet {
        return Ok(None);
    }
    if let Some(origin) = compat.origin.as_deref().filter(|origin| !is_origin(origin)) {
        return Err(Failed::of(ConfigError::Form {
            place: "[compat] origin".to_owned(),
            message: format!("{origin:?} is no origin: it is like https://localhost:5173, without a path"),
        }));
    }
    let current = || kubeconfig.and_then(|known| known.choose(context).ok()).map(|context| context.name);
    // Without a kubeconfig there is no cluster, and each request says so.
    let cluster = compat.cluster.clone().or_else(current).unwrap_or_default();
    let app_url = domain.map(|domain| {
        let url = move |route: &str, port: u16| {
            let host = domain.host(&AppHost { service: Service::Port(port), route: route.to_owned() });
            format!("{}://{host}/", domain.scheme())
        };
        Arc::new(url) as AppUrl
    });
    Ok(Some(Guild {
        cluster: ClusterName::new(cluster),
        namespace: compat.namespace.clone().filter(|name| !name.is_empty()),
        name: compat.name.clone(),
        origin: compat.origin.clone(),
        app_url,
    }))
}

/// As a browser writes it: a scheme, a host in small letters, and a port where it is not the usual one.
fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | ':' | '[' | ']');
        !host.is_empty() && host.chars().all(plain)
    })
}

#[cfg(test)]
mod tests {
    use super::is_origin;

    #[test]
    fn gn_12a_an_origin_is_written_as_browsers_write_it() {
        for good in ["https://localhost:5173", "http://127.0.0.1:8080", "https://ui.example.com"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "localhost:5173",
            "https://",
            "https://a/",
            "https://A.test",
            "https://a.test https://b.test",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
