//! Which pods a live tap is of.

use crate::Desk;
use crate::error::Error;
use crate::grammar::live::LiveArgs;
use crate::tap::error::TapError;
use capture::{Found, Targets};

/// What the words come to: the pods that are there, and what is followed.
pub(super) async fn find(desk: &Desk, args: &LiveArgs) -> Result<Found, Error> {
    let targets = Targets {
        namespaces: args.namespace.clone(),
        all_namespaces: args.all_namespaces,
        selector: args.selector.clone(),
        pods: args.pods.clone(),
        objects: args.objects.clone(),
    };
    let mut found = targets.find(desk.cluster()?).await.map_err(Error::of)?;
    if found.pods.is_empty() && (args.no_wait || args.no_watch) {
        return Err(Error::of(TapError::NoPod));
    }
    if found.pods.len() > args.max_pods && !desk.global.yes {
        return Err(Error::Usage(format!(
            "{} pods match, and --max-pods is {}: narrow the words, raise it, or say --yes",
            found.pods.len(),
            args.max_pods
        )));
    }
    if args.no_watch {
        found.scope.clear();
    }
    Ok(found)
}
