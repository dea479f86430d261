//! Names as Kubernetes has them.

/// Letters, digits and inner hyphens: a DNS label without its limit of length.
pub(crate) fn is_label(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// A text as a DNS label: lower case, runs of anything else are one hyphen, at most 63 characters, no hyphen at the ends.
pub(crate) fn normalize_dns(text: &str) -> String {
    let mut label = String::with_capacity(text.len().min(64));
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            label.push(c);
        } else if !label.ends_with('-') {
            label.push('-');
        }
    }
    let label = label.trim_matches('-');
    label.get(..63).unwrap_or(label).trim_matches('-').to_owned()
}
