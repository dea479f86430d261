//! How a registry wants to be told who asks, by its header `WWW-Authenticate`.

use http::{HeaderMap, header};

/// What a registry asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// The login itself.
    Basic,
    /// A token of this service.
    Bearer {
        /// Where it is.
        realm: String,
        /// For whom the token is to be; may be empty.
        service: String,
    },
}

impl Challenge {
    /// Reads what a registry asks for: a token before a login.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let said = headers.get_all(header::WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let mut basic = None;
        for text in said.take(MOST) {
            for challenge in http_auth::parse_challenges(text).unwrap_or_default() {
                let param = |name: &str| {
                    let mut all = challenge.params.iter();
                    all.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_unescaped())
                };
                if challenge.scheme.eq_ignore_ascii_case("basic") {
                    basic = Some(Self::Basic);
                } else if challenge.scheme.eq_ignore_ascii_case("bearer")
                    && let Some(realm) = param("realm")
                {
                    return Some(Self::Bearer { realm, service: param("service").unwrap_or_default() });
                }
            }
        }
        basic
    }
}

const MOST: usize = 8;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Challenge;
    use http::{HeaderMap, HeaderValue, header};
    use proptest::prelude::*;

    fn read(values: &[&str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_str(value).unwrap());
        }
        Challenge::of(&headers)
    }

    #[test]
    fn a_token_is_asked_for_before_a_login() {
        let bearer = Challenge::Bearer { realm: "https://auth.example/t?a=b".into(), service: "a, \"b\"".into() };
        let text =
            "Bearer realm=\"https://auth.example/t?a=b\",service=\"a, \\\"b\\\"\",scope=\"repository:x:pull,push\"";
        assert_eq!(read(&[text]), Some(bearer.clone()));
        assert_eq!(read(&["Basic realm=\"x\"", text]), Some(bearer));
        assert_eq!(read(&["basic realm=\"x\""]), Some(Challenge::Basic));
        assert_eq!(read(&["Bearer service=\"x\""]), None, "a token of nowhere");
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["Negotiate"]), None);
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_not(text in "[ -~]{0,60}") {
            let _ = read(&[&text]);
        }
    }
}
