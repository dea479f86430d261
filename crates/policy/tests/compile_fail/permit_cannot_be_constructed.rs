use policy::Permit;
use policy::action::{ObjectDelete, ObjectDeleteObligations};

fn forge(action: ObjectDelete) -> Permit<ObjectDelete> {
    Permit { action, obligations: ObjectDeleteObligations {} }
}

fn forge_by_function(action: ObjectDelete) -> Permit<ObjectDelete> {
    Permit::new(action, ObjectDeleteObligations {})
}

fn main() {}
