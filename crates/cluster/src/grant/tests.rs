#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::commands;

#[test]
fn ex_09a_a_denial_names_the_command_that_grants_it() {
    let one = commands(
        "pods is forbidden: User \"ada\" cannot watch resource \"pods\" in API group \"\" in the namespace \"shop\"",
    );
    assert_eq!(
        one.unwrap(),
        "kubectl create role read-pods -n shop --verb=get,list,watch --resource=pods && \
         kubectl create rolebinding read-pods-ada -n shop --role=read-pods --user=ada"
    );
    let whole = commands(
        "nodes is forbidden: User \"ada\" cannot list resource \"nodes\" in API group \"\" at the cluster scope: because",
    );
    assert_eq!(
        whole.unwrap(),
        "kubectl create clusterrole read-nodes --verb=get,list,watch --resource=nodes && \
         kubectl create clusterrolebinding read-nodes-ada --clusterrole=read-nodes --user=ada"
    );
    let scale = commands(
        "deployments.apps \"web\" is forbidden: User \"system:serviceaccount:ci:bot\" cannot patch resource \
         \"deployments/scale\" in API group \"apps\" in the namespace \"shop\"",
    );
    let scale = scale.unwrap();
    assert!(scale.contains("--verb=get,patch --resource=deployments.apps/scale"), "{scale}");
    assert!(scale.ends_with("--serviceaccount=ci:bot"), "{scale}");
}

#[test]
fn ex_09a_a_name_from_the_cluster_is_one_word_of_the_command() {
    let hostile = commands(
        "pods is forbidden: User \"a'; rm -rf $HOME #\" cannot list resource \"pods\" in API group \"\" at the cluster scope",
    )
    .unwrap();
    assert!(hostile.ends_with("--user='a'\\''; rm -rf $HOME #'"), "{hostile}");
    let broken = commands("x: User \"a\" cannot list resource \"pods; reboot\" in API group \"\" at the cluster scope");
    assert_eq!(broken, None);
    assert_eq!(commands("admission webhook says no"), None);
}
