//! What a workspace is made from: blueprints, and the strings that ask for them.
//!
//! ```text
//! userstr   `dev1~repo=org~proj`  ──►  who, and what
//! identity  who and what          ──►  the canonical id
//!
//! files, yaml   files with includes ──► trees whose nodes know their places
//! library       trees               ──► blueprints by name, legacy forms rewritten
//! compose       chain, repository, overrides ──► merge ──► params ──► cel ──► defaults ──► validate, allow ──► Effective
//! lint, render, explain, fixture    what people ask of them
//! import        files                 ──► what their objects say
//! objects       Effective + Place   ──► pod, services, config maps, claims, network policy
//! ```
//!
//! Pure: no IO, no async runtime, no clock and no environment.

mod allow;
mod cel;
mod compose;
mod defaults;
mod explain;
mod files;
mod fixture;
pub mod identity;
pub mod import;
mod legacy;
mod library;
mod lint;
mod merge;
mod names;
mod node;
pub mod objects;
mod params;
mod personal;
mod pointer;
mod problem;
mod render;
mod schema;
mod span;
mod splash;
#[cfg(test)]
mod testing;
mod user;
pub mod userstr;
mod validate;
mod yaml;

pub use allow::Caps;
pub use compose::{Beside, Effective, RepoFile, Request, caps, compose, repo_name};
pub use defaults::Settings;
pub use explain::{Change, Explanation, Said, diff, explain};
pub use files::{Files, included};
pub use fixture::{Fixture, Fixtures, Judge, Judged, read_json, user};
pub use identity::{Key, RepoCase};
pub use library::{Definition, Library};
pub use lint::{lint, lint_one};
pub use node::{Entry, Layer, LayerKind, Node, Origin, Value};
pub use objects::{Objects, Place, Profile, objects};
pub use params::{Given, Offers, SecretKey};
pub use personal::Dotfiles;
pub use pointer::Pointer;
pub use problem::{Mark, Problem, Problems};
pub use render::render;
pub use user::User;
pub use userstr::UserString;
pub use validate::security::Level;
