//! Words of a POSIX shell.

/// A text as one word: plain where nothing in it means something to a shell, else between single quotes.
#[must_use]
pub fn word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn words_are_read_back_as_they_were() {
        assert_eq!(["vim", "a b", "it's", ""].map(word), ["vim", "'a b'", "'it'\\''s'", "''"]);
        assert_eq!(["$(x)", "a;b", "/a-b_c.d:e,f@g%h+i=j"].map(word), ["'$(x)'", "'a;b'", "/a-b_c.d:e,f@g%h+i=j"]);
    }
}
