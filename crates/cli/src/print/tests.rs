#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::Grid;

fn grid(columns: usize, cells: &[&str]) -> Grid {
    let mut grid = Grid::new(columns);
    cells.iter().for_each(|cell| grid.push(cell));
    grid
}

fn text(print: impl Fn(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    print(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn columns_align_by_characters_with_three_blanks() {
    let grid = grid(3, &["NAME", "READY", "AGE", "a", "1/1", "3d", "longer-ü", "0/1", "12m"]);
    let expected = "NAME       READY   AGE\na          1/1     3d\nlonger-ü   0/1     12m\n";
    assert_eq!(text(|out| grid.aligned(out)), expected);
}

#[test]
fn exf_28a_cells_cannot_steer_the_terminal() {
    let grid = grid(1, &["a\u{1b}[31mred\u{7}"]);
    assert_eq!(text(|out| grid.aligned(out)), "a\\u{1b}[31mred\\u{7}\n");
}

#[test]
fn exf_28a_csv_quotes_what_a_spreadsheet_would_run() {
    let grid = grid(2, &["=1+1", "-5", "a,b", "say \"x\"", "@cmd", "plain"]);
    assert_eq!(text(|out| grid.csv(out)), "\"'=1+1\",-5\r\n\"a,b\",\"say \"\"x\"\"\"\r\n\"'@cmd\",plain\r\n");
}
