//! What a client has on its screen of one list, and the frame that brings it up to date.

use crate::error::Error;
use crate::json;
use crate::ring::mask;
use crate::rows::Rows;
use crate::view::{Place, Reading, Shows};
use api::socket::{Source, SubId};
use rustc_hash::FxHashMap;

/// The window that a client was sent last. Bounded by the window: keys and sequences, no cells.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// A snapshot was sent; deltas go on from it.
    begun: bool,
    keys: Vec<u64>,
    total: usize,
    at: usize,
    /// Each source's table and the sequence of it that was sent.
    tables: Vec<(u64, u64)>,
    sources: Vec<Source>,
    /// Marks of rows in the window.
    marks: Vec<(u64, String)>,
    /// Work that the runs had done by then.
    work: u64,
}

/// What a look at the list brought.
pub(crate) struct Look {
    /// The frame, unless the client has everything already.
    pub(crate) frame: Option<String>,
    /// When to look again although nothing says so.
    pub(crate) stale_at: Option<i64>,
    /// Rows that were looked at since the last look because lists were built anew.
    pub(crate) work: u64,
}

/// The window that is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) at: u32,
    pub(crate) len: u32,
}

impl Shown {
    /// Goes on from this state with other content if it is of the same tables.
    pub(crate) fn fits(&self, rows: &Rows) -> bool {
        let ids = rows.view().sources().iter().map(|source| source.table.read_recursive().id());
        self.begun && ids.eq(self.tables.iter().map(|(id, _)| *id))
    }

    pub(crate) const fn begun(&self) -> bool {
        self.begun
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.keys.capacity() * 8
            + self.tables.capacity() * 16
            + self.sources.capacity() * size_of::<Source>()
            + self.marks.iter().map(|(_, why)| why.len() + size_of::<(u64, String)>()).sum::<usize>()
    }

    /// Compares the list with what the client has, and writes the difference. `always` asks for a frame even without
    /// one. `seq` is the frame's.
    pub(crate) fn look(
        &mut self,
        rows: &Rows,
        id: SubId,
        seq: u64,
        window: Window,
        now_ms: i64,
        always: bool,
    ) -> Result<Look, Error> {
        // states before rows: a state that turns live while this reads is sent again next time
        let sources = rows.view().states();
        let shown = &mut *self;
        rows.view().read(now_ms, |reading| {
            let total = reading.total();
            let (asked, len) = (window.at as usize, window.len as usize);
            // a window past the end shows the last rows
            let at = if asked < total { asked } else { total.saturating_sub(len) };
            let places = reading.window(at, len);
            let marks = marks(reading, &places);
            let next = Next { id, seq, total, at, places, sources, marks };
            let frame =
                if shown.begun { shown.delta(reading, &next, always) } else { Some(snap(reading, rows, &next)) };
            let work = if shown.begun { reading.work().saturating_sub(shown.work) } else { 0 };
            shown.take(reading, next);
            Look { frame, stale_at: reading.stale_at(), work }
        })
    }

    fn take(&mut self, reading: &Reading<'_>, next: Next) {
        self.begun = true;
        self.work = reading.work();
        self.keys.clear();
        self.keys.extend(next.places.iter().map(|&place| reading.key(place)));
        self.tables.clear();
        self.tables.extend(reading.tables().map(|table| (table.id(), table.seq())));
        (self.total, self.at, self.sources, self.marks) = (next.total, next.at, next.sources, next.marks);
    }

    fn delta(&self, reading: &Reading<'_>, next: &Next, always: bool) -> Option<String> {
        let mut out = String::new();
        head(&mut out, "delta", next);
        let empty = out.len();
        if !next.places.iter().map(|&place| reading.key(place)).eq(self.keys.iter().copied()) {
            out.push_str(",\"order\":");
            json::array(&mut out, &next.places, |out, &place| json::number(out, reading.key(place)));
            self.new_rows(&mut out, reading, next);
        }
        self.changed_cells(&mut out, reading, next);
        if next.sources != self.sources {
            out.push_str(",\"sources\":");
            json::value(&mut out, &next.sources);
        }
        if next.marks != self.marks {
            out.push_str(",\"marks\":");
            json::value(&mut out, &next.marks);
        }
        let same = out.len() == empty && next.total == self.total && next.at == self.at;
        out.push_str("}}");
        (always || !same).then_some(out)
    }

    fn new_rows(&self, out: &mut String, reading: &Reading<'_>, next: &Next) {
        let mut known = self.keys.clone();
        known.sort_unstable();
        let fresh = |place: &&Place| known.binary_search(&reading.key(**place)).is_err();
        if next.places.iter().any(|place| fresh(&place)) {
            out.push_str(",\"rows\":");
            json::array(out, next.places.iter().filter(fresh), |out, &place| row(out, reading, place));
        }
    }

