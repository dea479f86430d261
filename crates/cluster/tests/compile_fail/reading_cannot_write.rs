use cluster::{Cluster, DeleteOptions, PatchKind, Target};
use policy::Permit;
use policy::action::SecretReveal;

async fn reveal(cluster: &Cluster, permit: &Permit<SecretReveal>, target: Target<'_>) {
    let acting = cluster.acting(permit);
    let _ = acting.get(target, "").await;
    let _ = acting.delete(target, &DeleteOptions::default()).await;
    let _ = acting.patch(target, "", PatchKind::Merge, &serde_json::Value::Null).await;
    let _ = acting.try_delete(target, &DeleteOptions::default()).await;
    let _ = acting.try_patch(target, "", PatchKind::Merge, &serde_json::Value::Null).await;
}

fn main() {}
