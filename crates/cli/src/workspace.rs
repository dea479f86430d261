//! `qd ws`: workspaces, by their custom resource and with the rights of whoever runs this.

mod apps;
pub(crate) mod ask;
mod copy;
mod exec;
mod follow;
mod forward;
mod import;
mod keyboard;
mod outlet;
mod ready;
mod remove;
mod shell;
mod shells;
mod show;
mod update;

use crate::Desk;
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::workspace::{CreateArgs, ListArgs, LogsArgs, NameArgs, WaitArgs, WorkspaceCommand};
use cluster::Cluster;
use policy::Permit;
use policy::action::{ObjectTarget, WorkspaceLogs, WorkspaceStart, WorkspaceStop, WorkspaceView};
use serde_json::Value;
use std::io::Write;
use workspace::launch::{Launch, Meant, Said};
use workspace::until::Until;
use workspace::{acts, earlier, pages};

/// Runs `qd ws …`.
///
/// # Errors
/// When it is refused, the cluster fails, or the workspace does not come to where it was asked to.
pub async fn workspace(desk: &Desk, command: &WorkspaceCommand, out: &mut impl Write) -> Result<(), Error> {
    match command {
        WorkspaceCommand::List(args) => list(desk, args, out).await,
        WorkspaceCommand::Create(args) => create(desk, args, out).await,
        WorkspaceCommand::Show(args) => show::one(&seen(desk, args).await?, desk.global.output, out),
        WorkspaceCommand::Why(args) => show::why(desk, &seen(desk, args).await?, out),
        WorkspaceCommand::Update(args) => update::update(desk, args, out).await,
        WorkspaceCommand::Start(args) => start(desk, args, out).await,
        WorkspaceCommand::Stop(args) => stop(desk, args, out).await,
        WorkspaceCommand::Delete(args) => remove::delete(desk, args, out).await,
        WorkspaceCommand::DeleteAll(args) => remove::delete_all(desk, args, out).await,
        WorkspaceCommand::Events(args) => events(desk, args, out).await,
        WorkspaceCommand::Logs(args) => logs(desk, args, out).await,
        WorkspaceCommand::Import(args) => import::import(desk, args, out).await,
        WorkspaceCommand::Apps(args) => apps::apps(desk, args, out).await,
        WorkspaceCommand::Ports(args) => apps::ports(desk, args, out).await,
        WorkspaceCommand::Copy(args) => copy::copy(desk, args).await,
        WorkspaceCommand::Shells(args) => shells::shells(desk, args, out).await,
        WorkspaceCommand::Shell(_) | WorkspaceCommand::Exec(_) | WorkspaceCommand::Forward(_) => {
            Err(Error::Usage("this has signals and a code of its own".to_owned()))
        }
    }
}

/// Runs `qd ws shell` and `qd ws exec`, whose exit code is that of the program in the workspace, and `qd ws forward`. Signals are
/// theirs.
///
/// # Errors
/// When it is refused, the workspace cannot be reached, or the connection is lost for good.
pub async fn workspace_program(desk: &Desk, command: &WorkspaceCommand) -> Result<u8, Error> {
    match command {
        WorkspaceCommand::Shell(args) => shell::shell(desk, args).await,
        WorkspaceCommand::Exec(args) => exec::exec(desk, args).await,
        WorkspaceCommand::Forward(args) => forward::forward(desk, args).await.map(|()| 0),
        _ => Err(Error::Usage("this runs no program in a workspace".to_owned())),
    }
}

/// Which workspace, in which cluster.
struct Which<'a> {
    cluster: &'a Cluster,
    object: ObjectTarget,
    /// What the words for it say beside its name.
    meant: Meant,
}

/// One that is to be made.
async fn new<'a>(desk: &'a Desk, args: &NameArgs) -> Result<Which<'a>, Error> {
    named(desk, args, Said::new(&args.name).map_err(Error::of)?).await
}

