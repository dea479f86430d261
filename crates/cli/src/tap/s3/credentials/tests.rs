#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::find;

#[test]
fn cap_n_18j_credentials_of_a_store_come_from_the_environment_or_the_shared_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    let text = "# of tools\n[other]\naws_access_key_id = a\n[ team ]\naws_access_key_id=b\n aws_secret_access_key = c=d \n[default]\n";
    std::fs::write(&file, text).unwrap();
    let with = |more: &[(&str, &str)]| {
        let file = file.to_str().unwrap().to_owned();
        let more: Vec<(String, String)> =
            more.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        find(&move |name| match name {
            "AWS_SHARED_CREDENTIALS_FILE" => Some(file.clone()),
            _ => more.iter().find(|(one, _)| one == name).map(|(_, text)| text.clone()),
        })
    };
    let found = with(&[("AWS_PROFILE", "team")]).unwrap();
    assert_eq!((found.access_key_id(), found.secret_access_key(), found.session_token()), ("b", "c=d", None));
    let all = [("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_SESSION_TOKEN", "t")];
    let found = with(&all).unwrap();
    assert_eq!((found.access_key_id(), found.secret_access_key(), found.session_token()), ("k", "s", Some("t")));
    // half of them is none, and another profile's are not taken
    for more in [&all[..1], &[("AWS_PROFILE", "other")], &[]] {
        let said = with(more).unwrap_err();
        assert!(said.contains("AWS_ACCESS_KEY_ID") && said.contains("profile"), "{said}");
    }
}
