//! What a policy may ask for before it allows, and what was given for it.

use serde::{Deserialize, Serialize};

/// Something that must be given first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "need")]
pub enum Need {
    /// An ordinary yes.
    Confirm,
    /// Exactly this text, typed by a person.
    TypedName {
        /// What to type.
        name: String,
    },
    /// A reason; it is kept in the journal.
    Reason,
}

impl Need {
    /// Whether the answers meet it.
    #[must_use]
    pub fn is_met(&self, answers: &Answers) -> bool {
        match self {
            Self::Confirm => answers.confirm,
            Self::TypedName { name } => answers.typed_name == *name,
            Self::Reason => !answers.reason.trim().is_empty(),
        }
    }
}

/// What was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// Yes.
    #[serde(default)]
    pub confirm: bool,
    /// The typed name.
    #[serde(default)]
    pub typed_name: String,
    /// The reason.
    #[serde(default)]
    pub reason: String,
}

/// All that a decision asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Requirements(pub Vec<Need>);

impl Requirements {
    /// What the answers leave open.
    #[must_use]
    pub fn unmet(&self, answers: &Answers) -> Self {
        Self(self.0.iter().filter(|need| !need.is_met(answers)).cloned().collect())
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what the other asks for and this does not.
    pub fn merge(&mut self, other: &Self) {
        for need in &other.0 {
            if !self.0.contains(need) {
                self.0.push(need.clone());
            }
        }
    }
}

impl std::fmt::Display for Requirements {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, need) in self.0.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { ", and " })?;
            match need {
                Need::Confirm => f.write_str("a confirmation")?,
                Need::TypedName { name } => write!(f, "the name {name} typed")?,
                Need::Reason => f.write_str("a reason")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Answers, Need, Requirements};

    #[test]
    fn only_the_exact_name_meets_a_typed_confirmation() {
        let needs = Requirements(vec![Need::TypedName { name: "web".to_owned() }]);
        for wrong in ["", "Web", " web", "web ", "web-1"] {
            let answers = Answers { confirm: true, typed_name: wrong.to_owned(), reason: "because".to_owned() };
            assert_eq!(needs.unmet(&answers), needs, "{wrong:?}");
        }
        assert!(needs.unmet(&Answers { typed_name: "web".to_owned(), ..Answers::default() }).is_empty());
    }

    #[test]
    fn a_reason_of_blanks_is_none() {
        let needs = Requirements(vec![Need::Reason, Need::Confirm]);
        let answers = Answers { confirm: true, reason: "  \n".to_owned(), ..Answers::default() };
        assert_eq!(needs.unmet(&answers).0, [Need::Reason]);
    }
}
