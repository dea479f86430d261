//! Records of a live tap on stdout, everything else on stderr; in a terminal, all of it in a view.

use crate::error::Error;
use crate::grammar::Output;
use crate::tap::lines::Chosen;
use crate::tap::shape::Shape;
use crate::tap::view::{Asked, Tone, View};
use capture::line::Members;
use capture::{Profile, Step};
use policy::action::ObjectTarget;
use proto::capture::{Hello, Loss, Mode, Stats};
use serde_json::{Value, json};
use std::io::Write;
use std::time::Instant;

/// Prints what comes.
pub(super) struct Shown {
    pods: Vec<String>,
    chosen: Chosen,
    shape: Shape,
    began: Instant,
    begun: bool,
    line: Vec<u8>,
    shaped: Vec<u8>,
    /// Characters of a line, where it is for a terminal.
    width: Option<usize>,
    view: Option<View>,
}

impl Shown {
    pub(super) fn new(chosen: Chosen, fields: &[String], output: Output) -> Result<Self, Error> {
        let shape = Shape::of(output, fields)?;
        let width = shape.is_for_people().then(width).flatten();
        let (line, shaped) = (Vec::new(), Vec::new());
        let (pods, began) = (Vec::new(), Instant::now());
        Ok(Self { pods, chosen, shape, began, begun: false, line, shaped, width, view: None })
    }

    /// Shows everything in a view of the terminal from now on.
    ///
    /// # Errors
    /// When the terminal does not let itself be taken.
    pub(super) fn enter(&mut self, title: String) -> Result<(), Error> {
        self.view = Some(View::enter(title)?);
        Ok(())
    }

    /// Gives the terminal back.
    pub(super) fn leave(&mut self) {
        self.view = None;
    }

    /// The next key of the view; there is none without.
    pub(super) async fn key(&mut self) -> Asked {
        match &mut self.view {
            Some(view) => view.key().await,
            None => std::future::pending().await,
        }
    }

    /// Draws what is new in the view.
    pub(super) fn draw(&mut self) -> Result<(), Error> {
        if let Some(view) = &mut self.view
            && view.is_dirty()
        {
            view.draw()?;
        }
        Ok(())
    }

    /// Says something that is about no pod.
    pub(super) fn tell(&mut self, words: &str) {
        eprintln!("{words}");
        if let Some(view) = &mut self.view {
            view.tell(words);
        }
    }

    pub(super) fn pod(&self, pod: usize) -> &str {
        self.pods.get(pod).map_or("?", String::as_str)
    }

    /// Takes a record of a pod, as a line that says whose it is.
    pub(super) fn take(&mut self, pod: usize, line: &[u8]) -> &[u8] {
        self.line.clear();
        // a member in front of the record's own
        let name = Value::from(self.pods.get(pod).map_or("?", String::as_str)).to_string();
        self.line.extend_from_slice(b"{\"pod\":");
        self.line.extend_from_slice(name.as_bytes());
        self.line.push(b',');
        self.line.extend_from_slice(line.strip_prefix(b"{").unwrap_or(line));
        &self.line
    }

    /// The line that was taken.
    pub(super) fn taken(&self) -> &[u8] {
        &self.line
    }

    /// Takes a line that says so already.
    pub(super) fn take_whole(&mut self, line: &[u8]) {
        self.line.clear();
        self.line.extend_from_slice(line);
    }

    /// Prints the line that was taken; false where it is none that is wanted.
    pub(super) fn print(&mut self, out: &mut impl Write) -> Result<bool, Error> {
        let members = Members::of(&self.line);
        if !self.chosen.members(&members) || !self.shape.shows_line(&members) {
            return Ok(false);
        }
        let holds = self.chosen.holds(&self.line);
        if let Some(words) = self.chosen.warning() {
            self.tell(&words);
        }
        if !holds {
            return Ok(false);
        }
        if let Some(view) = &mut self.view {
            view.record(&self.line);
            return Ok(true);
        }
        self.shaped.clear();
        if !std::mem::replace(&mut self.begun, true) {
            self.shape.begin(&mut self.shaped);
        }
        self.shape.line(&self.line, &mut self.shaped);
        match self.width {
            Some(width) => cut(&self.shaped, width, out)?,
            None => out.write_all(&self.shaped)?,
        }
        Ok(true)
    }

    /// Prints what comes after the last record.
    pub(super) fn end(&mut self, out: &mut impl Write) -> Result<(), Error> {
        self.shaped.clear();
        if !std::mem::replace(&mut self.begun, true) {
            self.shape.begin(&mut self.shaped);
        }
        self.shape.end(&mut self.shaped);
        // a heading without lines is of no use to people
        if !self.shape.is_for_people() {
            out.write_all(&self.shaped)?;
        }
        Ok(())
    }

    /// A pod has this number from now on.
    pub(super) fn joined(&mut self, pod: usize, target: &ObjectTarget) {
        if self.pods.len() <= pod {
            self.pods.resize(pod + 1, String::new());
        }
        if let Some(name) = self.pods.get_mut(pod) {
            *name = format!("{}/{}", target.namespace, target.name);
        }
        if let (Some(view), Some(name)) = (&mut self.view, self.pods.get(pod)) {
            view.joined(pod, name);
        }
    }

