//! `qd ws apps` and `qd ws ports`: what runs and listens in a workspace, and what is done with its apps.

use super::ready::{failed, finish, interruptible};
use super::shell::plain;
use super::{Which, ask, show, which};
use crate::Desk;
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::workspace::{AppWord, AppsArgs, NameArgs};
use crate::print::Grid;
use link::told::{App, AppState, Line, Lines, Port};
use link::{AppAct, Link};
use policy::Permit;
use policy::action::WorkspaceApps;
use serde::Serialize;
use serde_json::json;
use std::io::Write;
use workspace::reach::reach;

/// Lists the apps, or does something with one.
pub(super) async fn apps(desk: &Desk, args: &AppsArgs, out: &mut impl Write) -> Result<(), Error> {
    let which = which(desk, &args.which).await?;
    let output = desk.global.output;
    let (Some(act), Some(app)) = (args.act, &args.app) else {
        let all = asked(desk, &which, "list", "", async |link| Ok(link.apps().await?)).await?;
        return print_apps(&all, output, out);
    };
    let act = match act {
        AppWord::Install => AppAct::Install { force: args.force },
        AppWord::Start => AppAct::Start,
        AppWord::Stop => AppAct::Stop,
        AppWord::Restart => AppAct::Restart,
        AppWord::Logs => return logs(desk, &which, app, args, out).await,
    };
    let word = match act {
        AppAct::Install { .. } => "install",
        AppAct::Start => "start",
        AppAct::Stop => "stop",
        AppAct::Restart => "restart",
    };
    let app = asked(desk, &which, word, app, async |link| Ok(link.app(app, act).await?)).await?;
    print_apps(&[app], output, out)
}

/// Lists every port that somebody listens on.
pub(super) async fn ports(desk: &Desk, args: &NameArgs, out: &mut impl Write) -> Result<(), Error> {
    let which = which(desk, args).await?;
    let all = asked(desk, &which, "list", "", async |link| Ok(link.ports().await?)).await?;
    print_ports(&all, desk.global.output, out)
}

async fn logs(desk: &Desk, which: &Which<'_>, app: &str, args: &AppsArgs, out: &mut impl Write) -> Result<(), Error> {
    let json = matches!(desk.global.output, Output::Json | Output::Jsonl);
    let lines = Lines { limit: Some(args.tail), ..Lines::default() };
    if !args.follow {
        let told = asked(desk, which, "logs", app, async |link| Ok(link.app_logs(app, &lines).await?)).await?;
        return told.iter().try_for_each(|line| say(line, json, out));
    }
    let permit = permit(desk, which, "logs", app)?;
    let done = interruptible(async {
        let link = reach(which.cluster, &permit).await.map_err(|error| failed(&which.object, error))?;
        let refused = |error: link::Error| failed(&which.object, error.into());
        let mut log = link.follow_app_logs(app, &lines).await.map_err(refused)?;
        while let Some(line) = log.next().await.map_err(refused)? {
            say(&line, json, out)?;
            out.flush()?;
        }
        Ok(())
    })
    .await;
    finish(permit, &done, |()| "its log ended".to_owned());
    done
}

fn permit(desk: &Desk, which: &Which<'_>, act: &str, app: &str) -> Result<Permit<WorkspaceApps>, Error> {
    let action = WorkspaceApps { object: which.object.clone(), act: act.to_owned(), app: app.to_owned() };
    ask::permit(desk, action)
}

/// Asks the daemon under a permit of its own.
async fn asked<T>(
    desk: &Desk,
    which: &Which<'_>,
    act: &str,
    app: &str,
    ask: impl AsyncFnOnce(&Link) -> Result<T, link::Error>,
) -> Result<T, Error> {
    let permit = permit(desk, which, act, app)?;
    let told = async {
        let link = reach(which.cluster, &permit).await.map_err(|error| failed(&which.object, error))?;
        ask(&link).await.map_err(|error| failed(&which.object, error.into()))
    }
    .await;
    finish(permit, &told, |_| "told".to_owned());
    told
}

fn say(line: &Line, json: bool, out: &mut impl Write) -> Result<(), Error> {
    if json {
        return put(line, out);
    }
    let ms = i64::try_from(line.ms).unwrap_or(i64::MAX);
    let at = jiff::Timestamp::from_millisecond(ms).map(|at| at.to_string()).unwrap_or_default();
    Ok(writeln!(out, "{at}  {:<7}  {:<4}  {}", plain(&line.component), plain(&line.level), plain(&line.text))?)
}

