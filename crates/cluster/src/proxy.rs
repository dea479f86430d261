//! Which proxy leads to a server: the kubeconfig's, else the environment's, as Go's `http.ProxyFromEnvironment` has it.

use http::Uri;
use std::net::IpAddr;

/// Chooses. `variable` reads the environment.
pub(crate) fn choose(
    own: Option<&str>,
    server: &Uri,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Uri>, String> {
    if let Some(own) = own.map(str::trim).filter(|text| !text.is_empty()) {
        return parse(own).map(Some).map_err(|error| format!("proxy-url {error}"));
    }
    let either = |name: &str| {
        let value = variable(name).or_else(|| variable(&name.to_lowercase()));
        value.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let from = if server.scheme_str() == Some("https") { "HTTPS_PROXY" } else { "HTTP_PROXY" };
    let Some(proxy) = either(from) else { return Ok(None) };
    let (host, port) = (server.host().unwrap_or_default(), port(server));
    if never(host) || either("NO_PROXY").is_some_and(|list| spared(&list, host, port)) {
        return Ok(None);
    }
    // Go takes a bare `host:port` there.
    let proxy = if proxy.contains("://") { proxy } else { format!("http://{proxy}") };
    parse(&proxy).map(Some).map_err(|error| format!("{from} {error}"))
}

fn parse(text: &str) -> Result<Uri, String> {
    let shown = shown(text);
    let text = text.strip_prefix("socks5h://").map_or_else(|| text.to_owned(), |rest| format!("socks5://{rest}"));
    let uri: Uri = text.parse().map_err(|error| format!("{shown:?} is not a URL: {error}"))?;
    let user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    match uri.scheme_str() {
        Some("http" | "https") if uri.host().is_some() => Ok(uri),
        Some("socks5") if user => Err(format!("{shown:?}: SOCKS proxies with a password cannot be used here")),
        Some("socks5") if uri.host().is_some() => Ok(uri),
        _ => Err(format!("{shown:?} must begin with http://, https:// or socks5://")),
    }
}

/// The URL without what may be a password.
fn shown(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}…{}", text.get(..scheme + 3).unwrap_or_default(), text.get(at..).unwrap_or_default())
        }
        _ => text.to_owned(),
    }
}

fn port(uri: &Uri) -> u16 {
    uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 })
}

/// This machine itself is never reached by a proxy of the environment.
fn never(host: &str) -> bool {
    host == "localhost" || address(host).is_some_and(|address| address.is_loopback())
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// `NO_PROXY`: `*`, addresses, CIDRs, names with their subdomains, each with a port or without.
fn spared(list: &str, host: &str, port: u16) -> bool {
    let host = host.to_lowercase();
    list.split(',').map(|entry| entry.trim().to_lowercase()).filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        if let Some((net, bits)) = entry.split_once('/') {
            return within(address(&host), address(net), bits.parse().ok());
        }
        let (name, only) = match entry.rsplit_once(':') {
            Some((name, digits)) if address(&entry).is_none() => match digits.parse::<u16>() {
                Ok(number) => (name.to_owned(), Some(number)),
                Err(_) => (entry.clone(), None),
            },
            _ => (entry.clone(), None),
        };
        if only.is_some_and(|only| only != port) {
            return false;
        }
        if let Some(wanted) = address(&name) {
            return address(&host) == Some(wanted);
        }
        let name = name.strip_prefix('*').unwrap_or(&name);
        match name.strip_prefix('.') {
            Some(_) => host.ends_with(name),
            None => host == name || host.strip_suffix(name).is_some_and(|front| front.ends_with('.')),
        }
    })
}

fn within(host: Option<IpAddr>, net: Option<IpAddr>, bits: Option<u32>) -> bool {
    let prefix = |whole: u128, net: u128, width: u32, bits: u32| {
        bits <= width && (bits == 0 || whole >> (width - bits) == net >> (width - bits))
    };
    match (host, net, bits) {
        (Some(IpAddr::V4(host)), Some(IpAddr::V4(net)), Some(bits)) => {
            prefix(u32::from(host).into(), u32::from(net).into(), 32, bits)
        }
        (Some(IpAddr::V6(host)), Some(IpAddr::V6(net)), Some(bits)) => prefix(host.into(), net.into(), 128, bits),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
