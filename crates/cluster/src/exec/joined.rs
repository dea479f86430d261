//! The streams of a program in a container as one stream of bytes, for protocols that expect one.

use super::{ExecInput, ExecOutput, Said};
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};

/// What a program had to say beside its output: its standard error, and how it failed.
#[derive(Clone, Debug, Default)]
pub struct LastWords(Arc<Mutex<String>>);

impl LastWords {
    /// The words so far, in one line.
    #[must_use]
    pub fn text(&self) -> String {
        let words = self.0.lock();
        let plain: String = words.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
        plain.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// A piece of what the program writes, wherever it was cut.
    fn add(&self, text: &str) {
        let mut words = self.0.lock();
        if words.len() + text.len() < MOST_WORDS {
            words.push_str(text);
        }
    }

    /// How it ended.
    fn end(&self, text: &str) {
        self.add("\n");
        self.add(text);
    }
}

/// Joins a program's streams. The stream ends with the program; the program's streams close when it is dropped.
#[must_use]
pub fn joined(input: ExecInput, output: ExecOutput) -> (DuplexStream, LastWords) {
    let (far, near) = tokio::io::duplex(ROOM);
    let words = LastWords::default();
    let told = words.clone();
    tokio::spawn(async move {
        let (from, to) = tokio::io::split(near);
        // Either side's end is the end of both.
        tokio::select! {
            () = write(from, input) => {}
            () = read(output, to, &told) => {}
        }
    });
    (far, words)
}

async fn write(mut from: ReadHalf<DuplexStream>, mut input: ExecInput) {
    let mut buffer = vec![0; ROOM];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if input.write(buffer.get(..count).unwrap_or_default()).await.is_err() {
            // The reader learns it as well, and how the program ended.
            return std::future::pending().await;
        }
    }
    // A stream that is over already needs no end.
    let _ = input.close().await;
}

async fn read(mut output: ExecOutput, mut to: WriteHalf<DuplexStream>, words: &LastWords) {
    loop {
        match output.next().await {
            Ok(Some(Said::Output(bytes))) => {
                if to.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Ok(Some(Said::Complaint(bytes))) => words.add(&String::from_utf8_lossy(&bytes)),
            Ok(Some(Said::Ended(failure))) => return words.end(&failure.unwrap_or_default()),
            Ok(None) => return,
            Err(error) => return words.end(&error.to_string()),
        }
    }
}

/// Bytes on the way in one direction.
const ROOM: usize = 64 << 10;
/// Bytes of words that are kept.
const MOST_WORDS: usize = 2000;

#[cfg(test)]
mod tests {
    use super::LastWords;

    #[test]
    fn what_was_cut_in_pieces_on_its_way_is_read_as_it_was_written() {
        let words = LastWords::default();
        for piece in ["the daemon does not", " answer", ": No such file\r\n", "(os error 2)\n"] {
            words.add(piece);
        }
        words.end("exit code 1");
        assert_eq!(words.text(), "the daemon does not answer: No such file (os error 2) exit code 1");
        words.add(&"x".repeat(2000));
        assert!(words.text().len() < 200, "there is a bound");
    }
}
