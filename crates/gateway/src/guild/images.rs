//! `/api/images`, `/api/image-defaults`: what a workspace can be made of.

use super::wrong::Wrong;
use super::{Asking, Place};
use api::guild::Image;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use workspace::imaged::{Facts, ImagePort as Port};

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
    State(place): State<Place>,
    Extension(caller): Asking,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Value>, Wrong> {
    let Query(asked) = asked.map_err(|error| Wrong::new(StatusCode::BAD_REQUEST, "bad_request", error.body_text()))?;
    let image = asked.image.trim();
    let mut told = defaults_of(image);
    if !image.is_empty() {
        let (workspaces, guild) = (&place.shared.services.workspaces, &place.guild);
        let said = workspaces.image(&caller.principal, &guild.cluster, guild.namespace.as_deref(), image).await;
        match said {
            Ok(Some(facts)) => add(&mut told, &facts),
            Ok(None) => {}
            // These paths promise an answer for every image; why it is the usual one stands in the journal.
            Err(error) => tracing::debug!(image, %error, "an image does not say what it is"),
        }
    }
    Ok(Json(Value::Object(told)))
}

/// Adds what the image itself says: its ports go before those that are usual for one of its name.
fn add(told: &mut Map<String, Value>, facts: &Facts) {
    let port = |port: &Port| {
        let protocol = if port.udp { "udp" } else { "tcp" };
        let name = if port.name.is_empty() { format!("{protocol}-{}", port.number) } else { port.name.clone() };
        let mut told = json!({ "name": name, "port": port.number });
        if let (Some(told), true) = (told.as_object_mut(), port.udp) {
            told.insert("protocol".to_owned(), "UDP".into());
        }
        told
    };
    if !facts.ports.is_empty() {
        told.insert("ports".to_owned(), facts.ports.iter().map(port).collect());
        told.entry("env").or_insert_with(|| json!({}));
    }
    if !facts.labels.is_empty() {
        told.insert("labels".to_owned(), json!(facts.labels));
    }
    if !facts.description().is_empty() {
        told.insert("description".to_owned(), facts.description().into());
    }
}

/// What is usual for an image: by its repository, whatever registry and version it is of.
fn defaults_of(image: &str) -> Map<String, Value> {
    let name = image.split('@').next().unwrap_or_default();
    let name = match name.rsplit_once(':') {
        // A colon before a slash is that of a registry's port.
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    };
    let parts: Vec<&str> = name.rsplit('/').collect();
    let ports: &[(&str, u16)] = match parts.as_slice() {
        ["agent", "guildnet", ..] => &[("http", 8080), ("https", 8443)],
        ["code-server", ..] => &[("http", 8080)],
        _ => return Map::new(),
    };
    let ports: Vec<Value> = ports.iter().map(|(name, port)| json!({ "name": name, "port": port })).collect();
    Map::from_iter([("ports".to_owned(), ports.into()), ("env".to_owned(), json!({ "AGENT_HOST": "" }))])
}

#[cfg(test)]
mod tests {
    use super::{add, defaults_of};
    use serde_json::{Map, Value, json};
    use workspace::imaged::{Facts, ImagePort as Port};

    #[test]
    fn gn_02a_known_images_have_their_ports_and_others_nothing() {
        for image in ["guildnet/agent", "guildnet/agent:1.2", "registry.test:5000/guildnet/agent@sha256:00"] {
            let told = Value::Object(defaults_of(image));
            assert_eq!((&told["ports"][0]["port"], &told["ports"][1]["port"]), (&json!(8080), &json!(8443)), "{image}");
            assert_eq!(told["env"], json!({ "AGENT_HOST": "" }));
        }
        for image in ["code-server", "codercom/code-server:4", "ghcr.io/coder/code-server"] {
            assert_eq!(defaults_of(image)["ports"], json!([{ "name": "http", "port": 8080 }]), "{image}");
        }
        for image in ["", "nginx", "agent", "other/agent", "registry.test:5000/x", "code-server/x"] {
            assert_eq!(defaults_of(image), Map::new(), "{image}");
        }
    }

    #[test]
    fn gn_02d_what_an_image_says_goes_before_what_is_usual_for_its_name() {
        let port = |name: &str, number, udp| Port { name: name.to_owned(), number, udp };
        let description = ("org.opencontainers.image.description".to_owned(), "A shop".to_owned());
        let ports = vec![port("web", 3000, false), port("", 53, true)];
        let facts = Facts { ports, labels: [description].into(), ..Facts::default() };
        let mut told = defaults_of("code-server");
        add(&mut told, &facts);
        let expected = json!({
            "ports": [{ "name": "web", "port": 3000 }, { "name": "udp-53", "port": 53, "protocol": "UDP" }],
            "env": { "AGENT_HOST": "" },
            "labels": { "org.opencontainers.image.description": "A shop" }, "description": "A shop",
        });
        assert_eq!(Value::Object(told), expected);
        let mut nothing = Map::new();
        add(&mut nothing, &Facts::default());
        assert!(nothing.is_empty(), "an image that says nothing has no defaults");
    }
}
