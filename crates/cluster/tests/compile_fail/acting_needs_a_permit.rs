use cluster::{Acting, Cluster};
use policy::Permit;
use policy::action::{Changes, ObjectDelete, ObjectRead};

fn from_the_action_alone(cluster: &Cluster, action: &ObjectDelete) -> Acting<Changes> {
    cluster.acting(action)
}

fn from_the_permit_of_a_read(cluster: &Cluster, permit: &Permit<ObjectRead>) -> Acting<Changes> {
    cluster.acting(permit)
}

fn by_hand(user_agent: String) -> Acting<Changes> {
    Acting { user_agent }
}

fn main() {}
