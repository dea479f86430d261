//! Who a workspace is for, as expressions see them. No password and no secret is among it.

use serde::{Deserialize, Serialize};

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct User {
    /// User name.
    pub username: String,
    /// Organization; empty where there is none.
    pub organization: String,
    /// Whether the account is in force.
    pub is_valid: bool,
    /// RFC 3339; empty where it never ends.
    pub expires_at: String,
    /// Number of the OS user.
    pub uid: u32,
    /// Number of its group.
    pub gid: u32,
    /// Name for people.
    pub fullname: String,
    /// Address.
    pub email: String,
    /// Whether the account is locked.
    pub locked: bool,
    /// Roles.
    pub roles: Vec<String>,
    /// Blueprints that this user may have; `*` is every one that is not abstract.
    pub blueprints: Vec<String>,
    /// Where the account comes from.
    pub source: String,
    /// Login shell.
    pub shell: String,
    /// Whether they may become root.
    pub sudo: bool,
    /// Where their repositories are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_address: Option<String>,
    /// Whether they may make repositories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manage_repos: Option<bool>,
}

impl User {
    /// A user of a name, with nothing special.
    #[must_use]
    pub fn plain(name: &str) -> Self {
        Self {
            username: name.to_owned(),
            organization: "org".to_owned(),
            is_valid: true,
            uid: 1000,
            gid: 1000,
            fullname: name.to_owned(),
            email: format!("{name}@example.com"),
            blueprints: vec!["*".to_owned()],
            source: "local".to_owned(),
            shell: "/bin/bash".to_owned(),
            ..Self::default()
        }
    }

    /// The users that every blueprint is tried with: a plain one, an administrator, and names that are odd but allowed.
    #[must_use]
    pub fn synthetic() -> Vec<(&'static str, Self)> {
        let admin = Self { roles: vec!["admin".to_owned()], sudo: true, ..Self::plain("admin") };
        let odd = |name: &str| Self { organization: String::new(), fullname: String::new(), ..Self::plain(name) };
        vec![
            ("plain", Self::plain("dev")),
            ("admin", admin),
            ("odd-digits", odd("4711")),
            ("odd-long", odd(&"a".repeat(64))),
            ("odd-dots", odd("a.b_c-d")),
        ]
    }

    /// Whether this user may have a blueprint.
    #[must_use]
    pub fn may_have(&self, blueprint: &str) -> bool {
        self.blueprints.iter().any(|one| one == "*" || one == blueprint)
    }
}
