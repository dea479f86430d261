//! Names of apps: `{port or app}--{route}.{apps domain}`.

/// Under which domain apps are, and how they are called there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// `localhost`, or a domain whose names all lead here. Lower case.
    pub name: String,
    /// The port of the listener, where it is not the usual one of the scheme.
    pub port: Option<u16>,
    /// The listener speaks TLS.
    pub secure: bool,
}

/// What a host name asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// A port of the workspace.
    Port(u16),
    /// An app, or a port by its name.
    App(String),
}

/// A host name of ours, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppHost {
    /// What is asked for.
    pub service: Service,
    /// Which workspace.
    pub route: String,
}

impl Domain {
    /// Reads a `Host`. `None` for what is not an app's: another domain or port, or no such form.
    #[must_use]
    pub fn read(&self, host: &str) -> Option<AppHost> {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse::<u16>().ok().filter(|_| !port.starts_with('+'))?)),
            None => (host, None),
        };
        if port.or(self.usual()) != self.port.or(self.usual()) {
            return None;
        }
        let name = name.to_ascii_lowercase();
        let label = name.strip_suffix(&self.name)?.strip_suffix('.')?;
        let (service, route) = label.split_once("--")?;
        let word = |text: &str| {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            !text.is_empty() && !text.starts_with('-') && !text.ends_with('-') && text.bytes().all(plain)
        };
        if label.len() > 63 || !word(service) || !word(route) {
            return None;
        }
        let service = if service.bytes().all(|byte| byte.is_ascii_digit()) {
            let port = service.parse().ok().filter(|port| *port > 0 && !service.starts_with('0'))?;
            Service::Port(port)
        } else {
            Service::App(service.to_owned())
        };
        Some(AppHost { service, route: route.to_owned() })
    }

    /// Reads the name of a workspace's main app out of a `Host`: one word under the domain. `None` for what is none.
    #[must_use]
    pub fn alias(&self, host: &str) -> Option<String> {
        // what names a port or an app is read by [`Domain::read`], by the same rules of port and form
        let (name, port) = host.rsplit_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
        let at = port.map_or_else(String::new, |port| format!(":{port}"));
        let label = name.to_ascii_lowercase().strip_suffix(&self.name)?.strip_suffix('.')?.to_owned();
        let fits = !label.contains("--") && self.read(&format!("a--{label}.{}{at}", self.name)).is_some();
        (fits && label.len() <= 40).then_some(label)
    }

    /// The host of a workspace's main app, as browsers say it.
    #[must_use]
    pub fn host_of(&self, alias: &str) -> String {
        let port = self.port.filter(|port| Some(*port) != self.usual()).map(|port| format!(":{port}"));
        format!("{alias}.{}{}", self.name, port.unwrap_or_default())
    }

    /// The host of an app, as browsers say it.
    #[must_use]
    pub fn host(&self, app: &AppHost) -> String {
        let service = match &app.service {
            Service::Port(port) => port.to_string(),
            Service::App(name) => name.clone(),
        };
        let port = self.port.filter(|port| Some(*port) != self.usual()).map(|port| format!(":{port}"));
        format!("{service}--{}.{}{}", app.route, self.name, port.unwrap_or_default())
    }

    /// `http` or `https`.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    /// The origins of all of them, as a content security policy has them.
    pub(crate) fn origins(&self) -> String {
        let port = self.port.filter(|port| Some(*port) != self.usual()).map(|port| format!(":{port}"));
        format!("{}://*.{}{}", self.scheme(), self.name, port.unwrap_or_default())
    }

    const fn usual(&self) -> Option<u16> {
        Some(if self.secure { 443 } else { 80 })
    }
}

#[cfg(test)]
mod tests;
