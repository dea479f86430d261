//! Prints the account and the roles of the operator as YAML: what `cargo xtask gen` keeps in `deploy/rbac`. With the argument
//! `routes` those that only a cluster with the Gateway API needs.
#![allow(clippy::expect_used)]

use workspace::role;

fn main() {
    let routes = std::env::args().nth(1).is_some_and(|word| word == "routes");
    let (bound, objects) = if routes {
        (role::WORKSPACES_ROUTES, role::route_objects("kube-system"))
    } else {
        (role::WORKSPACES, role::objects("kube-system"))
    };
    println!(
        "# Written by `cargo xtask gen` from crates/workspace: change src/role.rs there, and the verbs in crates/cluster."
    );
    if routes {
        println!(
            "# Beside operator.yaml, for a cluster with the Gateway API whose workspaces have hosts at a Gateway."
        );
    }
    println!("# In each namespace of workspaces an administrator binds the second role:");
    println!("#   kubectl create rolebinding {bound} -n NAMESPACE --clusterrole={bound} \\");
    println!("#     --serviceaccount=kube-system:{}", role::OPERATOR);
    for object in objects {
        print!("---\n{}", serde_saphyr::to_string(&object).expect("an object is YAML"));
    }
}
