//! What changes in a tap that runs: its capture filters, and whether packets are looked at.

use super::one::{One, Order};
use super::{Inner, TapsError};
use policy::action::ObjectTarget;
use tokio::sync::oneshot;

impl Inner {
    pub(super) async fn pause(&self, one: &One, paused: bool) -> Result<(), TapsError> {
        one.orders.send(Order::Pause(paused)).await.map_err(|_| TapsError::Ended)?;
        if std::mem::replace(&mut one.state.write().paused, paused) != paused {
            one.say(if paused { "paused" } else { "resumed" }, "");
        }
        Ok(())
    }

    pub(super) async fn filter(
        &self,
        one: &One,
        pod: Option<&ObjectTarget>,
        text: &str,
        by: &str,
    ) -> Result<(), TapsError> {
        let (tell, told) = oneshot::channel();
        let name = pod.map(|pod| format!("{}/{}", pod.namespace, pod.name));
        let place = match &name {
            // The newest of that name: pods before it have ended.
            Some(name) => {
                let place = one.pod_names().iter().rposition(|own| own == name);
                Some(place.ok_or_else(|| TapsError::Request(format!("{name} is no pod of this tap")))?)
            }
            None => None,
        };
        one.orders.send(Order::Filter(place, text.to_owned(), tell)).await.map_err(|_| TapsError::Ended)?;
        told.await.map_err(|_| TapsError::Ended)??;
        let whose = name.as_ref().map_or_else(String::new, |name| format!("of {name} alone"));
        one.filtered(name, text, by, self.now());
        one.say_filter("filter_changed", &whose, text);
        Ok(())
    }
}
