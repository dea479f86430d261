//! An entry point takes the permit by value, reads the target from it and keeps its obligations.

use policy::action::{ObjectTarget, SecretReveal, SecretRevealObligations};
use policy::testing::{AllowAll, gate};
use policy::{Answers, Outcome, Permit};

fn reveal(permit: Permit<SecretReveal>) -> String {
    let SecretRevealObligations { max_bytes } = permit.obligations();
    assert!(max_bytes.is_none());
    let name = permit.target().object.name.clone();
    permit.finish(Outcome::Done { message: "shown".to_owned() });
    name
}

fn main() {
    let test = gate(AllowAll);
    let ada = test.composed.verifier.desk("ada", []);
    let object = ObjectTarget {
        cluster: base::ClusterName::new("dev"),
        kind: "secrets".to_owned(),
        namespace: "shop".to_owned(),
        name: "db".to_owned(),
    };
    let action = SecretReveal { object, key: "password".to_owned() };
    let permit = test.composed.gate.permit(&ada, action, &Answers::default()).expect("all is allowed");
    assert_eq!(reveal(permit), "db");
}
