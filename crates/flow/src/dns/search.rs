//! Search lists: a resolver that is asked for `db` tries `db.shop.svc.cluster.local`, `db.svc.cluster.local`, … in turn.

/// Whether asking for `next` right after `tried` failed is the next step of a search, and for which name: the labels
/// that both begin with.
///
/// Certain when one is the bare name or the rest of `next` is a parent of the rest of `tried`. An unrelated rest counts
/// only when the search is already `known`, as two names of different owners may well begin alike.
pub(super) fn step<'a>(tried: &str, next: &'a str, base: Option<&str>) -> Option<&'a str> {
    let common = common_labels(tried, next);
    if common == 0 || (tried.len() == next.len() && common == next.len()) {
        return None;
    }
    let rest = |name: &'a str, len: usize| name.get(len..).map(|rest| rest.strip_prefix('.').unwrap_or(rest));
    let next_rest = rest(next, common)?;
    let tried_rest = tried.get(common..).map(|rest| rest.strip_prefix('.').unwrap_or(rest))?;
    let base_len = match base {
        Some(base) if common >= base.len() && starts_with(next, base) => base.len(),
        Some(_) => return None,
        None => common,
    };
    let certain = next_rest.is_empty() || tried_rest.is_empty() || is_parent(next_rest, tried_rest);
    if certain || base.is_some() { next.get(..base_len) } else { None }
}

/// Bytes of the labels that both names begin with, without the dot behind them. Whole labels only.
fn common_labels(a: &str, b: &str) -> usize {
    let mut len = 0;
    let mut at = 0;
    for (left, right) in a.split('.').zip(b.split('.')) {
        if !left.eq_ignore_ascii_case(right) {
            break;
        }
        len = at + left.len();
        at = len + 1;
    }
    len
}

/// Whether `parent` is what remains of `name` after dropping at least one label.
fn is_parent(parent: &str, name: &str) -> bool {
    name.len().checked_sub(parent.len() + 1).is_some_and(|dot| {
        name.as_bytes().get(dot) == Some(&b'.')
            && name.get(dot + 1..).is_some_and(|tail| tail.eq_ignore_ascii_case(parent))
    })
}

fn starts_with(name: &str, base: &str) -> bool {
    name.get(..base.len()).is_some_and(|head| head.eq_ignore_ascii_case(base))
        && matches!(name.as_bytes().get(base.len()), None | Some(b'.'))
}
