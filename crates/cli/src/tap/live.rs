//! `qd tap` of running pods.

mod file;
mod hook;
mod join;
mod keys;
mod pods;
mod show;
mod signals;

use super::clean;
use super::error::TapError;
use super::running::{self, Folder, Running};
use crate::Desk;
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::live::{Level, Way};
use crate::grammar::tap::{FileForm, OnFull, Order, TapArgs, Told};
use crate::signals::Signals;
use crate::tap::drive::LONGEST_BODY;
use crate::tap::lines::Chosen;
use crate::tap::view::View;
use capture::{Beside, Event, Options, Step, Tap, Transport};
use file::File;
use hook::Hook;
pub(super) use join::join;
use keys::{Keys, keys_changed};
use policy::action::{PacketLevel, TapHostNetwork, TapStart};
use policy::{Answers, Refusal};
use show::Shown;
use signals::asked_to_end;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::MissedTickBehavior;

/// Whether the words say what to tap, before anything is opened.
///
/// # Errors
/// When they name no pods and no file.
pub(super) fn says_what(args: &TapArgs) -> Result<(), Error> {
    let live = &args.live;
    let named = !live.pods.is_empty() || !live.objects.is_empty() || !live.namespace.is_empty();
    if named || live.selector.is_some() || live.all_namespaces {
        return Ok(());
    }
    let words = "which pods? KIND/NAME, -l SELECTOR, --pod NAME, -n NAMESPACE or -A; or --read FILE for a capture file";
    Err(Error::Usage(words.to_owned()))
}

/// Taps pods until Ctrl-C, or until a limit is reached.
///
/// # Errors
/// When no pod can be tapped, or policy or the cluster does not let it.
pub(super) async fn live(desk: &Desk, args: &TapArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    only_of_files(args)?;
    let kept = kept(desk, args).map_err(|source| running::failed("keep the taps' folder", source))?;
    let args = kept.as_ref().unwrap_or(args);
    let shown = Shown::new(Chosen::of(&args.read)?, &args.fields, output)?;
    let hook = Hook::of(&args.live)?;
    capture::check_filter(&desk.capture_filter)
        .map_err(|error| Error::Usage(format!("[capture] filter of the configuration: {error}")))?;
    let folder = Folder::open(&desk.state).map_err(|source| running::failed("keep the taps' folder", source))?;
    let owner = folder.owner().map_err(|source| running::failed("read the key of taps", source))?;
    let found = pods::find(desk, &args.live).await?;
    let most = args.live.max_pods.max(found.pods.len());
    let action = TapStart {
        pods: found.pods,
        scope: found.scope,
        packets: level(args),
        unredacted: args.read.no_redact,
        filter: args.read.filter.clone().unwrap_or_default(),
        seconds: args.live.duration,
        privileged: args.live.force_privileged,
    };
    let answers = Answers { confirm: desk.global.yes, ..Answers::default() };
    let nodes = TapHostNetwork { pods: action.pods.clone(), scope: action.scope.clone() };
    let permit = desk.gate.permit(&desk.principal, action, &answers).map_err(|refusal: Refusal| Error::of(refusal))?;
    let nodes = args.live.allow_host_network.then_some(nodes);
    let nodes = nodes.map(|nodes| desk.gate.permit(&desk.principal, nodes, &answers)).transpose();
    let nodes = nodes.map_err(|refusal: Refusal| Error::of(refusal))?;
    clean::tell_left(desk, &folder).await;
    let obliged = permit.obligations().words();
    let shows = args.read.no_redact && !permit.obligations().redact;
    let decision = permit.decision_id();
    let running = Running::begin(desk, &owner, title(args)).await?;
    let options = Options {
        image: super::agent_image(desk, args.live.image.as_ref()),
        owner: Some(Arc::new(owner)),
        told: Some(running.told()),
        keep_seconds: args.live.keep_agent.unwrap_or(0),
        needs_packets: level(args) != PacketLevel::None,
        transport: match args.live.transport {
            Way::Auto => Transport::Auto,
            Way::Exec => Transport::Exec,
            Way::Attach => Transport::Attach,
        },
        body: u32::try_from(args.read.body).unwrap_or(u32::MAX),
        memory: args.live.memory.unwrap_or(0),
        interfaces: args.live.interface.clone(),
        container: match &args.live.container {
            _ if args.live.no_target => Beside::Nobody,
            Some(name) => Beside::Named(name.clone()),
            None => Beside::Default,
        },
        max_pods: most,
        recorder: args.live.recorder(),
        records: args.records == Told::On,
        within: desk.capture_filter.clone(),
        ..Options::default()
    };
    let keys = match &args.read.keylog {
        Some(path) => Some(Keys::new(desk, running.target(), path).await?),
        None => None,
    };
    let tap = capture::start_with(desk.cluster()?, permit, nodes, options).await.map_err(Error::of)?;
    if keys.is_some() {
        // That there is a log: agents wait for keys that come a moment after their connection.
        tap.keys(Arc::default());
    }
    let file = args.write.as_deref().map(|path| File::create(args, path, shows)).transpose()?;
    let stops = args.on_full == Some(OnFull::Stop);
    let waits = !args.live.no_wait && !args.live.no_watch;
    let filter = args.read.filter.clone().unwrap_or_default();
    let mut shown = shown;
    if desk.global.for_people() && args.fields.is_empty() && !to_stdout(args) && View::can() {
        shown.enter(title(args))?;
    }
    if !obliged.is_empty() {
        shown.tell(&format!("policy obliges this tap (decision {decision}): {}", obliged.join("; ")));
    }
    let live = Live {
        tap,
        running,
        kept: kept.as_ref().and_then(|args| args.write.clone()),
        shown,
        hook,
        file,
        keys,
        stops,
        filter,
        waits,
        left: args.live.count,
        patience: args.live.wait_for,
        looks: args.records == Told::On,
        there: 0,
        working: 0,
        failed: None,
    };
    // stdout is for packets then
    match to_stdout(args) {
        true => live.run(&mut std::io::sink()).await,
        false => live.run(out).await,
    }
}

