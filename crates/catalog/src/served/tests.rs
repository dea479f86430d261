#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::ServedColumn;
use crate::{ServedResource, compile, kinds};
use table::{RowBuf, Table};
use wire::list::List;
use wire::{Budget, Format, object};

/// As metrics-server answers.
const PODS: &[u8] = br#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"continue":""},
    "columnDefinitions":[{"name":"Name","type":"string","format":"name","description":"","priority":0},
        {"name":"cpu","type":"string","format":"quantity","description":"","priority":0},
        {"name":"memory","type":"string","format":"quantity","description":"","priority":0},
        {"name":"Window","type":"string","format":"duration","description":"","priority":0},
        {"name":"Age","type":"string","format":"","description":"","priority":1}],
    "rows":[{"cells":["cart-1","2066537n","24044Ki","26.835s","9s"],"object":{"kind":"PartialObjectMetadata",
        "metadata":{"name":"cart-1","namespace":"shop","creationTimestamp":"2025-12-31T23:59:00Z","labels":{"app":"cart"}}}}]}"#;

#[test]
fn ex_64e_a_table_of_an_aggregated_api_has_the_columns_that_its_server_says() {
    let columns = ServedColumn::of(object(Format::Json, PODS, &Budget::default()).unwrap());
    let served = ServedResource {
        group: "metrics.k8s.io".to_owned(),
        version: "v1beta1".to_owned(),
        kind: "PodMetrics".to_owned(),
        plural: "pods".to_owned(),
        namespaced: true,
        verbs: ["get", "list"].map(str::to_owned).to_vec(),
        ..ServedResource::default()
    };
    let plain = kinds(&[served], &[]).remove(0);
    assert!(plain.prints_itself());
    assert_eq!(plain.title, "PodMetrics", "its plural says `pods`, which it is not");
    let kind = (*plain).clone().with_served(columns);
    let titles: Vec<&str> = kind.columns.iter().map(|column| column.title.as_str()).collect();
    assert_eq!(titles, ["CPU", "Memory", "Window", "Age"]);
    let program = compile(&kind);
    let mut table = Table::new(program.schema().clone());
    let mut row = RowBuf::new(program.schema());
    let list = List::open(Format::Json, PODS, &Budget::default()).unwrap();
    for item in list.items() {
        program.run(item.unwrap(), &mut row).unwrap();
        table.apply(&row);
    }
    let id = table.row("shop", "cart-1").unwrap();
    let cells =
        kind.columns.iter().enumerate().map(|(at, column)| table.cell(id, at).display(column.ty, 1_767_225_600_000));
    // `kubectl top` rounds up likewise.
    assert_eq!(cells.collect::<Vec<_>>(), ["3m", "23Mi", "26.835s", "60s"]);
    assert_eq!(table.label(id, "app"), Some("cart"));
    assert!(
        ServedColumn::of(object(Format::Json, br#"{"kind":"PodMetricsList","items":[]}"#, &Budget::default()).unwrap())
            .is_empty()
    );
}
