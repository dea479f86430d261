use policy::Permit;
use policy::action::ObjectDelete;

fn twice(permit: Permit<ObjectDelete>) -> (Permit<ObjectDelete>, Permit<ObjectDelete>) {
    (permit.clone(), permit)
}

fn main() {}
