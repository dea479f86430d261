//! What doors ask of several workspaces at once, and which images there are to make one of.

use super::seeing::org_of;
use super::{DoorError, Named, Workspaces};
use crate::about;
use crate::catalogue::{self, Offer};
use api::workspace::Workspace;
use base::ClusterName;
use policy::Principal;

impl Workspaces {
    /// The workspaces of a namespace, each with all that is known of it and what whoever asks may do to it; by name.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn all(
        &self,
        principal: &Principal,
        cluster: &ClusterName,
        said: Option<&str>,
    ) -> Result<Vec<Workspace>, DoorError> {
        let namespace = self.namespace(principal, cluster, said)?;
        let mut all: Vec<Workspace> = Vec::new();
        for object in self.listed(principal, cluster, &namespace).await? {
            let name = about::text(&object, "/metadata/name");
            let named = Named { cluster: cluster.clone(), namespace: namespace.clone(), name };
            // Whoever sees the list may not see all that is in it.
            if self.visible(principal, &named).is_ok() {
                all.push(self.told(principal, &named, &object));
            }
        }
        all.sort_by(|a, b| a.row.name.cmp(&b.row.name));
        Ok(all)
    }

    /// The blueprints that whoever asks may make a workspace of, with the image that they would get.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn offers(
        &self,
        principal: &Principal,
        cluster: &ClusterName,
        said: Option<&str>,
    ) -> Result<Vec<Offer>, DoorError> {
        let (blueprints, namespace) = self.catalogue(principal, cluster, said).await?;
        Ok(catalogue::offers(&blueprints, &namespace, principal.name(), &org_of(principal, None)))
    }

    /// The namespace that was said, or that of the cluster's context.
    ///
    /// # Errors
    /// When there is no such cluster.
    pub fn namespace(
        &self,
        principal: &Principal,
        cluster: &ClusterName,
        said: Option<&str>,
    ) -> Result<String, DoorError> {
        Ok(super::namespace(&self.cluster(principal, cluster)?, said))
    }
}
