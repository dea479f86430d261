//! A console's side of a list.

use api::socket::{Column, Row, ServerFrame, Source};
use std::collections::HashMap;

/// What a console keeps of one list: it knows frames and nothing else.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Screen {
    pub(super) columns: Vec<Column>,
    pub(super) sources: Vec<Source>,
    pub(super) total: u32,
    pub(super) at: u32,
    pub(super) order: Vec<u64>,
    pub(super) rows: HashMap<u64, Row>,
    pub(super) seq: u64,
}

impl Screen {
    pub(super) fn take(&mut self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Snap(snap) => {
                *self = Self {
                    columns: snap.columns.clone(),
                    sources: snap.sources.clone(),
                    total: snap.total,
                    at: snap.at,
                    order: snap.rows.iter().map(|row| row.0).collect(),
                    rows: snap.rows.iter().map(|row| (row.0, row.clone())).collect(),
                    seq: snap.seq,
                };
            }
            ServerFrame::Delta(delta) => {
                for row in &delta.rows {
                    assert!(!self.rows.contains_key(&row.0), "a row that the client has is not sent again");
                    self.rows.insert(row.0, row.clone());
                }
                for (key, cells) in &delta.cells {
                    let row = self.rows.get_mut(key).expect("cells are of rows that the client has");
                    for (column, cell) in cells {
                        row.4[*column as usize] = cell.clone();
                    }
                }
                if let Some(order) = &delta.order {
                    self.order.clone_from(order);
                    self.rows.retain(|key, _| order.contains(key));
                }
                if let Some(sources) = &delta.sources {
                    self.sources.clone_from(sources);
                }
                (self.total, self.at) = (delta.total, delta.at);
                assert!(delta.seq > self.seq);
                self.seq = delta.seq;
            }
            other => panic!("{other:?}"),
        }
    }

    /// All but the sequence, which differs between two clients.
    pub(super) fn seen(&self) -> (Vec<Row>, u32, u32, Vec<Source>, Vec<Column>) {
        let rows = self.order.iter().map(|key| self.rows[key].clone()).collect();
        (rows, self.total, self.at, self.sources.clone(), self.columns.clone())
    }
}
