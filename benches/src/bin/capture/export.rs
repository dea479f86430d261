//! CAP-P-15: one flow of a thousand out of a large file, and a copy of all of it.

use anyhow::{Result, ensure};
use bench::process::{Cost, measure};
use bench::table::Figures;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::{costs, cpu};

/// Measures both beside tshark and editcap.
pub(crate) fn run(qd: &Path, folder: &Path, quick: bool, rounds: usize, figures: &mut Figures) -> Result<Value> {
    let turns = if quick { 35 } else { 700 };
    let file = capture(folder, turns)?;
    let bytes = std::fs::metadata(&file)?.len();
    let (from, qd) = (file.display().to_string(), qd.display().to_string());
    let to = |name: &str| folder.join(name).display().to_string();
    let (one, theirs, whole, copy) = (to("one.pcapng"), to("theirs.pcapng"), to("whole.pcapng"), to("copy.pcapng"));
    let port = FIRST_PORT + FLOWS / 2;
    let (filter, display) = (format!("tcp port {port}"), format!("tcp.port == {port}"));
    let (mut ours, mut tshark, mut all, mut editcap) = (vec![], vec![], vec![], vec![]);
    for _ in 0..rounds {
        ours.push(measure(&qd, &["tap", "--read", &from, "--write", &one, "--filter", &filter])?);
        tshark.push(measure("tshark", &["-n", "-r", &from, "-Y", &display, "-w", &theirs])?);
        all.push(measure(&qd, &["tap", "--read", &from, "--write", &whole, "--format", "pcap", "--records", "off"])?);
        editcap.push(measure("editcap", &["-F", "pcap", &from, &copy])?);
    }
    let packets = |path: &str| -> Result<u64> {
        let told = bench::build::output(std::process::Command::new("capinfos").args(["-c", "-M", "-T", "-r", path]))?;
        Ok(told.split_whitespace().next_back().unwrap_or_default().parse()?)
    };
    for (mine, theirs) in [(&one, &theirs), (&whole, &copy)] {
        ensure!(packets(mine)? == packets(theirs)?, "{mine} has other packets than {theirs}");
    }
    let mut add = |name: &str, peer: &[Cost], ours: &[Cost], bar: f64| {
        let ratio = cpu(peer) / cpu(ours);
        figures.add(name, format!("{ratio:.2}"), &format!(">= {bar}"), ratio >= bar);
    };
    add("CAP-P-15 one flow of 1,000, tshark CPU / qd", &tshark, &ours, 30.0);
    add("CAP-P-15 whole copy, editcap CPU / qd", &editcap, &all, 0.8);
    for path in [one, theirs, whole, copy] {
        std::fs::remove_file(path)?;
    }
    Ok(json!({
        "bytes": bytes, "qd_one": costs(&ours), "tshark_one": costs(&tshark),
        "qd_copy": costs(&all), "editcap_copy": costs(&editcap),
    }))
}

/// A classic capture of a thousand TCP connections side by side: `turns` segments of each.
fn capture(folder: &Path, turns: u32) -> Result<PathBuf> {
    let path = folder.join(format!("flows-{turns}.pcap"));
    if path.exists() {
        return Ok(path);
    }
    let part = folder.join("flows.part");
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&part)?);
    out.write_all(&0xa1b2_c3d4_u32.to_le_bytes())?;
    out.write_all(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0])?;
    let mut packet = [b'x'; 14 + 40 + PAYLOAD];
    for turn in 0..turns {
        for flow in 0..FLOWS {
            let ts = u64::from(turn) * u64::from(FLOWS) + u64::from(flow);
            head(&mut packet, FIRST_PORT + flow, turn * PAYLOAD as u32);
            out.write_all(&(1_700_000_000 + (ts / 1_000_000) as u32).to_le_bytes())?;
            out.write_all(&((ts % 1_000_000) as u32).to_le_bytes())?;
            out.write_all(&(packet.len() as u32).to_le_bytes().repeat(2))?;
            out.write_all(&packet)?;
        }
    }
    out.flush()?;
    std::fs::rename(part, &path)?;
    Ok(path)
}

/// Ethernet, IPv4 and TCP before the payload.
fn head(packet: &mut [u8], port: u16, seq: u32) {
    let mut head = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    head.extend_from_slice(&(40 + PAYLOAD as u16).to_be_bytes());
    head.extend_from_slice(&[0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    head.extend_from_slice(&port.to_be_bytes());
    head.extend_from_slice(&9000_u16.to_be_bytes());
    head.extend_from_slice(&seq.to_be_bytes());
    head.extend_from_slice(&[0, 0, 0, 1, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0]);
    packet.iter_mut().zip(head).for_each(|(to, from)| *to = from);
}

const FLOWS: u16 = 1000;
const FIRST_PORT: u16 = 20_000;
const PAYLOAD: usize = 1400;
