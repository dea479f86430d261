//! Which pods a live tap is of.

use crate::Desk;
use crate::act;
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
        many(found.pods.len(), args.max_pods)?;
    }
    if args.no_watch {
        found.scope.clear();
    }
    Ok(found)
}

/// Asks whether so many are meant, where somebody can answer.
fn many(found: usize, most: usize) -> Result<(), Error> {
    let count = format!("{found} pods match, and --max-pods is {most}");
    match act::ask(&format!("{count}: tap them all? [y/N] "), "") {
        Ok(answer) if matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes") => Ok(()),
        Ok(_) => Err(Error::Declined),
        Err(Error::Unanswered(_)) => Err(Error::Usage(format!("{count}: narrow the words, raise it, or say --yes"))),
        Err(error) => Err(error),
    }
}
