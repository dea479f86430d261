//! Who signed a commit: signatures by SSH keys, as `git commit -S` makes them with `gpg.format=ssh`.
//!
//! `ssh-key` reads keys and signatures, aws-lc verifies them. Keys of Ed25519 and RSA (2048 to 8192 bits, SHA-2) are understood;
//! every other one is refused when it is named, and no signature of it counts.

use aws_lc_rs::signature::{
    ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, PublicKey, SshSig};

/// Somebody whose signature counts.
#[derive(Clone, Debug)]
pub struct Signer {
    key: KeyData,
    name: String,
}

impl Signer {
    /// Reads a public key as OpenSSH writes it: `ssh-ed25519 AAAA… ada@example.org`.
    ///
    /// # Errors
    /// Why it is no such key, in words.
    pub fn parse(line: &str) -> Result<Self, String> {
        let key = PublicKey::from_openssh(line.trim()).map_err(|error| format!("it is no SSH public key: {error}"))?;
        match key.key_data() {
            KeyData::Ed25519(_) | KeyData::Rsa(_) => {}
            _ => return Err(format!("keys of {} are not understood: Ed25519 and RSA are", key.algorithm())),
        }
        let name = if key.comment().is_empty() {
            key.fingerprint(HashAlg::Sha256).to_string()
        } else {
            key.comment().to_owned()
        };
        Ok(Self { key: key.key_data().clone(), name })
    }

    /// The comment of the key, or its fingerprint where it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The name of the signer whose signature a commit has; why there is none, in words.
pub(crate) fn signer<'a>(commit: &[u8], signers: &'a [Signer]) -> Result<&'a str, String> {
    let (payload, armor) = split(commit)?;
    let broken = |error: ssh_key::Error| format!("its signature cannot be read: {error}");
    let signature = SshSig::from_pem(armor.as_bytes()).map_err(broken)?;
    if signature.namespace() != NAMESPACE {
        return Err(format!("it is signed for {:?} and not for {NAMESPACE:?}", signature.namespace()));
    }
    let Some(known) = signers.iter().find(|one| one.key == *signature.public_key()) else {
        let key = signature.public_key().fingerprint(HashAlg::Sha256);
        return Err(format!("it is signed by a key that is not among the signers: {key}"));
    };
    let signed = SshSig::signed_data(NAMESPACE, signature.hash_alg(), &payload).map_err(broken)?;
    let is_right = match (&known.key, signature.algorithm()) {
        (KeyData::Ed25519(key), Algorithm::Ed25519) => {
            UnparsedPublicKey::new(&ED25519, key.as_ref()).verify(&signed, signature.signature_bytes()).is_ok()
        }
        (KeyData::Rsa(key), Algorithm::Rsa { hash: Some(hash) }) => {
            let (Some(n), Some(e)) = (key.n.as_positive_bytes(), key.e.as_positive_bytes()) else {
                return Err("the key of its signer is broken".to_owned());
            };
            let how: &RsaParameters = match hash {
                HashAlg::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
                _ => &RSA_PKCS1_2048_8192_SHA512,
            };
            RsaPublicKeyComponents { n, e }.verify(how, &signed, signature.signature_bytes()).is_ok()
        }
        (_, other) => return Err(format!("it is signed by {other}, which is not understood")),
    };
    if is_right { Ok(&known.name) } else { Err("its signature is not of what it says".to_owned()) }
}

/// What is signed of a commit, which is all but the signature, and the signature.
fn split(commit: &[u8]) -> Result<(Vec<u8>, String), String> {
    let (mut payload, mut armor) = (Vec::with_capacity(commit.len()), String::new());
    let (mut rest, mut found, mut within) = (commit, false, false);
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = rest.split_at(end + 1);
        if line == b"\n" {
            break;
        }
        let first = line.strip_prefix(b"gpgsig ");
        if first.is_some() && found {
            return Err("it has two signatures".to_owned());
        }
        let part = first.or_else(|| line.strip_prefix(b" ").filter(|_| within));
        within = part.is_some();
        found |= within;
        match part {
            Some(part) => armor.push_str(&String::from_utf8_lossy(part)),
            None => payload.extend_from_slice(line),
        }
        rest = after;
    }
    if !found {
        return Err("it is not signed".to_owned());
    }
    payload.extend_from_slice(rest);
    Ok((payload, armor))
}

/// What git signs for.
const NAMESPACE: &str = "git";

#[cfg(test)]
mod tests;
