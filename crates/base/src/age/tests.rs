use super::{age, human};

#[test]
fn ages_have_kubectls_form() {
    let table = [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (545, "9m5s"),
        (600, "10m"),
        (179 * 60, "179m"),
        (180 * 60, "3h"),
        (7 * 3600 + 180, "7h3m"),
        (8 * 3600, "8h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
        (7 * 86_400 + 3 * 3600, "7d3h"),
        (729 * 86_400, "729d"),
        (7 * 31_536_000 + 3 * 86_400, "7y3d"),
        (8 * 31_536_000, "8y"),
        (-1, "0s"),
        (-2, "<invalid>"),
    ];
    for (seconds, text) in table {
        assert_eq!(human(seconds), text, "{seconds} s");
    }
}

#[test]
fn a_moment_in_the_future_is_cut_towards_zero() {
    assert_eq!(age(10_000, 10_900), "0s");
    assert_eq!(age(10_000, 11_500), "0s");
    assert_eq!(age(10_000, 12_000), "<invalid>");
    assert_eq!(age(10_999, 10_000), "0s");
}
