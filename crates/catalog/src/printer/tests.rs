#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::heads;
use crate::crd::PrinterColumn;
use api::ColumnType;
use api::cell::Level;

fn column(name: &str, ty: &str, json_path: &str, priority: i64) -> PrinterColumn {
    let (name, ty, json_path) = (name.to_owned(), ty.to_owned(), json_path.to_owned());
    PrinterColumn { name, ty, json_path, priority, description: "d".to_owned() }
}

#[test]
fn ex_64c_headings_of_printer_columns() {
    let heads = heads(&[
        column("Last Backup", "date", ".a", 0),
        column("last-backup", "integer", ".b", 1),
        column("Name", "string", ".c", 0),
        column("Broken", "string", ".c[", 0),
    ]);
    let told: Vec<_> = heads.iter().map(|head| (head.id.as_str(), head.ty, head.wide)).collect();
    assert_eq!(
        told,
        [
            ("last_backup", ColumnType::Age, false),
            ("last_backup_", ColumnType::Int, true),
            ("name_", ColumnType::Text, false),
            ("broken", ColumnType::Text, false)
        ]
    );
    assert_eq!(heads[0].help, "d");
    assert!(heads[3].help.contains("cannot be read"), "{}", heads[3].help);
}

#[test]
fn wx_12a_a_phase_says_how_good_it_is() {
    let heads = heads(&[column("Phase", "string", ".status.phase", 0), column("Phase", "string", ".spec.phase", 0)]);
    assert_eq!([heads[0].ty, heads[1].ty], [ColumnType::Status, ColumnType::Text]);
    let levels = ["Running", "Provisioning", "Stopping", "Failed", "Stopped"].map(super::level);
    assert_eq!(levels, [Level::Ok, Level::Info, Level::Warn, Level::Bad, Level::Plain]);
}
