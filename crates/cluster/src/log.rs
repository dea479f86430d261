//! What a container writes, line after line, as it is written.

use crate::acting::{Acting, Target};
use crate::error::Error;
use crate::reader::escape;
use crate::transport::Call;
use bytes::{Buf, Bytes, BytesMut};
use http_body_util::BodyExt;
use kube::client::Body;
use policy::action::Effect;

/// Where a log begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFrom<'a> {
    /// Its last lines.
    Last(u32),
    /// Lines of this time (RFC 3339) and later. The server looks at whole seconds: some lines come again.
    Since(&'a str),
}

/// The lines of a log, each behind its time. It ends with the container's run.
pub struct LogLines {
    body: Body,
    buffer: BytesMut,
    server: String,
}

impl<E: Effect> Acting<E> {
    /// What a container of a pod writes, under the decision. Some servers answer only when there is something to tell.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn follow_log(&self, pod: Target<'_>, container: &str, from: LogFrom<'_>) -> Result<LogLines, Error> {
        let mut query = "?timestamps=true&follow=true".to_owned();
        match from {
            LogFrom::Last(lines) => query.push_str(&format!("&tailLines={lines}")),
            LogFrom::Since(time) => {
                query.push_str("&sinceTime=");
                escape(time, &mut query);
            }
        }
        query.push_str("&container=");
        escape(container, &mut query);
        let path = pod.path("log", &query);
        let call = Call::get(&path, "*/*", "get", "pods/log", pod.namespace);
        let response = self.transport().open(&Call { user_agent: Some(self.user_agent()), ..call }).await?;
        let server = self.transport().server.clone();
        Ok(LogLines { body: response.into_body(), buffer: BytesMut::new(), server })
    }
}

impl LogLines {
    /// The next line, without its end; `None` at the end of the run. Cancelling it loses nothing.
    ///
    /// # Errors
    /// `Unreachable` when the connection broke.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            if let Some(line) = cut(&mut self.buffer) {
                return Ok(Some(line));
            }
            match self.body.frame().await {
                None if self.buffer.is_empty() => return Ok(None),
                None => return Ok(Some(self.buffer.split().freeze())),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.buffer.extend_from_slice(&data);
                    }
                }
                Some(Err(error)) => {
                    return Err(Error::Unreachable {
                        server: self.server.clone(),
                        message: "the log of a container broke off".to_owned(),
                        source: Some(Box::new(error)),
                    });
                }
            }
        }
    }
}

/// Takes a line from the front. One that is too long is cut.
fn cut(buffer: &mut BytesMut) -> Option<Bytes> {
    match buffer.iter().position(|byte| *byte == b'\n') {
        Some(at) => {
            let line = buffer.split_to(at).freeze();
            buffer.advance(1);
            Some(line)
        }
        None if buffer.len() > LONGEST => Some(buffer.split_to(LONGEST).freeze()),
        None => None,
    }
}

/// Bytes of a line.
const LONGEST: usize = 256 << 10;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{LONGEST, cut};
    use bytes::BytesMut;

    #[test]
    fn gn_08e_lines_come_whole_and_one_without_an_end_is_cut() {
        let mut buffer = BytesMut::from("a\n\nbc");
        assert_eq!(cut(&mut buffer).unwrap(), "a");
        assert_eq!(cut(&mut buffer).unwrap(), "");
        assert_eq!(cut(&mut buffer), None);
        buffer.extend_from_slice(b"d\n");
        assert_eq!(cut(&mut buffer).unwrap(), "bcd");
        buffer.extend_from_slice(&vec![b'x'; LONGEST + 2]);
        assert_eq!(cut(&mut buffer).unwrap().len(), LONGEST);
        assert_eq!(cut(&mut buffer), None);
    }
}
