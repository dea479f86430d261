//! `qd tap`: a capture file, read by the same engine that reads live packets.
//!
//! ```text
//! Input (file, stdin, gzip, zstd) ─► pcap::Reader ─► flow::Engine ─► Lines (chosen, shaped) ─► stdout
//! ```
//!
//! No cluster is needed. The path from packet to line allocates nothing per packet.

mod asked;
mod clean;
mod diff;
mod doctor;
mod drain;
mod drive;
mod error;
mod export;
mod image;
mod input;
mod lines;
mod list;
mod live;
mod map;
mod picked;
mod protos;
mod request;
mod running;
mod s3;
mod shape;
mod sieve;
mod stats;
mod stop;
mod table;
mod verify;
mod view;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{self, AtomicBool};

use crate::Desk;
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::tap::{FileForm, MapArgs, Order, ReadArgs, TapArgs, TapCommand, Told};
use export::{Export, Tee};
pub(crate) use image::{Image, embedded};
use lines::{Chosen, Lines};
pub use request::request;
pub use running::Left;
pub use s3::S3;
use shape::Shape;
use stats::Stats;

/// Whether the words say what to tap, before anything is opened.
///
/// # Errors
/// When they name no pods and no file.
pub fn says_what(args: &TapArgs) -> Result<(), Error> {
    if args.command.is_some() { Ok(()) } else { live::says_what(args) }
}

/// The key of this user's agents, whichever of his processes leads them.
///
/// # Errors
/// When it can neither be read nor made.
pub fn owner_of_taps(state: &Path) -> Result<capture::Owner, Error> {
    let owner = running::Folder::open(state).and_then(|folder| folder.owner());
    owner.map_err(|source| running::failed("read the key of taps", source))
}

/// The agent's image: as the words say, else as it is configured.
fn agent_image(desk: &Desk, said: Option<&String>) -> String {
    said.or(desk.agent_image.as_ref()).map_or_else(|| capture::IMAGE.to_owned(), Clone::clone)
}

/// Runs what of `qd tap` is about a cluster.
///
/// # Errors
/// When no pod can be tapped, or policy or the cluster does not let it.
pub async fn live(desk: &Desk, args: &TapArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    match &args.command {
        Some(TapCommand::Doctor(args)) => Box::pin(doctor::doctor(desk, args, output, out)).await,
        Some(TapCommand::List(args)) => Box::pin(list::list(desk, args, output, out)).await,
        Some(TapCommand::Show(args)) => Box::pin(stop::show(desk, args, output, out)).await,
        Some(TapCommand::Join(args)) => Box::pin(live::join(desk, args, output, out)).await,
        Some(TapCommand::Stop(args)) => Box::pin(stop::stop(desk, args, output, out)).await,
        Some(TapCommand::Clean(args)) => Box::pin(clean::clean(desk, args, output, out)).await,
        _ => Box::pin(live::live(desk, args, output, out)).await,
    }
}

/// Watches over the tap whose process started this one, until that is no more; what it left then.
///
/// # Errors
/// When the tap's process says nothing that makes sense, or its file cannot be written.
pub async fn guard() -> Result<Option<Left>, Error> {
    running::watch().await.map_err(|source| running::failed("watch over the tap", source))
}

/// Ends what a killed tap has left.
///
/// # Errors
/// When policy or the cluster does not let it, or an agent does not end.
pub async fn end_left(desk: &Desk, left: Left) -> Result<(), Error> {
    Box::pin(clean::end_left(desk, left)).await
}

