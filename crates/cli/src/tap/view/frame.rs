//! The lines of the screen, from what the view knows.

use super::detail;
use super::state::{Mode, State};
use super::text::{Line, Tone};
use crate::tap::asked::Asked;
use crate::tap::table;
use capture::line::Members;

/// The screen: pods, records or one of them, what is said, counters.
pub(super) fn lines(state: &mut State, width: usize, height: usize) -> Vec<Line> {
    let mut lines = vec![title(state).to(width)];
    let foot = foot(state);
    let room = height.saturating_sub(lines.len() + foot.len());
    match &mut state.mode {
        Mode::Detail(record, top) => {
            let all = detail::lines(record, width);
            state.page = room.max(1);
            *top = (*top).min(all.len().saturating_sub(room));
            lines.extend(all.into_iter().skip(*top).take(room));
        }
        Mode::List | Mode::Ask(_) => {
            lines.extend(state.pods.lines((room / 4).clamp(1, MOST_PODS)));
            let columns = Columns::of(width);
            lines.push(columns.heading());
            let room = height.saturating_sub(lines.len() + foot.len()).max(1);
            state.page = room;
            let follows = state.rows.follows();
            let (rows, chosen) = state.rows.window(room);
            for (at, row) in rows.iter().enumerate() {
                let mut line = columns.row(row);
                line.reverse = !follows && chosen == Some(at);
                lines.push(line.to(width));
            }
        }
    }
    lines.truncate(height.saturating_sub(foot.len()));
    lines.resize(height.saturating_sub(foot.len()), Line::default());
    lines.extend(foot);
    lines.truncate(height);
    lines.into_iter().map(|line| line.to(width)).collect()
}

fn title(state: &State) -> Line {
    let mut line = Line::of(Tone::Strong, " qd tap ");
    line.reverse = true;
    line.push(Tone::Plain, &state.title);
    if !state.chosen.is_empty() {
        line.push(Tone::Plain, &format!("  where {}", state.chosen));
    }
    match (state.rows.is_paused(), state.rows.follows()) {
        (true, _) => line.push(Tone::Strong, &format!("  paused, {} new", state.rows.news())),
        (false, false) => line.push(Tone::Plain, "  G follows again"),
        (false, true) => {}
    }
    line
}

/// What is typed or was said, counters, keys.
fn foot(state: &State) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Mode::Ask(entry) = &state.mode {
        let text: Vec<char> = entry.text().chars().collect();
        let (before, behind) = text.split_at(entry.at().min(text.len()));
        let mut line = Line::of(Tone::Strong, "where ");
        line.push(Tone::Plain, &before.iter().collect::<String>());
        line.push(Tone::Info, "▏");
        line.push(Tone::Plain, &behind.iter().collect::<String>());
        lines.push(line);
        if let Some((wrong, at)) = &entry.wrong {
            lines.push(Line::of(Tone::Bad, &format!("{}^ {wrong}", " ".repeat("where ".len() + at))));
        }
    } else if let Some(note) = &state.note {
        lines.push(Line::of(Tone::Warn, note));
    }
    lines.push(counters(state));
    lines
}

fn counters(state: &State) -> Line {
    let (captured, there) = state.pods.counts();
    let (shown, kept) = state.rows.counts();
    let (packets, dropped) = state.pods.packets();
    let (level, rss) = state.pods.budget();
    let lost = state.lost.max(dropped);
    let mut line = Line::of(if captured > 0 { Tone::Good } else { Tone::Warn }, &format!("{captured}/{there} pods"));
    let shown = if shown == kept { String::new() } else { format!(" ({shown} shown)") };
    line.push(Tone::Plain, &format!("  {} records{shown}  {packets} packets  ", state.records));
    line.push(if lost > 0 { Tone::Bad } else { Tone::Dim }, &format!("{lost} lost"));
    let budget = format!("  agent {:.1} MiB", rss as f64 / f64::from(1 << 20));
    line.push(if level > 0 { Tone::Warn } else { Tone::Dim }, &budget);
    if level > 0 {
        line.push(Tone::Warn, &format!(", sheds at level {level}"));
    }
    let keys = match state.mode {
        Mode::List => "space pause  / where  Enter detail  G follow  q quit",
        Mode::Ask(_) => "Enter choose  Esc back",
        Mode::Detail(..) => "[ ] others  Esc back",
    };
    line.push(Tone::Dim, &format!("   {keys}"));
    line
}

/// How wide the columns are; what does not fit is left out, the least wanted first.
struct Columns {
    time: usize,
    end: usize,
    protocol: usize,
    request: usize,
    status: usize,
    length: usize,
    flags: usize,
}

impl Columns {
    fn of(width: usize) -> Self {
        let (time, length, flags) = match width {
            0..70 => (8, 0, 0),
            70..110 => (12, 8, 0),
            _ => (12, 8, (width / 10).min(24)),
        };
        let (protocol, status) = (6, 9);
        // one blank behind each, and the arrow
        let fixed = time + protocol + status + 2 * length + flags + 12;
        let rest = width.saturating_sub(fixed);
        let end = (rest * 3 / 10).min(44);
        Self { time, end, protocol, request: rest.saturating_sub(2 * end), status, length, flags }
    }

    fn heading(&self) -> Line {
        let names = ["TIME", "SOURCE", "DESTINATION", "PROTO", "REQUEST", "STATUS", "WAIT", "TOTAL", "", "FLAGS"];
        self.cells(Tone::Dim, Tone::Dim, &names.map(str::to_owned))
    }

    fn row(&self, record: &[u8]) -> Line {
        let members = Members::of(record);
        let tone = tone(&members);
        let plain = if tone == Tone::Warn && members.plain("kind") != "http" { Tone::Warn } else { Tone::Plain };
        self.cells(plain, tone, &table::cells(&members))
    }

    fn cells(&self, plain: Tone, status: Tone, cells: &[String; 10]) -> Line {
        let [time, source, destination, protocol, request, came, wait, total, _, flags] = cells;
        let mut line = Line::default();
        // a row has no room for less than a millisecond
        line.column(Tone::Dim, time.get(..self.time).unwrap_or(time), self.time);
        line.column(plain, source, self.end);
        line.push(Tone::Dim, if source == "SOURCE" { "  " } else { "→ " });
        line.column(plain, destination, self.end);
        line.column(Tone::Info, protocol, self.protocol);
        line.column(plain, request, self.request);
        line.column(status, came, self.status);
        line.column(plain, wait, self.length);
        line.column(plain, total, self.length);
        line.column(Tone::Warn, flags, self.flags);
        line
    }
}

/// How good a record is.
fn tone(members: &Members<'_>) -> Tone {
    let kind = members.plain("kind");
    match (kind, Asked::of(kind, members)) {
        ("gap" | "loss" | "anomaly", _) => Tone::Warn,
        ("flow", _) if members.is("end_by", "rst") => Tone::Bad,
        ("http", Some(asked)) if asked.error && asked.status.starts_with('4') => Tone::Warn,
        (_, Some(asked)) if asked.error => Tone::Bad,
        (_, Some(_)) => Tone::Good,
        _ => Tone::Plain,
    }
}

/// Pods that have a line of their own.
const MOST_PODS: usize = 8;
