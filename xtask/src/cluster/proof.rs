//! What a full node must be able to do, tried on a running one: pods, DNS, services from pods and from the machine, logs,
//! exec, volumes, metrics and, where they are kept, network policies.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::layout::Layout;
use super::process::Parts;
use super::{addons::Addon, control, node};

/// Fails with what the node cannot do.
pub(crate) fn run(layout: &Layout) -> Result<()> {
    node::import(layout, &Addon::Probe.image()?)?;
    let manifest = layout.dir().join("config/probe.yaml");
    fs::write(&manifest, MANIFEST)?;
    control::apply(layout, &[&manifest])?;
    let mut wait = control::tool(layout, "wait")?;
    wait.args(["--timeout", "60s", "deployment", "default/probe"]);
    Parts::new(layout).wait_for(&mut wait).context("pods do not run")?;
    let address = kubectl(layout, "get service probe -o jsonpath={.spec.clusterIP}")?;
    let named = kubectl(layout, "exec deployment/probe -- probe resolve probe.default.svc.cluster.local");
    ensure!(named.context("exec, or DNS in pods")?.trim() == address, "DNS gives another address than {address}");
    let unknown =
        kubectl(layout, "exec deployment/probe -- probe resolve name.invalid").err().map(|error| error.to_string());
    ensure!(
        unknown.is_some_and(|text| text.contains("no such host")),
        "an unknown name must be answered with: no such host"
    );
    let inside = kubectl(layout, "exec deployment/probe -- probe get http://probe").context("a service from a pod")?;
    ensure!(inside.starts_with("probe-"), "a service from a pod answers {inside:?}");
    let outside = get(&address).context("a service from the machine")?;
    ensure!(outside.contains("probe-"), "a service from the machine answers {outside:?}");
    let logs = kubectl(layout, "logs -l app=probe --tail=-1")?;
    ensure!(logs.contains("GET /"), "logs hold no request: {logs:?}");
    volume(layout).context("a volume")?;
    let top = eventually(90, || kubectl(layout, "top nodes --no-headers")).context("metrics of nodes")?;
    ensure!(top.contains("node1"), "metrics name no node: {top:?}");
    if layout.enforce { policies(layout).context("network policies") } else { Ok(()) }
}

/// What a policy closes is closed, to the machine by the address of a service too; what it opens, and the kubelet's own, is open.
fn policies(layout: &Layout) -> Result<()> {
    // of two pods, by name: a packet that was dropped may be sent to another pod of a service, and nothing closes a pod to itself
    let of = |path: &str| kubectl(layout, &format!("get pods -l app=probe -o jsonpath={{.items[*].{path}}}"));
    let (names, addresses) = (of("metadata.name")?, of("status.podIP")?);
    let (Some(from), Some(to)) = (names.split(' ').next(), addresses.split(' ').nth(1)) else {
        bail!("two pods are to run")
    };
    let ask = || kubectl(layout, &format!("exec {from} -- probe get http://{to}:8080"));
    ask().context("without a policy")?;
    let manifest = layout.dir().join("config/policy.yaml");
    fs::write(&manifest, CLOSED)?;
    control::apply(layout, &[&manifest])?;
    eventually(20, || match ask() {
        Ok(said) => bail!("a closed port answers {said:?}"),
        Err(_) => Ok(()),
    })?;
    fs::write(
        &manifest,
        CLOSED.replace("ingress: []", "ingress: [{from: [{podSelector: {}}], ports: [{port: 8080}]}]"),
    )?;
    control::apply(layout, &[&manifest])?;
    eventually(20, ask).context("a port that a policy opens")?;
    let address = kubectl(layout, "get service probe -o jsonpath={.spec.clusterIP}")?;
    ensure!(get(&address).is_err(), "the machine is no pod that the policy opens the port to");
    let ready = kubectl(layout, "get deployment probe -o jsonpath={.status.readyReplicas}")?;
    ensure!(ready == "2", "the kubelet's probes come through a closed port: {ready:?} are ready");
    kubectl(layout, "delete networkpolicy probe")?;
    eventually(20, || get(&address).map(drop)).context("without the policy")
}

fn volume(layout: &Layout) -> Result<()> {
    eventually(60, || {
        let phase = kubectl(layout, "get pod probe-volume -o jsonpath={.status.phase}")?;
        if phase == "Succeeded" { Ok(()) } else { bail!("the pod that writes to it is {phase}") }
    })?;
    let name = kubectl(layout, "get pvc probe -o jsonpath={.spec.volumeName}")?;
    let folder = layout.dir().join("volumes").join(&name);
    ensure!(fs::read_to_string(folder.join("file"))? == "kept", "the file on it holds something else");
    kubectl(layout, "delete pod/probe-volume pvc/probe --wait=false")?;
    eventually(
        60,
        || if folder.exists() { bail!("{} stays after its claim is gone", folder.display()) } else { Ok(()) },
    )
}

fn kubectl(layout: &Layout, words: &str) -> Result<String> {
    let mut command = Command::new(layout.dir().join("bin/kubectl"));
    command.arg("--kubeconfig").arg(layout.kubeconfig()).args(words.split(' '));
    let output = command.output().context("cannot run kubectl")?;
    if !output.status.success() {
        bail!("kubectl {words}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn get(address: &str) -> Result<String> {
    let target = format!("{address}:80").parse().with_context(|| format!("{address:?} is not an address"))?;
    let mut stream = TcpStream::connect_timeout(&target, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

fn eventually<T>(seconds: u64, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        crate::tasks::proc::check()?;
        match attempt() {
            Ok(value) => return Ok(value),
            Err(error) if Instant::now() > deadline => return Err(error),
            Err(_) => std::thread::sleep(Duration::from_millis(200)),
        }
    }
}

/// Without egress rules, so that the name of the service is known.
const CLOSED: &str = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: probe, namespace: default}, \
                      spec: {podSelector: {matchLabels: {app: probe}}, policyTypes: [Ingress], ingress: []}}";
const MANIFEST: &str = include_str!("../../../dev/cluster/manifests/probe.yaml");
