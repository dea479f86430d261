//! What Wireshark says to a capture program: it asks for interfaces, their link types and options, then starts one.

use clap::{Args, Parser};
use std::ffi::OsString;
use std::path::PathBuf;

use super::{Cli, Global};

/// `qd --extcap-interfaces` and the rest of Wireshark's protocol; `--capture` becomes a tap.
#[derive(Clone, Debug, Args)]
pub struct ExtcapArgs {
    /// List what can be captured on
    #[arg(long)]
    pub extcap_interfaces: bool,
    /// Wireshark's version
    #[arg(long, value_name = "VERSION")]
    pub extcap_version: Option<String>,
    /// The interface: `qd:NAMESPACE/POD`, or `qd` for pods by their labels
    #[arg(long, value_name = "NAME")]
    pub extcap_interface: Option<String>,
    /// List its link types
    #[arg(long)]
    pub extcap_dlts: bool,
    /// List its options
    #[arg(long)]
    pub extcap_config: bool,
    /// Start
    #[arg(long)]
    pub capture: bool,
    /// Where packets go
    #[arg(long, value_name = "FILE")]
    pub fifo: Option<PathBuf>,
    /// Capture filter
    #[arg(long, value_name = "BPF")]
    pub extcap_capture_filter: Option<String>,
    /// Namespace of `qd`
    #[arg(long, value_name = "NAME")]
    pub pods_namespace: Option<String>,
    /// Labels of `qd`
    #[arg(long, value_name = "SELECTOR")]
    pub pods_selector: Option<String>,
    /// How much of packets leaves the pods
    #[arg(long, value_name = "LEVEL")]
    pub payload: Option<String>,
}

impl ExtcapArgs {
    /// The tap that `--capture` means.
    ///
    /// # Errors
    /// When the words make no tap; as clap says it.
    pub fn tap(&self, global: &Global) -> Option<Result<Cli, clap::Error>> {
        self.capture.then(|| Cli::try_parse_from(self.words(global)))
    }

    fn words(&self, global: &Global) -> Vec<OsString> {
        let mut words: Vec<OsString> = ["qd", "tap", "--yes", "--log"].map(Into::into).into();
        words.push(global.log.clone().into());
        let mut say = |flag: &str, value: OsString| words.extend([OsString::from(flag), value]);
        if let Some(path) = &global.kubeconfig {
            say("--kubeconfig", path.into());
        }
        if let Some(path) = &global.config {
            say("--config", path.into());
        }
        if let Some(context) = &global.context {
            say("--context", context.into());
        }
        if let Some(path) = &self.fifo {
            say("--write", path.into());
        }
        if let Some(filter) = self.extcap_capture_filter.as_ref().filter(|filter| !filter.trim().is_empty()) {
            say("--filter", filter.into());
        }
        say("--packets", self.payload.as_deref().unwrap_or("full").into());
        let interface = self.extcap_interface.as_deref().unwrap_or_default();
        match interface.strip_prefix(POD).and_then(|pod| pod.split_once('/')) {
            Some((namespace, pod)) => {
                say("--namespace", namespace.into());
                say("--pod", pod.into());
            }
            None => {
                let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
                if let Some(namespace) = given(&self.pods_namespace) {
                    say("--namespace", namespace.into());
                }
                if let Some(selector) = given(&self.pods_selector) {
                    say("--selector", selector.into());
                }
            }
        }
        // packets of Wireshark's user go to Wireshark's user: what they are decided as stands in the level
        words.extend((self.payload.as_deref().unwrap_or("full") == "full").then(|| "--no-redact".into()));
        words
    }
}

/// Begins the name of a pod's interface.
pub(crate) const POD: &str = "qd:";
