//! Prints the account and the roles of the operator as YAML: what `cargo xtask gen` keeps in `deploy/rbac`.
#![allow(clippy::expect_used)]

fn main() {
    println!(
        "# Written by `cargo xtask gen` from crates/workspace: change src/role.rs there, and the verbs in crates/cluster."
    );
    println!("# In each namespace of workspaces an administrator binds the second role:");
    println!(
        "#   kubectl create rolebinding {name} -n NAMESPACE --clusterrole={name} \\",
        name = workspace::role::WORKSPACES
    );
    println!("#     --serviceaccount=kube-system:{}", workspace::role::OPERATOR);
    for object in workspace::role::objects("kube-system") {
        print!("---\n{}", serde_saphyr::to_string(&object).expect("an object is YAML"));
    }
}
