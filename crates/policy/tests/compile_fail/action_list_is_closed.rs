use policy::action::Reads;
use policy::{Action, Asked};

#[derive(Clone, Debug)]
struct Everything;

impl Action for Everything {
    const NAME: &'static str = "every:thing";
    const BEFORE_EFFECT: bool = false;
    type Effect = Reads;
    type Obligations = ();

    fn asked(&self) -> Asked {
        unreachable!()
    }
}

fn main() {}
