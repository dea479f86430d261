//! The two profiles: containers, rights, probes, ports.

use super::*;
use serde_json::json;

const SERVICE: &str = "runProfile: service";

#[test]
fn wo_05_a_shell_is_the_agent_and_starts_after_its_copy() {
    let pod = pod("");
    let install = container(&pod, "install");
    assert_eq!(install["command"], json!(["/qd-agent", "install", "/qd"]));
    assert_eq!((&install["image"], &install["imagePullPolicy"]), (&json!("agent:1"), &json!("IfNotPresent")));
    let main = container(&pod, "main");
    assert_eq!(main["command"], json!(["/qd/qd-agent", "workspaced", "--config", "/etc/quarterdeck/config.yaml"]));
    assert_eq!(main["args"], Json::Null);
    assert_eq!(mounted(&main, "/qd")["readOnly"], true);
    assert_eq!(mounted(&install, "/qd")["readOnly"], Json::Null);
    let spec = &pod["spec"];
    for (field, expected) in [
        ("automountServiceAccountToken", json!(false)),
        ("enableServiceLinks", json!(false)),
        ("restartPolicy", json!("OnFailure")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("hostname", Json::Null),
    ] {
        assert_eq!(spec[field], expected, "{field}");
    }
    let resize = json!([
        {"resourceName": "cpu", "restartPolicy": "NotRequired"},
        {"resourceName": "memory", "restartPolicy": "NotRequired"},
    ]);
    assert_eq!(main["resizePolicy"], resize);
    assert_eq!(spec["containers"].as_array().unwrap().len(), 1);
}

#[test]
fn wo_05b_a_service_keeps_its_entrypoint_and_has_the_agent_beside_it() {
    let pod = pod(SERVICE);
    let (main, agent) = (container(&pod, "main"), container(&pod, "agent"));
    assert_eq!((&main["command"], &main["args"]), (&Json::Null, &Json::Null));
    assert_eq!(mounted(&main, "/qd")["readOnly"], true);
    assert_eq!(agent["restartPolicy"], "Always");
    assert_eq!(agent["command"][1], "workspaced");
    assert_eq!(pod["spec"]["initContainers"][1]["name"], "agent");
    // keys and the proof of identity are the agent's alone
    assert_eq!(mounted(&main, "/run/quarterdeck/tls"), Json::Null);
    assert_eq!(mounted(&agent, "/run/quarterdeck/tls")["name"], "tls");
    let mut place = place();
    place.command = vec!["serve".to_owned()];
    place.args = vec!["--port".to_owned(), "$(PORT)".to_owned()];
    let main = container(&json_of(&made_at(SERVICE, &place).pod), "main");
    assert_eq!((&main["command"], &main["args"]), (&json!(["serve"]), &json!(["--port", "$(PORT)"])));
    let owned = "runProfile: service, storages: {home: {path: /home/ada, fsOwnerUid: 1}}";
    let text = super::made(owned).config_maps[0].data.clone().unwrap()["config.yaml"].clone();
    assert_eq!(serde_json::from_str::<Json>(&text).unwrap().get("volumes"), None, "the pod's group owns it");
    assert!(made_at("", &place).notes.iter().any(|note| note.contains("no effect")));
    place.native_sidecars = false;
    let old = json_of(&made_at(SERVICE, &place).pod);
    let names: Vec<&Json> = old["spec"]["containers"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["main", "agent"]);
    assert_eq!(container(&old, "agent")["restartPolicy"], Json::Null);
}

#[test]
fn wo_05c_a_quarter_is_requested_within_bounds() {
    for (limits, requests) in [
        ("cpu: 2, memory: 4Gi", json!({"cpu": "500m", "memory": "1Gi"})),
        ("cpu: 8, memory: 1Gi", json!({"cpu": "2", "memory": "256Mi"})),
        ("cpu: 200m, memory: 256Mi", json!({"cpu": "100m", "memory": "128Mi"})),
        ("cpu: 50m, memory: 64Mi", json!({"cpu": "50m", "memory": "64Mi"})),
        ("cpu: 1500m, memory: 1000000000", json!({"cpu": "375m", "memory": "250000000"})),
    ] {
        let main = container(&pod(&format!("resources: {{{limits}}}")), "main");
        assert_eq!(main["resources"]["requests"], requests, "{limits}");
    }
    let mut place = place();
    place.extended.insert("nvidia.com/gpu".to_owned(), "1".to_owned());
    let main = container(&json_of(&made_at("", &place).pod), "main");
    assert_eq!(main["resources"]["limits"], json!({"cpu": "500m", "memory": "512Mi", "nvidia.com/gpu": "1"}));
}

#[test]
fn wo_06_each_profile_has_the_rights_it_needs_and_no_more() {
    let context = |fields: &str, name: &str| container(&pod(fields), name)["securityContext"].clone();
    let shell = context("", "main");
    let expected = json!({
        "runAsUser": 0, "runAsGroup": 0, "allowPrivilegeEscalation": false,
        "capabilities": {"drop": ["ALL"], "add": ["CHOWN", "SETGID", "SETUID"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    });
    assert_eq!(shell, expected);
    let more = context("securityContext: {capabilities: {add: [KILL, DAC_OVERRIDE]}}", "main");
    assert_eq!(more["capabilities"]["add"], json!(["CHOWN", "DAC_OVERRIDE", "KILL", "SETGID", "SETUID"]));
    let mut place = place();
    place.user.sudo = true;
    let sudo = |fields: &str| container(&json_of(&made_at(fields, &place).pod), "main");
    assert_eq!(sudo("")["securityContext"]["allowPrivilegeEscalation"], true);
    let closed = sudo("securityContext: {allowPrivilegeEscalation: false}");
    assert_eq!(closed["securityContext"]["allowPrivilegeEscalation"], false);

    let service = context(SERVICE, "main");
    let expected = json!({
        "runAsUser": 1000, "runAsGroup": 1000, "runAsNonRoot": true, "allowPrivilegeEscalation": false,
        "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
    });
    assert_eq!(service, expected);
    let other = pod("runProfile: service, securityContext: {runAsUser: 2000, runAsGroup: 2001}");
    assert_eq!(container(&other, "main")["securityContext"]["runAsUser"], 2000);
    assert_eq!(container(&other, "agent")["securityContext"]["runAsUser"], 2000);
    assert_eq!(other["spec"]["securityContext"]["fsGroup"], 2001);
    for (fields, level) in [
        ("", "baseline"),
        (SERVICE, "restricted"),
        ("runProfile: service, securityContext: {capabilities: {add: [NET_BIND_SERVICE]}}", "restricted"),
        ("runProfile: service, securityContext: {capabilities: {add: [CHOWN]}}", "baseline"),
    ] {
        assert_eq!(made(fields).pod_security.as_str(), level, "{fields}");
        assert_eq!(effective(fields).pod_security.as_str(), level, "{fields}");
    }
    for name in ["install", "agent"] {
        let context = context(SERVICE, name);
        assert_eq!(context["readOnlyRootFilesystem"], true, "{name}");
        assert_eq!(context["capabilities"], json!({"drop": ["ALL"]}), "{name}");
    }
    assert_eq!(context("", "install")["runAsNonRoot"], true);
}

#[test]
fn wo_06d_what_the_user_tolerates_stays_and_the_control_plane_is_for_one_node() {
    let mut place = place();
    let own = json!({"key": "gpu", "operator": "Exists"});
    place.placement.tolerations = vec![serde_json::from_value(own.clone()).unwrap()];
    place.placement.node_selector.insert("kubernetes.io/hostname".to_owned(), "n1".to_owned());
    place.placement.host_users = Some(false);
    let spec = |place: &Place| json_of(&made_at("", place).pod)["spec"].clone();
    assert_eq!(spec(&place)["tolerations"], json!([own]));
    assert_eq!(spec(&place)["hostUsers"], false);
    assert_eq!(spec(&place)["nodeSelector"]["kubernetes.io/hostname"], "n1");
    place.single_node = true;
    let plane = json!({"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"});
    assert_eq!(spec(&place)["tolerations"], json!([own, plane]));
}

#[test]
fn wo_07a_the_agent_alone_is_probed() {
    let mut place = place();
    place.progress_timeout = 120;
    let check = json!(["/qd/qd-agent", "workspaced", "check"]);
    let patient = json!(["/qd/qd-agent", "workspaced", "check", "--wait", "900"]);
    for (fields, name) in [("", "main"), (SERVICE, "agent")] {
        let pod = json_of(&made_at(fields, &place).pod);
        let probed = container(&pod, name);
        assert_eq!(probed["readinessProbe"]["exec"]["command"], check);
        assert_eq!(probed["startupProbe"]["exec"]["command"], patient);
        let window = |key: &str| probed["startupProbe"][key].as_u64().unwrap();
        assert_eq!(window("periodSeconds") * window("failureThreshold"), 120);
        assert!(!pod.to_string().contains("livenessProbe"));
    }
    let main = container(&pod(SERVICE), "main");
    assert_eq!((&main["readinessProbe"], &main["startupProbe"]), (&Json::Null, &Json::Null));
}

#[test]
fn wo_07b_a_blueprint_may_have_a_service_probed() {
    let fields = "runProfile: service, probes: {readiness: {httpGet: {port: 8080, path: /healthz}, periodSeconds: 5}, \
                  liveness: {exec: {command: [check, --now]}, failureThreshold: 6}, startup: {tcpSocket: {port: 8080}}}";
    let main = container(&pod(fields), "main");
    assert_eq!(main["readinessProbe"], json!({"httpGet": {"port": 8080, "path": "/healthz"}, "periodSeconds": 5}));
    assert_eq!(main["livenessProbe"], json!({"exec": {"command": ["check", "--now"]}, "failureThreshold": 6}));
    assert_eq!(main["startupProbe"], json!({"tcpSocket": {"port": 8080}}));
    let agent = container(&pod(fields), "agent");
    assert_eq!(agent["readinessProbe"]["exec"]["command"][0], "/qd/qd-agent", "the agent is asked all the same");
    let main = container(&pod("probes: {liveness: {tcpSocket: {port: 1}}}"), "main");
    assert_eq!(
        (&main["livenessProbe"], &main["readinessProbe"]["exec"]["command"][1]),
        (&Json::Null, &json!("workspaced"))
    );
}

#[test]
fn wo_08a_ports_come_from_blueprint_then_image_then_8080() {
    let numbers = |objects: &Objects| objects.ports.iter().map(|port| port.port).collect::<Vec<_>>();
    let mut place = place();
    assert_eq!(numbers(&made_at(SERVICE, &place)), [8080]);
    assert!(made_at("", &place).ports.is_empty(), "a shell declares none");
    place.image_ports = vec![Port::tcp("", 3000)];
    let from_image = made_at(SERVICE, &place);
    assert_eq!(numbers(&from_image), [3000]);
    let main = container(&json_of(&from_image.pod), "main");
    assert_eq!(variable(&main, "PORT")["value"], "3000");
    let fields = "runProfile: service, env: {PORT: 9}, network: {ports: [{name: web, containerPort: 8000}]}";
    place.ports = vec![Port::tcp("", 8443), Port { name: "web".to_owned(), port: 53, udp: true }];
    let own = made_at(fields, &place);
    assert_eq!(numbers(&own), [8000, 8443, 53]);
    assert_eq!(variable(&container(&json_of(&own.pod), "main"), "PORT")["value"], "9");
    let names = |objects: &Objects| {
        let ports = objects.service.spec.clone().unwrap().ports.unwrap();
        ports.into_iter().map(|port| port.name.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(names(&own), ["agent", "web", "tcp-8443", "udp-53"]);
    place.ports = vec![Port::tcp("", 2822)];
    assert_eq!(refused("", &place), ["/network/ports: the port 2822 is the agent's"]);
}

#[test]
fn wo_08b_a_password_is_of_a_secret_and_never_known() {
    let fields = "image: codercom/code-server";
    let platform = format!("- {{name: go, {SERVICE}, {fields}}}\n");
    let effective = Ask { platform: &platform, name: Some("go"), ..Ask::default() }.compose().unwrap();
    let made = objects(&effective, &place()).unwrap();
    assert_eq!(made.secret, Some(SecretNeed { name: "ada-x-password".to_owned(), key: "password".to_owned() }));
    let password = variable(&container(&json_of(&made.pod), "main"), "PASSWORD");
    let expected = json!({"secretKeyRef": {"name": "ada-x-password", "key": "password"}});
    assert_eq!((&password["value"], &password["valueFrom"]), (&Json::Null, &expected));
    assert_eq!(super::made(SERVICE).secret, None);
}

#[test]
fn wo_05d_the_same_blueprint_and_place_are_the_same_bytes() {
    let fields = "env: {B: 1, A: 2}, storages: {b: {path: /b}, a: {path: /a}}, extFiles: {/x: y}";
    let text = |place: &Place| serde_json::to_string(&made_at(fields, place).to_json().unwrap()).unwrap();
    assert_eq!(text(&place()), text(&place()));
    let hash = |fields: &str, place: &Place| {
        made_at(fields, place).pod.metadata.annotations.unwrap()["quarterdeck.dev/manifest-hash"].clone()
    };
    let mut next = place();
    next.job = "another".to_owned();
    assert_eq!(hash(fields, &place()), hash(fields, &next), "a job makes no new pod");
    assert_ne!(hash(fields, &place()), hash("env: {A: 1}", &place()));
    assert_ne!(hash("extFiles: {/x: y}", &place()), hash("extFiles: {/x: z}", &place()), "contents are in it");
}

#[test]
fn wo_11k_ports_are_opened_where_it_runs_and_make_no_new_pod() {
    let hash =
        |objects: &Objects| objects.pod.metadata.annotations.as_ref().unwrap()["quarterdeck.dev/manifest-hash"].clone();
    let with = |ports: &[u16]| {
        let mut place = place();
        let labels = [("app".to_owned(), "gateway".to_owned())].into();
        place.network.gateway = Some(Pods { namespace: "qd".to_owned(), labels });
        place.ports = ports.iter().map(|port| Port::tcp(&format!("p{port}"), *port)).collect();
        place
    };
    for fields in ["", "runProfile: service, env: {PORT: 9}"] {
        let (none, some) = (made_at(fields, &with(&[])), made_at(fields, &with(&[3000, 4000])));
        assert_eq!(hash(&none), hash(&some), "{fields}");
        assert_eq!(config(&some).ports.len(), 2);
        let opened = |objects: &Objects| json_of(&objects.service).to_string().contains("3000");
        assert!(opened(&some) && !opened(&none));
        let admitted = |objects: &Objects| json_of(&objects.network_policy).to_string().contains("3000");
        assert!(admitted(&some) && !admitted(&none));
    }
    // What is told of the port in a variable is another pod, and so is what else its agent reads.
    let service = |ports: &[u16]| hash(&made_at(SERVICE, &with(ports)));
    assert_ne!(service(&[3000]), service(&[4000]));
    assert_eq!(service(&[3000]), service(&[3000, 4000]));
    assert_ne!(hash(&made("")), hash(&made("splash: hello")));
}
