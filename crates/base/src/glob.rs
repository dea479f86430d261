//! Patterns of paths and names.

/// Whether a pattern, in which `*` stands for any text, is the whole of this one.
#[must_use]
pub fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let mut parts = pattern.split(|byte| *byte == b'*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let at = if part.is_empty() { Some(0) } else { rest.windows(part.len()).position(|window| window == part) };
        let Some(after) = at.and_then(|at| rest.get(at + part.len()..)) else { return false };
        rest = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn bc_08b_globs() {
        for (pattern, text, holds) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*b", "ab", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abcd", false),
            ("*", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(glob(pattern.as_bytes(), text.as_bytes()), holds, "{pattern} {text}");
        }
    }
}
