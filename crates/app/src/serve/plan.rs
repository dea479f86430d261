//! What a gateway is to be, checked whole before any port opens: all that is wrong is said at once.

use crate::acme::{self, Acme};
use crate::config::{Config, ConfigError, Role, Serve};
use crate::desk;
use crate::error::Failed;
use cli::grammar::Global;
use cli::grammar::serve::{ServeArgs, ServeRole};
use cluster::Kubeconfig;
use gateway::{Hosts, Tls};
use http::Uri;
use identity::File;
use proxy::Domain;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A gateway that can be started.
pub(super) struct Plan {
    pub(super) listen: SocketAddr,
    pub(super) metrics: SocketAddr,
    pub(super) public_url: String,
    pub(super) hosts: Hosts,
    pub(super) tls: Option<(Tls, [PathBuf; 2])>,
    /// What a certificate of this machine's own authority is good for, where there is one.
    pub(super) certified: Option<Vec<String>>,
    /// A certificate from an ACME server, where that is wanted.
    pub(super) acme: Option<Acme>,
    pub(super) tokens: PathBuf,
    pub(super) people: File,
    pub(super) kubeconfig: Kubeconfig,
    pub(super) roles: Vec<Role>,
    pub(super) apps_domain: Option<Domain>,
}

impl Plan {
    /// Checks it.
    pub(super) fn of(config: &Config, global: &Global, args: &ServeArgs) -> Result<Self, Failed> {
        let mut problems = Vec::new();
        let serve = &config.serve;
        let roles = match args.roles.as_slice() {
            [] => serve.roles.clone(),
            said => said.iter().map(|role| of_word(*role)).collect(),
        };
        if roles.is_empty() {
            problems.push("[serve] roles: name at least one of console, operator".to_owned());
        }
        let console = roles.contains(&Role::Console);
        let listen = args.listen.unwrap_or(serve.listen);
        let insecure = serve.insecure_http || args.insecure_http;
        let tls = if console { tls(serve, insecure, listen, &mut problems) } else { None };
        let (public_url, hosts) = named(serve, insecure, listen, &mut problems);
        problems.extend(config.policy.problems());
        let tokens = token_file(config)?;
        let people = match File::read(&tokens) {
            Ok(people) => people,
            Err(_) if !console => File::default(),
            Err(_) if !tokens.exists() => {
                let path = tokens.display();
                problems.push(format!("[serve] tokens: {path} is not there: `qd serve token add NAME` makes it"));
                File::default()
            }
            Err(error) => {
                problems.push(format!("[serve] tokens: {error}"));
                File::default()
            }
        };
        let kubeconfig = of_gateway(global).map_err(|error| problems.push(error.to_string())).ok();
        problems.extend(config.exposing().err().map(|error| error.to_string()));
        let apps_domain = serve.apps_domain.as_ref().and_then(|name| domain(name, &public_url, &mut problems));
        let acme = serve.acme.clone().filter(|_| console && tls.is_some());
        let acme = acme.map(|acme| Acme { settings: acme, hosts: hosts_of(serve, &public_url) });
        let certified = (console && serve.local_certificate).then(|| hosts_of(serve, &public_url));
        let wrong = ConfigError::of("qd serve", problems).map(Failed::of);
        match (wrong, hosts, kubeconfig) {
            (None, Some(hosts), Some(kubeconfig)) => {
                let metrics = serve.metrics;
                Ok(Self {
                    listen,
                    metrics,
                    public_url,
                    hosts,
                    tls,
                    certified,
                    acme,
                    tokens,
                    people,
                    kubeconfig,
                    roles,
                    apps_domain,
                })
            }
            (Some(wrong), ..) => Err(wrong),
            // What is missing is among the problems.
            (None, ..) => Err(Failed::of(ConfigError::Several(Vec::new()))),
        }
    }
}

/// The gateway's: the one that is named; else the account of the pod that it runs in; else what `KUBECONFIG` lists.
fn of_gateway(global: &Global) -> Result<Kubeconfig, cluster::Error> {
    let inside = if global.kubeconfig.is_none() { Kubeconfig::in_cluster() } else { None };
    inside.map_or_else(|| Kubeconfig::load(global.kubeconfig.as_deref()), Ok)
}

/// Where people and their tokens are.
pub(super) fn token_file(config: &Config) -> Result<PathBuf, Failed> {
    match &config.serve.tokens {
        Some(path) => Ok(path.clone()),
        None => Ok(desk::state_dir()?.join("tokens.toml")),
    }
}

