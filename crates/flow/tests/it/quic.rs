//! QUIC by quinn on loopback, with and without a retry, against tshark.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use flow::Config;
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde_json::Value;

use crate::capture::{Capture, ours, program, run};

/// One request and answer to each of two servers, of which the second wants a token first.
async fn talk(servers: [quinn::Endpoint; 2], certificate: CertificateDer<'static>) {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.kx_groups.retain(|group| group.name() == rustls::NamedGroup::X25519MLKEM768);
    provider.kx_groups.push(rustls::crypto::aws_lc_rs::kx_group::X25519);
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h3".to_vec(), b"hq-29".to_vec()];
    let config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()));
    for (server, retry) in servers.into_iter().zip([false, true]) {
        let address = server.local_addr().unwrap();
        let answers = tokio::spawn(async move {
            loop {
                let incoming = server.accept().await.unwrap();
                if retry && !incoming.remote_address_validated() {
                    incoming.retry().unwrap();
                    continue;
                }
                let connection = incoming.await.unwrap();
                let (mut send, mut receive) = connection.accept_bi().await.unwrap();
                let asked = receive.read_to_end(100).await.unwrap();
                send.write_all(&asked).await.unwrap();
                send.finish().unwrap();
                connection.closed().await;
                return;
            }
        });
        let endpoint = quinn::Endpoint::client(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let connection = endpoint.connect_with(config.clone(), address, "server.example").unwrap().await.unwrap();
        let (mut send, mut receive) = connection.open_bi().await.unwrap();
        send.write_all(b"hello").await.unwrap();
        send.finish().unwrap();
        assert_eq!(receive.read_to_end(100).await.unwrap(), b"hello");
        connection.close(0_u32.into(), b"done");
        endpoint.wait_idle().await;
        answers.await.unwrap();
    }
}

fn server(certificate: &CertificateDer<'static>, key: &[u8]) -> quinn::Endpoint {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], PrivatePkcs8KeyDer::from(key.to_vec()).into())
        .unwrap();
    tls.alpn_protocols = vec![b"h3".to_vec()];
    let config = quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls).unwrap()));
    quinn::Endpoint::server(config, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap()
}

/// What tshark says of the packets with a ClientHello: per client port its name, protocols and connection ids.
fn theirs(file: &Path, ports: [u16; 2]) -> BTreeMap<u64, Vec<Vec<String>>> {
    let mut tshark = program("tshark", "tshark");
    tshark.arg("-r").arg(file).args(["-Y", "tls.handshake.type == 1", "-T", "fields", "-E", "separator=|"]);
    for port in ports {
        tshark.args(["-d", &format!("udp.port=={port},quic")]);
    }
    for field in [
        "udp.srcport",
        "tls.handshake.extensions_server_name",
        "tls.handshake.extensions_alpn_str",
        "quic.version",
        "quic.dcid",
        "quic.scid",
    ] {
        tshark.args(["-e", field]);
    }
    let mut all: BTreeMap<u64, Vec<Vec<String>>> = BTreeMap::new();
    for line in run(&mut tshark).lines() {
        let row: Vec<String> = line.split('|').map(str::to_owned).collect();
        all.entry(row[0].parse().unwrap()).or_default().push(row[1..].to_vec());
    }
    all
}

#[test]
fn cap_n_04g_quinn_as_tshark_tells_it() {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["server.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().der().clone();
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (file, ports) = runtime.block_on(async {
        let servers = [server(&certificate, &key.serialize_der()), server(&certificate, &key.serialize_der())];
        let ports = servers.each_ref().map(|server| server.local_addr().unwrap().port());
        let filter = format!("udp port {} or udp port {}", ports[0], ports[1]);
        let capture = Capture::start(&folder.path().join("seen.pcap"), &filter);
        talk(servers, certificate).await;
        (tokio::task::spawn_blocking(|| capture.stop()).await.unwrap(), ports)
    });
    let records = ours(&file, Config::default());
    let quic: Vec<&Value> = records.iter().filter(|record| record["kind"] == "quic").collect();
    let theirs = theirs(&file, ports);
    assert_eq!((quic.len(), theirs.len()), (2, 2), "{quic:?} {theirs:?}");
    for record in quic {
        let hellos = &theirs[&record["src"]["port"].as_u64().unwrap()];
        let retry = record["dst"]["port"] == ports[1];
        assert_eq!(record["retry"], retry);
        assert_eq!(record["sni"], hellos[0][0].as_str());
        assert_eq!(record["alpn"], serde_json::json!(hellos[0][1].split(',').collect::<Vec<_>>()));
        assert_eq!(hellos[0][2].split(',').next(), Some("0x00000001"));
        assert_eq!(record["version"], "1");
        assert_eq!(record["scid"], hellos[0][4].split(',').next().unwrap());
        if !retry {
            assert_eq!(record["dcid"], hellos[0][3].split(',').next().unwrap());
        }
        assert!(record["initial_us"].as_u64().is_some_and(|us| us > 0), "{record}");
        assert!(record["ja4"].as_str().unwrap().starts_with("q13d"), "{record}");
    }
    let flows: Vec<&Value> =
        records.iter().filter(|record| record["kind"] == "flow" && record["state"] == "close").collect();
    assert!(flows.iter().all(|flow| flow["app"] == "quic" && flow["verdict"]["code"] == "quic_no_keys"), "{flows:?}");
}
