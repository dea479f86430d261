use super::*;
use proto::capture::Program;

fn filter(text: &str, code: u64) -> SetFilter {
    SetFilter { id: 0, programs: vec![Program { link: 1, code: vec![code], interface: 0 }], text: text.to_owned() }
}

fn text(filters: &Filters, pod: usize) -> (u32, &str) {
    let own = filters.of(pod);
    (own.id, own.text.as_str())
}

#[test]
fn cap_27d_a_pod_may_have_a_filter_of_its_own_until_it_is_empty_or_all_get_another() {
    let mut filters = Filters::new(filter("tcp", 1));
    assert_eq!((text(&filters, 0), text(&filters, 1)), ((1, "tcp"), (1, "tcp")));
    filters.set(Some(1), filter("udp port 53", 2));
    assert_eq!((text(&filters, 0), text(&filters, 1)), ((1, "tcp"), (2, "udp port 53")), "the others keep theirs");
    filters.set(Some(1), filter(" ", 0));
    assert_eq!(text(&filters, 1), (1, "tcp"));
    filters.set(Some(0), filter("icmp", 3));
    filters.set(None, filter("", 0));
    assert_eq!((text(&filters, 0), text(&filters, 1)), ((5, ""), (5, "")));
}

#[test]
fn cap_27e_what_a_filter_means_is_renewed_for_those_that_have_it_alone() {
    let mut filters = Filters::new(filter("svc shop", 1));
    filters.set(Some(2), filter("pod one", 2));
    let texts: Vec<_> = filters.texts().map(|(pod, text)| (pod, text.to_owned())).collect();
    assert_eq!(texts, [(None, "svc shop".to_owned()), (Some(2), "pod one".to_owned())]);
    assert!(!filters.renew(Some(2), filter("pod one", 2)), "nothing is different");
    assert!(!filters.renew(Some(2), filter("pod two", 9)), "another one has come");
    assert!(!filters.renew(Some(7), filter("pod one", 9)), "that pod has none");
    assert!(filters.renew(Some(2), filter("pod one", 9)));
    assert_eq!((text(&filters, 0).0, text(&filters, 2).0), (1, 3));
}
