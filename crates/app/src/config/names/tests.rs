#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use crate::config::{Config, ConfigError};
use crd::workspace::ExposureType;
use workspace::exposing::Visitors;

fn load(text: &str, pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let vars = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(Some(file.path()), vars)
}

#[test]
fn ge_01a_a_port_by_file_and_variable_and_ours_goes_over_both() {
    let file = "listen_local = \"127.0.0.1:8080\"\n";
    let port = |pairs: &[(&str, &str)]| {
        let config = load(file, pairs).unwrap();
        (config.serve.listen.port(), config.console.listen.unwrap().port())
    };
    assert_eq!(port(&[]), (8080, 8080));
    assert_eq!(port(&[("LISTEN_LOCAL", "127.0.0.1:8081")]), (8081, 8081));
    assert_eq!(port(&[("LISTEN_LOCAL", "")]), (8080, 8080), "an empty one says nothing");
    assert_eq!(port(&[("QD__SERVE__LISTEN", "127.0.0.1:8082"), ("LISTEN_LOCAL", "127.0.0.1:8081")]), (8082, 8081));
    let ours = format!("{file}[serve]\nlisten = \"127.0.0.1:9\"\n");
    assert_eq!(load(&ours, &[]).unwrap().serve.listen.port(), 9, "in one file our own key goes over the other");
    assert!(load("", &[("LISTEN_LOCAL", "here")]).unwrap_err().to_string().contains("listen"));
    let origin = |pairs: &[(&str, &str)]| load("", pairs).unwrap().compat.origin;
    assert_eq!(origin(&[("UI_DEV_ORIGIN", "https://dev.test")]).as_deref(), Some("https://dev.test"));
    let both = [("FRONTEND_ORIGIN", "https://ui.test"), ("UI_DEV_ORIGIN", "https://dev.test")];
    assert_eq!(origin(&both).as_deref(), Some("https://ui.test"));
    assert_eq!(origin(&[]), None, "its own alone");
}

#[test]
fn ge_02a_namespace_and_the_way_to_pods() {
    let config = load("", &[("K8S_NAMESPACE", "team"), ("HOSTAPP_DISABLE_API_PROXY", "true")]).unwrap();
    assert_eq!(config.compat.namespace.as_deref(), Some("team"));
    assert_eq!(config.proxy.ways, [proxy::By::Pod]);
    let config = load("", &[("HOSTAPP_DISABLE_API_PROXY", "0")]).unwrap();
    assert!(config.proxy.ways.is_empty() && config.compat.namespace.is_none());
}

#[test]
fn ge_03b_load_balancers_by_variables() {
    let of = |value: &str| {
        let set = [("WORKSPACE_LB", value), ("WORKSPACE_LB_POOL", "red"), ("WORKSPACE_DOMAIN", "ws.test")];
        load("", &set).unwrap().exposing().unwrap()
    };
    for value in ["1", "true", "True"] {
        assert_eq!(of(value).usual, ExposureType::LoadBalancer, "{value}");
    }
    assert_eq!(of("1").pool.as_deref(), Some("red"));
    // with a domain and no load balancer it is an Ingress
    for value in ["0", "false", ""] {
        assert_eq!(of(value).usual, ExposureType::Ingress, "{value}");
    }
    assert_eq!(load("", &[]).unwrap().exposing().unwrap().usual, ExposureType::ClusterIP);
}

#[test]
fn ge_04d_domain_class_certificate_and_who_is_asked() {
    let file = "workspace_domain = \"file.test\"\ningress_class_name = \"traefik\"\nworkspace_tls_secret = \"wild\"\n";
    let exposing = load(file, &[]).unwrap().exposing().unwrap();
    assert_eq!((exposing.domain.as_deref(), exposing.ingress_class.as_str()), (Some("file.test"), "traefik"));
    assert_eq!(exposing.tls_secret.as_deref(), Some("wild"));
    let set = [
        ("WORKSPACE_DOMAIN", "ws.test"),
        ("INGRESS_CLASS_NAME", "haproxy"),
        ("CERT_MANAGER_ISSUER", "letsencrypt"),
        ("INGRESS_AUTH_URL", "https://auth.test/ask"),
        ("INGRESS_AUTH_SIGNIN", "https://auth.test/in"),
        ("K8S_IMAGE_PULL_SECRET", "registry"),
    ];
    let config = load(file, &set).unwrap();
    assert_eq!(config.operator.pull_secrets, ["registry"]);
    let exposing = config.exposing().unwrap();
    assert_eq!((exposing.domain.as_deref(), exposing.ingress_class.as_str()), (Some("ws.test"), "haproxy"));
    assert_eq!(exposing.issuer.as_deref(), Some("letsencrypt"));
    let Visitors::Other(auth) = exposing.visitors else { panic!("{:?}", exposing.visitors) };
    assert_eq!((auth.url.as_str(), auth.signin.as_deref()), ("https://auth.test/ask", Some("https://auth.test/in")));
    assert_eq!(load("", &[]).unwrap().exposing().unwrap().ingress_class, "nginx");
}

#[test]
fn ge_06c_the_gateway_itself_is_asked_unless_somebody_else_is_named() {
    let of = |pairs: &[(&str, &str)]| load("", pairs).unwrap().exposing().unwrap().visitors;
    assert_eq!(of(&[]), Visitors::Unsaid);
    let url = ("QD__SERVE__PUBLIC_URL", "https://qd.test");
    assert_eq!(of(&[url]), Visitors::Gateway("https://qd.test".to_owned()));
    assert_eq!(of(&[url, ("INGRESS_AUTH_URL", "none")]), Visitors::Anybody);
    for set in [
        [("INGRESS_AUTH_URL", "somewhere"), ("WORKSPACE_LB", "1")],
        [("INGRESS_AUTH_SIGNIN", "https://in.test"), ("WORKSPACE_LB", "1")],
        [("WORKSPACE_DOMAIN", "No Domain"), ("WORKSPACE_LB", "1")],
        [("QD__EXPOSURE__USUAL", "ingress"), ("WORKSPACE_LB", "")],
    ] {
        assert!(load("", &set).unwrap().exposing().is_err(), "{set:?}");
    }
}
