//! Between `qd` and the API server: carries connections until it is told to cut them.

use crate::{kubeconfig, kubectl};
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A door to an API server that can be shut.
pub struct Between {
    port: u16,
    cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    server: String,
}

impl Between {
    /// Opens it, to the API server of the cluster of the tests.
    ///
    /// # Panics
    /// When there is no port for it.
    #[must_use]
    pub fn start() -> Self {
        let path = "jsonpath={.clusters[0].cluster.server}";
        let server = kubectl::stdout(&kubeconfig(), &["config", "view", "-o", path]);
        let address = server.trim_start_matches("https://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let (cut, open) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (is_cut, streams) = (cut.clone(), open.clone());
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(far) = TcpStream::connect(&address) else { continue };
                carry(&near, &far);
                carry(&far, &near);
                streams.lock().unwrap_or_else(PoisonError::into_inner).extend([near, far]);
            }
        });
        Self { port, cut, open, server }
    }

    /// A kubeconfig that leads through it, in this folder.
    ///
    /// # Panics
    /// When the folder takes no files.
    #[must_use]
    pub fn kubeconfig(&self, folder: &Path) -> PathBuf {
        let text = std::fs::read_to_string(kubeconfig()).expect("a kubeconfig");
        let host = self.server.trim_start_matches("https://").split(':').next().unwrap_or_default();
        let ours = format!("https://127.0.0.1:{}\n    tls-server-name: {host}", self.port);
        let path = folder.join("kubeconfig-between");
        std::fs::write(&path, text.replace(&self.server, &ours)).expect("the folder takes files");
        path
    }

    /// Ends all connections, and lets none through until it is told to.
    pub fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
        for stream in self.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // One that is gone already needs no end.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn carry(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().expect("a stream"), to.try_clone().expect("a stream"));
    std::thread::spawn(move || {
        // Either side's end is the end of both.
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
}
