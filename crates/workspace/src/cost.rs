//! What a workspace took since it was started, and what that costs. Pure.
//!
//! Counted is what its pod may use, from its start until now: what others cannot have meanwhile.

use crate::about::{text, time};
use api::workspace::WorkspaceCost;
use serde_json::Value;

/// What workspaces cost, as an administrator says it: millionths of a currency's unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    cpu_hour: u64,
    memory_gib_hour: u64,
    currency: String,
}

impl Prices {
    /// Reads prices: decimal numbers with at most six digits behind the point.
    ///
    /// # Errors
    /// When one is none.
    pub fn parse(cpu_hour: &str, memory_gib_hour: &str, currency: &str) -> Result<Self, String> {
        let currency = currency.trim();
        if currency.len() > 8 || currency.chars().any(char::is_control) {
            return Err(format!("currency {currency:?} is longer than eight letters"));
        }
        let (cpu_hour, memory_gib_hour) = (millionths(cpu_hour)?, millionths(memory_gib_hour)?);
        Ok(Self { cpu_hour, memory_gib_hour, currency: currency.to_owned() })
    }

    /// What so much costs, in hundredths of the unit; `None` where nobody said what anything costs.
    fn amount(&self, cpu_milli_hours: u64, memory_mib_hours: u64) -> Option<String> {
        if self.cpu_hour == 0 && self.memory_gib_hour == 0 {
            return None;
        }
        let cpu = u128::from(cpu_milli_hours) * u128::from(self.cpu_hour) / 1_000;
        let memory = u128::from(memory_mib_hours) * u128::from(self.memory_gib_hour) / 1_024;
        let cents = (cpu + memory + 5_000) / 10_000;
        Some(format!("{}.{:02} {}", cents / 100, cents % 100, self.currency).trim_end().to_owned())
    }
}

fn millionths(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no price: a number like 0.048");
    let text = text.trim();
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if text.is_empty() {
        return Ok(0);
    }
    if whole.is_empty() || whole.len() > 9 || rest.len() > 6 || !digits(whole) || !digits(rest) {
        return Err(wrong());
    }
    format!("{whole}{rest:0<6}").parse().map_err(|_| wrong())
}

/// What it took since it was started; `None` where it does not run.
pub(crate) fn cost(object: &Value, now_ms: i64, prices: &Prices) -> Option<WorkspaceCost> {
    let since_ms = time(object, "/status/pod/startedAt")?;
    let ms = u128::try_from(now_ms.saturating_sub(since_ms)).ok()?;
    let amount = |at: &str| {
        let milli = base::quantity::milli(&text(object, at)).unwrap_or(0);
        u128::try_from(milli).unwrap_or(0)
    };
    let number = |sum: u128| u64::try_from(sum).unwrap_or(u64::MAX);
    let cpu_milli_hours = number(amount("/status/appliedResources/cpu").saturating_mul(ms) / HOUR_MS);
    let memory = amount("/status/appliedResources/memory").saturating_mul(ms) / HOUR_MS;
    let memory_mib_hours = number(memory / 1_000 / (1 << 20));
    let amount = prices.amount(cpu_milli_hours, memory_mib_hours);
    Some(WorkspaceCost { since_ms, cpu_milli_hours, memory_mib_hours, amount })
}

const HOUR_MS: u128 = 3_600_000;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Prices, cost};
    use serde_json::json;

    #[test]
    fn wb_06e_what_it_took_since_its_start_and_what_that_costs() {
        let object = json!({ "status": {
            "pod": { "startedAt": "2026-01-01T00:00:00Z" }, "appliedResources": { "cpu": "1500m", "memory": "3Gi" },
        } });
        let start = 1_767_225_600_000;
        let prices = Prices::parse("0.04", "0.005", "EUR").unwrap();
        let told = cost(&object, start + 90 * 60_000, &prices).unwrap();
        assert_eq!((told.since_ms, told.cpu_milli_hours, told.memory_mib_hours), (start, 2_250, 4_608));
        assert_eq!(told.amount.as_deref(), Some("0.11 EUR"), "2.25 hours at 0.04 and 4.5 at 0.005");
        assert_eq!(cost(&object, start, &prices).unwrap().amount.as_deref(), Some("0.00 EUR"));
        assert_eq!(cost(&object, start + 60_000, &Prices::default()).unwrap().amount, None);
        assert_eq!(cost(&json!({ "status": {} }), start, &prices), None, "it does not run");
        assert_eq!(cost(&object, start - 1, &prices), None, "nor does it take anything before its start");
        for (cpu, memory) in [("x", ""), ("1.2345678", ""), ("", "-1"), (".5", ""), ("1e3", "")] {
            assert!(Prices::parse(cpu, memory, "EUR").is_err(), "{cpu} {memory}");
        }
        assert!(Prices::parse("1", "1", "a currency").is_err());
    }
}
