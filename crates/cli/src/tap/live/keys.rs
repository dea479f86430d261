//! `--keylog` of running pods: a key log that grows, whose lines go to the agents as they come. They are wiped with the tap.

mod watch;

use crate::Desk;
use crate::error::Error;
use crate::tap::drive::LONGEST_KEYS;
use crate::tap::error::TapError;
use capture::KeyLines;
use policy::action::{TapChange, TapControl, TapTarget};
use policy::{Answers, Outcome, Permit, Refusal};
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use watch::Watch;
use zeroize::{Zeroize, Zeroizing};

/// A key log on this machine. One that is not there yet is waited for.
pub(super) struct Keys {
    path: PathBuf,
    /// Bytes that were read.
    at: u64,
    /// The begin of a line whose end has not come.
    rest: Zeroizing<Vec<u8>>,
    /// Tells of changes, where the system does.
    watch: Option<Watch>,
    /// It has changed since it was read.
    changed: bool,
    /// When it was read, and when it is read again whatever is told of it.
    last: Option<Instant>,
    next: Instant,
    given: u64,
    invalid: u64,
    permit: Permit<TapControl>,
}

impl Keys {
    /// Asks whether keys may be given to this tap.
    ///
    /// # Errors
    /// When policy does not let it, or it is a folder.
    pub(super) async fn new(desk: &Desk, tap: TapTarget, path: &Path) -> Result<Self, Error> {
        if path.is_dir() {
            return Err(Error::Usage(format!("{} is a folder: --keylog FILE", path.display())));
        }
        let action = TapControl { tap, change: TapChange::Keys };
        let permit = desk.gate.permit(&desk.principal, action, &Answers::default());
        let permit = permit.map_err(|refusal: Refusal| Error::of(refusal))?;
        permit.settled().await.map_err(Error::of)?;
        let (rest, next) = (Zeroizing::default(), Instant::now());
        let watch = Watch::of(path).inspect_err(|error| tracing::debug!(%error, "a key log is not watched")).ok();
        let path = path.to_owned();
        Ok(Self { path, at: 0, rest, watch, changed: false, last: None, next, given: 0, invalid: 0, permit })
    }

    /// Waits until it has changed.
    pub(super) async fn changed(&mut self) {
        match &mut self.watch {
            Some(watch) => watch.changed().await,
            None => std::future::pending().await,
        }
        self.changed = true;
    }

    /// The keys that came since, at once and not much more often than they can be sent.
    ///
    /// # Errors
    /// When it cannot be read, or is larger than may be.
    pub(super) fn more(&mut self, now: Instant) -> Result<Option<Arc<KeyLines>>, Error> {
        let rested = self.last.is_none_or(|last| now.duration_since(last) >= REST);
        if !(self.changed && rested) && now < self.next {
            return Ok(None);
        }
        self.changed = false;
        self.last = Some(now);
        // Files of other machines and behind links change without a word.
        self.next = now + if self.watch.is_some() { SELDOM } else { PAUSE };
        match self.read() {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(Error::of(TapError::Read { file: self.path.display().to_string(), source }));
            }
        }
        if self.at > LONGEST_KEYS {
            let words = format!("{} is larger than a key log may be (limit `key_log`, 64 MiB)", self.path.display());
            return Err(Error::of(TapError::Limit(words)));
        }
        let keys = self.lines();
        self.given += keys.count();
        Ok((keys.count() > 0).then(|| Arc::new(keys)))
    }

    fn read(&mut self) -> std::io::Result<()> {
        let mut file = File::open(&self.path)?;
        let len = file.metadata()?.len();
        if len < self.at {
            // Another one stands there now.
            self.at = 0;
            self.rest.zeroize();
        }
        if len > self.at {
            file.seek(SeekFrom::Start(self.at))?;
            let read = file.take(LONGEST_KEYS + 1 - self.at.min(LONGEST_KEYS)).read_to_end(&mut self.rest)?;
            self.at += read as u64;
        }
        Ok(())
    }

    /// The whole lines that are keys.
    fn lines(&mut self) -> KeyLines {
        let Some(end) = memchr::memrchr(b'\n', &self.rest) else { return KeyLines::default() };
        let lines = self.rest.get(..end).unwrap_or_default().split(|byte| *byte == b'\n');
        let (keys, invalid) = KeyLines::read(lines.map(|line| std::str::from_utf8(line).unwrap_or("?")));
        self.invalid += invalid;
        let left = self.rest.len() - end - 1;
        self.rest.copy_within(end + 1.., 0);
        if let Some(old) = self.rest.get_mut(left..) {
            old.zeroize();
        }
        self.rest.truncate(left);
        keys
    }

    /// How many keys there were, for the journal and for whoever gave them.
    pub(super) fn end(self) -> String {
        let words =
            format!("{} keys of {} were given, {} lines are none", self.given, self.path.display(), self.invalid);
        self.permit.finish(Outcome::Done { message: words.clone() });
        words
    }
}

/// Waits until a key log has changed, where there is one.
pub(super) async fn keys_changed(keys: &mut Option<Keys>) {
    match keys {
        Some(keys) => keys.changed().await,
        None => std::future::pending().await,
    }
}

/// Between two looks, where nothing tells of changes.
const PAUSE: Duration = Duration::from_millis(200);
/// The same, where something does.
const SELDOM: Duration = Duration::from_secs(1);
/// Between two reads.
const REST: Duration = Duration::from_millis(10);
