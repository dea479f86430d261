//! The streams of one connection that are not told yet.

use super::stream::{Stream, Version};

/// Open streams by number. Holds at most [`MOST`]; keeps a few used ones, so that steady state allocates nothing.
#[expect(clippy::vec_box, reason = "streams are large and move within the list when one is told")]
#[derive(Default)]
pub(crate) struct Streams {
    pub(crate) version: Version,
    /// In the order of their numbers.
    open: Vec<Box<Stream>>,
    spare: Vec<Box<Stream>>,
    spare_heap: usize,
    /// The last streams that were told: what still comes of them is not a new one.
    told: Told,
    count: u64,
    heap: usize,
}

impl Streams {
    pub(crate) fn get(&mut self, id: u32) -> Option<&mut Stream> {
        let at = self.find(id).ok()?;
        self.open.get_mut(at).map(|stream| &mut **stream)
    }

    /// The stream of a number, begun now if it was not there. None when it was told already.
    pub(crate) fn begin(&mut self, id: u32, now_us: i64) -> Option<&mut Stream> {
        let at = match self.find(id) {
            Ok(at) => at,
            Err(_) if self.told.has(id) => return None,
            Err(at) => {
                let mut stream = self.spare.pop().unwrap_or_default();
                self.spare_heap = self.spare_heap.saturating_sub(std::mem::take(&mut stream.counted));
                stream.begin(id, self.count, now_us);
                stream.version = self.version;
                self.count += 1;
                self.open.insert(at, stream);
                at
            }
        };
        self.open.get_mut(at).map(|stream| &mut **stream)
    }

    /// Takes a stream out, to be told.
    pub(crate) fn take(&mut self, id: u32) -> Option<Box<Stream>> {
        let at = self.find(id).ok()?;
        Some(self.take_at(at))
    }

    /// Takes the oldest out when there are too many, or they hold too much.
    pub(crate) fn overflow(&mut self) -> Option<Box<Stream>> {
        let is_over = self.open.len() > MOST || (self.heap > MOST_HEAP && self.open.len() > 1);
        is_over.then(|| self.take_at(0))
    }

    /// Takes out the first that this is true for.
    pub(crate) fn take_if(&mut self, wanted: impl Fn(&Stream) -> bool) -> Option<Box<Stream>> {
        let at = self.open.iter().position(|stream| wanted(stream))?;
        Some(self.take_at(at))
    }

    /// Gives back one that was told.
    pub(crate) fn give_back(&mut self, mut stream: Box<Stream>) {
        stream.counted = stream.heap();
        if self.spare_heap + stream.counted <= SPARE_HEAP {
            self.spare_heap += stream.counted;
            self.spare.push(stream);
        }
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Stream> {
        self.open.iter_mut().map(|stream| &mut **stream)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Stream> {
        self.open.iter().map(|stream| &**stream)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Counts a stream's memory anew.
    pub(crate) fn settle(&mut self, id: u32) {
        let Ok(at) = self.find(id) else { return };
        let Some(stream) = self.open.get_mut(at) else { return };
        let now = stream.heap();
        self.heap = self.heap.saturating_sub(stream.counted) + now;
        stream.counted = now;
    }

    pub(crate) fn heap(&self) -> usize {
        let list = (self.open.capacity() + self.spare.capacity()) * size_of::<Box<Stream>>();
        self.heap + self.spare_heap + list
    }

    fn find(&self, id: u32) -> Result<usize, usize> {
        // The newest are asked for most.
        match self.open.last() {
            Some(last) if last.id < id => Err(self.open.len()),
            Some(last) if last.id == id => Ok(self.open.len() - 1),
            _ => self.open.binary_search_by_key(&id, |stream| stream.id),
        }
    }

    fn take_at(&mut self, at: usize) -> Box<Stream> {
        let stream = self.open.remove(at);
        self.heap = self.heap.saturating_sub(stream.counted);
        self.told.add(stream.id);
        stream
    }
}

/// A few numbers; the oldest falls out.
struct Told {
    ids: [u32; 256],
    next: usize,
}

impl Default for Told {
    fn default() -> Self {
        Self { ids: [0; 256], next: 0 }
    }
}

impl Told {
    fn has(&self, id: u32) -> bool {
        self.ids.contains(&id)
    }

    fn add(&mut self, id: u32) {
        if let Some(slot) = self.ids.get_mut(self.next) {
            *slot = id;
        }
        self.next = (self.next + 1) % self.ids.len();
    }
}

/// Streams that are open at once; peers seldom allow more than a few hundred.
const MOST: usize = 1024;
/// What they hold together: a hundred with full previews on both sides.
const MOST_HEAP: usize = 2 << 20;
/// Memory of used ones that are kept for the next: about a hundred.
const SPARE_HEAP: usize = 256 << 10;
