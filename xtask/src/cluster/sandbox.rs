//! The namespaces that a full node lives in: its own processes, mounts and network.
//!
//! One program, the holder, is the first process of the process namespace. When it ends the kernel ends every other process
//! there, containers and their shims included, and with the last of them go all mounts and the network with its interfaces,
//! routes and packet filter rules. Nothing of a node can therefore outlive its holder but its cgroups and the link's route.
//!
//! Inside, `/run`, `/var/log` and the folders of kubelet, containerd and CNI are the node's own, at their usual paths.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::layout::Layout;
use super::process::{Parts, marked};
use crate::tasks::proc;

/// Makes the namespaces and joins them to the machine.
pub(crate) fn create(layout: &Layout, parts: &mut Parts<'_>, pause: &Path) -> Result<()> {
    make_cgroups(layout)?;
    let mut command = Command::new("unshare");
    command.args(["--fork", "--pid", "--mount", "--net", "--propagation", "private", "--", "sh", "-euc", SETUP, "sh"]);
    command.arg(layout.dir().join("node")).arg(pause);
    parts.start("sandbox", &command)?;
    let deadline = Instant::now() + Duration::from_secs(15);
    let holder = loop {
        parts.check()?;
        let first = marked(&layout.dir())?.into_iter().find(|process| process.holder);
        match first {
            Some(process) if process.command.starts_with(&*pause.to_string_lossy()) => break process.pid,
            _ if Instant::now() > deadline => {
                bail!("the node's namespaces did not appear: see {}", layout.log("sandbox").display())
            }
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    connect(layout, holder).context("cannot set up the node's network")
}

/// The first process of the node's process namespace.
pub(crate) fn holder(layout: &Layout) -> Result<i32> {
    match marked(&layout.dir())?.into_iter().find(|process| process.holder) {
        Some(process) => Ok(process.pid),
        None => bail!("the node of cluster {} does not run", layout.name),
    }
}

/// A pair of interfaces, and routes on both sides. There is no default route inside: no packet of a node leaves the machine.
fn connect(layout: &Layout, holder: i32) -> Result<()> {
    let (link, node, machine) = (layout.link(), layout.node_address(), layout.link_address());
    batch(
        Command::new("ip"),
        &format!(
            "link add {link} type veth peer name eth0 netns {holder}\naddress add {machine}/30 dev {link}\n\
             link set {link} up\nroute add {} via {node} dev {link} onlink\n",
            layout.range()
        ),
    )?;
    let mut inside = Command::new("nsenter");
    inside.args(["--target", &holder.to_string(), "--net", "--", "ip"]);
    batch(
        inside,
        &format!(
            "link set lo up\naddress add {node}/30 dev eth0\nlink set eth0 up\nlink add cni0 type bridge\n\
             address add {}/17 dev cni0\nlink set cni0 up\nroute add {} dev cni0\n",
            layout.bridge_address(),
            layout.service_range()
        ),
    )?;
    let mut settings = Command::new("nsenter");
    settings.args(["--target", &holder.to_string(), "--net", "--", "sh", "-euc", NETWORK_SETTINGS]);
    proc::run(&mut settings)
}

/// Hands lines to `ip -batch`, which stops at the first that fails.
fn batch(mut ip: Command, lines: &str) -> Result<()> {
    let mut child =
        ip.args(["-batch", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().context("cannot run ip")?;
    child.stdin.take().context("ip has no stdin")?.write_all(lines.as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// The cluster's group in each cgroup hierarchy of this machine.
pub(crate) fn cgroups(layout: &Layout) -> Result<Vec<PathBuf>> {
    let mounts = fs::read_to_string("/proc/mounts").context("cannot read the mounts of this machine")?;
    let mut words = mounts.lines().map(|line| line.split(' '));
    let hierarchies = words.by_ref().filter_map(|mut words| {
        let (_, path, kind) = (words.next()?, words.next()?, words.next()?);
        (kind == "cgroup" || kind == "cgroup2").then(|| Path::new(path).join(layout.cgroup()))
    });
    Ok(hierarchies.collect())
}

fn make_cgroups(layout: &Layout) -> Result<()> {
    for group in cgroups(layout)? {
        fs::create_dir_all(&group).with_context(|| format!("cannot make {}", group.display()))?;
        // a new group of the first version's cpuset hierarchy may use nothing until it is told
        for file in ["cpuset.cpus", "cpuset.mems"] {
            let above = group.parent().map(|parent| parent.join(file)).filter(|file| file.exists());
            if let Some(above) = above {
                fs::write(group.join(file), fs::read(above)?)?;
            }
        }
    }
    Ok(())
}

/// Runs as the first process of the namespaces; `$1` is the node's folder, `$2` the holder. kubelet insists on some settings
/// of the kernel, which would change for the whole machine: it is shown files that hold what it wants to see.
const SETUP: &str = r#"
mount --make-rshared /
mount -t proc proc /proc
mkdir -p "$1/sys"
while read -r setting value; do
  if [ -e "/proc/sys/$setting" ]; then
    echo "$value" > "$1/sys/${setting##*/}"
    mount --bind "$1/sys/${setting##*/}" "/proc/sys/$setting"
  fi
done <<'END'
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
END
for place in /var/lib/kubelet /var/lib/containerd /var/lib/cni /var/log; do
  mkdir -p "$1$place" "$place"
  mount --bind "$1$place" "$place"
done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock
exec "$2"
"#;

/// Of this network alone: packets between pods on the bridge pass the packet filter, as those of services have to.
const NETWORK_SETTINGS: &str = r#"
echo 1 > /proc/sys/net/ipv4/ip_forward
if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables; fi
"#;
