use policy::testing::{AllowAll, MemoryJournal};
use policy::{Epochs, Gate};
use std::sync::Arc;

fn around_the_composition() -> Gate {
    Gate::new(
        Arc::new(AllowAll),
        Arc::new(MemoryJournal::default()),
        Arc::new(base::SystemClock),
        Epochs::default(),
    )
}

fn main() {}
