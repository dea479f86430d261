//! Who writes to a store: `AWS_ACCESS_KEY_ID` and its like, else the shared file of the AWS tools.

use aws_credential_types::Credentials;
use std::path::PathBuf;

/// The credentials, by what the environment says.
pub(super) fn find(variable: &dyn Fn(&str) -> Option<String>) -> Result<Credentials, String> {
    let [key, secret, token] = NAMES.map(|name| variable(&name.to_uppercase()));
    if let (Some(key), Some(secret)) = (key, secret) {
        return Ok(made(key, secret, token));
    }
    let file = variable("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from);
    let file = file.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".aws/credentials")));
    let profile = variable("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
    let text = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
    let [key, secret, token] = NAMES.map(|name| of_profile(&text, &profile, name));
    match (key, secret) {
        (Some(key), Some(secret)) => Ok(made(key, secret, token)),
        _ => Err(format!(
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write them for the profile `{profile}` into the file that \
             AWS_SHARED_CREDENTIALS_FILE names (~/.aws/credentials)"
        )),
    }
}

fn made(key: String, secret: String, token: Option<String>) -> Credentials {
    Credentials::new(key, secret, token, None, "qd")
}

/// What a line `name = value` of a section says.
fn of_profile(text: &str, profile: &str, name: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim);
    lines
        .find(|line| line.strip_prefix('[').and_then(|line| line.strip_suffix(']')).map(str::trim) == Some(profile))?;
    let section = lines.take_while(|line| !line.starts_with('['));
    let mut values = section.filter_map(|line| line.split_once('=')).map(|(name, value)| (name.trim(), value.trim()));
    values.find(|(one, value)| *one == name && !value.is_empty()).map(|(_, value)| value.to_owned())
}

/// In files; in the environment in capitals.
const NAMES: [&str; 3] = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];

#[cfg(test)]
mod tests;
