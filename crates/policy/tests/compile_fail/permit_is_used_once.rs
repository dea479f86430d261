use policy::Permit;
use policy::action::ObjectDelete;

fn delete(_: Permit<ObjectDelete>) {}

fn twice(permit: Permit<ObjectDelete>) {
    delete(permit);
    delete(permit);
}

fn main() {}