    pub(super) fn step(&mut self, pod: usize, step: &Step) {
        let words = match step {
            Step::Waiting { reason } => format!("waiting until it runs: {reason}"),
            Step::Permitted => "rights are there".to_owned(),
            Step::Tried { profile } => {
                let blind = if *profile == Profile::Sockets { ": no packets, its connections alone" } else { "" };
                format!("admission would let an agent in ({}){blind}", profile.name())
            }
            Step::Added { profile, container, past } => {
                let profile = profile.name();
                let stays = match past {
                    0 => "it stays in the pod's list when it has ended".to_owned(),
                    past => format!("{past} of earlier taps stay in the pod's list, as this one will"),
                };
                let many = if *past >= MANY { "; a new pod has none" } else { "" };
                let warning =
                    if profile == Profile::Privileged.name() { "WARNING: it may all that its node may: " } else { "" };
                format!("{warning}container {container} added ({profile}): {stays}{many}")
            }
            Step::Reused { container } => {
                format!("container {container} of an earlier tap runs still, and is taken again")
            }
            Step::Running => "container runs".to_owned(),
            Step::Capturing => "capturing".to_owned(),
            Step::Lost { reason } => format!("stream lost, reconnecting: {reason}"),
            Step::Resumed => "stream resumed".to_owned(),
            Step::Gone => "gone".to_owned(),
        };
        let tone = match step {
            Step::Capturing | Step::Resumed => Tone::Good,
            Step::Lost { .. } => Tone::Warn,
            Step::Gone => Tone::Dim,
            _ => Tone::Info,
        };
        self.stands(pod, tone, &words);
    }

    pub(super) fn hello(&mut self, pod: usize, hello: &Hello) {
        if hello.mode() == Mode::Sockets {
            self.stands(pod, Tone::Warn, &format!("agent says hello; no packets here: {}", hello.reason));
        } else {
            self.stands(pod, Tone::Info, "agent says hello");
        }
    }

    pub(super) fn stats(&mut self, pod: usize, stats: &Stats) {
        if let Some(view) = &mut self.view {
            view.stats(pod, stats);
        }
    }

    /// Tells a loss; the line of its record, where records are lines for programs and it is not among those of the agent.
    pub(super) fn loss(&mut self, pod: usize, loss: &Loss) -> Option<String> {
        let what = if loss.records { "records" } else { "packets" };
        // What the kernel dropped comes as a record of the agent's as well.
        let own = loss.cause != "ring";
        if let Some(view) = &mut self.view {
            let line = json!({
                "pod": self.pods.get(pod), "kind": "loss", "ts": loss.to_ns / 1000, "from": loss.from_ns / 1000,
                "to": loss.to_ns / 1000, "packets": loss.packets, "cause": format!("{} ({what})", loss.cause),
            });
            let line = line.to_string();
            view.lost(loss.packets, own.then_some(line.as_bytes()));
            return None;
        }
        self.say(pod, &format!("lost {} {what} ({})", loss.packets, loss.cause));
        let line = json!({
            "v": 1, "kind": "loss", "ts": loss.to_ns / 1000, "from": loss.from_ns / 1000, "to": loss.to_ns / 1000,
            what: loss.packets, "bytes": loss.bytes, "cause": loss.cause, "level": loss.level,
        });
        (own && !self.shape.is_for_people()).then(|| line.to_string())
    }

    pub(super) fn ended(&mut self, pod: usize, error: Option<&capture::Error>, stats: Option<&Stats>) {
        let counted = stats.map_or_else(String::new, |stats| {
            format!(": {} packets, {} records, {} dropped", stats.packets, stats.records, stats.kernel_drops)
        });
        let words = match error {
            Some(error) => format!("failed: {error}{counted}"),
            None => format!("ended{counted}"),
        };
        if let Some(view) = &mut self.view {
            view.step(pod, if error.is_some() { Tone::Bad } else { Tone::Dim }, &words);
            view.ended(pod, stats);
        }
        self.say(pod, &words);
    }

    /// Where a pod stands: in its line of the view, or said.
    fn stands(&mut self, pod: usize, tone: Tone, words: &str) {
        match &mut self.view {
            Some(view) => view.step(pod, tone, words),
            None => self.say(pod, words),
        }
    }

    fn say(&self, pod: usize, words: &str) {
        eprintln!("{:>6.1} s  {}  {words}", self.began.elapsed().as_secs_f64(), self.pod(pod));
    }
}

/// Lines as they fit a terminal: one record is one line of it.
fn cut(lines: &[u8], width: usize, out: &mut impl Write) -> std::io::Result<()> {
    for line in String::from_utf8_lossy(lines).lines() {
        let end = line.char_indices().nth(width).map_or(line.len(), |(at, _)| at);
        writeln!(out, "{}", line.get(..end).unwrap_or(line))?;
    }
    Ok(())
}

/// The width of the terminal on stdout.
fn width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|width| *width >= 40)
}

/// So many capture containers in a pod's list are worth a word.
const MANY: usize = 10;
