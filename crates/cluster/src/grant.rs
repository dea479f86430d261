//! From a denial to the command by which an administrator grants what is missing.

/// What an API server says was missing: `User "ada" cannot list resource "pods" in API group "" in the namespace "x"`.
#[derive(Debug, PartialEq, Eq)]
struct Missing<'a> {
    user: &'a str,
    verb: &'a str,
    /// With its subresource: `deployments/scale`.
    resource: &'a str,
    group: &'a str,
    /// Empty for the whole cluster.
    namespace: &'a str,
}

/// The commands that grant what this message says is missing; `None` when it does not say it in RBAC's words.
pub(crate) fn commands(message: &str) -> Option<String> {
    let missing = read(message)?;
    let Missing { user, verb, resource, group, namespace } = missing;
    let (plural, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let group = if group.is_empty() { String::new() } else { format!(".{group}") };
    let of = if subresource.is_empty() { String::new() } else { format!("/{subresource}") };
    let resource = format!("{plural}{group}{of}");
    // Whoever lists wants to watch, and whoever patches looks first.
    let (verbs, word) = match verb {
        "get" | "list" | "watch" => ("get,list,watch", "read"),
        "patch" | "update" => ("get,patch", "change"),
        other => (other, other),
    };
    let sub = if subresource.is_empty() { String::new() } else { format!("-{subresource}") };
    let role = format!("{word}-{plural}{sub}");
    let binding = format!("{role}-{}", user.replace(['/', '%'], "-"));
    let (kind, place) = match namespace {
        "" => ("clusterrole", String::new()),
        namespace => ("role", format!(" -n {}", base::shell::word(namespace))),
    };
    let subject = match user.strip_prefix("system:serviceaccount:") {
        Some(account) => format!("--serviceaccount={}", base::shell::word(account)),
        None => format!("--user={}", base::shell::word(user)),
    };
    Some(format!(
        "kubectl create {kind} {role}{place} --verb={verbs} --resource={resource} && \
         kubectl create {kind}binding {}{place} --{kind}={role} {subject}",
        base::shell::word(&binding)
    ))
}

fn read(message: &str) -> Option<Missing<'_>> {
    let (_, rest) = message.split_once("User \"")?;
    let (user, rest) = rest.split_once("\" cannot ")?;
    let (verb, rest) = rest.split_once(" resource \"")?;
    let (resource, rest) = rest.split_once("\" in API group \"")?;
    let (group, rest) = rest.split_once('"')?;
    let namespace = match rest.trim_start().strip_prefix("in the namespace \"") {
        Some(rest) => rest.split_once('"')?.0,
        None if rest.trim_start().starts_with("at the cluster scope") => "",
        None => return None,
    };
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-./*".contains(&byte));
    let fits = plain(verb) && plain(resource) && plain(group) && !user.contains(char::is_control);
    fits.then_some(Missing { user, verb, resource, group, namespace })
}

#[cfg(test)]
mod tests;