/// The words with a file in the state folder, where `--keep` asks for one.
fn kept(desk: &Desk, args: &TapArgs) -> std::io::Result<Option<TapArgs>> {
    if !args.keep {
        return Ok(None);
    }
    let folder = Folder::open(&desk.state)?.kept()?;
    let end = if args.format == FileForm::Pcapng { "pcapng" } else { "pcap" };
    let name = format!("{}-{}.{end}", jiff::Zoned::now().strftime("%Y%m%d-%H%M%S"), std::process::id());
    Ok(Some(TapArgs { write: Some(folder.join(name)), ..args.clone() }))
}

fn to_stdout(args: &TapArgs) -> bool {
    args.write.as_deref().is_some_and(|path| path.as_os_str() == "-")
}

/// What the tap is of, as it was said.
fn title(args: &TapArgs) -> String {
    let live = &args.live;
    let mut words: Vec<String> = live.objects.iter().map(|object| format!("{}/{}", object.kind, object.name)).collect();
    words.extend(live.all_namespaces.then(|| "-A".to_owned()));
    words.extend((!live.namespace.is_empty()).then(|| format!("-n {}", live.namespace.join(","))));
    words.extend(live.selector.iter().map(|selector| format!("-l {selector}")));
    words.extend(live.pods.iter().map(|pod| format!("--pod {pod}")));
    words.extend(args.read.filter.iter().map(|filter| format!("-f '{filter}'")));
    words.extend(args.read.where_expr.iter().map(|expr| format!("--where '{expr}'")));
    words.join(" ")
}

/// Words that are about files alone are not passed over in silence.
fn only_of_files(args: &TapArgs) -> Result<(), Error> {
    let words = [
        (args.read.decap, "--decap"),
        (args.read.checksums, "--checksums"),
        (!args.read.proto_file.is_empty(), "--proto-file"),
        (args.follow, "--follow"),
        (args.order == Order::Start, "--order start"),
    ];
    if let Some((_, word)) = words.iter().find(|(said, _)| *said) {
        return Err(Error::Usage(format!("{word} is for files (--read), not for running pods")));
    }
    let by_records =
        args.live.count.is_some() || !args.read.proto.is_empty() || args.read.where_expr.is_some() || args.live.ui;
    if args.records == Told::Off && by_records {
        return Err(Error::Usage(
            "--records off leaves packets alone: no --where, --proto, --count or --ui".to_owned(),
        ));
    }
    // An agent would show less than was asked for, and not say so.
    if args.read.body > LONGEST_BODY {
        return Err(Error::of(TapError::Limit(format!("--body is at most {LONGEST_BODY} bytes"))));
    }
    match args.on_full {
        Some(_) if args.write.is_none() => Err(Error::Usage("--on-full is about packets: --write FILE".to_owned())),
        Some(OnFull::Drop) if args.rotate.is_none() => {
            Err(Error::Usage("--on-full drop deletes the oldest of several files: --rotate SIZE".to_owned()))
        }
        _ => Ok(()),
    }
}

