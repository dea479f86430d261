//! The text that a terminal shows first: a small part of Go's templates, in which a few names are filled in.
//!
//! `{{ .User }}`, with `-` for blanks that go and `/* … */` for remarks. There are no functions and no loops: what is none of the
//! names is a mistake, told when the blueprint is checked. What comes out steers no terminal.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

/// What the names stand for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts<'a> {
    pub(crate) user: &'a str,
    pub(crate) full_name: &'a str,
    pub(crate) email: &'a str,
    pub(crate) organization: &'a str,
    pub(crate) workspace: &'a str,
    pub(crate) blueprint: &'a str,
    pub(crate) version: &'a str,
    pub(crate) commit: &'a str,
}

impl<'a> Facts<'a> {
    fn named(&self, name: &str) -> Option<&'a str> {
        let name = name.strip_prefix('.')?.to_ascii_lowercase();
        Some(match name.as_str() {
            "user" | "user.name" | "user.username" => self.user,
            "user.fullname" => self.full_name,
            "user.email" => self.email,
            "user.organization" => self.organization,
            "workspace" | "workspace.name" => self.workspace,
            "blueprint" | "blueprint.name" => self.blueprint,
            "version" => self.version,
            "commit" => self.commit,
            _ => return None,
        })
    }
}

/// Whether a text is a splash.
pub(crate) fn check(text: &str) -> Result<(), String> {
    filled(text, &Facts::default()).map(drop)
}

/// The text with everything filled in. One that is wrong stays as it is written: it was told before.
pub(crate) fn render(text: &str, facts: &Facts<'_>) -> String {
    let whole = filled(text, facts).map_or(Cow::Borrowed(text), Cow::Owned);
    let mut bytes = 0;
    let fits = |c: &char| {
        bytes += c.len_utf8();
        bytes <= MOST
    };
    whole.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).take_while(fits).collect()
}

fn filled(text: &str, facts: &Facts<'_>) -> Result<String, String> {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once("{{") {
        let (inner, next) = after.split_once("}}").ok_or("`{{` has no `}}` after it")?;
        let (inner, trims_before) = inner.strip_prefix("- ").map_or((inner, false), |inner| (inner, true));
        let (inner, trims_after) = inner.strip_suffix(" -").map_or((inner, false), |inner| (inner, true));
        out.push_str(if trims_before { before.trim_end() } else { before });
        let word = inner.trim();
        if !(word.starts_with("/*") && word.ends_with("*/") && word.len() >= 4) {
            out.push_str(facts.named(word).ok_or_else(|| format!("`{{{{ {word} }}}}` is none of {NAMES}"))?);
        }
        rest = if trims_after { next.trim_start() } else { next };
    }
    out.push_str(rest);
    Ok(out)
}

const NAMES: &str = ".User, .User.FullName, .User.Email, .User.Organization, .Workspace, .Blueprint, .Version, .Commit";
/// Bytes that a terminal shows at most.
const MOST: usize = 4 << 10;
