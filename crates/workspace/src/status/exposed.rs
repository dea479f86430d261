//! What a status says of how a workspace is reached from outside of the cluster.

use super::Making;
use super::measured::Told;
use crate::exposing::Reached;
use crate::observed::Part;
use cluster::Owned;
use crd::workspace::ExposureType;

impl Making<'_> {
    /// Whether it is reached, and why not.
    pub(super) fn exposed(&self) -> Told {
        let not = |reason: &'static str, message: String| (Some(false), reason, message);
        let Ok(rendered) = self.rendered else { return (None, "NotMeasured", "nothing is rendered".to_owned()) };
        let Some(reached) = &rendered.reached else { return not("NotExposed", "nobody asked for it".to_owned()) };
        if let Some(problem) = &reached.problem {
            return not("NotExposed", problem.clone());
        }
        if let Some(failed) = self.outside {
            let taken = failed.contains("already defined in ingress");
            return not(if taken { "HostConflict" } else { "NotExposed" }, failed.to_owned());
        }
        let Some(part) = self.opening(reached) else {
            return not("AddressPending", "its objects are being made".to_owned());
        };
        let pending = match reached.kind {
            ExposureType::Gateway if part.outside.taken == Some(true) => None,
            ExposureType::Gateway if part.outside.taken == Some(false) => {
                Some(format!("the Gateway refuses its route: {}", part.outside.message))
            }
            ExposureType::Gateway => Some("no Gateway has taken its route".to_owned()),
            _ if !part.outside.addresses.is_empty() => None,
            ExposureType::Ingress => Some("no ingress controller has taken its Ingress".to_owned()),
            _ => Some("no load balancer has given it an address".to_owned()),
        };
        if let Some(pending) = pending {
            return not("AddressPending", pending);
        }
        if let Some(certificate) = &reached.certificate
            && !self.observed.parts.contains_key(&(Owned::Secret, certificate.secret.clone()))
        {
            let message = format!("its certificate is on its way: there is no Secret {}", certificate.secret);
            return not("CertificatePending", message);
        }
        (Some(true), "AsExpected", format!("at {}", self.external_url().unwrap_or_default()))
    }

    /// The URL by which it is reached, as soon as that is known.
    pub(super) fn external_url(&self) -> Option<String> {
        let rendered = self.rendered.ok()?;
        let reached = rendered.reached.as_ref().filter(|reached| reached.problem.is_none())?;
        let part = self.opening(reached)?;
        if let Some(host) = &reached.host {
            return Some(format!("https://{host}/"));
        }
        let address = part.outside.addresses.first()?;
        let address = if address.contains(':') { format!("[{address}]") } else { address.clone() };
        let scheme = if reached.secure { "https" } else { "http" };
        Some(format!("{scheme}://{address}:{}/", reached.port))
    }

    /// Where those who come from outside are led to; empty where nobody is.
    pub(super) fn proxy_target(&self) -> String {
        let Ok(rendered) = self.rendered else { return String::new() };
        let Some(reached) = rendered.reached.as_ref().filter(|reached| reached.problem.is_none()) else {
            return String::new();
        };
        let scheme = if reached.secure { "https" } else { "http" };
        format!("{scheme}://{}:{}", rendered.service_dns, reached.port)
    }

    /// The object that leads to it.
    fn opening(&self, reached: &Reached) -> Option<&Part> {
        let name = &self.desired.key.name;
        let of = match reached.kind {
            ExposureType::ClusterIP => return None,
            ExposureType::LoadBalancer => (Owned::Service, format!("{name}-lb")),
            ExposureType::Ingress => (Owned::Ingress, name.clone()),
            ExposureType::Gateway => (Owned::HttpRoute, name.clone()),
        };
        self.observed.parts.get(&of)
    }
}
