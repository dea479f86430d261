//! TLS 1.3 where each end proves a name, and the other end allows that name.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    CertificateError, CipherSuite, ClientConfig, DigitallySignedStruct, DistinguishedName, Error as Tls, ServerConfig,
    SignatureScheme,
};
use x509_parser::extensions::GeneralName;

use crate::{Error, Keys, Name};

/// Whom an end talks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// Exactly this one.
    One(Name),
    /// Any of these.
    Any(Vec<Name>),
}

impl Whom {
    fn allows(&self, name: &Name) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Any(all) => all.contains(name),
        }
    }
}

/// The end that is called: shows the certificate of its `keys`, and takes in those that are allowed.
///
/// # Errors
/// When this build lacks TLS 1.3.
pub fn server(keys: Arc<Keys>, whom: Whom) -> Result<Arc<ServerConfig>, Error> {
    let judge = Arc::new(Judge { keys: keys.clone(), whom, provider: provider() });
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| Error::Crypto(error.to_string()))?
        .with_client_cert_verifier(judge)
        .with_cert_resolver(keys);
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(Arc::new(config))
}

/// The end that calls: shows the certificate of its `keys`, and goes on only with who is allowed.
///
/// # Errors
/// When this build lacks TLS 1.3.
pub fn client(keys: Arc<Keys>, whom: Whom) -> Result<Arc<ClientConfig>, Error> {
    let judge = Arc::new(Judge { keys: keys.clone(), whom, provider: provider() });
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| Error::Crypto(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(judge)
        .with_client_cert_resolver(keys);
    config.resumption = Resumption::disabled();
    config.enable_sni = false;
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(Arc::new(config))
}

/// Judges the other end: its chain by the roots of this moment, then its name.
#[derive(Debug)]
struct Judge {
    keys: Arc<Keys>,
    whom: Whom,
    provider: Arc<CryptoProvider>,
}

impl Judge {
    fn name(&self, certificate: &CertificateDer<'_>) -> Result<(), Tls> {
        match named(certificate) {
            Some(name) if self.whom.allows(&name) => Ok(()),
            _ => Err(Tls::InvalidCertificate(CertificateError::NotValidForName)),
        }
    }
}

/// How both ends prove that they hold the key of their certificate: the two traits ask for it in the same words.
macro_rules! signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Tls> {
            Err(Tls::General("TLS 1.2 is not spoken here".to_owned()))
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Tls> {
            verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.provider.signature_verification_algorithms.supported_schemes()
        }
    };
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Tls> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&parsed, &self.keys.roots(), between, now, algorithms)?;
        self.name(certificate)?;
        Ok(ServerCertVerified::assertion())
    }

    signatures!();
}

impl ClientCertVerifier for Judge {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Tls> {
        // made anew for each caller: the roots may have changed
        let chain = WebPkiClientVerifier::builder_with_provider(self.keys.roots(), self.provider.clone())
            .build()
            .map_err(|error| Tls::General(error.to_string()))?;
        chain.verify_client_cert(certificate, between, now)?;
        self.name(certificate)?;
        Ok(ClientCertVerified::assertion())
    }

    signatures!();
}

/// The one name of ours in a certificate; with another beside it, none.
fn named(certificate: &CertificateDer<'_>) -> Option<Name> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let names = parsed.subject_alternative_name().ok()??;
    match names.value.general_names.as_slice() {
        [GeneralName::URI(uri)] => uri.parse().ok(),
        _ => None,
    }
}

fn provider() -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    // both ends are ours: the shorter key is good enough and faster
    provider.cipher_suites.sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    Arc::new(provider)
}

const ALPN: &[u8] = b"qd.workspace/1";
