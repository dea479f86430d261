//! Workspaces: the operator that keeps them.
//!
//! ```text
//! watches ──► Index ──► Queue ──► reconcile: Render ──► decide ──► steps (Hands: server-side apply) ──► status
//!                                                        │
//!                              Desired + Observed ───────┘   pure: the same gives the same, whoever asks and whenever
//! Lease ──► Election: one of several operators acts
//! ```
//!
//! `reach` leads to the daemon of one: exec of its relay, and a link over that; `calling` leads there past the API server; `again` comes back to a shell there; `files` are its files, for doors. `acts` is what people do to them.
//!
//! A service: the operator knows no blueprints (a [`Render`] makes the objects: [`Blueprints`]) and builds no permits; each generation of a workspace
//! is decided on once. Invariants: nothing that a stop, an update or a deletion touches owns a volume; a claim is deleted
//! only for a workspace that is being deleted and says so itself.

pub mod about;
mod active;
pub mod activity;
pub mod acts;
mod addresses;
pub mod again;
mod aliases;
mod blueprints;
mod book;
pub mod calling;
pub mod catalogue;
mod cost;
pub mod decide;
pub mod desired;
mod differs;
pub mod doors;
pub mod earlier;
mod egress;
mod enforced;
mod error;
pub mod event;
pub mod exposing;
pub mod figures;
pub mod files;
mod folder;
mod follow;
pub mod guard;
pub mod idle;
pub mod imaged;
mod index;
pub mod install;
pub mod jobs;
pub mod key;
mod known;
pub mod launch;
pub mod lease;
mod life;
mod lookup;
mod mounts;
pub mod observed;
mod operator;
mod outside;
pub mod pages;
mod pinned;
pub mod places;
pub mod pod;
mod probe;
pub mod provision;
pub mod queue;
pub mod reach;
mod reconcile;
mod remains;
pub mod render;
pub mod role;
mod roles;
mod rollout;
pub mod schedule;
mod shelf;
pub mod shells;
pub mod sizes;
pub mod source;
pub mod stage;
mod standing;
mod status;
pub mod story;
mod trust;
pub mod until;
mod upstream;
mod upward;
pub mod watch;

pub use activity::Activity;
pub use addresses::Addresses;
pub use blueprints::{Blueprints, Found, Looked, Made, Platform, Tried};
pub use calling::Calling;
pub use cost::Prices;
pub use egress::PORT as EGRESS_PORT;
pub use error::Error;
pub use exposing::Exposing;
pub use figures::Figures;
pub use folder::{Folder, Reloaded};
pub use key::Key;
pub use known::Known;
pub use operator::{LEASE, Operator, Settings};
pub use places::Places;
pub use provision::Provision;
pub use render::{Object, Refused, Render, Rendered};
pub use roles::Roles;
pub use upstream::Upstream;
