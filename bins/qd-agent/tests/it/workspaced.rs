//! The real daemon as the first process of a container: namespaces of its own, files of its own, three capabilities.

mod apps;
mod boot;
mod caller;
mod egress;
mod files;
mod hostile;
mod kbox;
mod kept;
mod local;
mod pod;
mod programs;
mod secure;
mod service;
mod shells;
mod upward;
