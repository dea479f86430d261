//! Why no grant allows something: told by the grant that came nearest, so that people know what to ask for.

use super::{Action, NetworkClass, PortRange};
use crate::scalar::{Quantity, Span, Time};
use crate::workspace::ExposureType;
use std::fmt;

/// Why something is not allowed. The further down, the nearer a grant came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No grant names whoever asks.
    Nobody,
    /// No grant that names them allows this action.
    Action(Action),
    /// The grant is not for this namespace.
    Namespace {
        /// Its name.
        grant: String,
        /// The namespace that was asked for.
        namespace: String,
    },
    /// The workspace does not have the labels that the grant is for.
    Selector {
        /// Its name.
        grant: String,
    },
    /// The grant does not hold yet.
    NotYet {
        /// Its name.
        grant: String,
        /// From when on it holds.
        from: Time,
    },
    /// The grant does not hold any more.
    Ended {
        /// Its name.
        grant: String,
        /// Until when it held.
        until: Time,
    },
    /// A limit of the grant is in the way.
    Limit {
        /// Its name.
        grant: String,
        /// The limit.
        limit: Limit,
    },
}

/// A limit that is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// This image may not run.
    Image(String),
    /// This port may not be used; these may.
    Port(u16, Vec<PortRange>),
    /// So many exist already.
    Concurrent(i32),
    /// This blueprint may not be used.
    Blueprint(String),
    /// This network class may not be used.
    NetworkClass(NetworkClass),
    /// This way of exposing may not be used.
    Exposure(ExposureType),
    /// More of this resource than may be.
    Resource {
        /// cpu, memory or storage.
        resource: &'static str,
        /// The most that may be.
        most: Quantity,
    },
    /// It would exist longer than it may.
    Ttl(Span),
    /// The limit binds, and nobody said what it is compared with.
    Unknown(&'static str),
}

impl Denied {
    /// How near the grant came.
    pub(super) const fn nearness(&self) -> u8 {
        match self {
            Self::Nobody => 0,
            Self::Action(_) => 1,
            Self::Namespace { .. } => 2,
            Self::Selector { .. } => 3,
            Self::Ended { .. } => 4,
            Self::NotYet { .. } => 5,
            Self::Limit { .. } => 6,
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("no grant names you, one of your roles or your organization"),
            Self::Action(action) => write!(f, "none of your grants allows {action}"),
            Self::Namespace { grant, namespace } => write!(f, "grant {grant} is not for namespace {namespace}"),
            Self::Selector { grant } => {
                write!(f, "grant {grant} is for workspaces with other labels")
            }
            Self::NotYet { grant, from } => write!(f, "grant {grant} holds from {from} on"),
            Self::Ended { grant, until } => write!(f, "grant {grant} ended at {until}"),
            Self::Limit { grant, limit } => write!(f, "grant {grant}: {limit}"),
        }
    }
}

impl std::error::Error for Denied {}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(image) => write!(f, "image {image} is not one of its images"),
            Self::Port(port, ranges) => {
                write!(f, "port {port} is not one of its ports")?;
                for (at, range) in ranges.iter().enumerate() {
                    write!(f, "{}{range}", if at == 0 { ": " } else { ", " })?;
                }
                Ok(())
            }
            Self::Concurrent(most) => write!(f, "it has its {most} workspaces already"),
            Self::Blueprint(name) => write!(f, "blueprint {name} is not one of its blueprints"),
            Self::NetworkClass(class) => write!(f, "network class {class:?} is not one of its classes"),
            Self::Exposure(exposure) => write!(f, "exposure {exposure:?} is not one of its exposures"),
            Self::Resource { resource, most } => write!(f, "more {resource} than {most}"),
            Self::Ttl(most) => write!(f, "a workspace may exist for {most}: set lifecycle.expiresAt within that time"),
            Self::Unknown(limit) => write!(f, "its limit {limit} binds, and there is nothing to compare it with"),
        }
    }
}
