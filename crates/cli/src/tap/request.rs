//! `qd tap --ui`: the words as a request to the registry of taps, whose view the browser shows.

use crate::error::Error;
use crate::grammar::live::Level;
use crate::grammar::tap::{OnFull, TapArgs};
use api::rest::{Answers, ObjectRef};
use api::tap::{TapOnFull, TapPackets, TapRequest};
use base::ClusterName;
use cluster::Context;

/// What the words ask for.
///
/// # Errors
/// When they name no pods, or what the traffic view has not.
pub fn request(args: &TapArgs, context: &Context, confirm: bool) -> Result<TapRequest, Error> {
    super::says_what(args)?;
    only_of_lines(args)?;
    let (live, read) = (&args.live, &args.read);
    let cluster = ClusterName::new(context.name.as_str());
    let places = if live.namespace.is_empty() { vec![String::new()] } else { live.namespace.clone() };
    let named = live.objects.iter().map(|object| (object.kind.as_str(), object.name.as_str()));
    let named = named.chain(live.pods.iter().map(|pod| ("pods", pod.as_str())));
    let one = |(kind, name): (&str, &str)| {
        let (kind, name, cluster) = (kind.to_owned(), name.to_owned(), cluster.clone());
        places.iter().map(move |namespace| ObjectRef {
            cluster: cluster.clone(),
            kind: kind.clone(),
            namespace: if kind == "nodes" { String::new() } else { namespace.clone() },
            name: name.clone(),
        })
    };
    let targets: Vec<ObjectRef> = named.flat_map(one).collect();
    let namespaces = match (targets.is_empty(), live.all_namespaces, live.namespace.is_empty()) {
        (false, ..) => Vec::new(),
        (true, true, _) => vec!["*".to_owned()],
        (true, false, false) => live.namespace.clone(),
        (true, false, true) => vec![context.namespace.clone().unwrap_or_else(|| "default".to_owned())],
    };
    let packets = match live.packets {
        Some(Level::None) => TapPackets::None,
        Some(Level::Headers) => TapPackets::Headers,
        Some(Level::Full) => TapPackets::Full,
        None if read.no_redact => TapPackets::Full,
        Some(Level::Masked) | None => TapPackets::Masked,
    };
    Ok(TapRequest {
        cluster,
        targets,
        namespaces,
        selector: live.selector.clone().unwrap_or_default(),
        filter: read.filter.clone().unwrap_or_default(),
        packets,
        on_full: args.on_full.map(|on| match on {
            OnFull::Drop => TapOnFull::Drop,
            OnFull::Stop => TapOnFull::Stop,
        }),
        unredacted: read.no_redact,
        body: u32::try_from(read.body).ok(),
        seconds: live.duration,
        answers: Answers { confirm, ..Answers::default() },
    })
}

/// Words that are about lines and files are not passed over in silence.
fn only_of_lines(args: &TapArgs) -> Result<(), Error> {
    let live = &args.live;
    let words = [
        (args.write.is_some(), "--write"),
        (!args.fields.is_empty(), "--fields"),
        (args.read.where_expr.is_some(), "--where"),
        (!args.read.proto.is_empty(), "--proto"),
        (live.count.is_some(), "--count"),
        (live.no_watch, "--no-watch"),
        (live.no_wait, "--no-wait"),
        (live.wait_for.is_some(), "--wait-for"),
        (live.container.is_some(), "--container"),
        (live.no_target, "--no-target"),
        (!live.interface.is_empty(), "--interface"),
        (live.image.is_some(), "--image"),
        (!live.until.is_empty(), "--until"),
        (!live.pods.is_empty() && live.selector.is_some(), "--selector beside --pod"),
        (!live.objects.is_empty() && live.selector.is_some(), "--selector beside KIND/NAME"),
    ];
    match words.iter().find(|(said, _)| *said) {
        Some((_, word)) => Err(Error::Usage(format!("{word} is for lines: the view that --ui opens has its own"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