fn put(one: &impl Serialize, out: &mut impl Write) -> Result<(), Error> {
    let text = serde_json::to_string(one).map_err(|error| Error::Output(error.into()))?;
    Ok(writeln!(out, "{text}")?)
}

fn print_apps(apps: &[App], output: Output, out: &mut impl Write) -> Result<(), Error> {
    match output {
        Output::Json | Output::Yaml => return show::raw(&json!({ "apps": apps }), output, out),
        Output::Jsonl => return apps.iter().try_for_each(|app| put(app, out)),
        Output::Name => return Ok(apps.iter().try_for_each(|app| writeln!(out, "{}", plain(&app.id)))?),
        Output::Table | Output::Wide | Output::Csv | Output::FlatJson => {}
    }
    let titles = ["APP", "NAME", "STATE", "READY", "VERSION", "PORT", "RESTARTS", "ENDED"];
    let mut grid = Grid::new(titles.len());
    titles.iter().for_each(|title| grid.push(title));
    for app in apps {
        let state = if app.installed || app.state != AppState::Stopped { word(app.state) } else { "not installed" };
        let port = app.port.map(|port| port.to_string()).unwrap_or_default();
        let ready = if app.ready { "yes" } else { "no" };
        for cell in [&plain(&app.id), &plain(&app.name), state, ready, &plain(&app.version), &port] {
            grid.push(cell);
        }
        grid.push(&app.restarts.to_string());
        grid.push(&plain(&app.ended));
    }
    printed(&grid, output, out)
}

fn print_ports(ports: &[Port], output: Output, out: &mut impl Write) -> Result<(), Error> {
    match output {
        Output::Json | Output::Yaml => return show::raw(&json!({ "ports": ports }), output, out),
        Output::Jsonl => return ports.iter().try_for_each(|port| put(port, out)),
        Output::Name => return Ok(ports.iter().try_for_each(|port| writeln!(out, "{}", port.port))?),
        Output::Table | Output::Wide | Output::Csv | Output::FlatJson => {}
    }
    let titles = ["PORT", "NAME", "APP", "PROCESS", "PID", "ADDRESSES"];
    let mut grid = Grid::new(titles.len());
    titles.iter().for_each(|title| grid.push(title));
    for port in ports {
        let optional = |text: &Option<String>| plain(text.as_deref().unwrap_or_default());
        let pid = port.pid.map(|pid| pid.to_string()).unwrap_or_default();
        grid.push(&port.port.to_string());
        for cell in [optional(&port.name), optional(&port.app), plain(&port.process), pid] {
            grid.push(&cell);
        }
        grid.push(&plain(&port.addresses.join(",")));
    }
    printed(&grid, output, out)
}

fn printed(grid: &Grid, output: Output, out: &mut impl Write) -> Result<(), Error> {
    if output == Output::Csv {
        grid.csv(out)?
    } else {
        grid.aligned(out)?
    }
    Ok(())
}

const fn word(state: AppState) -> &'static str {
    match state {
        AppState::Stopped => "stopped",
        AppState::Installing => "installing",
        AppState::Starting => "starting",
        AppState::Running => "running",
        AppState::Stopping => "stopping",
        AppState::Waiting => "waiting",
        AppState::Failed => "failed",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{print_apps, print_ports};
    use crate::grammar::Output;
    use link::told::{App, AppState, Port};

    fn text(print: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        print(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn ar_08c_apps_and_ports_are_printed_as_rows_and_as_data() {
        let ide = App { id: "ide".into(), name: "IDE\u{1b}[2J".into(), installed: true, ..App::default() };
        let made = App { id: "made".into(), ..App::default() };
        let up = App { id: "up".into(), state: AppState::Running, ready: true, port: Some(80), ..ide.clone() };
        let all = [ide, made, up];
        let table = text(|out| print_apps(&all, Output::Table, out).unwrap());
        assert_eq!(table.lines().count(), 4, "{table}");
        assert!(table.contains("not installed") && table.contains("running"), "{table}");
        assert!(!table.contains('\u{1b}'), "nothing of a workspace moves the terminal");
        assert_eq!(text(|out| print_apps(&all, Output::Name, out).unwrap()), "ide\nmade\nup\n");
        let lines = text(|out| print_apps(&all, Output::Jsonl, out).unwrap());
        assert!(lines.lines().all(|line| line.starts_with("{\"id\":")), "{lines}");

        let port = Port { port: 3000, process: "node".into(), pid: Some(7), loopback: true, ..Port::default() };
        let table = text(|out| print_ports(&[port], Output::Table, out).unwrap());
        assert!(table.lines().nth(1).unwrap().starts_with("3000"), "{table}");
    }
}
