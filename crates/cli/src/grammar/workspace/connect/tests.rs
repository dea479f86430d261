#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::grammar::workspace::WorkspaceCommand;
use crate::grammar::{Cli, Command};
use clap::Parser;

fn parse(words: &str) -> Option<WorkspaceCommand> {
    let all = ["qd", "ws"].into_iter().chain(words.split(' '));
    match Cli::try_parse_from(all).ok()?.command? {
        Command::Ws(command) => Some(*command),
        other => panic!("{other:?}"),
    }
}

#[test]
fn ac_71k_words_behind_two_dashes_are_the_programs_own() {
    let Some(WorkspaceCommand::Exec(args)) = parse("exec w -it -n team -- ls -la --start") else { panic!() };
    assert!(args.stdin && args.tty && !args.reach.start);
    assert_eq!((args.which.name.as_str(), args.which.namespace.as_deref()), ("w", Some("team")));
    assert_eq!(args.command, ["ls", "-la", "--start"]);
    assert!(parse("exec w").is_none() && parse("exec w -t -- ls").is_none() && parse("exec w ls").is_none());
    assert!(parse("exec w -- ls").is_some_and(|command| command.is_program()));
}

#[test]
fn ac_71k_a_shell_is_new_or_one_to_come_back_to() {
    let shell = |words: &str| match parse(words) {
        Some(WorkspaceCommand::Shell(args)) => Some((args.attach, args.command)),
        _ => None,
    };
    assert_eq!(shell("shell w"), Some((None, vec![])));
    assert_eq!(shell("shell w --attach"), Some((Some(String::new()), vec![])));
    assert_eq!(shell("shell w --attach sh-1 --take"), Some((Some("sh-1".to_owned()), vec![])));
    assert_eq!(shell("shell w -- vi a"), Some((None, vec!["vi".to_owned(), "a".to_owned()])));
    for wrong in ["shell", "shell w --take", "shell w --attach sh-1 -- vi", "shell w --attach sh-1 --take --view-only"]
    {
        assert_eq!(shell(wrong), None, "{wrong}");
    }
}
