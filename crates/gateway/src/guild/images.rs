//! `/api/images`, `/api/image-defaults`: what a workspace can be made of.

use super::wrong::Wrong;
use super::{Asking, Place};
use api::guild::Image;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) async fn list(State(place): State<Place>, Extension(caller): Asking) -> Result<Json<Vec<Image>>, Wrong> {
    let (workspaces, guild) = (&place.shared.services.workspaces, &place.guild);
    let offers = workspaces.offers(&caller.principal, &guild.cluster, guild.namespace.as_deref()).await;
    let offers = offers.map_err(|error| Wrong::of(&error, "list_failed"))?;
    let image = |offer: workspace::catalogue::Offer| {
        let workspace::catalogue::Offer { blueprint, image, description } = offer;
        Image { label: blueprint, image, description }
    };
    Ok(Json(offers.into_iter().map(image).collect()))
}

/// `?image=`
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    image: String,
}

pub(super) async fn defaults(
    Extension(_): Asking,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Value>, Wrong> {
    let Query(asked) = asked.map_err(|error| Wrong::new(StatusCode::BAD_REQUEST, "bad_request", error.body_text()))?;
    Ok(Json(defaults_of(&asked.image)))
}

/// What is usual for an image: by its repository, whatever registry and version it is of.
fn defaults_of(image: &str) -> Value {
    let name = image.split('@').next().unwrap_or_default();
    let name = match name.rsplit_once(':') {
        // A colon before a slash is that of a registry's port.
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    };
    let parts: Vec<&str> = name.rsplit('/').collect();
    match parts.as_slice() {
        ["agent", "guildnet", ..] => json!({
            "ports": [{ "name": "http", "port": 8080 }, { "name": "https", "port": 8443 }],
            "env": { "AGENT_HOST": "" },
        }),
        ["code-server", ..] => json!({ "ports": [{ "name": "http", "port": 8080 }], "env": { "AGENT_HOST": "" } }),
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::defaults_of;
    use serde_json::json;

    #[test]
    fn gn_02a_known_images_have_their_ports_and_others_nothing() {
        for image in ["guildnet/agent", "guildnet/agent:1.2", "registry.test:5000/guildnet/agent@sha256:00"] {
            let told = defaults_of(image);
            assert_eq!((&told["ports"][0]["port"], &told["ports"][1]["port"]), (&json!(8080), &json!(8443)), "{image}");
            assert_eq!(told["env"], json!({ "AGENT_HOST": "" }));
        }
        for image in ["code-server", "codercom/code-server:4", "ghcr.io/coder/code-server"] {
            assert_eq!(defaults_of(image)["ports"], json!([{ "name": "http", "port": 8080 }]), "{image}");
        }
        for image in ["", "nginx", "agent", "other/agent", "registry.test:5000/x", "code-server/x"] {
            assert_eq!(defaults_of(image), json!({}), "{image}");
        }
    }
}
