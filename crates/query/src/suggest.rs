//! The names nearest to one that does not exist.

/// At most three of `names`, nearest first; none when nothing is near.
pub(crate) fn nearest(wanted: &str, names: &[String]) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let mut found: Vec<(usize, &String)> = names
        .iter()
        .take(MAX_NAMES)
        .map(|name| {
            let lower = name.to_lowercase();
            let starts = lower.starts_with(&wanted) || wanted.starts_with(&lower);
            (if starts { 1 } else { distance(&wanted, &lower) }, name)
        })
        .filter(|(distance, _)| *distance <= 1 + wanted.chars().count() / 3)
        .collect();
    found.sort();
    found.into_iter().take(3).map(|(_, name)| name.clone()).collect()
}

const MAX_NAMES: usize = 512;
const MAX_CHARS: usize = 64;

/// Edits (Levenshtein) from one word to the other, of which at most 64 characters count.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(MAX_CHARS).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().take(MAX_CHARS).enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        for (to, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let substituted = corner + usize::from(from != *to);
            corner = *cell;
            left = substituted.min(corner + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}
