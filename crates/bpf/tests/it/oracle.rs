//! tcpdump as the oracle. A file with a header and no packet fixes the link type.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use bpf::Program;

use crate::packets::Link;

pub(crate) struct Oracle {
    folder: PathBuf,
}

/// What tcpdump says of a text.
pub(crate) enum Said {
    Program(Program),
    Refused(String),
}

impl Oracle {
    pub(crate) fn new() -> Self {
        static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("bpf-oracle-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let oracle = Self { folder };
        for link in Link::ALL {
            let mut header = Vec::new();
            header.extend(0xa1b2_c3d4_u32.to_le_bytes());
            header.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            header.extend(bpf::SNAPLEN.to_le_bytes());
            header.extend(u32::from(link.link_type().0).to_le_bytes());
            std::fs::write(oracle.file(*link), header).unwrap();
        }
        oracle
    }

    fn file(&self, link: Link) -> PathBuf {
        self.folder.join(format!("{}.pcap", link.link_type().0))
    }

    /// The text that tcpdump prints with a flag, or why it refuses.
    pub(crate) fn text(&self, text: &str, link: Link, flag: &str) -> Result<String, String> {
        let output = Command::new("tcpdump")
            .arg("-r")
            .arg(self.file(link))
            .args([flag, "--", text])
            .stdin(Stdio::null())
            .output()
            .expect("this test needs tcpdump: apt-get install tcpdump, or run `cargo xtask doctor --fix`");
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout).unwrap());
        }
        Err(String::from_utf8_lossy(&output.stderr)
            .lines()
            .find(|line| !line.starts_with("reading"))
            .unwrap_or("")
            .to_owned())
    }

    pub(crate) fn ask(&self, text: &str, link: Link) -> Said {
        match self.text(text, link, "-ddd") {
            Ok(decimal) => {
                Said::Program(Program::from_decimal(&decimal).unwrap_or_else(|flaw| panic!("`{text}`: {flaw}")))
            }
            Err(why) => Said::Refused(why),
        }
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // a folder that stays behind harms nobody
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
