//! Whoever makes a request: what the guard found out, and handlers act as.

use base::RequestId;
use policy::Principal;
use tokio_util::sync::CancellationToken;

/// Whoever makes a request. The guard puts it into every request that it lets through; nothing else makes one.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The principal, making this request at this door.
    pub(crate) principal: Principal,
    /// The request.
    pub(crate) request: RequestId,
    /// What let them in has ended: they have signed out, or their token is no longer good. What lasts ends by it.
    pub(crate) end: CancellationToken,
}

impl From<&Caller> for RequestId {
    fn from(caller: &Caller) -> Self {
        caller.request
    }
}
