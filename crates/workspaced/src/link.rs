//! Where callers come in that the pod's own processes carry: the API server's exec of `qd-agent workspaced relay`.
//!
//! The socket is for the daemon's own account, and the kernel says whose the other end is. Whoever may start a process of
//! that account in the container may do all that the daemon does, so nothing more is asked.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::Semaphore;

use crate::Error;
use crate::connection;
use crate::daemon::Daemon;

/// Opens the socket.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn listen(daemon: &Daemon) -> Result<UnixListener, Error> {
    let path = daemon.runtime.join(NAME);
    let wrong = || Error::system(format!("cannot listen on {}", path.display()));
    let _ = fs::remove_file(&path); // of a daemon before: another that lives was noticed at the other socket
    let listener = UnixListener::bind(&path).map_err(wrong())?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(wrong())?;
    Ok(listener)
}

/// Serves until it is dropped.
pub(crate) async fn serve(daemon: Arc<Daemon>, listener: UnixListener) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let own = rustix::process::geteuid().as_raw();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                daemon.log.warn("callers", format!("cannot take a connection: {error}"));
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if !stream.peer_cred().is_ok_and(|peer| peer.uid() == own) {
            daemon.log.warn("callers", "a caller of another account was sent away");
            continue;
        }
        let daemon = daemon.clone();
        tokio::spawn(async move {
            if let Err(broken) = connection::serve(daemon.clone(), stream).await {
                daemon.log.warn("callers", format!("a caller was cut off: {broken}"));
            }
            drop(place);
        });
    }
}

/// The socket's name in the daemon's folder.
pub(crate) const NAME: &str = "link.sock";
const MAX_CONNECTIONS: usize = 64;
