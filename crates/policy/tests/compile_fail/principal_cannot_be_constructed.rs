use policy::{Principal, Who};
use std::sync::Arc;

fn forge(who: Who) -> Principal {
    Principal { who: Arc::new(who), request: None }
}

fn main() {}
