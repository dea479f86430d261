#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::fixture::{FILTERS, Model, NOW, Pod, any_event, any_scope, any_sort, expected, fill, happen, pod, schema};
use crate::{RowBuf, Run, Runs, Scope, Table};
use api::socket::Sort;
use proptest::prelude::*;
use query::Filter;
use std::sync::Arc;

fn names(table: &Table, run: &Run) -> Vec<(String, String)> {
    run.rows().iter().map(|&row| (table.namespace(row).to_owned(), table.name(row).to_owned())).collect()
}

fn sort(column: &str, descending: bool) -> Vec<Sort> {
    vec![Sort { column: column.to_owned(), descending }]
}

fn filter(text: &str) -> Option<Arc<Filter>> {
    Some(Arc::new(Filter::parse(text, &*schema()).unwrap()))
}

proptest! {
    #[test]
    fn exn_01b_a_run_is_the_sorted_filtered_rows_after_any_events(
        events in prop::collection::vec(any_event(), 1..60),
        scope in any_scope(),
        picked in 0..FILTERS.len(),
        sort in any_sort(),
    ) {
        let schema = schema();
        let (mut table, mut buf, mut model) = (Table::new(schema.clone()), RowBuf::new(&schema), Model::new());
        let (text, meaning) = FILTERS[picked];
        let mut run = Run::new(scope.clone(), filter(text), schema.sort_keys(&sort).unwrap());
        for (version, event) in events.iter().enumerate() {
            happen(&mut table, &mut model, &mut buf, event, version as u64);
            prop_assert_eq!(table.len(), model.len());
            if matches!(event, crate::fixture::Event::Look) {
                run.catch_up(&table, NOW).unwrap();
                prop_assert_eq!(names(&table, &run), expected(&model, &scope, meaning, &sort));
            }
        }
        run.catch_up(&table, NOW).unwrap();
        prop_assert_eq!(names(&table, &run), expected(&model, &scope, meaning, &sort));
    }
}

fn table_of(pods: impl IntoIterator<Item = Pod>) -> Table {
    let (mut table, mut buf) = (Table::new(schema()), RowBuf::new(&schema()));
    for pod in pods {
        fill(&mut buf, &pod, 1);
        table.apply(&buf);
    }
    table
}

#[test]
fn ex_81a_sorting_uses_the_number_behind_the_cell() {
    let pods =
        [("a", 9, 1, 2), ("b", 10, 2, 3), ("c", 100, 0, 0), ("d", 9, 0, 1)].map(|(name, restarts, have, want)| Pod {
            restarts: Some((restarts, None)),
            ready: Some((have, want)),
            ..pod("ns", name)
        });
    let table = table_of(pods.into_iter().chain([Pod { restarts: None, ready: None, ..pod("ns", "none") }]));
    let order = |column: &str, descending: bool| {
        let mut run = Run::new(Scope::all(), None, table.schema().sort_keys(&sort(column, descending)).unwrap());
        run.catch_up(&table, NOW).unwrap();
        run.rows().iter().map(|&row| table.name(row)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(order("restarts", false), "a d b c none");
    assert_eq!(order("restarts", true), "c b a d none", "ties stand by name, absent cells last");
    assert_eq!(order("ready", false), "d a b c none", "0/0 is whole");
    assert_eq!(order("name", true), "none d c b a");
}

#[test]
fn ex_81a_sorting_by_age_goes_by_time() {
    let born = |name, ago| Pod { born: Some(NOW - ago), ..pod("ns", name) };
    let table = table_of([born("old", 90_000_000), born("young", 5_000), born("middle", 600_000)]);
    let mut run = Run::new(Scope::all(), None, table.schema().sort_keys(&sort("AGE", false)).unwrap());
    run.catch_up(&table, NOW).unwrap();
    let order: Vec<&str> = run.rows().iter().map(|&row| table.name(row)).collect();
    assert_eq!(order, ["young", "middle", "old"]);
}

#[test]
fn ex_81a_an_unknown_sort_column_is_an_error_that_names_the_columns() {
    let error = schema().sort_keys(&sort("colour", false)).unwrap_err();
    assert!(error.to_string().contains("cannot sort by `colour`: the columns are ready, status"));
}

#[test]
fn exp_05a_a_status_patch_does_not_build_the_list_anew() {
    let mut table = table_of((0..500).map(|at| pod("ns", &format!("web-{at:03}"))));
    let mut buf = RowBuf::new(table.schema());
    let mut run = Run::new(Scope::all(), filter("web"), table.schema().sort_keys(&sort("node", false)).unwrap());
    run.catch_up(&table, NOW).unwrap();
    for turn in 0..50 {
        let changed = Pod { status: Some(if turn % 2 == 0 { "Failed" } else { "Running" }), ..pod("ns", "web-007") };
        fill(&mut buf, &changed, turn);
        table.apply(&buf);
        run.catch_up(&table, NOW).unwrap();
    }
    assert_eq!((run.rebuilds(), run.rows().len(), run.seq()), (1, 500, table.seq()));
}

#[test]
fn exn_03b_time_alone_moves_rows_into_a_filter_on_age() {
    let born = |name, ago| Pod { born: Some(NOW - ago), ..pod("ns", name) };
    let table = table_of([born("old", 600_000), born("nearly", 299_000)]);
    let mut run = Run::new(Scope::all(), filter("where age > 5m"), Vec::new());
    run.catch_up(&table, NOW).unwrap();
    assert_eq!(run.rows().len(), 1);
    let at = run.stale_at().unwrap();
    assert!((NOW + 1_000..NOW + 2_100).contains(&at), "{}", at - NOW);
    run.catch_up(&table, at).unwrap();
    let again = run.stale_at().unwrap_or(at);
    run.catch_up(&table, again).unwrap();
    assert_eq!(run.rows().len(), 2);
    assert_eq!(run.stale_at(), None, "nothing is left that time changes");
}

#[test]
fn ex_81a_lengths_that_still_grow_are_sorted_again_as_time_passes() {
    let span = |name, start, end| Pod { duration: Some((start, end)), ..pod("ns", name) };
    let table = table_of([span("running", NOW - 10_000, None), span("done", NOW - 90_000, Some(NOW - 60_000))]);
    let mut run = Run::new(Scope::all(), None, table.schema().sort_keys(&sort("duration", true)).unwrap());
    let mut first = |now| {
        run.catch_up(&table, now).unwrap();
        table.name(run.rows()[0]).to_owned()
    };
    assert_eq!(first(NOW), "done");
    assert_eq!(first(NOW + 30_000), "running");
}

#[test]
fn a_run_of_another_table_starts_over() {
    let (one, two) = (table_of([pod("ns", "a")]), table_of([pod("ns", "b"), pod("ns", "c")]));
    let mut run = Run::new(Scope::all(), None, Vec::new());
    run.catch_up(&one, NOW).unwrap();
    run.catch_up(&two, NOW).unwrap();
    assert_eq!(names(&two, &run).len(), 2);
}

#[test]
fn equal_views_share_a_run() {
    let mut runs = Runs::default();
    let keys = schema().sort_keys(&sort("age", false)).unwrap();
    let one = runs.get(Scope::all(), filter("where age > 5m"), keys.clone());
    let same = runs.get(Scope::all(), filter("/where age>300s"), keys.clone());
    let other = runs.get(Scope::namespaces(["a"]), filter("where age > 5m"), keys);
    assert!(Arc::ptr_eq(&one, &same) && !Arc::ptr_eq(&one, &other));
    assert_eq!(runs.len(), 2);
    drop((one, same, other));
    assert!(runs.is_empty());
}
