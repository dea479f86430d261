//! The rows of docs/spec: every table line that begins with an id.

use std::path::Path;

use anyhow::{Context, bail};

/// One promised behaviour.
pub(super) struct Row {
    pub(super) id: String,
    /// The file it stands in, without `.md`.
    pub(super) area: String,
    /// The cell after the id, shortened.
    pub(super) title: String,
}

impl Row {
    /// `EXD` of `EXD-21a`, `CAP-N` of `CAP-N-06`.
    pub(super) fn prefix(&self) -> &str {
        self.id.rsplit_once('-').map_or(&self.id, |(prefix, _)| prefix)
    }
}

/// Reads every `*.md` in a folder; an id that stands twice is an error.
pub(super) fn read(folder: &Path) -> anyhow::Result<Vec<Row>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    let mut rows: Vec<Row> = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path)?;
        let area = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        for row in parse(&text, &area) {
            if let Some(first) = rows.iter().find(|other| other.id == row.id) {
                bail!("{} stands in {area}.md and in {}.md", row.id, first.area);
            }
            rows.push(row);
        }
    }
    Ok(rows)
}

/// The rows of one file, in order.
pub(super) fn parse(text: &str, area: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut code = false;
    for line in text.lines() {
        if line.starts_with("```") {
            code = !code;
        }
        let mut cells = line.split(" | ").map(|cell| cell.trim().trim_matches('|').trim());
        let (Some(id), false) = (cells.next(), code || !line.starts_with('|')) else { continue };
        if is_id(id) {
            rows.push(Row { id: id.to_owned(), area: area.to_owned(), title: title(cells.next().unwrap_or_default()) });
        }
    }
    rows
}

/// `EX-30`, `CAP-N-06`, `K8S-2`, `EXD-21a`: words of capitals and digits, then a number, then perhaps a letter.
pub(super) fn is_id(text: &str) -> bool {
    let Some((prefix, number)) = text.rsplit_once('-') else { return false };
    let digits = number.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let words = prefix.split('-').all(|word| {
        word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    });
    words && number.len() - digits.len() <= 1 && !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

fn title(cell: &str) -> String {
    let plain = cell.replace(['`', '*'], "");
    if plain.chars().count() <= WIDTH {
        return plain;
    }
    let cut: String = plain.chars().take(WIDTH - 1).collect();
    format!("{}…", cut.trim_end())
}

const WIDTH: usize = 44;
