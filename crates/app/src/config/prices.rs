//! `[prices]`: what workspaces cost.

use super::ConfigError;
use serde::{Deserialize, Deserializer, Serialize};

/// `[prices]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prices {
    /// An hour of a processor: `0.048`.
    pub cpu_hour: Price,
    /// An hour of a GiB of memory.
    pub memory_gib_hour: Price,
    /// In which currency.
    pub currency: String,
}

impl Prices {
    /// Reads them.
    ///
    /// # Errors
    /// When one is no price.
    pub(crate) fn read(&self) -> Result<workspace::Prices, ConfigError> {
        workspace::Prices::parse(&self.cpu_hour.0, &self.memory_gib_hour.0, &self.currency)
            .map_err(|message| ConfigError::Form { place: "[prices]".to_owned(), message })
    }
}

/// A number, as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Price(String);

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Whole(u64),
            Decimal(f64),
            Text(String),
        }
        Ok(Self(match Written::deserialize(deserializer)? {
            Written::Whole(number) => number.to_string(),
            Written::Decimal(number) => number.to_string(),
            Written::Text(text) => text,
        }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Prices;

    #[test]
    fn prices_are_numbers_or_texts_of_numbers() {
        let read = |text: &str| toml::from_str::<Prices>(text).unwrap().read();
        let said = read("cpu_hour = 0.048\nmemory_gib_hour = 1\ncurrency = 'EUR'\n").unwrap();
        assert_eq!(said, read("cpu_hour = '0.048'\nmemory_gib_hour = '1'\ncurrency = 'EUR'\n").unwrap());
        assert!(read("cpu_hour = -1.0\n").unwrap_err().to_string().contains("[prices]"));
        assert_eq!(read("").unwrap(), workspace::Prices::default());
    }
}