/// What leaves: what a file asks for, unless it is said.
fn level(args: &TapArgs) -> PacketLevel {
    match args.live.packets {
        Some(Level::None) => PacketLevel::None,
        Some(Level::Headers) => PacketLevel::Headers,
        Some(Level::Masked) => PacketLevel::Masked,
        Some(Level::Full) => PacketLevel::Full,
        None if args.write.is_none() => PacketLevel::None,
        None if args.read.no_redact => PacketLevel::Full,
        None => PacketLevel::Masked,
    }
}

struct Live {
    tap: Tap,
    running: Running,
    /// Where packets stay, where nobody named a file.
    kept: Option<PathBuf>,
    shown: Shown,
    /// What runs for each record that is shown.
    hook: Option<Hook>,
    file: Option<File>,
    /// A key log that grows.
    keys: Option<Keys>,
    /// A full disk ends the file, and not the tap.
    stops: bool,
    /// The capture filter, as it stands in the file.
    filter: String,
    /// It goes on when no pod is there.
    waits: bool,
    /// Records that are still wanted.
    left: Option<u64>,
    /// How long nothing at all may come that is wanted.
    patience: Option<Duration>,
    /// Records are wanted, and not packets alone.
    looks: bool,
    /// Pods that have joined and not ended.
    there: usize,
    /// Pods that have begun to be captured, ever.
    working: usize,
    /// Why the first pod that failed did.
    failed: Option<capture::Error>,
}

