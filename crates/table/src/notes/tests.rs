#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::fixture::{NOW, fill, pod, schema};
use crate::shown::{Shown, Window};
use crate::{RowBuf, Rows, Scope, SharedTable, Table, View};
use api::socket::{Gap, ServerFrame};

fn put(table: &SharedTable, namespace: &str, name: &str, mark: Option<&str>) {
    let mut row = RowBuf::new(&schema());
    fill(&mut row, &pod(namespace, name), 1);
    if let Some(mark) = mark {
        row.mark(mark);
    }
    table.write().apply(&row);
}

fn view(table: &SharedTable, scope: Scope) -> Rows {
    Rows::new(View::new(vec![crate::view::tests::source("a", table, scope, "", &[])], false), ())
}

fn look(shown: &mut Shown, rows: &Rows) -> Option<ServerFrame> {
    let look = shown.look(rows, 1, 7, Window { at: 0, len: 10 }, NOW, false).unwrap();
    look.frame.map(|frame| serde_json::from_str(&frame).unwrap())
}

#[test]
fn exf_08a_a_mark_comes_with_its_row_and_goes_with_it() {
    let table = Table::shared(schema());
    put(&table, "n", "whole", None);
    put(&table, "n", "broken", Some("the bytes end too early"));
    let rows = view(&table, Scope::all());
    let mut shown = Shown::default();
    let Some(ServerFrame::Snap(snap)) = look(&mut shown, &rows) else { panic!("a snapshot") };
    let broken = snap.rows.iter().find(|row| row.3 == "broken").unwrap().0;
    assert_eq!(snap.marks, [(broken, "the bytes end too early".to_owned())]);
    assert_eq!(snap.sources[0].notes.partial, 1);
    assert!(look(&mut shown, &rows).is_none(), "nothing new");

    // The next version of the object is whole, and its cells are what they were: the mark alone goes.
    put(&table, "n", "broken", None);
    let Some(ServerFrame::Delta(delta)) = look(&mut shown, &rows) else { panic!("a delta") };
    assert_eq!((delta.marks, delta.order), (Some(Vec::new()), None));
    assert_eq!(delta.sources.unwrap()[0].notes.partial, 0);

    put(&table, "n", "whole", Some("again"));
    let Some(ServerFrame::Delta(delta)) = look(&mut shown, &rows) else { panic!("a delta") };
    assert_eq!(delta.marks.unwrap().len(), 1);
    table.write().remove("n", "whole");
    let Some(ServerFrame::Delta(delta)) = look(&mut shown, &rows) else { panic!("a delta") };
    assert_eq!(delta.marks, Some(Vec::new()), "a row that is gone has no mark");
    assert_eq!(table.read().notes().mark(0), None);
}

#[test]
fn exf_05c_a_gap_is_told_to_the_views_that_it_concerns() {
    let table = Table::shared(schema());
    put(&table, "n", "a", None);
    let (here, there) = (view(&table, Scope::namespaces(["n"])), view(&table, Scope::namespaces(["m"])));
    let gap = Gap { from_ms: 3, until_ms: 9 };
    table.write().notes_mut().gap(Some("n"), gap);
    assert_eq!(here.view().states()[0].notes.gap, Some(gap));
    assert_eq!(there.view().states()[0].notes.gap, None);
    table.write().notes_mut().gap(None, Gap { from_ms: 5, until_ms: 11 });
    assert_eq!(here.view().states()[0].notes.gap, Some(Gap { from_ms: 3, until_ms: 11 }));
    assert_eq!(there.view().states()[0].notes.gap, Some(Gap { from_ms: 5, until_ms: 11 }));
}

#[test]
fn exf_08a_a_list_that_could_not_be_read_whole_removes_nothing() {
    let table = Table::shared(schema());
    put(&table, "n", "came", None);
    put(&table, "n", "missing", None);
    table.write().begin_relist();
    put(&table, "n", "came", None);
    assert_eq!(table.write().end_relist_in_part(None, "not in the part that could be read"), 1);
    let table = table.read();
    assert_eq!(table.len(), 2, "what may be there stays");
    let row = table.row("n", "missing").unwrap();
    assert_eq!(table.notes().mark(row), Some("not in the part that could be read"));
    assert_eq!(table.notes().mark(table.row("n", "came").unwrap()), None);
}