fn tls(serve: &Serve, insecure: bool, listen: SocketAddr, problems: &mut Vec<String>) -> Option<(Tls, [PathBuf; 2])> {
    if let Some(acme) = &serve.acme {
        return from_acme(serve, acme, insecure, problems);
    }
    if serve.local_certificate {
        return local(serve, insecure, problems);
    }
    match (&serve.certificate, &serve.key) {
        (Some(certificate), Some(key)) if !insecure => match Tls::read(certificate, key) {
            Ok(tls) => return Some((tls, [certificate.clone(), key.clone()])),
            Err(error) => problems.push(format!("[serve] certificate: {error}")),
        },
        (Some(_), _) | (_, Some(_)) if insecure => {
            problems.push("[serve] insecure_http and a certificate exclude each other: keep one".to_owned());
        }
        (Some(_), None) => problems.push("[serve] key: the certificate's key is not named".to_owned()),
        (None, Some(_)) => problems.push("[serve] certificate: the key's certificate is not named".to_owned()),
        (None, None) | (Some(_), Some(_)) if insecure && listen.ip().is_loopback() => {}
        (None, None) if insecure => {
            let words = format!(
                "[serve] insecure_http is for loopback alone, and {listen} is not: tokens would be read on the way"
            );
            problems.push(words);
        }
        (None, None) | (Some(_), Some(_)) => problems.push(
            "[serve] certificate and key: name the files of a certificate and its key (PEM); or set \
             local_certificate, which has one made by this machine's own authority; or [serve.acme], which asks an ACME \
             server for one; or serve on loopback alone \
             with --insecure-http, to try it or behind something that has the certificate"
                .to_owned(),
        ),
    }
    None
}

/// A certificate of this machine's own authority.
fn local(serve: &Serve, insecure: bool, problems: &mut Vec<String>) -> Option<(Tls, [PathBuf; 2])> {
    if insecure || serve.certificate.is_some() || serve.key.is_some() {
        let words =
            "[serve] local_certificate goes with neither certificate and key nor insecure_http: keep one of them";
        problems.push(words.to_owned());
        return None;
    }
    let hosts = hosts_of(serve, serve.public_url.as_deref().unwrap_or_default());
    let kept = match crate::cert::keep(&hosts) {
        Ok((kept, _)) => kept,
        Err(error) => {
            problems.push(format!("[serve] local_certificate: {}", error.body().message));
            return None;
        }
    };
    match Tls::read(&kept[0], &kept[1]) {
        Ok(tls) => Some((tls, kept)),
        Err(error) => {
            problems.push(format!("[serve] local_certificate: {error}"));
            None
        }
    }
}

/// A certificate from an ACME server; until there is one, of this machine's own authority.
fn from_acme(
    serve: &Serve,
    acme: &crate::config::Acme,
    insecure: bool,
    problems: &mut Vec<String>,
) -> Option<(Tls, [PathBuf; 2])> {
    if insecure || serve.certificate.is_some() || serve.key.is_some() || serve.local_certificate {
        let words =
            "[serve] acme goes with none of certificate and key, local_certificate, insecure_http: keep one of them";
        problems.push(words.to_owned());
        return None;
    }
    let hosts = hosts_of(serve, serve.public_url.as_deref().unwrap_or_default());
    let wrong = acme.problems(&hosts);
    if !wrong.is_empty() {
        problems.extend(wrong);
        return None;
    }
    let files = acme::files(&hosts).and_then(|files| {
        let tls = Tls::read(&files[0], &files[1]).map_err(Failed::of)?;
        Ok((tls, files))
    });
    files.map_err(|error| problems.push(format!("[serve] acme: {}", error.body().message))).ok()
}

/// What the gateway's own certificate is good for.
fn hosts_of(serve: &Serve, public_url: &str) -> Vec<String> {
    let public = public_url.parse::<Uri>().ok().and_then(|url| url.host().map(str::to_owned));
    let public = public.map(|host| host.trim_matches(['[', ']']).to_owned());
    let apps = serve.apps_domain.iter().map(|domain| format!("*.{domain}"));
    public.into_iter().chain(apps).chain(serve.certificate_hosts.iter().cloned()).collect()
}

fn named(serve: &Serve, insecure: bool, listen: SocketAddr, problems: &mut Vec<String>) -> (String, Option<Hosts>) {
    let usual = insecure.then(|| format!("http://localhost:{}", listen.port()));
    let Some(url) = serve.public_url.clone().or(usual) else {
        let words = "[serve] public_url: say by which URL people call this server: https://qd.example.com";
        problems.push(words.to_owned());
        return (String::new(), None);
    };
    let mut wrong = |words: &str| {
        problems.push(format!("[serve] public_url: {url:?} {words}"));
        (String::new(), None)
    };
    let Ok(parsed) = url.parse::<Uri>() else { return wrong("is no URL") };
    if parsed.path() != "/" || parsed.query().is_some() {
        return wrong("has a path: the console is at the root of its host");
    }
    // Behind something that has the certificate people come by https all the same.
    if parsed.scheme_str() != Some("https") && !(insecure && parsed.scheme_str() == Some("http")) {
        return wrong("is not https");
    }
    match Hosts::team(&parsed) {
        Some(hosts) => (url.trim_end_matches('/').to_owned(), Some(hosts)),
        None => wrong("names no host"),
    }
}

/// The domain of apps: another one than the console's, since what runs there is not ours.
fn domain(name: &str, public_url: &str, problems: &mut Vec<String>) -> Option<Domain> {
    let url = public_url.parse::<Uri>().ok()?;
    let (host, secure) = (url.host()?, url.scheme_str() == Some("https"));
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    if name.is_empty() || !name.bytes().all(fits) || name == host {
        let words = "a domain in lower case, other than the host of public_url";
        problems.push(format!("[serve] apps_domain: {name:?} is not {words}"));
        return None;
    }
    Some(Domain { name: name.to_owned(), port: url.port_u16(), secure })
}

const fn of_word(role: ServeRole) -> Role {
    match role {
        ServeRole::Console => Role::Console,
        ServeRole::Operator => Role::Operator,
    }
}

#[cfg(test)]
mod tests;
