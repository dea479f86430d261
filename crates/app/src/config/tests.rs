#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::Config;

fn vars(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>().into_iter()
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn variables_go_over_the_file() {
    let file = file("[console]\nread_only = false\n[clusters]\nproduction = [\"a\"]\n");
    let config = Config::load(Some(file.path()), vars(&[("QD__CONSOLE__READ_ONLY", "true"), ("HOME", "/x")])).unwrap();
    assert!(config.console.read_only && config.console.open);
    assert_eq!(config.clusters.production, ["a"]);
}

#[test]
fn what_is_unknown_or_wrong_is_refused_with_its_place() {
    let bad = file("[console]\nread_onyl = true\n");
    let error = Config::load(Some(bad.path()), vars(&[])).unwrap_err().to_string();
    assert!(error.contains("read_onyl"), "{error}");
    let bad = file("[console]\n\nopen = = 1\n");
    let error = Config::load(Some(bad.path()), vars(&[])).unwrap_err().to_string();
    assert!(error.contains("line 3"), "{error}");
    let error = Config::load(Some(file("").path()), vars(&[("QD__CONSOLE", "1")])).unwrap_err().to_string();
    assert!(error.contains("QD__CONSOLE"), "{error}");
    assert!(Config::load(Some(std::path::Path::new("/nonexistent/qd.toml")), vars(&[])).is_err());
}

#[test]
fn what_is_shown_loads_back() {
    let config = Config::load(Some(file("[console]\nlisten = \"127.0.0.1:7\"\n").path()), vars(&[])).unwrap();
    let shown = file(&config.to_toml());
    assert_eq!(Config::load(Some(shown.path()), vars(&[])).unwrap(), config);
}
