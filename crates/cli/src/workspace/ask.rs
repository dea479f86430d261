//! The permit for an act: what the policy asks for first is asked of whoever sits there.

use crate::Desk;
use crate::act::ask;
use crate::error::Error;
use policy::{Action, Answers, Decision, Need, Permit};

pub(crate) fn permit<A: Action>(desk: &Desk, action: A) -> Result<Permit<A>, Error> {
    permit_after(desk, action, desk.global.yes)
}

/// The same where a yes may have been said already.
pub(super) fn permit_after<A: Action>(desk: &Desk, action: A, yes: bool) -> Result<Permit<A>, Error> {
    let global = &desk.global;
    let mut answers = Answers {
        confirm: yes,
        typed_name: global.confirm.clone().unwrap_or_default(),
        reason: global.reason.clone().unwrap_or_default(),
    };
    if let Decision::Needs(needs) = desk.gate.preview(&desk.principal, &action) {
        for need in needs.unmet(&answers).0 {
            match need {
                Need::Confirm => {
                    eprintln!("{}: {}", A::NAME, action.asked().summary());
                    let line = ask("go on? [y/N] ", "this needs a yes: say --yes")?;
                    answers.confirm = matches!(line.as_str(), "y" | "Y" | "yes");
                    if !answers.confirm {
                        return Err(Error::Declined);
                    }
                }
                Need::TypedName { name } => {
                    let hint = format!("this needs its name: say --confirm {name}");
                    answers.typed_name = ask(&format!("{}: type {name} to go on: ", A::NAME), &hint)?;
                    if answers.typed_name != name {
                        return Err(Error::Declined);
                    }
                }
                Need::Reason => answers.reason = ask("reason: ", "policy wants a reason: say --reason TEXT")?,
            }
        }
    }
    desk.gate.permit(&desk.principal, action, &answers).map_err(Error::of)
}
