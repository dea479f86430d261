#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::{Local, own_hosts};
use crate::acme::{has_ended, renew_at};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{RootCertStore, crypto::aws_lc_rs};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn folder() -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("qd-pki-{}-{:?}", std::process::id(), std::thread::current().id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// What a client that trusts the authority says of a chain.
fn judge(root: &str, chain: &str, host: &str, at: SystemTime) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(root.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let chain: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(chain.as_bytes()).map(Result::unwrap).collect();
    let at = UnixTime::since_unix_epoch(at.duration_since(SystemTime::UNIX_EPOCH).unwrap());
    let name = ServerName::try_from(host.to_owned()).unwrap();
    verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], at).map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn ge_09a_a_client_that_trusts_the_authority_takes_its_certificates_for_90_days() {
    let (folder, now) = (folder(), SystemTime::now());
    let local = Local::open(&folder, now).unwrap();
    let pair = local.issue(&own_hosts(), now).unwrap();
    for host in ["localhost", "qd.localhost", "127.0.0.1", "::1"] {
        assert_eq!(judge(local.root(), &pair.certificate, host, now), Ok(()), "{host}");
    }
    assert!(own_hosts().contains(&"*.localhost".to_owned()));
    assert!(judge(local.root(), &pair.certificate, "example.com", now).is_err());
    assert!(judge(local.root(), &pair.certificate, "localhost", now + 89 * DAY).is_ok());
    assert!(judge(local.root(), &pair.certificate, "localhost", now + 91 * DAY).unwrap_err().contains("expired"));
    let other = Local::open(&folder.join("other"), now).unwrap();
    assert!(judge(other.root(), &pair.certificate, "localhost", now).is_err(), "another machine's authority");
    assert_ne!(other.name(), local.name());
    for wrong in ["", "a b", "-a", "a..b", "https://a", "*.*.b"] {
        assert!(local.issue(&[wrong.to_owned()], now).is_err(), "{wrong}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn ge_09b_the_pair_is_kept_for_60_days_and_as_long_as_it_has_all_hosts() {
    let (folder, now) = (folder(), SystemTime::now());
    let local = Local::open(&folder, now).unwrap();
    let (files, new) = local.keep(&own_hosts(), now).unwrap();
    assert!(new);
    let read = || std::fs::read_to_string(&files[0]).unwrap();
    let first = read();
    let again = Local::open(&folder, now).unwrap();
    assert_eq!(again.root(), local.root(), "it is the same authority");
    assert!(!again.keep(&own_hosts(), now + 59 * DAY).unwrap().1);
    let mut more = own_hosts();
    more.push("qd.tail.test".to_owned());
    assert!(again.keep(&more, now).unwrap().1, "an overlay's name is new");
    assert!(!again.keep(&more, now).unwrap().1);
    let second = read();
    assert!(again.keep(&more, now + 61 * DAY).unwrap().1);
    assert!(first != second && second != read());
    assert_eq!(judge(local.root(), &read(), "qd.tail.test", now + 120 * DAY), Ok(()));
    #[cfg(unix)]
    for key in ["ca.key", "leaf.key"] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(folder.join(key)).unwrap().permissions().mode() & 0o777, 0o600, "{key}");
    }
    let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    std::fs::remove_file(folder.join("ca.key")).unwrap();
    assert!(Local::open(&folder, now).is_err(), "an authority is never replaced in silence");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn ge_09d_a_certificate_is_made_anew_with_a_third_of_its_time_left_or_for_another_host() {
    let folder = folder();
    let now = SystemTime::now();
    let hosts = ["qd.test".to_owned()];
    let pair = Local::open(&folder, now).unwrap().issue(&hosts, now).unwrap();
    let pem = pair.certificate.as_bytes();
    let at = renew_at(pem, &hosts).unwrap();
    assert!(at > now + 59 * DAY && at < now + 61 * DAY, "{at:?}");
    assert_eq!(renew_at(pem, &["else.test".to_owned()]), None);
    assert_eq!(renew_at(b"none", &hosts), None);
    assert!(!has_ended(pem, now) && has_ended(pem, pair.until) && has_ended(b"none", now));
    let _ = std::fs::remove_dir_all(&folder);
}
