use cluster::{Cluster, DeleteOptions, PatchKind, Target};
use policy::Permit;
use policy::action::PlanMake;

async fn plan(cluster: &Cluster, permit: &Permit<PlanMake>, target: Target<'_>) {
    let acting = cluster.acting(permit);
    let _ = acting.try_delete(target, &DeleteOptions::default()).await;
    let _ = acting.try_patch(target, "", PatchKind::Merge, &serde_json::Value::Null).await;
    let _ = acting.delete(target, &DeleteOptions::default()).await;
    let _ = acting.patch(target, "", PatchKind::Merge, &serde_json::Value::Null).await;
}

fn main() {}
