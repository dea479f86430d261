use policy::Permit;
use policy::action::{ObjectDelete, ObjectRead};

fn delete(_: Permit<ObjectDelete>) {}

fn with_a_read_permit(permit: Permit<ObjectRead>) {
    delete(permit);
}

fn main() {}
