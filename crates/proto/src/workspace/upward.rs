//! What a workspace asks of whoever answers for it, and the answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Stands in its answer.
    pub id: u64,
    /// `credentials`, `delete`, `validate` or `passwd`.
    pub ask: String,
    /// What belongs to it.
    pub with: Value,
}

/// The answer.
#[derive(Clone, Serialize, Deserialize)]
pub struct Answered {
    /// Of the question.
    pub id: u64,
    /// As of a request: 200 when it was carried out.
    pub status: u16,
    /// What is answered, or `code` and `message`. It may hold a secret.
    pub body: Value,
}

impl std::fmt::Debug for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answered").field("id", &self.id).field("status", &self.status).finish_non_exhaustive()
    }
}
