use policy::Permit;
use policy::action::ObjectDelete;

fn delete(_: Permit<ObjectDelete>) {}

fn with_the_action_alone(action: ObjectDelete) {
    delete(action);
}

fn with_nothing() {
    delete();
}

fn main() {}
