#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod pods;

use super::all;
use crate::column::Read;
use crate::{Kind, compile};
use serde_json::{Value, json};
use table::{RowBuf, Table};
use wire::{Budget, Format, object};

/// The kubectl cells of an object's row, the name first, as text at a fixed time.
pub(super) fn cells(id: &str, object_json: &Value) -> Vec<String> {
    row(id, object_json, false)
}

/// Our own cells.
pub(super) fn extras(id: &str, object_json: &Value) -> Vec<String> {
    row(id, object_json, true)
}

/// 2026-01-01T00:00:00Z.
pub(super) const NOW: i64 = 1_767_225_600_000;

fn row(id: &str, object_json: &Value, extra: bool) -> Vec<String> {
    let kind = Kind::builtin(id).unwrap();
    let program = compile(&kind);
    let text = object_json.to_string();
    let mut buffer = RowBuf::new(program.schema());
    program.run(object(Format::Json, text.as_bytes(), &Budget::default()).unwrap(), &mut buffer).unwrap();
    let mut table = Table::new(program.schema().clone());
    table.apply(&buffer);
    let row = table.iter().next().unwrap();
    let own = kind.columns.iter().enumerate().filter(|(_, column)| column.extra == extra);
    let cells = own.map(|(at, column)| match table.cell(row, at) {
        api::Cell::Absent => column.absent.clone(),
        cell => cell.display(column.ty, NOW),
    });
    let has_name = extra || kind.columns.iter().any(|column| column.id == "name");
    (!has_name).then(|| table.name(row).to_owned()).into_iter().chain(cells).collect()
}

#[test]
fn every_row_of_the_table_is_sound() {
    let mut ids = std::collections::BTreeSet::new();
    for spec in all() {
        assert!(ids.insert(spec.id), "{} stands there twice", spec.id);
        let kind = Kind::builtin(spec.id).unwrap();
        let columns: std::collections::BTreeSet<_> = kind.columns.iter().map(|column| &column.id).collect();
        assert_eq!(columns.len(), kind.columns.len(), "{}: two columns with one id", spec.id);
        let first_extra = spec.columns.iter().position(|column| column.extra).unwrap_or(spec.columns.len());
        assert!(spec.columns[first_extra..].iter().all(|column| column.extra), "{}: ours come last", spec.id);
        let filled = spec.columns.iter().any(|column| matches!(column.read, Read::Filled));
        assert_eq!(filled, spec.fill.is_some(), "{}", spec.id);
        assert_eq!(kind.format, Format::Protobuf, "{} has no message table", spec.id);
    }
}

/// A path that no message has would read as absent for ever.
#[test]
fn every_path_of_the_table_exists() {
    for spec in all() {
        let kind = Kind::builtin(spec.id).unwrap();
        let message = wire::Message::of(&kind.api_version(), &kind.kind).unwrap();
        let mut paths: Vec<&[&str]> = spec.fill.iter().flat_map(|fill| fill.paths.iter().copied()).collect();
        for column in spec.columns {
            match column.read {
                Read::Text(path) | Read::Int(path) | Read::Count(path) | Read::Time(path) | Read::Bool(path, _) => {
                    paths.push(path);
                }
                Read::Ratio(have, want) => paths.extend([have, want]),
                Read::With(own, _) => paths.extend(own),
                Read::Name | Read::Filled => {}
            }
        }
        for path in paths {
            assert!(message.has(path), "{}: {path:?}", spec.id);
        }
    }
}

fn metadata(name: &str) -> Value {
    json!({"name": name, "namespace": "ns", "creationTimestamp": "2025-12-31T23:00:00Z"})
}

#[test]
fn ex_31a_node_cells() {
    let node = json!({
        "metadata": {"name": "n1", "creationTimestamp": "2025-12-31T23:00:00Z", "labels": {
            "node-role.kubernetes.io/control-plane": "", "kubernetes.io/role": "edge", "node-role.kubernetes.io/": "x",
            "topology.kubernetes.io/zone": "z1", "node.kubernetes.io/instance-type": "m5", "karpenter.sh/nodepool": "blue"
        }},
        "spec": {"unschedulable": true, "taints": [{"key": "a", "effect": "NoSchedule"}, {"key": "b", "value": "c", "effect": "NoExecute"}]},
        "status": {
            "capacity": {"cpu": "4", "memory": "16Gi", "pods": "110"},
            "conditions": [{"type": "MemoryPressure", "status": "True"}, {"type": "Ready", "status": "True"}],
            "nodeInfo": {"kubeletVersion": "v1.34.4", "osImage": "Debian", "kernelVersion": "", "containerRuntimeVersion": "c://1"},
            "addresses": [{"type": "Hostname", "address": "h"}, {"type": "InternalIP", "address": "10.0.0.1"}, {"type": "InternalIP", "address": "10.0.0.2"}]
        }
    });
    assert_eq!(
        cells("nodes", &node),
        [
            "n1",
            "Ready,SchedulingDisabled",
            "control-plane,edge",
            "60m",
            "v1.34.4",
            "10.0.0.1",
            "<none>",
            "Debian",
            "<unknown>",
            "c://1"
        ]
    );
    assert_eq!(
        extras("nodes", &node),
        ["m5", "blue", "z1", "4", "16Gi", "110", "a:NoSchedule,b=c:NoExecute", "MemoryPressure"]
    );
}