/// Runs `qd tap` of files.
///
/// # Errors
/// When the capture cannot be read, is damaged, or stdout fails.
pub fn tap(args: &TapArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    if let Some(TapCommand::Stats(read) | TapCommand::Har(read) | TapCommand::Map(MapArgs { read, .. })) = &args.command
        && read.read.is_none()
    {
        return Err(Error::Usage("of which capture? --read FILE, or --read - for stdin".to_owned()));
    }
    match &args.command {
        Some(TapCommand::Stats(read)) => return stats_of(read, output, out),
        Some(TapCommand::Map(args)) => return map::map(args, output, out),
        Some(TapCommand::Diff(args)) => return diff::diff(args, output, out),
        Some(TapCommand::Verify(args)) => return verify::verify(args, output, out),
        Some(
            TapCommand::Doctor(_)
            | TapCommand::List(_)
            | TapCommand::Show(_)
            | TapCommand::Join(_)
            | TapCommand::Stop(_)
            | TapCommand::Clean(_)
            | TapCommand::Guard,
        ) => {
            return Err(Error::Usage("that is asked of a cluster".to_owned()));
        }
        Some(TapCommand::Image(args)) => return image::image(args, output, out),
        Some(TapCommand::Har(read)) => {
            let mut lines = Lines::new(out, Chosen::of(read)?, Shape::Har(false), Order::Done);
            let result = drive::drive(read, None, &mut lines);
            lines.end()?;
            return result?.end();
        }
        None => {}
    }
    let chosen = Chosen::of(&args.read)?;
    let shape = Shape::of(output, &args.fields)?;
    match &args.write {
        None => {
            let stop = args.follow.then(until_interrupted);
            let mut lines = Lines::new(out, chosen, shape, args.order);
            let result = drive::drive(&args.read, stop.as_deref(), &mut lines);
            // what was read before the damage is printed to its end
            lines.end()?;
            result?.end()
        }
        // stdout is for packets then
        Some(to) if to.as_os_str() == "-" || args.records == Told::Off => {
            write(args, to, Lines::new(&mut std::io::sink(), chosen, shape, args.order))
        }
        Some(to) => write(args, to, Lines::new(out, chosen, shape, args.order)),
    }
}

/// Records to stdout and packets to a file: of a file in two passes, so that packets of the chosen flows are known and the
/// first packet of each transaction says so. In one where that is not to be had (stdin) or nobody asks for it: all
/// packets, into a classic file, which has no place for comments.
fn write(args: &TapArgs, to: &Path, mut lines: Lines<'_, impl Write>) -> Result<(), Error> {
    let from = args.read.read.as_deref().unwrap_or(Path::new("-"));
    let only = !lines.wants_all();
    let chosen = args.read.where_expr.as_deref().map(|text| format!(" where {text}")).unwrap_or_default();
    let filter = args.read.filter.as_deref().map(|text| format!(" filter {text}")).unwrap_or_default();
    let comment = format!("{}{filter}{chosen} {}", error::called(from), args.read.proto.join(","));
    let is_stdin = from.as_os_str() == "-";
    if is_stdin && only {
        return Err(Error::Usage(
            "--write of chosen records reads the capture twice: name a file, not stdin".to_owned(),
        ));
    }
    if let (Ok(one), Ok(other)) = (from.canonicalize(), to.canonicalize())
        && one == other
    {
        return Err(Error::Usage("--write would overwrite the capture that is read".to_owned()));
    }
    let told = args.records == Told::On;
    if !told && (only || args.read.keylog.is_some()) {
        return Err(Error::Usage(
            "--records off writes all packets as they are: no --where, --proto or --keylog".to_owned(),
        ));
    }
    if is_stdin || !told || (!only && args.format != FileForm::Pcapng) {
        let mut both = Tee::new(lines, to, args.format, comment.trim(), &args.s3, told);
        let result = drive::drive(&args.read, None, &mut both);
        both.end()?.end()?;
        return result?.end();
    }
    lines.pick();
    let result = drive::drive(&args.read, None, &mut lines);
    let picked = lines.picked().unwrap_or_default();
    let begun = lines.has_begun();
    lines.end()?;
    if begun {
        let mut export = Export::create(to, args.format, comment.trim(), &args.s3)?;
        if let Ok(summary) = &result {
            export.keys(&summary.keys);
        }
        export.copy(from, args.read.filter.as_deref(), picked, only)?;
    }
    result?.end()
}

fn stats_of(args: &ReadArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let mut stats = Stats::new(Chosen::of(args)?);
    let summary = drive::drive(args, None, &mut stats)?;
    stats.print(&summary, output, out)?;
    summary.end()
}

/// Becomes true on Ctrl-C.
fn until_interrupted() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            seen.store(true, atomic::Ordering::Relaxed);
        }
    });
    stop
}
