//! The people of a team as they are now: who shows a token, and the end of what a token let in.

use crate::file::{File, Person};
use crate::token::digest;
use parking_lot::RwLock;
use policy::{Epochs, Member, Principal, UserInfo, Verifier};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use tokio_util::sync::CancellationToken;

/// How people are named to API servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// What stands before the name of a user, a role and an organisation: `quarterdeck:ada`, `quarterdeck:role:developer`,
    /// `quarterdeck:org:lab`.
    pub prefix: String,
}

/// The people of a team. One per process.
pub struct People {
    verifier: Verifier,
    epochs: Epochs,
    naming: Naming,
    now: RwLock<Now>,
}

#[derive(Default)]
struct Now {
    /// By the digest of the token.
    tokens: HashMap<[u8; 32], Held>,
    /// The roles of each.
    roles: HashMap<String, Vec<String>>,
}

#[derive(Clone)]
struct Held {
    id: String,
    expires_ms: i64,
    member: Member,
    mark: [u8; 32],
    principal: Principal,
    end: CancellationToken,
}

impl Held {
    fn known(&self) -> Known {
        let Self { id, mark, principal, end, .. } = self.clone();
        Known { principal, token: id, mark, end }
    }
}

/// Somebody who has shown a token.
#[derive(Clone, Debug)]
pub struct Known {
    /// Who.
    pub principal: Principal,
    /// The id of the token.
    pub token: String,
    /// Digest of the token and of all that its person is: by it they are found again after a restart, unless something of it
    /// is otherwise.
    pub mark: [u8; 32],
    /// Comes when the token is taken away or ends, or its person becomes somebody else.
    pub end: CancellationToken,
}

impl People {
    /// Nobody yet.
    #[must_use]
    pub fn new(verifier: Verifier, epochs: Epochs, naming: Naming) -> Self {
        Self { verifier, epochs, naming, now: RwLock::default() }
    }

    /// Takes the people of a file. What tokens had let in that are no longer there, or no longer the same person's with the
    /// same roles, ends now.
    pub fn take(&self, file: &File, now_ms: i64) {
        let mut next = HashMap::new();
        let mut over = Vec::new();
        {
            let mut now = self.now.write();
            for person in &file.people {
                let member = self.member(person);
                for token in &person.tokens {
                    let (Some(digest), expires_ms) = (token.digest(), token.expires.as_millisecond()) else { continue };
                    if expires_ms <= now_ms {
                        continue;
                    }
                    let same = now.tokens.remove(&digest);
                    let held = match same {
                        Some(held) if held.member == member => Held { expires_ms, id: token.id.clone(), ..held },
                        other => {
                            over.extend(other);
                            Held {
                                id: token.id.clone(),
                                expires_ms,
                                member: member.clone(),
                                mark: mark(&digest, &member),
                                principal: self.verifier.member(member.clone()),
                                end: CancellationToken::new(),
                            }
                        }
                    };
                    next.insert(digest, held);
                }
            }
            over.extend(now.tokens.drain().map(|(_, held)| held));
            let roles = file.people.iter().map(|person| (person.name.clone(), person.roles.clone()));
            *now = Now { tokens: next, roles: roles.collect() };
        }
        self.end(over);
    }

    /// Who shows this token.
    #[must_use]
    pub fn find(&self, shown: &[u8], now_ms: i64) -> Option<Known> {
        let now = self.now.read();
        let held = now.tokens.get(&digest(shown)).filter(|held| held.expires_ms > now_ms)?;
        Some(held.known())
    }

    /// Whoever had this [`Known::mark`], if they still have it.
    #[must_use]
    pub fn find_again(&self, mark: &[u8; 32], now_ms: i64) -> Option<Known> {
        let now = self.now.read();
        now.tokens.values().find(|held| held.mark == *mark && held.expires_ms > now_ms).map(Held::known)
    }

    /// Ends what tokens let in that have ended by now; when the next one does.
    pub fn sweep(&self, now_ms: i64) -> Option<i64> {
        let mut over = Vec::new();
        let next = {
            let mut now = self.now.write();
            now.tokens.retain(|_, held| {
                let good = held.expires_ms > now_ms;
                if !good {
                    over.push(held.clone());
                }
                good
            });
            now.tokens.values().map(|held| held.expires_ms).min()
        };
        self.end(over);
        next
    }

    /// How many people and tokens there are.
    #[must_use]
    pub fn count(&self) -> (usize, usize) {
        let now = self.now.read();
        (now.roles.len(), now.tokens.len())
    }

    /// The roles of somebody, whether they have a token or not; none of whom nobody knows.
    #[must_use]
    pub fn roles_of(&self, name: &str) -> Vec<String> {
        self.now.read().roles.get(name).cloned().unwrap_or_default()
    }

    /// Permits of a person end with any token of theirs: which of them a permit came by is not kept.
    fn end(&self, over: Vec<Held>) {
        for held in over {
            held.end.cancel();
            self.epochs.revoke(held.principal.id());
        }
    }

    fn member(&self, person: &Person) -> Member {
        let Person { name, org, roles, user, groups, .. } = person;
        let org = if org.is_empty() { ORG } else { org };
        let prefix = &self.naming.prefix;
        let mut told: Vec<String> = roles.iter().map(|role| format!("{prefix}role:{role}")).collect();
        told.push(format!("{prefix}org:{org}"));
        told.extend(groups.iter().cloned());
        let username = user.clone().unwrap_or_else(|| format!("{prefix}{name}"));
        let acts_as = UserInfo { username, groups: told, uid: String::new() };
        Member { name: name.clone(), org: org.to_owned(), roles: roles.clone(), acts_as }
    }
}

/// What a session is kept by.
fn mark(token: &[u8; 32], member: &Member) -> [u8; 32] {
    let Member { name, org, roles, acts_as } = member;
    let UserInfo { username, groups, uid } = acts_as;
    let mut hasher = Sha256::new();
    hasher.update(token);
    let texts = [name, org, username, uid].into_iter().map(std::slice::from_ref);
    for list in texts.chain([roles.as_slice(), groups.as_slice()]) {
        hasher.update(list.len().to_be_bytes());
        for text in list {
            hasher.update(text.len().to_be_bytes());
            hasher.update(text);
        }
    }
    hasher.finalize().into()
}

/// That of people who have no other, as of their workspaces.
const ORG: &str = "default";

#[cfg(test)]
mod tests;
