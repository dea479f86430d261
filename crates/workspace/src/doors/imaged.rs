//! What an image says of itself, for whoever would make a workspace of it.

use super::{DoorError, Workspaces, namespace, target};
use crate::imaged::{Asking, Failed, add};
use base::{ClusterName, Coded};
use catalog::Kind;
use cluster::Target;
use policy::Principal;
use registry::{Facts, Image, Logins};
use std::sync::Arc;

impl Workspaces {
    /// What an image says, by the Secrets with which workspaces of the namespace pull, as far as whoever asks may read them; `None`
    /// where no registries are asked.
    ///
    /// # Errors
    /// Why it does not say.
    pub async fn image(
        &self,
        principal: &Principal,
        name: &ClusterName,
        said: Option<&str>,
        image: &str,
    ) -> Result<Option<Arc<Facts>>, DoorError> {
        let platform = &self.0.platform;
        let Some(registry) = &platform.images else { return Ok(None) };
        let failed = |error: registry::Error| DoorError::Image(error.code(), error.to_string());
        let image = Image::parse(&whole(image, platform.registry.as_deref())).map_err(failed)?;
        let cluster = self.cluster(principal, name)?;
        let namespace = namespace(&cluster, said);
        let object = target(name, &namespace, "preview");
        let asking = Asking { registry, gate: &self.0.gate, principal, object, owner: principal.name() };
        let permit = asking.permit(&image).await.map_err(|Failed(code, why)| DoorError::Image(code, why))?;
        let mut logins = Logins::default();
        if let Some(secrets) = Kind::builtin("secrets").filter(|_| !platform.pull_secrets.is_empty()) {
            let acting = cluster.acting(&permit);
            for name in &platform.pull_secrets {
                let target = Target { kind: &secrets, namespace: &namespace, name };
                match acting.get(target, "").await {
                    Ok(secret) => {
                        add(&mut logins, &secret);
                    }
                    Err(error) => {
                        tracing::debug!(%error, "whoever asks may not read a Secret with which images are pulled")
                    }
                }
            }
        }
        asking.facts(permit, &image, &[], &logins).await.map(Some).map_err(failed)
    }
}

/// The name of an image as workspaces have it: one of no host is of the platform's registry, where there is one.
fn whole(image: &str, registry: Option<&str>) -> String {
    let first = image.split_once('/').map(|(first, _)| first);
    let host = first.is_some_and(|first| first.contains(['.', ':']) || first == "localhost");
    match registry {
        Some(registry) if !host => format!("{}/{image}", registry.trim_end_matches('/')),
        _ => image.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn an_image_of_no_host_is_of_the_platforms_registry() {
        for (image, of) in [("a", "lab:5000/a"), ("a/b:1", "lab:5000/a/b:1"), ("x.test/a", "x.test/a")] {
            assert_eq!(whole(image, Some("lab:5000/")), of);
            assert_eq!(whole(image, None), image);
        }
    }
}