    /// `[key, [[column, cell], …]]` of each row that the client has and that changed since.
    fn changed_cells(&self, out: &mut String, reading: &Reading<'_>, next: &Next) {
        if self.tables.iter().zip(reading.tables()).all(|((_, seq), table)| table.seq() == *seq) {
            return;
        }
        let mut known = self.keys.clone();
        known.sort_unstable();
        let since = |place: Place| self.tables.get(place.source).map_or(0, |(_, seq)| *seq);
        let changed: Vec<Place> = next
            .places
            .iter()
            .copied()
            .filter(|&place| {
                reading.table(place.source).is_some_and(|table| table.changed_at(place.row) > since(place))
            })
            .filter(|&place| known.binary_search(&reading.key(place)).is_ok())
            .collect();
        if changed.is_empty() {
            return;
        }
        let masks = self.masks(reading, &changed);
        let mut began = false;
        for place in changed {
            let bits = masks
                .as_ref()
                .map_or(u32::MAX, |masks| masks.get(&(place.source, place.row)).copied().unwrap_or(u32::MAX));
            let touched = |column: &usize| match reading.shows(place.source, *column) {
                Shows::Cell(col) => bits & mask::column(col) != 0,
                _ => false,
            };
            if !(0..reading.width()).any(|column| touched(&column)) {
                continue;
            }
            out.push_str(if began { "," } else { ",\"cells\":[" });
            began = true;
            out.push('[');
            json::number(out, reading.key(place));
            out.push(',');
            json::array(out, (0..reading.width()).filter(touched), |out, column| {
                out.push('[');
                json::number(out, column);
                out.push(',');
                json::cell(out, reading.cell(place, column));
                out.push(']');
            });
            out.push(']');
        }
        if began {
            out.push(']');
        }
    }

    /// Which columns of these rows changed; `None` when some table's ring was overrun.
    fn masks(&self, reading: &Reading<'_>, rows: &[Place]) -> Option<FxHashMap<(usize, u32), u32>> {
        let mut masks: FxHashMap<(usize, u32), u32> = rows.iter().map(|place| ((place.source, place.row), 0)).collect();
        for (source, (table, (_, seq))) in reading.tables().zip(&self.tables).enumerate() {
            for (row, bits) in table.changes(*seq)? {
                if let Some(own) = masks.get_mut(&(source, row)) {
                    *own |= bits;
                }
            }
        }
        Some(masks)
    }
}

/// What the client is to have.
struct Next {
    id: SubId,
    seq: u64,
    total: usize,
    at: usize,
    places: Vec<Place>,
    sources: Vec<Source>,
    marks: Vec<(u64, String)>,
}

/// Keys of rows that are not whole, and why. Tables without any cost nothing.
fn marks(reading: &Reading<'_>, places: &[Place]) -> Vec<(u64, String)> {
    if !reading.tables().any(|table| table.notes().is_marked()) {
        return Vec::new();
    }
    let mark = |&place: &Place| {
        let table = reading.table(place.source)?;
        Some((table.key(place.row), table.row_mark(place.row)?.to_owned()))
    };
    places.iter().filter_map(mark).collect()
}

fn head(out: &mut String, frame: &str, next: &Next) {
    out.push_str("{\"");
    out.push_str(frame);
    out.push_str("\":{\"id\":");
    json::number(out, next.id);
    out.push_str(",\"seq\":");
    json::number(out, next.seq);
    out.push_str(",\"total\":");
    json::number(out, next.total);
    out.push_str(",\"at\":");
    json::number(out, next.at);
}

fn snap(reading: &Reading<'_>, rows: &Rows, next: &Next) -> String {
    let mut out = String::with_capacity(256 + next.places.len() * 256);
    head(&mut out, "snap", next);
    out.push_str(",\"columns\":");
    json::value(&mut out, &rows.view().columns());
    out.push_str(",\"sources\":");
    json::value(&mut out, &next.sources);
    out.push_str(",\"rows\":");
    json::array(&mut out, &next.places, |out, &place| row(out, reading, place));
    if !next.marks.is_empty() {
        out.push_str(",\"marks\":");
        json::value(&mut out, &next.marks);
    }
    out.push_str("}}");
    out
}

/// `[key, source, namespace, name, cells]`
fn row(out: &mut String, reading: &Reading<'_>, place: Place) {
    out.push('[');
    json::number(out, reading.key(place));
    out.push(',');
    json::number(out, place.source);
    out.push(',');
    json::text(out, reading.namespace(place));
    out.push(',');
    json::text(out, reading.name(place));
    out.push(',');
    json::array(out, 0..reading.width(), |out, column| json::cell(out, reading.cell(place, column)));
    out.push(']');
}
