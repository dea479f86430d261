#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::Tally;
use crate::fixture::{FILTERS, Model, NOW, any_event, expected, fill, happen, pod, schema};
use crate::{RowBuf, Scope, Table};
use proptest::prelude::*;
use query::Filter;

fn filters() -> Vec<Filter> {
    FILTERS.iter().map(|(text, _)| Filter::parse(text, &*schema()).unwrap()).collect()
}

proptest! {
    #[test]
    fn a_tally_says_how_many_rows_each_filter_chooses_after_any_events(
        events in prop::collection::vec(any_event(), 1..80),
    ) {
        let schema = schema();
        let (mut table, mut buf, mut model) = (Table::new(schema.clone()), RowBuf::new(&schema), Model::new());
        let mut tally = Tally::new(filters());
        let right = |model: &Model| -> Vec<u32> {
            FILTERS.iter().map(|(_, meaning)| expected(model, &Scope::all(), *meaning, &[]).len() as u32).collect()
        };
        for (version, event) in events.iter().enumerate() {
            happen(&mut table, &mut model, &mut buf, event, version as u64);
            if matches!(event, crate::fixture::Event::Look) {
                tally.catch_up(&table, NOW).unwrap();
                prop_assert_eq!(tally.counts(), right(&model));
            }
        }
        tally.catch_up(&table, NOW).unwrap();
        prop_assert_eq!(tally.counts(), right(&model));
    }
}

#[test]
fn only_rows_that_changed_are_looked_at_again_and_another_table_is_counted_anew() {
    let (mut table, mut buf) = (Table::new(schema()), RowBuf::new(&schema()));
    for number in 0..500 {
        fill(&mut buf, &pod("a", &format!("p{number:03}")), 1);
        table.apply(&buf);
    }
    let mut tally = Tally::new(vec![Filter::parse("", &*schema()).unwrap(), Filter::parse("p49", &*schema()).unwrap()]);
    tally.catch_up(&table, NOW).unwrap();
    assert_eq!((tally.counts(), tally.work()), (&[500, 10][..], 500));
    table.remove("a", "p490");
    tally.catch_up(&table, NOW).unwrap();
    assert_eq!((tally.counts(), tally.work()), (&[499, 9][..], 501));
    tally.catch_up(&table, NOW).unwrap();
    assert_eq!(tally.work(), 501, "nothing moved");
    tally.catch_up(&Table::new(schema()), NOW).unwrap();
    assert_eq!(tally.counts(), [0, 0]);
}
