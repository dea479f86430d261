//! The name of an image: which registry, which repository there, and which of its versions.

use crate::error::Error;
use oci_spec::distribution::Reference;
use std::fmt;

/// The name of an image.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Image(Reference);

impl Image {
    /// Reads a name, as container runtimes read it: without a registry it is one of Docker Hub, without a version `latest`.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |why: String| Error::Name { image: text.chars().take(MOST_SHOWN).collect(), why };
        if text.len() > MOST {
            return Err(wrong(format!("it is longer than {MOST} bytes")));
        }
        text.parse().map(Self).map_err(|error: oci_spec::distribution::ParseError| wrong(error.to_string()))
    }

    /// The registry, as the name says it: what logins are kept for.
    #[must_use]
    pub fn registry(&self) -> &str {
        self.0.registry()
    }

    /// The host that is asked, with its port where it has one.
    #[must_use]
    pub fn host(&self) -> &str {
        match self.0.registry() {
            HUB => HUB_HOST,
            other => other,
        }
    }

    /// Its repository there.
    #[must_use]
    pub fn repository(&self) -> &str {
        self.0.repository()
    }

    /// The version that is meant: a digest before a tag.
    #[must_use]
    pub fn version(&self) -> &str {
        self.digest().or_else(|| self.0.tag()).unwrap_or("latest")
    }

    /// The digest that it names.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.0.digest()
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What names of Docker Hub's images say, and where these are.
pub(crate) const HUB: &str = "docker.io";
const HUB_HOST: &str = "registry-1.docker.io";
const MOST: usize = 512;
const MOST_SHOWN: usize = 100;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Image;

    #[test]
    fn a_name_is_read_as_container_runtimes_read_it() {
        for (text, host, repository, version) in [
            ("nginx", "registry-1.docker.io", "library/nginx", "latest"),
            ("coder/code-server:4", "registry-1.docker.io", "coder/code-server", "4"),
            ("index.docker.io/x/y", "registry-1.docker.io", "x/y", "latest"),
            ("ghcr.io/a/b/c:1.2", "ghcr.io", "a/b/c", "1.2"),
            ("10.0.0.7:5000/app", "10.0.0.7:5000", "app", "latest"),
        ] {
            let image = Image::parse(text).unwrap();
            assert_eq!((image.host(), image.repository(), image.version()), (host, repository, version), "{text}");
        }
        let digest = format!("sha256:{}", "a".repeat(64));
        let both = Image::parse(&format!("ghcr.io/a/b:1@{digest}")).unwrap();
        assert_eq!((both.version(), both.digest()), (digest.as_str(), Some(digest.as_str())));
        for text in
            ["", "ghcr.io/UPPER", "a b", "x/../y", "https://ghcr.io/a", "ghcr.io/a@sha256:00", "host/x?y", "h\r\n/x"]
        {
            assert!(Image::parse(text).is_err(), "{text:?}");
        }
        assert!(Image::parse(&"a".repeat(600)).is_err());
    }
}
