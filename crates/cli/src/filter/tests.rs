#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use base::Coded;
use clap::Parser;

use super::filter;
use crate::error::Error;
use crate::grammar::{Cli, Command};

fn run(words: &[&str]) -> Result<String, Error> {
    let cli = Cli::try_parse_from(["qd", "filter"].iter().chain(words)).unwrap();
    let Some(Command::Filter(args)) = cli.command else { panic!("{words:?} is no filter") };
    let mut out = Vec::new();
    filter(&args, cli.global.output, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn cap_n_11j_filter_prints_assembler_decimal_and_words() {
    let assembler =
        "(000) ldh      [12]\n(001) jeq      #0x806           jt 2\tjf 3\n(002) ret      #262144\n(003) ret      #0\n";
    assert_eq!(run(&["arp"]).unwrap(), assembler);
    assert_eq!(run(&["--ddd", "--snaplen", "96", "arp"]).unwrap(), "4\n40 0 0 12\n21 0 1 2054\n6 0 0 96\n6 0 0 0\n");
    assert_eq!(run(&["--explain", "not arp"]).unwrap(), "not: the packet is ARP\n");
    assert!(run(&["--explain", "ip protochain 6"]).unwrap().contains("live packets cannot"));
    assert!(run(&["--linktype", "linux_sll2", "arp"]).unwrap().starts_with("(000) ldh      [0]\n"));
    assert_eq!(run(&[]).unwrap(), "(000) ret      #262144\n");
    let object: serde_json::Value = serde_json::from_str(&run(&["-o", "json", "arp"]).unwrap()).unwrap();
    assert_eq!(object["instructions"][1], serde_json::json!({ "code": 21, "jt": 0, "jf": 1, "k": 2054 }));
}

#[test]
fn cap_f_08e_filter_says_where_it_is_wrong() {
    let error = run(&["tcp port"]).unwrap_err();
    assert_eq!((error.code().as_str(), error.code().exit_code()), ("filter_syntax", 2));
    let details = error.details().unwrap();
    assert_eq!((&details["line"], &details["column"]), (&1.into(), &9.into()));
    assert!(details["expected"].as_array().unwrap().contains(&"a number".into()), "{details}");
    assert_eq!(run(&["host shop.example"]).unwrap_err().code().as_str(), "filter_host_unknown");
    assert_eq!(run(&["--linktype", "127", "ip"]).unwrap_err().code().as_str(), "filter_link_type");
    assert!(Cli::try_parse_from(["qd", "filter", "--linktype", "nosuch", "ip"]).is_err());
    assert!(Cli::try_parse_from(["qd", "filter", "--snaplen", "0", "ip"]).is_err());
}

#[test]
fn cap_56a_filters_from_words_are_off_and_say_so() {
    let error = run(&["--ask", "errors of the cart"]).unwrap_err();
    assert_eq!((error.code().as_str(), error.code().exit_code()), ("filter_words_off", 1));
    let text = error.to_string();
    assert!(text.contains("off until a provider is configured") && text.contains("nothing was sent"), "{text}");
    assert!(Cli::try_parse_from(["qd", "filter", "--ask", "x", "arp"]).is_err());
}
