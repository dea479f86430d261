//! Pods as interfaces of Wireshark: its extcap protocol on stdout. A capture itself is a tap that writes into Wireshark's
//! pipe (see [`crate::grammar::extcap::ExtcapArgs::tap`]).
//!
//! Wireshark asks for the interfaces whenever it starts: a cluster that does not answer soon leaves the one interface
//! whose pods are chosen in its dialog.

use std::io::Write;
use std::time::Duration;

use catalog::Kind;
use cluster::{Cluster, ConnectOptions, Kubeconfig, PageQuery, Reader};
use serde_json::Value;
use wire::Format;

use crate::error::Error;
use crate::grammar::Global;
use crate::grammar::extcap::{ExtcapArgs, POD};

/// Answers one question of Wireshark.
///
/// # Errors
/// When stdout fails, or nothing is asked.
pub async fn extcap(args: &ExtcapArgs, global: &Global, out: &mut impl Write) -> Result<(), Error> {
    if args.extcap_interfaces {
        let version = env!("CARGO_PKG_VERSION");
        writeln!(out, "extcap {{version={version}}}{{display=Quarterdeck}}")?;
        writeln!(out, "interface {{value=qd}}{{display=Kubernetes pods by label}}")?;
        match tokio::time::timeout(PATIENCE, pods(global)).await {
            Ok(Ok(pods)) => {
                for pod in pods {
                    writeln!(out, "interface {{value={POD}{pod}}}{{display=Kubernetes pod {pod}}}")?;
                }
            }
            Ok(Err(error)) => eprintln!("qd: pods cannot be listed: {error}"),
            Err(_) => eprintln!("qd: pods cannot be listed: no answer within {} s", PATIENCE.as_secs()),
        }
        return Ok(());
    }
    if args.extcap_dlts {
        // pcapng says the link type of each interface of a pod itself
        return Ok(writeln!(out, "dlt {{number=1}}{{name=EN10MB}}{{display=As in the pod}}")?);
    }
    if args.extcap_config {
        let by_label = args.extcap_interface.as_deref() == Some("qd");
        return Ok(config(by_label, out)?);
    }
    Err(Error::Usage("Wireshark asks with --extcap-interfaces, --extcap-dlts, --extcap-config or --capture".to_owned()))
}

fn config(by_label: bool, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(
        out,
        "arg {{number=0}}{{call=--payload}}{{display=Packets}}{{type=selector}}{{tooltip=How much of packets leaves the pods}}"
    )?;
    for (level, words, default) in [
        ("full", "As captured", "true"),
        ("masked", "Secrets masked", "false"),
        ("headers", "Headers up to the transport", "false"),
    ] {
        writeln!(out, "value {{arg=0}}{{value={level}}}{{display={words}}}{{default={default}}}")?;
    }
    writeln!(
        out,
        "arg {{number=1}}{{call=--context}}{{display=Context}}{{type=string}}{{tooltip=Context of the kubeconfig; its current one unless said}}"
    )?;
    if by_label {
        writeln!(
            out,
            "arg {{number=2}}{{call=--pods-namespace}}{{display=Namespace}}{{type=string}}{{tooltip=The context's unless said}}"
        )?;
        writeln!(
            out,
            "arg {{number=3}}{{call=--pods-selector}}{{display=Labels}}{{type=string}}{{placeholder=app=front}}{{required=true}}"
        )?;
    }
    Ok(())
}

/// Running pods as `NAMESPACE/NAME`: of the whole cluster where they may be listed, else of the context's namespace.
async fn pods(global: &Global) -> Result<Vec<String>, cluster::Error> {
    let kubeconfig = Kubeconfig::load(global.kubeconfig.as_deref())?;
    let context = kubeconfig.choose(global.context.as_deref())?;
    let cluster = Cluster::connect(&kubeconfig, &context.name, ConnectOptions::default())?;
    let reader = cluster.reader();
    match page(&reader, None).await {
        Err(cluster::Error::Denied { .. }) => {
            let own = cluster.context().namespace.clone().unwrap_or_else(|| "default".to_owned());
            page(&reader, Some(&own)).await
        }
        other => other,
    }
}

async fn page(reader: &Reader, namespace: Option<&str>) -> Result<Vec<String>, cluster::Error> {
    let kind = Kind::builtin("pods").ok_or_else(|| cluster::Error::NotServed { kind: "pods".to_owned() })?;
    let query = PageQuery {
        namespace,
        limit: MOST,
        token: "",
        selector: "",
        fields: "status.phase=Running",
        version: "",
        format: Format::Json,
    };
    let bytes = reader.page(&kind, query).await?;
    let page: Value = serde_json::from_slice(&bytes).map_err(|error| cluster::Error::Decode(error.to_string()))?;
    let text = |pod: &Value, path: &str| pod.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let pods = page.get("items").and_then(Value::as_array).into_iter().flatten();
    let tappable = pods.filter(|pod| pod.pointer("/spec/hostNetwork").and_then(Value::as_bool) != Some(true));
    let mut names: Vec<String> =
        tappable.map(|pod| format!("{}/{}", text(pod, "/metadata/namespace"), text(pod, "/metadata/name"))).collect();
    names.sort();
    Ok(names)
}

/// Wireshark waits for the list.
const PATIENCE: Duration = Duration::from_secs(4);
/// More interfaces nobody chooses from.
const MOST: u32 = 500;

#[cfg(test)]
mod tests;
