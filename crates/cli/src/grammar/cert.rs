//! `qd cert`: certificates of this machine's own authority.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `qd cert …`
#[derive(Clone, Debug, Subcommand)]
pub enum CertCommand {
    /// Make a certificate that the authority of this machine signs
    Make(MakeArgs),
    /// Have this machine, and the browsers of this account, trust that authority
    Trust(TrustArgs),
    /// Print the authority's certificate: what other machines are to trust
    Show,
}

/// `qd cert make`
#[derive(Clone, Debug, Args)]
pub struct MakeArgs {
    /// A name, a name of all hosts of a domain (`*.apps.test`), or an address; may be said several times
    #[arg(long = "host", value_name = "HOST", required = true)]
    pub hosts: Vec<String>,
    /// The certificate's file; else the first host's name with `.pem`
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// The key's file; else the first host's name with `.key`
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

/// `qd cert trust`
#[derive(Clone, Copy, Debug, Args)]
pub struct TrustArgs {
    /// Have it trusted no more
    #[arg(long)]
    pub remove: bool,
}

pub(super) const EXAMPLES: &str = "Examples:
  qd cert make --host qd.lab.test --host 192.0.2.7     qd.lab.test.pem and qd.lab.test.key, for 90 days
  sudo qd cert trust                                   this machine trusts its authority
  qd cert show > ca.pem                                for other machines";
