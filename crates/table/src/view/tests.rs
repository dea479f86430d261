#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::fixture::{
    FILTERS, Meaning, Model, NOW, Pod, any_event, any_pod, any_sort, fill, happen, order, pod, schema,
};
use crate::{Place, RowBuf, Run, Scope, SharedTable, Source, Table, View};
use api::Cell;
use api::socket::{Sort, SourceState};
use base::ClusterName;
use parking_lot::RwLock;
use proptest::prelude::*;
use query::Filter;
use std::cmp::Ordering;
use std::sync::Arc;

pub(crate) fn source(cluster: &str, table: &SharedTable, scope: Scope, filter: &str, sort: &[Sort]) -> Source {
    let schema = schema();
    Source {
        cluster: ClusterName::new(cluster),
        table: Arc::clone(table),
        run: Run::shared(
            scope,
            Some(Arc::new(Filter::parse(filter, &*schema).unwrap())),
            schema.sort_keys(sort).unwrap(),
        ),
        state: Arc::new(RwLock::new(SourceState::Live)),
    }
}

fn merged(models: &[Model], filter: Meaning, sort: &[Sort]) -> Vec<(usize, String, String)> {
    let names = ["a", "b", "c", "d"];
    let mut rows: Vec<(usize, &Pod)> = models
        .iter()
        .enumerate()
        .flat_map(|(at, model)| model.values().filter(|pod| filter(pod)).map(move |pod| (at, pod)))
        .collect();
    rows.sort_by(|(source_a, a), (source_b, b)| {
        // the cluster takes part in the sort where it is named; the fixture's order knows nothing of it
        let before: Vec<Sort> = sort.iter().take_while(|sort| sort.column != "cluster").cloned().collect();
        let clusters = sort.iter().find(|sort| sort.column == "cluster").map_or(Ordering::Equal, |sort| {
            let order = names[*source_a].cmp(names[*source_b]);
            if sort.descending { order.reverse() } else { order }
        });
        let first = before.iter().map(|one| order_by(a, b, one)).find(|order| order.is_ne());
        let rest: Vec<Sort> = sort.iter().filter(|sort| sort.column != "cluster").cloned().collect();
        first.unwrap_or(clusters).then_with(|| order(a, b, &rest)).then(source_a.cmp(source_b))
    });
    rows.into_iter().map(|(at, pod)| (at, pod.namespace.clone(), pod.name.clone())).collect()
}

/// The order by one column alone.
fn order_by(a: &Pod, b: &Pod, sort: &Sort) -> Ordering {
    let same = |pod: &Pod| Pod { namespace: String::new(), name: String::new(), ..pod.clone() };
    match sort.column.as_str() {
        "name" | "namespace" => {
            let order = if sort.column == "name" { a.name.cmp(&b.name) } else { a.namespace.cmp(&b.namespace) };
            if sort.descending { order.reverse() } else { order }
        }
        _ => order(&same(a), &same(b), std::slice::from_ref(sort)),
    }
}