/// One that is there; where it was imported, by the id that it had before as well.
async fn which<'a>(desk: &'a Desk, args: &NameArgs) -> Result<Which<'a>, Error> {
    let mut which = named(desk, args, Said::sought(&args.name).map_err(Error::of)?).await?;
    if which.meant.earlier.is_empty() {
        return Ok(which);
    }
    let seen = acts::show(which.cluster, &view(desk, &which.object)?).await;
    if !matches!(seen, Err(acts::ActError::NotFound(_))) {
        // Whatever else it is, whoever asks for the workspace is told.
        return Ok(which);
    }
    let all = items(desk, &which.object.namespace).await?;
    let imported = earlier::one(&all, &which.meant.earlier).map_err(Error::of)?;
    if let Some(name) = imported.and_then(|one| one.pointer("/metadata/name")?.as_str()) {
        name.clone_into(&mut which.object.name);
    }
    Ok(which)
}

async fn named<'a>(desk: &'a Desk, args: &NameArgs, said: Said) -> Result<Which<'a>, Error> {
    let cluster = desk.cluster()?;
    let mut object = ObjectTarget::workspace(cluster.name(), namespace(cluster, args.namespace.as_deref()), "");
    let (repositories, who) = (desk.repositories.as_ref(), &desk.principal);
    let meant =
        workspace::source::meant(said, repositories, &desk.gate, who, object.clone()).await.map_err(Error::of)?;
    object.name.clone_from(&meant.name);
    Ok(Which { cluster, object, meant })
}

fn namespace(cluster: &Cluster, said: Option<&str>) -> String {
    let own = cluster.context().namespace.as_deref();
    said.or(own).filter(|name| !name.is_empty()).unwrap_or("default").to_owned()
}

fn view(desk: &Desk, object: &ObjectTarget) -> Result<Permit<WorkspaceView>, Error> {
    let (namespace, name) = (object.namespace.clone(), object.name.clone());
    ask::permit(desk, WorkspaceView { cluster: object.cluster.clone(), namespace, name })
}

async fn seen(desk: &Desk, args: &NameArgs) -> Result<Value, Error> {
    let which = which(desk, args).await?;
    let permit = view(desk, &which.object)?;
    acts::show(which.cluster, &permit).await.map_err(Error::of)
}

/// The workspaces of a namespace, or of all.
async fn items(desk: &Desk, namespace: &str) -> Result<Vec<Value>, Error> {
    let cluster = desk.cluster()?;
    let action =
        WorkspaceView { cluster: cluster.name().clone(), namespace: namespace.to_owned(), name: String::new() };
    let permit = ask::permit(desk, action)?;
    let kind = acts::kind().map_err(Error::of)?;
    let items = pages::all(cluster, &kind, namespace, "").await.map_err(Error::of);
    drop(permit);
    items
}

async fn list(desk: &Desk, args: &ListArgs, out: &mut impl Write) -> Result<(), Error> {
    let cluster = desk.cluster()?;
    let namespace = if args.all_namespaces { String::new() } else { namespace(cluster, args.namespace.as_deref()) };
    let items = items(desk, &namespace).await?;
    show::list(&items, args.all_namespaces, desk.global.output, out)
}

async fn create(desk: &Desk, args: &CreateArgs, out: &mut impl Write) -> Result<(), Error> {
    let which = new(desk, &args.wait.which).await?;
    let meant = &which.meant;
    let kind = if args.own_blueprint { "Blueprint" } else { "ClusterBlueprint" };
    let mut launch = Launch {
        owner: args.owner.clone().or(meant.user.clone()).unwrap_or_else(|| desk.principal.name().to_owned()),
        org: args.org.clone(),
        blueprint: args.blueprint.clone().or(meant.blueprint.clone()),
        // A user string does not say whose blueprint it means.
        blueprint_kind: args.blueprint.is_some().then_some(kind),
        image: args.image.clone(),
        source: meant.source.clone(),
        params: args.params.iter().cloned().collect(),
        preset: args.preset.clone(),
        dotfiles: args.dotfiles.clone(),
        overrides: None,
        env: args.env.iter().cloned().collect(),
        cpu: args.cpu.clone(),
        memory: args.memory.clone(),
        notes: args.notes.clone(),
        stopped: args.stopped,
        ..Launch::default()
    };
    // A repository may say itself what its workspaces are made from.
    launch.by_file();
    if launch.blueprint.is_none() && launch.image.is_none() {
        return Err(Error::Usage(
            "say what it is made from: --blueprint or --image, or a user string that names a blueprint or a repository"
                .to_owned(),
        ));
    }
    let permit = ask::permit(desk, launch.action(which.object.clone()))?;
    let made = acts::create(which.cluster, permit, &launch.spec()).await.map_err(Error::of)?;
    let until = if args.stopped { Until::Stopped } else { Until::Ready };
    finish(desk, &which, &args.wait, until, made, "created", out).await
}

