//! Settings by the names of an earlier system: variables, and keys at the top of the file. Each stands for one or more of
//! ours; a variable goes over the file, and `QD__SECTION__KEY` over both.

use toml::{Table, Value};

/// What a name stands for.
struct Name {
    variable: &'static str,
    /// Its key at the top of the file.
    key: Option<&'static str>,
    /// Section and key.
    ours: &'static [(&'static str, &'static str)],
    form: Form,
}

/// How its value is read.
#[derive(Clone, Copy)]
enum Form {
    Text,
    /// One more of a list.
    Item,
    /// `1` or `true` stands for this; anything else for nothing.
    Flag(&'static str),
    /// Likewise for a list of this alone.
    FlagOnly(&'static str),
}

/// Lays what stands under such keys of the file into our sections, where those say nothing themselves.
pub(super) fn of_file(table: &mut Table) {
    for name in NAMES {
        if let Some(value) = name.key.and_then(|key| table.remove(key)) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            name.lay(table, &text, false);
        }
    }
}

/// Lays variables over the file, those of them that say anything.
pub(super) fn of_variables(table: &mut Table, variables: &[(String, String)]) {
    for name in NAMES {
        let said = variables.iter().find(|(variable, _)| variable == name.variable);
        if let Some((_, value)) = said.filter(|(_, value)| !value.trim().is_empty()) {
            name.lay(table, value.trim(), true);
        }
    }
}

impl Name {
    fn lay(&self, table: &mut Table, text: &str, over: bool) {
        let value = match self.form {
            Form::Text | Form::Item => Value::String(text.to_owned()),
            Form::Flag(_) | Form::FlagOnly(_) if text != "1" && !text.eq_ignore_ascii_case("true") => return,
            Form::Flag(meaning) => Value::String(meaning.to_owned()),
            Form::FlagOnly(meaning) => Value::Array(vec![Value::String(meaning.to_owned())]),
        };
        for (section, key) in self.ours {
            let section = table.entry((*section).to_owned()).or_insert_with(|| Value::Table(Table::new()));
            // A section of another type is told when all is read.
            let Some(section) = section.as_table_mut() else { continue };
            if let Form::Item = self.form {
                let list = section.entry((*key).to_owned()).or_insert_with(|| Value::Array(Vec::new()));
                if let Some(list) = list.as_array_mut().filter(|list| !list.contains(&value)) {
                    list.push(value.clone());
                }
            } else if over || !section.contains_key(*key) {
                section.insert((*key).to_owned(), value.clone());
            }
        }
    }
}

/// All of them.
const NAMES: &[Name] = &[
    text("LISTEN_LOCAL", Some("listen_local"), &[("console", "listen"), ("serve", "listen")]),
    text("UI_DEV_ORIGIN", None, &[("compat", "origin")]),
    text("FRONTEND_ORIGIN", None, &[("compat", "origin")]),
    text("K8S_NAMESPACE", None, &[("compat", "namespace")]),
    Name { variable: "HOSTAPP_DISABLE_API_PROXY", key: None, ours: &[("proxy", "ways")], form: Form::FlagOnly("pod") },
    text("WORKSPACE_LB_POOL", None, &[("exposure", "load_balancer_pool")]),
    text("WORKSPACE_DOMAIN", Some("workspace_domain"), &[("exposure", "domain")]),
    text("INGRESS_CLASS_NAME", Some("ingress_class_name"), &[("exposure", "ingress_class")]),
    text("WORKSPACE_TLS_SECRET", Some("workspace_tls_secret"), &[("exposure", "tls_secret")]),
    text("CERT_MANAGER_ISSUER", None, &[("exposure", "issuer")]),
    text("INGRESS_AUTH_URL", None, &[("exposure", "auth_url")]),
    text("INGRESS_AUTH_SIGNIN", None, &[("exposure", "auth_signin")]),
    Name { variable: "WORKSPACE_LB", key: None, ours: &[("exposure", "usual")], form: Form::Flag("load_balancer") },
    Name { variable: "K8S_IMAGE_PULL_SECRET", key: None, ours: &[("operator", "pull_secrets")], form: Form::Item },
];

const fn text(
    variable: &'static str,
    key: Option<&'static str>,
    ours: &'static [(&'static str, &'static str)],
) -> Name {
    Name { variable, key, ours, form: Form::Text }
}

#[cfg(test)]
mod tests;
