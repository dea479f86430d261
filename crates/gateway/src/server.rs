//! The server: what handlers share, and the loop that serves until it is told to end.

use crate::assets;
use crate::auth::Doorkeeper;
use crate::guard::{Guard, Hosts, guard};
use crate::routes;
use api::ErrorBody;
use axum::Router;
use axum::routing::get;
use base::{Clock, RequestId};
use mirror::Mirror;
use operate::{Clusters, Plans};
use policy::{Door, Gate, Principal};
use std::sync::Arc;
use store::Store;
use table::Parking;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What this door composes.
pub struct Services {
    /// Live rows.
    pub mirror: Mirror,
    /// Acts.
    pub plans: Plans,
    /// Where acts and reads of single objects go.
    pub clusters: Arc<dyn Clusters>,
    /// The journal, to read.
    pub store: Store,
    /// Decides.
    pub gate: Gate,
    /// The one person of a desk console.
    pub principal: tokio::sync::watch::Receiver<Principal>,
}

/// How this door behaves.
pub struct Config {
    /// Nothing but reads: told to the console, enforced by the gate.
    pub read_only: bool,
    /// Version of `qd`.
    pub version: &'static str,
    /// Why no cluster can be shown, if none can.
    pub problem: Option<ErrorBody>,
}

/// What every handler has.
pub(crate) struct Shared {
    pub(crate) services: Services,
    pub(crate) config: Config,
    pub(crate) door: Arc<Doorkeeper>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Names this process in the views protocol.
    pub(crate) epoch: u64,
    pub(crate) port: u16,
    pub(crate) end: CancellationToken,
    pub(crate) sockets: TaskTracker,
    /// What broken sockets had on their screens, for their next ones.
    pub(crate) parking: Arc<Parking>,
}

impl Shared {
    /// The principal making one request.
    pub(crate) fn principal(&self, request: RequestId, door: Door) -> Principal {
        self.services.principal.borrow().asking(request, door)
    }

    /// A URL that opens the console once.
    pub(crate) fn one_time_url(&self) -> Result<String, getrandom::Error> {
        Ok(format!("http://qd.localhost:{}/?code={}", self.port, self.door.new_code()?))
    }
}

/// A server that has its port and is ready to serve.
pub struct Gateway {
    listener: TcpListener,
    shared: Arc<Shared>,
}

impl Gateway {
    /// Puts the parts together on an open port.
    ///
    /// # Errors
    /// When the port's address cannot be read, or the system gives no random bytes.
    pub fn new(
        listener: TcpListener,
        config: Config,
        services: Services,
        clock: Arc<dyn Clock>,
        end: CancellationToken,
    ) -> std::io::Result<Self> {
        let port = listener.local_addr()?.port();
        let door = Arc::new(Doorkeeper::new(port, clock.clone()).map_err(std::io::Error::other)?);
        let epoch = clock.now_ms();
        let (sockets, parking) = (TaskTracker::new(), Arc::new(Parking::default()));
        let shared = Arc::new(Shared { services, config, door, clock, epoch, port, end, sockets, parking });
        Ok(Self { listener, shared })
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.shared.port
    }

    /// The doorkeeper, for the state file.
    #[must_use]
    pub fn doorkeeper(&self) -> &Doorkeeper {
        &self.shared.door
    }

    /// A URL that opens the console once.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn one_time_url(&self) -> std::io::Result<String> {
        self.shared.one_time_url().map_err(std::io::Error::other)
    }

    /// Serves until the token given to [`Gateway::new`] is cancelled; open sockets are closed with a reason.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self) -> std::io::Result<()> {
        let guarded = Guard { hosts: Hosts::desk(self.shared.port), door: self.shared.door.clone() };
        let app = Router::new()
            .route("/healthz", get(|| async { "ok\n" }))
            .merge(routes::router(self.shared.clone()))
            .fallback(assets::asset)
            .layer(axum::middleware::from_fn_with_state(guarded, guard));
        let end = self.shared.end.clone();
        axum::serve(self.listener, app).with_graceful_shutdown(async move { end.cancelled().await }).await?;
        self.shared.sockets.close();
        self.shared.sockets.wait().await;
        Ok(())
    }
}
