use super::milli;

#[test]
fn quantities_are_exact() {
    let table = [
        ("100m", Some(100)),
        ("1", Some(1000)),
        ("0.5", Some(500)),
        (".5", Some(500)),
        ("1.5Gi", Some(1_610_612_736_000)),
        ("128Mi", Some(134_217_728_000)),
        ("1e3", Some(1_000_000)),
        ("12E", Some(12_000_000_000_000_000_000_000)),
        ("-2k", Some(-2_000_000)),
        ("1n", Some(1)),
        ("", None),
        ("Mi", None),
        ("1.2.3", None),
        ("1Zi", None),
        ("1e99", None),
    ];
    for (text, expected) in table {
        assert_eq!(milli(text), expected, "{text:?}");
    }
}
