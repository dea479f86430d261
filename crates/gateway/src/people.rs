//! Who may come in: the one person of a desk, or the people of a team.

use crate::guard::Hosts;
use identity::People as Team;
use policy::Principal;
use std::sync::Arc;
use tokio::sync::watch;

/// Who may come in. Handlers do not know which it is: the guard gives each of them a caller.
pub enum People {
    /// Whoever sits at this desk: by the run token or a one-time URL.
    Desk(watch::Receiver<Principal>),
    /// People with tokens.
    Team {
        /// Who they are.
        people: Arc<Team>,
        /// The names under which they call this server.
        hosts: Hosts,
    },
}