impl Live {
    async fn run(mut self, out: &mut impl Write) -> Result<(), Error> {
        let mut stopping = false;
        let mut signals = Signals::new()?;
        let late = tokio::time::sleep(FOREVER);
        tokio::pin!(late);
        let mut nothing = None;
        let impatient = tokio::time::sleep(self.patience.unwrap_or(FOREVER));
        tokio::pin!(impatient);
        let mut idle = tokio::time::interval(WAITING);
        idle.reset();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let event = tokio::select! {
                event = self.tap.next() => event,
                () = asked_to_end(&mut signals, &mut self.shown) => {
                    if stopping {
                        return Err(self.left());
                    }
                    self.shown
                        .tell("stopping: agents send what they have (Ctrl-C again leaves them to end by themselves)");
                    stopping = true;
                    late.as_mut().reset(tokio::time::Instant::now() + STOP);
                    self.tap.stop();
                    continue;
                }
                () = keys_changed(&mut self.keys) => {
                    self.give_keys();
                    continue;
                }
                _ = tick.tick() => {
                    self.shown.draw()?;
                    self.give_keys();
                    if let Some(hook) = &mut self.hook {
                        hook.begin();
                    }
                    let result = self.file.as_mut().map_or(Ok(()), File::tick);
                    self.goes_on(result)?;
                    if self.left == Some(0) && !stopping {
                        stopping = true;
                        late.as_mut().reset(tokio::time::Instant::now() + STOP);
                        self.tap.stop();
                    }
                    continue;
                }
                () = self.running.asked() => {
                    if !stopping {
                        self.shown.tell("asked to stop: agents send what they have");
                        stopping = true;
                        late.as_mut().reset(tokio::time::Instant::now() + STOP);
                        self.tap.stop();
                    }
                    continue;
                }
                () = &mut late => return Err(self.left()),
                () = &mut impatient, if nothing.is_none() && !stopping && self.patience.is_some() => {
                    nothing = self.patience;
                    stopping = true;
                    late.as_mut().reset(tokio::time::Instant::now() + STOP);
                    self.tap.stop();
                    continue;
                }
                _ = idle.tick() => {
                    if self.there == 0 && !stopping {
                        self.shown.tell("no pod matches: waiting for one (Ctrl-C ends it)");
                    }
                    continue;
                }
            };
            let result = match event {
                Some(event) => {
                    self.running.note(&event);
                    self.take(event, out)
                }
                None => break,
            };
            self.goes_on(result)?;
            if (self.left == Some(0) || self.is_over()) && !stopping {
                stopping = true;
                late.as_mut().reset(tokio::time::Instant::now() + STOP);
                self.tap.stop();
            }
        }
        self.shown.leave();
        if let Some(keys) = self.keys.take() {
            self.shown.tell(&keys.end());
        }
        if let Some(hook) = self.hook.take() {
            let words = hook.end().await;
            self.shown.tell(&words);
        }
        let ended = self.file.take().map_or(Ok(()), File::end);
        self.goes_on(ended)?;
        if let Some(path) = &self.kept {
            self.shown.tell(&format!("packets are kept in {}", path.display()));
        }
        self.shown.end(out)?;
        out.flush()?;
        self.running.end().await;
        match (self.failed, nothing) {
            (Some(error), _) if self.working == 0 => Err(Error::of(error)),
            (_, Some(time)) => Err(Error::of(TapError::Nothing(time))),
            _ => Ok(()),
        }
    }

    /// Keys that came since the last look go to the agents. A log that cannot be read is told, and the tap goes on.
    fn give_keys(&mut self) {
        match self.keys.as_mut().map(|keys| keys.more(Instant::now())) {
            Some(Ok(Some(lines))) => self.tap.keys(lines),
            Some(Err(error)) => {
                self.shown.tell(&format!("no more keys are read: {error}"));
                self.keys = None;
            }
            None | Some(Ok(None)) => {}
        }
    }

    /// The end is not waited for any longer: what is left to do by hand, unless the guard does it.
    fn left(&mut self) -> Error {
        self.shown.leave();
        Error::of(TapError::Left(self.running.commands()))
    }

    /// A reader that went away ends the tap as it should end; so does a file that is as long as it may be.
    fn goes_on(&mut self, result: Result<(), Error>) -> Result<(), Error> {
        match result {
            Err(Error::Output(source)) if source.kind() == ErrorKind::BrokenPipe => {
                // a file on disk has no reader: it was stdout, and the file is written to its end
                self.file = self.file.take().filter(File::is_on_disk);
                self.left = Some(0);
                Ok(())
            }
            Err(_) if self.stops && self.file.as_ref().is_some_and(File::is_disk_full) => {
                self.shown.tell("the disk is full (spool_full): no more packets are written, records go on");
                self.file = None;
                Ok(())
            }
            Ok(()) if self.file.as_ref().is_some_and(File::is_full) => {
                self.left = Some(0);
                Ok(())
            }
            other => other,
        }
    }

    /// No pod is there, and none is waited for; or none could be tapped at all.
    fn is_over(&self) -> bool {
        self.there == 0 && (!self.waits && self.working > 0 || self.working == 0 && self.failed.is_some())
    }

    fn take(&mut self, event: Event, out: &mut impl Write) -> Result<(), Error> {
        match event {
            Event::Joined { pod, target, .. } => {
                self.there += 1;
                self.shown.joined(pod, &target);
            }
            Event::Full { waiting } => {
                self.shown.tell(&format!("{waiting} more pods wait until one ends: --max-pods is reached"));
            }
            Event::Blind { error } => {
                self.shown.tell(&format!("pods cannot be followed any more: {error}"));
                self.failed = self.failed.take().or(Some(error));
            }
            Event::Step { pod, step } => {
                if step == Step::Capturing {
                    self.working += 1;
                }
                self.shown.step(pod, &step);
            }
            Event::Hello { pod, hello } => {
                if let Some(file) = &mut self.file {
                    file.hello(pod, self.shown.pod(pod), &hello, &self.filter)?;
                }
                self.shown.hello(pod, &hello);
            }
            Event::Records { pod, batch } => {
                for line in batch.lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                    if self.left == Some(0) {
                        break;
                    }
                    if let Some(file) = &mut self.file {
                        file.record(pod, line);
                    }
                    self.running.tell(self.shown.take(pod, line));
                    if self.shown.print(out)? {
                        if let Some(hook) = &mut self.hook {
                            hook.take(self.shown.taken());
                        }
                        self.patience = None;
                        self.left = self.left.map(|left| left.saturating_sub(1));
                    }
                }
                out.flush()?;
            }
            Event::Packets { pod, batch } => {
                self.patience = self.patience.filter(|_| self.looks);
                if let Some(file) = &mut self.file {
                    file.packets(pod, &batch)?;
                }
            }
            Event::Loss { pod, loss } => {
                if let Some(file) = &mut self.file {
                    file.loss(pod, &loss);
                }
                if let Some(line) = self.shown.loss(pod, &loss) {
                    self.running.tell(self.shown.take(pod, line.as_bytes()));
                    self.shown.print(out)?;
                    out.flush()?;
                }
            }
            Event::Stats { pod, stats } => self.shown.stats(pod, &stats),
            Event::Interface { pod, interface } => {
                if let Some(file) = &mut self.file {
                    file.interface(pod, &interface)?;
                }
            }
            Event::Clock { .. } | Event::Filter { .. } => {}
            Event::Ended { pod, error, stats } => {
                self.there = self.there.saturating_sub(1);
                if let Some(file) = &mut self.file {
                    file.ended(pod);
                }
                self.shown.ended(pod, error.as_ref(), stats.as_ref());
                self.failed = self.failed.take().or(error);
            }
        }
        Ok(())
    }
}

/// Longer than anything runs.
const FOREVER: Duration = Duration::from_hours(24 * 365);
/// How often packets that waited are written, and what is new is drawn.
const TICK: Duration = Duration::from_millis(50);
/// While no pod is there, this is said so often.
const WAITING: Duration = Duration::from_secs(10);
/// Agents have this long to confirm.
const STOP: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
