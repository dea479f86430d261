use policy::{Action, Asked};

#[derive(Clone, Debug)]
struct Everything;

impl Action for Everything {
    const NAME: &'static str = "every:thing";
    const BEFORE_EFFECT: bool = false;
    const CHANGES: bool = false;
    type Obligations = ();

    fn asked(&self) -> Asked {
        unreachable!()
    }
}

fn main() {}
