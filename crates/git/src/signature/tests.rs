#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::Signer;
use crate::remote::{Reference, Remote, Settings};
use crate::session::Git;
use crate::testing::{Host, Keys, Repository};

#[tokio::test]
async fn bc_02f_a_commit_counts_as_signed_by_the_keys_that_are_named_and_by_no_others() {
    let (host, repository, keys) = (Host::start(), Repository::new(), Keys::new());
    let remote = Remote { host: host.name(), path: "acme/shop".to_owned() };
    let here = vec![host.name()];
    let git = Git::new(Settings { private_hosts: here.clone(), plain_hosts: here, ..Settings::default() });
    let snapshot = async || {
        host.keep("acme/shop", &repository);
        let commit = git.resolve(&remote, &Reference::Default, None).await.unwrap();
        git.snapshot(&remote, commit, None).await.unwrap()
    };
    let ada = keys.make("ada", "ed25519");
    let bob = keys.make("bob", "rsa");
    let eve = keys.make("eve", "ed25519");
    let signers = [Signer::parse(&ada).unwrap(), Signer::parse(&bob).unwrap()];
    assert_eq!(signers.iter().map(Signer::name).collect::<Vec<_>>(), ["ada@example.org", "bob@example.org"]);

    repository.commit(&[("a.yaml", "a: 1\n")], "one");
    assert_eq!(snapshot().await.signer(&signers).unwrap_err(), "it is not signed");
    for name in ["ada", "bob"] {
        repository.signed_commit(&keys, name, &[("a.yaml", name)], "two");
        assert_eq!(snapshot().await.signer(&signers).unwrap(), format!("{name}@example.org"));
    }
    repository.signed_commit(&keys, "eve", &[("a.yaml", "eve")], "three\n\nin several\nlines");
    let why = snapshot().await.signer(&signers).unwrap_err();
    assert!(why.starts_with("it is signed by a key that is not among the signers: SHA256:"), "{why}");
    assert_eq!(snapshot().await.signer(&[Signer::parse(&eve).unwrap()]).unwrap(), "eve@example.org");

    // Her commit with another message, under the signature of before.
    let raw = repository.git(&["cat-file", "commit", "HEAD"]).replace("in several", "in other");
    let forged = repository.git_in(&["hash-object", "-t", "commit", "-w", "--stdin"], format!("{raw}\n").as_bytes());
    let forged = String::from_utf8(forged).unwrap();
    repository.git(&["update-ref", "refs/heads/main", forged.trim()]);
    let why = snapshot().await.signer(&[Signer::parse(&eve).unwrap()]).unwrap_err();
    assert_eq!(why, "its signature is not of what it says");
}

#[test]
fn bc_02f_keys_that_are_not_understood_are_refused_when_they_are_named() {
    for (line, why) in [
        ("", "it is no SSH public key"),
        ("ssh-ed25519 nothing", "it is no SSH public key"),
        (
            "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIPRoUgg/IeAoH/o9B2ppN8+kjf6fZQQEjbLXTL6XLvPFAAAABHNzaDo= x",
            "are not understood",
        ),
    ] {
        let error = Signer::parse(line).unwrap_err();
        assert!(error.contains(why), "{line}: {error}");
    }
}