async fn start(desk: &Desk, args: &WaitArgs, out: &mut impl Write) -> Result<(), Error> {
    let which = which(desk, &args.which).await?;
    let permit = ask::permit(desk, WorkspaceStart { object: which.object.clone() })?;
    let object = acts::start(which.cluster, permit).await.map_err(Error::of)?;
    finish(desk, &which, args, Until::Ready, object, "started", out).await
}

async fn stop(desk: &Desk, args: &WaitArgs, out: &mut impl Write) -> Result<(), Error> {
    let which = which(desk, &args.which).await?;
    let permit = ask::permit(desk, WorkspaceStop { object: which.object.clone(), delay_seconds: 0 })?;
    let object = acts::stop(which.cluster, permit).await.map_err(Error::of)?;
    finish(desk, &which, args, Until::Stopped, object, "stopped", out).await
}

/// Waits until it is where it was asked to be, and says so.
async fn finish(
    desk: &Desk,
    which: &Which<'_>,
    args: &WaitArgs,
    until: Until,
    object: Value,
    done: &str,
    out: &mut impl Write,
) -> Result<(), Error> {
    let object = if args.no_wait {
        object
    } else {
        let permit = view(desk, &which.object)?;
        follow::follow(which.cluster, &permit, until, args.timeout, &object).await?.unwrap_or(object)
    };
    match desk.global.output {
        Output::Json | Output::Yaml | Output::Jsonl => show::raw(&object, desk.global.output, out),
        Output::Name => Ok(writeln!(out, "workspaces.quarterdeck.dev/{}", which.object.name)?),
        _ => Ok(writeln!(out, "workspace {}/{} {done}", which.object.namespace, which.object.name)?),
    }
}

async fn events(desk: &Desk, args: &NameArgs, out: &mut impl Write) -> Result<(), Error> {
    let which = which(desk, args).await?;
    let permit = view(desk, &which.object)?;
    let workspace = acts::show(which.cluster, &permit).await.map_err(Error::of)?;
    let kind = catalog::Kind::builtin("events").ok_or_else(|| Error::Usage("there are no events".to_owned()))?;
    let mut about = vec![which.object.name.clone()];
    let volumes = workspace.pointer("/status/volumes").and_then(Value::as_array).into_iter().flatten();
    about.extend(volumes.filter_map(|volume| volume.get("claim")?.as_str().map(str::to_owned)));
    let mut events = Vec::new();
    for name in about {
        let fields = format!("involvedObject.name={name}");
        events.extend(pages::all(which.cluster, &kind, &which.object.namespace, &fields).await.map_err(Error::of)?);
    }
    show::events(events, desk.global.output, out)
}

async fn logs(desk: &Desk, args: &LogsArgs, out: &mut impl Write) -> Result<(), Error> {
    let which = which(desk, &args.which).await?;
    let permit = ask::permit(desk, WorkspaceLogs { object: which.object.clone() })?;
    let log = acts::logs(which.cluster, permit, &args.container, args.tail, args.previous).await.map_err(Error::of)?;
    out.write_all(&log)?;
    Ok(())
}

#[cfg(test)]
mod tests;