#[test]
fn ex_33a_deployment_cells() {
    let deployment = json!({
        "metadata": metadata("web"),
        "spec": {
            "replicas": 3, "strategy": {"type": "RollingUpdate"},
            "selector": {"matchLabels": {"b": "2"}, "matchExpressions": [
                {"key": "a", "operator": "In", "values": ["y", "x"]}, {"key": "c", "operator": "DoesNotExist"},
                {"key": "d", "operator": "NotIn", "values": ["z"]}, {"key": "e", "operator": "Exists"}]},
            "template": {"spec": {"containers": [{"name": "a", "image": "i:1"}, {"name": "b", "image": "j:2"}]}}
        },
        "status": {"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 2,
            "conditions": [{"type": "Available", "status": "True", "lastTransitionTime": "2025-12-31T23:58:00Z"}]}
    });
    assert_eq!(
        cells("deployments.apps", &deployment),
        ["web", "2/3", "3", "2", "60m", "a,b", "i:1,j:2", "a in (x,y),b=2,!c,d notin (z),e"]
    );
    assert_eq!(extras("deployments.apps", &deployment), ["RollingUpdate", "Available", "2m"]);
}

#[test]
fn ex_37a_job_and_cronjob_cells() {
    let job = |spec: Value, status: Value| json!({"metadata": metadata("j"), "spec": spec, "status": status});
    let first = |job: &Value| cells("jobs.batch", job)[1..4].to_vec();
    assert_eq!(first(&job(json!({"completions": 5}), json!({"succeeded": 2}))), ["Running", "2/5", ""]);
    assert_eq!(first(&job(json!({"parallelism": 3}), json!({}))), ["Running", "0/1 of 3", ""]);
    let done = json!({"succeeded": 1, "startTime": "2025-12-31T23:00:00Z", "completionTime": "2025-12-31T23:01:30Z",
        "conditions": [{"type": "Complete", "status": "True"}]});
    assert_eq!(first(&job(json!({}), done)), ["Complete", "1/1", "90s"]);
    let running = json!({"startTime": "2025-12-31T23:59:00Z", "conditions": [{"type": "Failed", "status": "False"}]});
    assert_eq!(first(&job(json!({"completions": 1}), running)), ["Running", "0/1", "60s"]);
    let cron = json!({"metadata": metadata("c"), "spec": {"schedule": "* * * * *", "suspend": false,
        "jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "i"}]}}}}},
        "status": {"active": [{"name": "x"}]}});
    assert_eq!(
        cells("cronjobs.batch", &cron),
        ["c", "* * * * *", "<none>", "False", "1", "<none>", "60m", "a", "i", "<none>"]
    );
}

#[test]
fn ex_39a_autoscaler_targets() {
    let hpa = |metrics: Value, current: Value| {
        let object = json!({"metadata": metadata("h"), "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"},
            "maxReplicas": 5, "metrics": metrics}, "status": {"currentReplicas": 2, "currentMetrics": current}});
        cells("horizontalpodautoscalers.autoscaling", &object)
    };
    let cpu = json!({"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 70}}});
    let now = json!({"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 35, "averageValue": "1m"}}});
    assert_eq!(hpa(json!([cpu]), json!([now])), ["h", "Deployment/web", "cpu: 35%/70%", "<unset>", "5", "2", "60m"]);
    let memory = json!({"type": "Resource", "resource": {"name": "memory", "target": {"averageValue": "1Gi"}}});
    let queue = json!({"type": "External", "external": {"target": {"averageValue": "30"}}});
    assert_eq!(hpa(json!([cpu, memory, queue]), json!([]))[2], "cpu: <unknown>/70%, memory: <unknown>/1Gi + 1 more...");
    assert_eq!(hpa(json!([queue]), json!([{"external": {"current": {"averageValue": "7"}}}]))[2], "7/30 (avg)");
    assert_eq!(hpa(json!([]), json!([]))[2], "<none>");
}

#[test]
fn ex_41a_quota_cells() {
    let quota = json!({"metadata": metadata("q"), "status": {
        "hard": {"requests.cpu": "4", "limits.cpu": "8", "pods": "10", "limits.memory": "1Gi"},
        "used": {"requests.cpu": "1", "limits.cpu": "6"}}});
    assert_eq!(
        cells("resourcequotas", &quota),
        ["q", "pods: 0/10, requests.cpu: 1/4", "limits.cpu: 6/8, limits.memory: 0/1Gi", "60m"]
    );
    assert_eq!(extras("resourcequotas", &quota), ["75%"]);
}

#[test]
fn ex_43a_service_cells() {
    let service = |spec: Value, ingress: Value| {
        let object = json!({"metadata": metadata("s"), "spec": spec, "status": {"loadBalancer": {"ingress": ingress}}});
        cells("services", &object)
    };
    let ports = json!([{"port": 80, "protocol": "TCP", "nodePort": 30080}, {"port": 53, "protocol": "UDP"}]);
    assert_eq!(
        service(
            json!({"type": "NodePort", "clusterIPs": ["10.0.0.9"], "ports": ports, "selector": {"b": "2", "a": "1"}}),
            json!([])
        ),
        ["s", "NodePort", "10.0.0.9", "<none>", "80:30080/TCP,53/UDP", "60m", "a=1,b=2"]
    );
    let balancer = |external: Value, ingress: Value| {
        service(json!({"type": "LoadBalancer", "externalIPs": external}), ingress)[3].clone()
    };
    assert_eq!(balancer(json!([]), json!([])), "<pending>");
    assert_eq!(balancer(json!(["9.9.9.9"]), json!([{"hostname": "b"}, {"ip": "a"}, {"ip": "a"}])), "a,b,9.9.9.9");
    assert_eq!(service(json!({"type": "ExternalName", "externalName": "x.test"}), json!([]))[3], "x.test");
}

#[test]
fn ex_47a_endpoint_cells() {
    let endpoints =
        |subsets: Value| cells("endpoints", &json!({"metadata": metadata("e"), "subsets": subsets}))[1].clone();
    assert_eq!(endpoints(json!(null)), "<none>");
    assert_eq!(endpoints(json!([{"notReadyAddresses": [{"ip": "a"}]}])), "");
    assert_eq!(
        endpoints(json!([{"addresses": [{"ip": "1.1.1.1"}, {"ip": "::1"}], "ports": [{"port": 80}]}])),
        "1.1.1.1:80,[::1]:80"
    );
    let many = json!([{"addresses": [{"ip": "a"}, {"ip": "b"}], "ports": [{"port": 1}, {"port": 2}, {"port": 3}]}]);
    assert_eq!(endpoints(many), "a:1,b:1,a:2 + 3 more...");
}

#[test]
fn ex_48a_secret_cells_hold_no_value() {
    let secret = json!({"metadata": metadata("s"), "type": "Opaque", "data": {"user": "Q0FOQVJZ", "pw": "Q0FO"}});
    assert_eq!(cells("secrets", &secret), ["s", "Opaque", "2", "60m"]);
    assert_eq!(extras("secrets", &secret), ["pw,user", "9", ""]);
    let map =
        json!({"metadata": metadata("m"), "data": {"a": "12345"}, "binaryData": {"b": "AAEC"}, "immutable": true});
    assert_eq!(cells("configmaps", &map), ["m", "2", "60m"]);
    assert_eq!(extras("configmaps", &map), ["a,b", "8", "yes"]);
}

#[test]
fn ex_51a_the_default_class_says_so() {
    let class = json!({"metadata": {"name": "fast", "creationTimestamp": "2025-12-31T23:00:00Z",
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}, "provisioner": "p"});
    assert_eq!(
        cells("storageclasses.storage.k8s.io", &class),
        ["fast (default)", "p", "Delete", "Immediate", "false", "60m"]
    );
}

#[test]
fn ex_55a_event_cells() {
    let event = json!({"metadata": metadata("e.1"), "type": "Warning", "reason": "BackOff", "message": " a\nb ",
        "involvedObject": {"kind": "Pod", "name": "web-0", "fieldPath": "spec"}, "count": 4,
        "source": {"component": "kubelet", "host": "n1"},
        "firstTimestamp": "2025-12-31T23:00:00Z", "lastTimestamp": "2025-12-31T23:59:00Z"});
    assert_eq!(
        cells("events", &event),
        ["60s", "Warning", "BackOff", "pod/web-0", "spec", "kubelet, n1", "a\nb", "60m", "4", "e.1"]
    );
    let series = json!({"metadata": metadata("e.2"), "eventTime": "2025-12-31T23:00:00.000001Z", "involvedObject": {"kind": "Node"},
        "series": {"count": 9, "lastObservedTime": "2025-12-31T23:58:00.000001Z"}, "reportingComponent": "c"});
    let own = cells("events", &series);
    assert_eq!((own[0].as_str(), own[3].as_str(), own[5].as_str(), own[8].as_str()), ("2m", "node", "c", "9"));
}