proptest! {
    #[test]
    fn exn_02b_a_view_is_the_sorted_merge_of_its_clusters(
        events in prop::collection::vec((0..4_usize, any_event()), 1..60),
        picked in 0..FILTERS.len(),
        mut sort in any_sort(),
        cluster in prop::option::of((0..3_usize, any::<bool>())),
        windows in prop::collection::vec((0..40_usize, 0..20_usize), 1..4),
    ) {
        if let Some((at, descending)) = cluster {
            sort.insert(at.min(sort.len()), Sort { column: "cluster".to_owned(), descending });
        }
        let tables: Vec<SharedTable> = (0..4).map(|_| Table::shared(schema())).collect();
        let mut models = vec![Model::new(); 4];
        let (text, meaning) = FILTERS[picked];
        let of = |at: usize| source(["a", "b", "c", "d"][at], &tables[at], Scope::all(), text, &sort);
        let view = View::new((0..4).map(of).collect(), false);
        let mut buf = RowBuf::new(&schema());
        for (version, (at, event)) in events.iter().enumerate() {
            happen(&mut tables[*at].write(), &mut models[*at], &mut buf, event, version as u64);
        }
        let wanted = merged(&models, meaning, &sort);
        view.read(NOW, |reading| {
            prop_assert_eq!(reading.total(), wanted.len());
            for (at, len) in windows.iter().copied().chain([(0, 1000)]) {
                let got: Vec<_> = reading.window(at, len).into_iter()
                    .map(|place| (place.source, reading.namespace(place).to_owned(), reading.name(place).to_owned()))
                    .collect();
                let wanted: Vec<_> = wanted.iter().skip(at).take(len).cloned().collect();
                prop_assert_eq!(got, wanted);
            }
            Ok(())
        }).unwrap()?;
    }

    #[test]
    fn exd_15_the_last_row_of_many_is_reached(pods in prop::collection::vec(any_pod(), 1..200)) {
        let table = Table::shared(schema());
        let mut buf = RowBuf::new(&schema());
        for (at, pod) in pods.iter().enumerate() {
            fill(&mut buf, &Pod { name: format!("web-{at:04}"), ..pod.clone() }, 1);
            table.write().apply(&buf);
        }
        let view = View::new(vec![source("a", &table, Scope::all(), "", &[])], false);
        view.read(NOW, |reading| {
            let last = reading.window(reading.total() - 1, 50);
            prop_assert_eq!(last.len(), 1);
            prop_assert_eq!(reading.window(reading.total(), 50).len(), 0);
            let all = reading.window(0, usize::MAX);
            prop_assert_eq!(all.last(), last.first());
            Ok(())
        }).unwrap()?;
    }
}

fn ids(view: &View) -> Vec<&str> {
    view.columns().iter().map(|column| column.id.as_str()).take(3).collect()
}

#[test]
fn exn_02b_cluster_and_namespace_columns_stand_where_they_tell_something() {
    let table = |name: &str| {
        let table = Table::shared(schema());
        let mut buf = RowBuf::new(&schema());
        fill(&mut buf, &pod("shop", name), 1);
        table.write().apply(&buf);
        table
    };
    let (one, two) = (table("x"), table("y"));
    let single = View::new(vec![source("a", &one, Scope::all(), "", &[])], false);
    assert_eq!(ids(&single), ["namespace", "name", "ready"]);
    let narrow = View::new(vec![source("a", &one, Scope::namespaces(["shop"]), "", &[])], true);
    assert_eq!(ids(&narrow), ["name", "ready", "status"]);
    let both =
        View::new(vec![source("b", &one, Scope::all(), "", &[]), source("a", &two, Scope::all(), "", &[])], false);
    assert_eq!(ids(&both), ["cluster", "namespace", "name"]);
    both.read(NOW, |reading| {
        let place = Place { source: 1, row: 0 };
        let cells: Vec<Cell<'_>> = (0..4).map(|column| reading.cell(place, column)).collect();
        assert_eq!(cells, [Cell::Text("a"), Cell::Text("shop"), Cell::Text("y"), Cell::Ratio(1, 1)]);
    })
    .unwrap();
}

#[test]
fn views_that_share_runs_in_another_order_do_not_wait_for_each_other() {
    let tables = [Table::shared(schema()), Table::shared(schema())];
    let sources: Vec<Source> =
        ["a", "b"].iter().zip(&tables).map(|(cluster, table)| source(cluster, table, Scope::all(), "", &[])).collect();
    let turned: Vec<Source> = sources.iter().rev().cloned().collect();
    std::thread::scope(|scope| {
        for sources in [sources, turned] {
            scope.spawn(move || {
                let view = View::new(sources, false);
                (0..2_000).for_each(|_| assert_eq!(view.read(NOW, |reading| reading.total()).unwrap(), 0));
            });
        }
    });
}

#[test]
fn a_view_of_nothing_is_empty() {
    let view = View::new(Vec::new(), false);
    assert_eq!(view.read(NOW, |reading| (reading.total(), reading.window(0, 10).len())).unwrap(), (0, 0));
}
