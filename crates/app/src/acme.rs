//! The certificate of a team gateway from an ACME server (RFC 8555), such as Let's Encrypt: asked for once the port is open, kept in
//! the state folder, and made anew with a third of its time left. Until there is one, the port has a certificate of this machine's
//! own authority.
//!
//! ```text
//! files ─► due? ─► account ─► order ─► each host: answer by TLS on the port, or by a record of the domain ─► certificate ─► files
//! ```

use crate::cert;
use crate::config;
use crate::desk;
use crate::error::Failed;
use base::{Code, Coded};
use gateway::Tls;
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, LetsEncrypt, NewAccount, NewOrder,
    Order, OrderStatus, RetryPolicy,
};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

/// A certificate from an ACME server.
#[derive(Clone, Debug)]
pub(crate) struct Acme {
    pub(crate) settings: config::Acme,
    /// What it is good for.
    pub(crate) hosts: Vec<String>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
enum AcmeError {
    /// The server, or the way to it.
    #[error("the ACME server: {}", words(.0))]
    Server(#[from] instant_acme::Error),
    /// What is made here.
    #[error(transparent)]
    Made(#[from] pki::Error),
    /// The server does not offer this way for this host.
    #[error("the ACME server has {host} proven in no way that is set: it offers {offered}")]
    NoWay {
        /// The host.
        host: String,
        /// What it offers.
        offered: String,
    },
    /// The server looked, and is not satisfied.
    #[error("the ACME server does not take {host} for ours: {why}")]
    Unproven {
        /// The host, or all of them.
        host: String,
        /// Its words.
        why: String,
    },
    /// The program that sets records.
    #[error("dns_command {act}: {message}")]
    Dns {
        /// `set` or `clear`.
        act: &'static str,
        /// What became of it.
        message: String,
    },
    /// A file of the state folder.
    #[error("{path}: {message}")]
    File {
        /// Its path.
        path: String,
        /// Why.
        message: String,
    },
}

impl Coded for AcmeError {
    fn code(&self) -> Code {
        Code::ConfigInvalid
    }
}

/// An error with what is beneath it.
fn words(error: &instant_acme::Error) -> String {
    let mut words = error.to_string();
    let mut below = std::error::Error::source(error);
    while let Some(error) = below {
        let more = error.to_string();
        if !words.contains(&more) {
            words.push_str(": ");
            words.push_str(&more);
        }
        below = error.source();
    }
    words
}

fn folder() -> Result<PathBuf, Failed> {
    Ok(desk::state_dir()?.join("acme"))
}

/// The certificate's files, with one of this machine's own authority where there is none that holds.
pub(crate) fn files(hosts: &[String]) -> Result<[PathBuf; 2], Failed> {
    let folder = folder()?;
    let file = |path: &Path, error: std::io::Error| {
        Failed::of(AcmeError::File { path: path.display().to_string(), message: error.to_string() })
    };
    std::fs::create_dir_all(&folder).map_err(|error| file(&folder, error))?;
    let files = [folder.join("certificate.pem"), folder.join("key.pem")];
    let now = SystemTime::now();
    if !files[1].exists() || std::fs::read(&files[0]).map_or(true, |pem| pki::acme::has_ended(&pem, now)) {
        let made = pki::Local::open(&cert::folder()?, now).and_then(|local| {
            let pair = local.issue(hosts, now)?;
            pki::write_pair(&pair, &files[0], &files[1])
        });
        made.map_err(|error| Failed::of(AcmeError::Made(error)))?;
        let issued = folder.join(ISSUED);
        if issued.exists() {
            std::fs::remove_file(&issued).map_err(|error| file(&issued, error))?;
        }
    }
    Ok(files)
}

impl Acme {
    fn directory(&self) -> String {
        self.settings.directory.clone().unwrap_or_else(|| LetsEncrypt::Production.url().to_owned())
    }

    /// Asks for the certificate when it is due, as long as it is polled. What fails is tried again, later each time.
    pub(crate) async fn keep(self, tls: Tls, files: [PathBuf; 2]) {
        let mut failures = 0;
        loop {
            let now = SystemTime::now();
            let due = self.due(&files[0]).unwrap_or(now);
            if let Ok(left) = due.duration_since(now).map(|left| left.min(LONGEST))
                && !left.is_zero()
            {
                tokio::time::sleep(left).await;
                continue;
            }
            let hosts = self.hosts.join(", ");
            match self.make(&tls, &files).await {
                Ok(()) => {
                    failures = 0;
                    tracing::info!(hosts, directory = self.directory(), "the certificate is that of the ACME server");
                }
                Err(error) => {
                    let again = FIRST.saturating_mul(1 << u32::min(failures, 9)).min(LONGEST);
                    failures += 1;
                    tracing::error!(%error, hosts, ?again, "no certificate from the ACME server: it is asked again");
                    tokio::time::sleep(again).await;
                }
            }
        }
    }

    /// When the certificate is to be made anew; nothing where it is not that of this server for these hosts.
    fn due(&self, certificate: &Path) -> Option<SystemTime> {
        let issued = std::fs::read_to_string(certificate.with_file_name(ISSUED)).ok()?;
        let pem = std::fs::read(certificate).ok()?;
        pki::acme::renew_at(&pem, &self.hosts).filter(|_| issued.trim() == self.directory())
    }

    async fn make(&self, tls: &Tls, files: &[PathBuf; 2]) -> Result<(), AcmeError> {
        let account = self.account(files[0].with_file_name(ACCOUNT)).await?;
        let hosts: Vec<Identifier> = self.hosts.iter().map(|host| Identifier::Dns(host.clone())).collect();
        let mut order = account.new_order(&NewOrder::new(&hosts)).await?;
        let mut answers = Vec::new();
        let proven = self.prove(&mut order, tls, &mut answers).await;
        // Whatever came of it, nothing is left for others to see.
        for answer in answers {
            answer.clear(self, tls).await;
        }
        proven?;
        let request = pki::acme::request(&self.hosts)?;
        order.finalize_csr(&request.der).await?;
        let chain = order.poll_certificate(&PATIENCE).await?;
        let until = SystemTime::now();
        pki::write_pair(&pki::Pair { certificate: chain, key: request.key, until }, &files[0], &files[1])?;
        pki::write_secret(&files[0].with_file_name(ISSUED), self.directory().as_bytes())?;
        Ok(())
    }

    /// The account at the server, made at the first time; its key stays in the state folder.
    async fn account(&self, path: PathBuf) -> Result<Account, AcmeError> {
        let builder = || match &self.settings.authority_file {
            Some(root) => Account::builder_with_root(root),
            None => Account::builder(),
        };
        let wrong = |message: String| AcmeError::File { path: path.display().to_string(), message };
        if let Ok(text) = std::fs::read(&path) {
            let kept: Kept = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
            if kept.directory == self.directory() {
                return Ok(builder()?.from_credentials(kept.credentials).await?);
            }
        }
        let contacts: Vec<String> = self.settings.contacts.iter().map(|one| format!("mailto:{one}")).collect();
        let contact: Vec<&str> = contacts.iter().map(String::as_str).collect();
        let asked = NewAccount {
            contact: &contact,
            terms_of_service_agreed: self.settings.terms_agreed,
            only_return_existing: false,
        };
        let (account, credentials) = builder()?.create(&asked, self.directory(), None).await?;
        let kept = serde_json::to_vec(&Kept { directory: self.directory(), credentials });
        let kept = zeroize::Zeroizing::new(kept.map_err(|error| wrong(error.to_string()))?);
        pki::write_secret(&path, &kept)?;
        Ok(account)
    }

    /// Proves each host that is not proven yet.
    async fn prove(&self, order: &mut Order, tls: &Tls, answers: &mut Vec<Answer>) -> Result<(), AcmeError> {
        let by_dns = !self.settings.dns_command.is_empty();
        let way = if by_dns { ChallengeType::Dns01 } else { ChallengeType::TlsAlpn01 };
        let mut all = order.authorizations();
        while let Some(authorization) = all.next().await {
            let mut authorization = authorization?;
            let host = match authorization.identifier().identifier {
                Identifier::Dns(host) => host.clone(),
                other => format!("{other:?}"),
            };
            match authorization.status {
                AuthorizationStatus::Pending => {}
                AuthorizationStatus::Valid => continue,
                status => return Err(AcmeError::Unproven { host, why: format!("{status:?}") }),
            }
            let offered = authorization.challenges.iter().map(|one| format!("{:?}", one.r#type)).collect::<Vec<_>>();
            let Some(mut challenge) = authorization.challenge(way.clone()) else {
                return Err(AcmeError::NoWay { host, offered: offered.join(", ") });
            };
            let key = challenge.key_authorization();
            if by_dns {
                let answer = Answer::Record { name: format!("_acme-challenge.{host}"), value: key.dns_value() };
                answer.set(self).await?;
                answers.push(answer);
            } else {
                tls.challenge(&host, Some(pki::acme::challenge(&host, key.digest().as_ref())?));
                answers.push(Answer::Tls { host });
            }
            challenge.set_ready().await?;
        }
        match order.poll_ready(&PATIENCE).await? {
            OrderStatus::Ready => Ok(()),
            status => Err(AcmeError::Unproven { host: self.hosts.join(", "), why: format!("{status:?}") }),
        }
    }
}

/// What stands somewhere for the server to see.
enum Answer {
    Tls { host: String },
    Record { name: String, value: String },
}

impl Answer {
    async fn set(&self, acme: &Acme) -> Result<(), AcmeError> {
        match self {
            Self::Tls { .. } => Ok(()),
            Self::Record { name, value } => run(&acme.settings.dns_command, "set", name, value).await,
        }
    }

    async fn clear(&self, acme: &Acme, tls: &Tls) {
        let cleared = match self {
            Self::Tls { host } => {
                tls.challenge(host, None);
                Ok(())
            }
            Self::Record { name, value } => run(&acme.settings.dns_command, "clear", name, value).await,
        };
        if let Err(error) = cleared {
            tracing::warn!(%error, "a record for the ACME server stays");
        }
    }
}

/// Runs the program that sets records.
async fn run(command: &[String], act: &'static str, name: &str, value: &str) -> Result<(), AcmeError> {
    let wrong = |message: String| AcmeError::Dns { act, message };
    let Some((program, args)) = command.split_first() else { return Ok(()) };
    let mut child = tokio::process::Command::new(program);
    child.args(args).args([act, name, value]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    child.kill_on_drop(true);
    let output = tokio::time::timeout(DNS_TIME, child.output()).await;
    let output = output.map_err(|_| wrong(format!("it does not end within {} s", DNS_TIME.as_secs())))?;
    let output = output.map_err(|error| wrong(format!("{program}: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said: String = said.trim().chars().take(400).collect();
    Err(wrong(format!("{}: {said}", output.status)))
}

/// The account as it is kept.
#[derive(serde::Serialize, serde::Deserialize)]
struct Kept {
    directory: String,
    credentials: AccountCredentials,
}

/// Beside the certificate: of which server it is.
const ISSUED: &str = "issued";
/// Beside the certificate: the account.
const ACCOUNT: &str = "account.json";
/// After the first failure; twice as long after each more.
const FIRST: Duration = Duration::from_secs(30);
/// It is looked at as often at least: clocks are set, and files go.
const LONGEST: Duration = Duration::from_secs(4 * 3_600);
/// How long the server may take to look.
const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(180));
/// How long the program that sets records may take: some wait until all servers have them.
const DNS_TIME: Duration = Duration::from_secs(300);
