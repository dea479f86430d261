//! Messages of the agent protocols and their framing. No IO: bytes in, messages out.
//!
//! | module | between | over |
//! |---|---|---|
//! | [`capture`] | `qd-agent capture` and whoever started the tap | the API server's exec or attach stream |
//! | [`workspace`] | `qd-agent workspaced` and the doors that lead to a workspace | TLS with certificates of both, or the API server's exec stream |

pub mod capture;
pub mod workspace;
