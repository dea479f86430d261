//! Logins at registries, as Secrets of the type `kubernetes.io/dockerconfigjson` keep them.

use crate::image::{HUB, Image};
use base::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// A login at a registry.
pub struct Login {
    /// The user's name there.
    pub username: String,
    /// Their token or password.
    pub password: Secret<String>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("username", &self.username).finish_non_exhaustive()
    }
}

/// Logins, each with what it is kept for.
#[derive(Debug, Default)]
pub struct Logins(Vec<(String, Login)>);

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    password: Option<String>,
    /// `user:password` in base64.
    #[serde(default)]
    auth: Option<String>,
}

impl Logins {
    /// Adds those of a file, the text of `.dockerconfigjson`. What is none is left out; whether it could be read at all.
    pub fn add(&mut self, text: &[u8]) -> bool {
        let Ok(file) = serde_json::from_slice::<File>(text) else { return false };
        for (place, entry) in file.auths {
            if let Some(login) = entry.login().filter(|_| self.0.len() < MOST) {
                self.0.push((place, login));
            }
        }
        true
    }

    /// Those that are for an image, the most particular first, as the kubelet tries them.
    pub(crate) fn of(&self, image: &Image) -> Vec<&Login> {
        let mut all: Vec<(usize, &Login)> =
            self.0.iter().filter_map(|(place, login)| Some((fits(place, image)?, login))).collect();
        all.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
        all.into_iter().map(|(_, login)| login).collect()
    }
}

impl Entry {
    fn login(self) -> Option<Login> {
        let decoded = self.auth.filter(|text| !text.is_empty()).and_then(|text| STANDARD.decode(text.trim()).ok());
        let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
        let (username, password) = match pair {
            Some((username, password)) => (username.to_owned(), password.trim_matches('\0').to_owned()),
            None => (self.username?, self.password?),
        };
        Some(Login { username, password: Secret::new(password) })
    }
}

/// Whether what a login is kept for is the place of an image, and how particular that is: a host, with `*` for a part of it, and
/// perhaps the beginning of a path.
fn fits(place: &str, image: &Image) -> Option<usize> {
    let place = place.split_once("://").map_or(place, |(_, rest)| rest).trim_end_matches('/');
    let (host, path) = place.split_once('/').unwrap_or((place, ""));
    let hub = |host: &str| matches!(host, HUB | "index.docker.io" | "registry-1.docker.io");
    // The paths of the API itself are no beginnings of names.
    let path = if matches!(path, "v1" | "v2") { "" } else { path };
    let same = host.eq_ignore_ascii_case(image.registry())
        || hub(&host.to_ascii_lowercase()) && image.registry() == HUB
        || matches(host, image.registry());
    let under = path.is_empty()
        || image.repository() == path
        || image.repository().strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    (same && under).then_some(path.len())
}

/// Whether a host is one of `*.registry.example`: each part by itself, and the port too.
fn matches(pattern: &str, host: &str) -> bool {
    let parts = |text: &str| {
        let (name, port) = text.rsplit_once(':').unwrap_or((text, ""));
        let names: Vec<String> = name.split('.').map(str::to_ascii_lowercase).collect();
        (names, port.to_owned())
    };
    let ((pattern, port), (host, own)) = (parts(pattern), parts(host));
    let part = |pattern: &str, text: &str| match pattern.split_once('*') {
        Some((before, after)) => {
            text.len() >= before.len() + after.len() && text.starts_with(before) && text.ends_with(after)
        }
        None => pattern == text,
    };
    port == own && pattern.len() == host.len() && pattern.iter().zip(&host).all(|(one, text)| part(one, text))
}

const MOST: usize = 64;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Logins;
    use crate::image::Image;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    fn names(logins: &Logins, image: &str) -> Vec<String> {
        let image = Image::parse(image).unwrap();
        logins.of(&image).into_iter().map(|login| login.username.clone()).collect()
    }

    #[test]
    fn a_login_is_found_by_registry_and_path_as_the_kubelet_finds_it() {
        let of = |name: &str| json!({ "username": name, "password": "p" });
        let file = json!({ "auths": {
            "https://index.docker.io/v1/": of("hub"), "lab:5000": of("lab"), "lab:5000/team": of("team"),
            "*.corp.example": of("corp"), "https://ghcr.io": of("gh"),
        } });
        let mut logins = Logins::default();
        assert!(logins.add(file.to_string().as_bytes()));
        for (image, expected) in [
            ("nginx", vec!["hub"]),
            ("docker.io/x/y", vec!["hub"]),
            ("lab:5000/app", vec!["lab"]),
            ("lab:5000/team/app", vec!["team", "lab"]),
            ("lab:5000/teams/app", vec!["lab"]),
            ("lab/app", vec!["hub"]),
            ("a.corp.example/app", vec!["corp"]),
            ("a.b.corp.example/app", vec![]),
            ("corp.example/app", vec![]),
            ("ghcr.io/a", vec!["gh"]),
            ("ghcr.io.evil.example/a", vec![]),
        ] {
            assert_eq!(names(&logins, image), expected, "{image}");
        }
        assert!(!logins.add(b"7") && !logins.add(b"{") && logins.add(b"{}"));
        assert!(!format!("{logins:?}").contains("\"p\""), "passwords are not shown");
    }

    #[test]
    fn wd_20c_names_and_passwords_come_out_as_they_went_in() {
        let password = "a:b\"c'd$e{f}#g %h \\ é→true";
        for username in ["12345", "true", "null", "ada", "0x1F", "ü"] {
            let auth = STANDARD.encode(format!("{username}:{password}"));
            for entry in [json!({ "auth": auth }), json!({ "username": username, "password": password })] {
                let mut logins = Logins::default();
                logins.add(json!({ "auths": { "lab:5000": entry } }).to_string().as_bytes());
                let image = Image::parse("lab:5000/x").unwrap();
                let login = logins.of(&image)[0];
                assert_eq!((login.username.as_str(), login.password.expose().as_str()), (username, password));
            }
        }
    }
}
