//! What counts as secret: the configurable list, with the defaults of a tap that nobody configured.

/// Rules of redaction. A policy may add to them or, as its own decision, switch them off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// False hides nothing at all, whatever the other members say.
    pub on: bool,
    /// Header names, compared without case. A `*` at either end stands for any text.
    pub headers: Vec<String>,
    /// Names of query parameters, form fields and JSON members, compared without case, `-`, `_` and `.`.
    /// A `*` at either end stands for any text.
    pub keys: Vec<String>,
    /// The values of `cookie` and `set-cookie`; their names stay.
    pub cookies: bool,
    /// Literals, bound parameters and rows sent by `COPY`.
    pub sql: bool,
    /// Keys whose values are hidden in commands and replies, as Redis patterns (`*`, `?`, `[a-z]`, `\`).
    pub redis_keys: Vec<String>,
    /// JSON Web Tokens, wherever they stand.
    pub jwt: bool,
    /// Payment card numbers that pass the Luhn check, wherever they stand.
    pub cards: bool,
}

impl Default for Rules {
    fn default() -> Rules {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Rules {
            on: true,
            headers: own(HEADERS),
            keys: own(KEYS),
            cookies: true,
            sql: true,
            redis_keys: own(REDIS_KEYS),
            jwt: true,
            cards: true,
        }
    }
}

impl Rules {
    /// No rule at all.
    pub fn off() -> Rules {
        Rules {
            on: false,
            headers: Vec::new(),
            keys: Vec::new(),
            cookies: false,
            sql: false,
            redis_keys: Vec::new(),
            jwt: false,
            cards: false,
        }
    }
}

const HEADERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "authentication-info",
    "x-api-key",
    "api-key",
    "apikey",
    "x-apikey",
    "x-auth-key",
    "x-access-key",
    "x-secret-key",
    "x-functions-key",
    "x-goog-api-key",
    "x-goog-iam-authorization-token",
    "x-amz-security-token",
    "ocp-apim-subscription-key",
    "x-forwarded-access-token",
    "x-forwarded-client-cert",
    "x-hub-signature",
    "x-hub-signature-256",
    "x-vault-token",
    "x-consul-token",
    "private-token",
    "sec-websocket-protocol",
    "*-token",
    "*-secret",
    "*-password",
];

const KEYS: &[&str] = &[
    "*password*",
    "*passwd*",
    "*passphrase*",
    "*secret*",
    "*token",
    "pwd",
    "pass",
    "auth",
    "authorization",
    "*apikey",
    "*accesskey",
    "*accesskeyid",
    "*privatekey",
    "*credential",
    "*credentials",
    "session",
    "sessionid",
    "sid",
    "jwt",
    "assertion",
    "clientassertion",
    "samlresponse",
    "sig",
    "signature",
    "*xamzsignature",
    "otp",
    "pin",
    "cvv",
    "cvc",
    "cardnumber",
    "pan",
    "ssn",
];

const REDIS_KEYS: &[&str] =
    &["*[Pp]assword*", "*[Ss]ecret*", "*[Tt]oken*", "*[Ss]ession*", "*[Cc]redential*", "*api[_-]key*", "*apikey*"];
