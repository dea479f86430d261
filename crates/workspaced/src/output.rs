//! What programs print, line by line into a log. Nothing is kept of a line beyond its first part.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

use crate::children::Running;
use crate::log::Log;

/// Both outputs of a program into the log, until the last process that holds them has ended.
pub(crate) fn into_log(log: &Arc<Log>, running: &mut Running, component: &str, levels: [&'static str; 2]) {
    let out = running.child.stdout.take().map(OwnedFd::from);
    let err = running.child.stderr.take().map(OwnedFd::from);
    for (end, level) in [out, err].into_iter().zip(levels) {
        let Some(Ok(pipe)) = end.map(pipe::Receiver::from_owned_fd) else { continue };
        tokio::spawn(lines(log.clone(), pipe, component.to_owned(), level));
    }
}

async fn lines(log: Arc<Log>, mut pipe: pipe::Receiver, component: String, level: &'static str) {
    let mut line = Vec::new();
    let mut buffer = vec![0u8; PIECE];
    let put = |line: &mut Vec<u8>| {
        log.put(level, &component, String::from_utf8_lossy(line).trim_end().to_owned());
        line.clear();
    };
    while let Ok(len @ 1..) = pipe.read(&mut buffer).await {
        for piece in buffer.get(..len).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(piece);
            if piece.ends_with(b"\n") || line.len() >= MAX_LINE {
                put(&mut line);
            }
        }
    }
    if !line.is_empty() {
        put(&mut line);
    }
}

const PIECE: usize = 4 << 10;
const MAX_LINE: usize = 8 << 10;
