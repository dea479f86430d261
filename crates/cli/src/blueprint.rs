//! `qd blueprint`: blueprints listed, checked, resolved, rendered, explained, compared and tested. Files alone: no cluster is
//! asked, but for how the revisions of those in the cluster are rolled out.

pub(crate) mod ask;
mod objects;
mod rolled;
mod rules;
mod show;
#[cfg(test)]
mod tests;
pub(crate) mod tree;

use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::blueprint::{
    BlueprintCommand, DiffArgs, ExplainArgs, ListArgs, RenderArgs, ResolveArgs, ShowArgs, TestArgs, ValidateArgs,
};
use ask::{library, settings, told};
use base::{Code, Coded};
use blueprint::{Fixtures, Pointer, Problem};
pub use rolled::rolled;
use std::io::Write;
use tree::{Tree, found};

/// Runs `qd blueprint …`.
///
/// # Errors
/// When a file cannot be read, a blueprint is wrong or refused, a fixture fails, or stdout fails.
pub fn blueprint(command: &BlueprintCommand, output: Output, out: &mut impl Write) -> Result<(), Error> {
    match command {
        BlueprintCommand::List(args) => list(args, output, out),
        BlueprintCommand::Show(args) => show(args, output, out),
        BlueprintCommand::Validate(args) => validate(args, output, out),
        BlueprintCommand::Resolve(args) => resolve(args, output, out),
        BlueprintCommand::Render(args) => render(args, output, out),
        BlueprintCommand::Explain(args) => explain(args, output, out),
        BlueprintCommand::Diff(args) => diff(args, output, out),
        BlueprintCommand::Test(args) => test(args, output, out),
        // Asked of the cluster, by `rolled`.
        BlueprintCommand::Rollout(_)
        | BlueprintCommand::Promote(_)
        | BlueprintCommand::Hold(_)
        | BlueprintCommand::Resume(_) => Ok(()),
    }
}

fn list(args: &ListArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let (library, problems) = library(&args.paths, &args.sources)?;
    told(&blueprint::Problems::check(problems).map_err(Error::of)?)?;
    show::listed(&library, output, out)
}

fn show(args: &ShowArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let (library, problems) = library(&args.from, &args.sources)?;
    told(&blueprint::Problems::check(problems).map_err(Error::of)?)?;
    let chain = library.chain(&args.name).map_err(|problem| Error::of(blueprint::Problems::from(problem)))?;
    show::definition(&chain, output, out)
}

fn validate(args: &ValidateArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let (library, mut problems) = library(&args.paths, &args.sources)?;
    let env = args.sources.env.iter().cloned().collect();
    problems.extend(blueprint::lint(&library, &settings(&args.sources), &env));
    problems.sort_by(|a, b| (&a.mark, &a.pointer).cmp(&(&b.mark, &b.pointer)));
    problems.dedup();
    show::problems(&problems, output, out)?;
    let wrong: Vec<&Problem> = problems.iter().filter(|one| !one.warning).collect();
    if output == Output::Table && problems.is_empty() {
        writeln!(out, "{} blueprints are right", library.all().count())?;
    }
    match wrong.first() {
        None => Ok(()),
        Some(first) => Err(Error::of(Failed { what: "problems", count: wrong.len(), code: first.code })),
    }
}

fn resolve(args: &ResolveArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let effective = ask::effective(args.name.as_deref(), &args.ask)?.effective;
    told(&effective.warnings)?;
    show::effective(&effective, !args.plain, output, out)
}

fn render(args: &RenderArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let asked = ask::effective(args.name.as_deref(), &args.ask)?;
    told(&asked.effective.warnings)?;
    objects::render(&asked, args, output, out)
}

fn explain(args: &ExplainArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let effective = ask::effective(Some(&args.name), &args.ask)?.effective;
    let pointer = Pointer::parse(&args.pointer);
    match blueprint::explain(&effective, &pointer) {
        Some(explanation) => show::explanation(&explanation, output, out),
        None => Err(Error::of(NoSuchField(pointer))),
    }
}

fn diff(args: &DiffArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let left = ask::effective(Some(&args.name), &args.ask)?.effective;
    let mut other = args.ask.clone();
    if !args.with_from.is_empty() {
        other.from.clone_from(&args.with_from);
    }
    if let Some(user) = &args.with_user {
        other.user.clone_from(user);
    }
    if args.with_repo.is_some() {
        other.repo.clone_from(&args.with_repo);
    }
    other.params.extend(args.with_params.iter().cloned());
    let right = ask::effective(Some(args.other.as_ref().unwrap_or(&args.name)), &other)?.effective;
    show::changes(&blueprint::diff(&left.node, &right.node), output, out)
}

fn test(args: &TestArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let rules = args.rules.as_deref().map(rules::read).transpose()?.unwrap_or_default();
    let mut results = Vec::new();
    for path in &args.paths {
        let tree = Tree::at(path)?;
        let fixtures = found(&tree, path, &|name| name.ends_with(".test.yaml") || name.ends_with(".test.yml"))?;
        if fixtures.is_empty() {
            return Err(Error::Usage(format!("there are no fixtures (*.test.yaml) in {}", path.display())));
        }
        let own = [if path.is_dir() { path.clone() } else { path.parent().map_or_else(|| ".".into(), Into::into) }];
        let (library, problems) = library(if args.from.is_empty() { &own } else { &args.from }, &args.sources)?;
        blueprint::Problems::check(problems).map_err(Error::of)?;
        for file in fixtures {
            let text = tree.text(&file)?;
            let parsed = Fixtures::parse(&text, &file)
                .map_err(|error| Error::Usage(format!("{file} holds no fixtures: {error}")))?;
            let beside = tree.beside(&file);
            for fixture in parsed.tests {
                let wrong = fixture.run(&library, &beside, &settings(&args.sources), &|effective, user| {
                    rules::judge(&rules, effective, user)
                });
                results.push(show::Tested { file: file.clone(), name: fixture.name, wrong });
            }
        }
    }
    show::tested(&results, output, out)?;
    let failed = results.iter().filter(|one| !one.wrong.is_empty()).count();
    if failed > 0 {
        return Err(Error::of(Failed { what: "fixtures failed", count: failed, code: Code::FixtureFailed }));
    }
    Ok(())
}

/// What was found stands on stdout; this is the exit code with a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{count} {what}")]
struct Failed {
    what: &'static str,
    count: usize,
    code: Code,
}

impl Coded for Failed {
    fn code(&self) -> Code {
        self.code
    }
}

#[derive(Debug, thiserror::Error)]
#[error("no layer says anything of {0}")]
struct NoSuchField(Pointer);

impl Coded for NoSuchField {
    fn code(&self) -> Code {
        Code::NotFound
    }
}
