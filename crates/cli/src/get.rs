//! `qd get`: objects as rows, from the same catalog as the console.

use crate::Desk;
use crate::error::Error;
use crate::grammar::{GetArgs, Output};
use crate::print::Grid;
use api::ColumnType;
use api::socket::Column;
use base::Coded;
use catalog::{Kind, Program};
use cluster::{Cluster, Reader, Step};
use damage::{Damage, gap};
use parking_lot::Mutex;
use policy::Answers;
use policy::action::ObjectView;
use query::Filter;
use serde_json::Value;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use table::{Place, Reading, RowBuf, Run, Scope, SharedTable, Source, Table, View};
use wire::watch::EventType;
use wire::{Budget, Format, Node};

mod damage;
mod raw;

/// Runs `qd get`.
///
/// # Errors
/// When the kind, filter or sort is not right, policy or the cluster says no, or stdout fails.
pub async fn get(desk: &Desk, args: &GetArgs, out: &mut impl Write) -> Result<(), Error> {
    let cluster = desk.cluster()?;
    let reader = cluster.reader();
    let kind = kind(&reader, &args.kind).await?;
    let namespace = namespace(cluster, args, &kind);
    let action = ObjectView {
        kind: kind.id.clone(),
        clusters: vec![cluster.name().clone()],
        namespaces: namespace.iter().cloned().collect(),
    };
    // Held until the rows are printed.
    let _permit = desk.gate.permit(&desk.principal, action, &Answers::default()).map_err(Error::of)?;
    let output = desk.global.output;
    if matches!(output, Output::Json | Output::Yaml) {
        return raw::objects(&reader, &kind, namespace.as_deref(), args, output, out).await;
    }
    let list = List::new(kind, namespace, args)?;
    match &args.name {
        Some(name) => list.one(&reader, name).await?,
        None => list.fill(&reader, args.watch, |list, wave| list.print(desk, args, wave, out)).await?,
    }
    if args.name.is_some() {
        list.print(desk, args, Wave::All, out)?;
    }
    Ok(())
}

/// A kind by the words of the user: built in if it is, else as the cluster serves it.
async fn kind(reader: &Reader, name: &str) -> Result<Arc<Kind>, Error> {
    if let Ok(kind) = catalog::resolve(&Kind::builtins(), name) {
        return Ok(kind);
    }
    let (served, crds) = tokio::try_join!(reader.discover(), reader.crds()).map_err(Error::of)?;
    let kind = catalog::resolve(&catalog::kinds(&served, &crds), name).map_err(Error::of)?;
    Ok(reader.printed(kind).await)
}

/// `None` is all of them.
fn namespace(cluster: &Cluster, args: &GetArgs, kind: &Kind) -> Option<String> {
    if !kind.namespaced || args.all_namespaces {
        return None;
    }
    let own = cluster.context().namespace.clone();
    Some(args.namespace.clone().or(own).unwrap_or_else(|| "default".to_owned()))
}

/// Which rows to print.
#[derive(Clone, Copy)]
enum Wave {
    /// Every row, with the heading.
    All,
    /// Rows that changed after this sequence of the table.
    Since(u64),
}

/// One list: its table and the run over it.
struct List {
    kind: Arc<Kind>,
    namespace: Option<String>,
    program: Program,
    table: SharedTable,
    view: View,
    damage: Mutex<Damage>,
}

impl List {
    fn new(kind: Arc<Kind>, namespace: Option<String>, args: &GetArgs) -> Result<Self, Error> {
        let program = catalog::compile(&kind);
        let schema = program.schema().clone();
        let mut filter =
            Filter::where_expr(args.where_expr.as_deref().unwrap_or_default(), &*schema).map_err(Error::of)?;
        if let Some(selector) = &args.selector {
            filter = filter.and(Filter::parse(&format!("-l {selector}"), &*schema).map_err(Error::of)?);
        }
        let sort = args.sort.iter().map(|word| {
            let (column, descending) = word.strip_prefix('-').map_or((word.as_str(), false), |name| (name, true));
            api::socket::Sort { column: column.to_owned(), descending }
        });
        let sort = schema.sort_keys(&sort.collect::<Vec<_>>()).map_err(Error::of)?;
        let table = Table::shared(schema);
        let source = Source {
            cluster: base::ClusterName::new(""),
            table: table.clone(),
            run: Run::shared(Scope::all(), Some(Arc::new(filter)), sort),
            state: Arc::new(parking_lot::RwLock::new(api::socket::SourceState::Live)),
        };
        let view = View::new(vec![source], namespace.is_some());
        Ok(Self { kind, namespace, program, table, view, damage: Mutex::default() })
    }

    /// Reads one object.
    async fn one(&self, reader: &Reader, name: &str) -> Result<(), Error> {
        let namespace = self.namespace.as_deref().unwrap_or_default();
        let object = reader.get_json(&self.kind, namespace, name).await.map_err(Error::of)?.to_string();
        let decode = |error: wire::Error| Error::of(cluster::Error::Decode(error.to_string()));
        let node = wire::object(Format::Json, object.as_bytes(), &Budget::default()).map_err(decode)?;
        let mut row = RowBuf::new(self.program.schema());
        self.put(&mut self.table.write(), &mut row, node);
        Ok(())
    }

    /// Reads the list, prints it, and with `watch` goes on with every change.
    async fn fill(
        &self,
        reader: &Reader,
        watch: bool,
        mut print: impl FnMut(&Self, Wave) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut feed = reader.feed(self.kind.clone(), self.namespace.as_deref());
        let mut row = RowBuf::new(self.program.schema());
        let budget = Budget::default();
        let (mut printed, mut lost) = (None, 0_u32);
        loop {
            let step = match feed.next().await {
                Ok(step) => step,
                // Whoever watches waits for the server to come back.
                Err(error) if printed.is_some() && error.is_passing() => {
                    lost += 1;
                    eprintln!("warning: {}: {error}; trying again", error.code());
                    tokio::time::sleep(Duration::from_secs(1 << lost.min(5)).min(Duration::from_secs(30))).await;
                    continue;
                }
                Err(error) => return Err(Error::of(error)),
            };
            lost = 0;
            match step {
                Step::Begin { missed } => {
                    if let Some(missed) = missed {
                        eprintln!("{}", gap(&self.kind.id, missed));
                    }
                    self.table.write().begin_relist();
                }
                Step::Resumed => {}
                Step::Page(format, bytes) => {
                    let list = wire::list::List::open(format, &bytes, &budget)
                        .map_err(|error| Error::of(cluster::Error::Decode(error.to_string())))?;
                    let mut table = self.table.write();
                    for item in list.items() {
                        match item {
                            Ok(node) => self.put(&mut table, &mut row, node),
                            Err(error) => self.damage.lock().note(&self.kind.id, "", &error.to_string()),
                        }
                    }
                }
                Step::Events(events) => {
                    let mut table = self.table.write();
                    for event in events {
                        let node = match event.node(&budget) {
                            Ok(node) => node,
                            Err(error) => {
                                self.damage.lock().note(&self.kind.id, "", &error.to_string());
                                continue;
                            }
                        };
                        if event.ty == EventType::Deleted {
                            let part = |name| node.path(&["metadata", name]).and_then(Node::as_str).unwrap_or_default();
                            table.remove(&part("namespace"), &part("name"));
                        } else {
                            self.put(&mut table, &mut row, node);
                        }
                    }
                }
                Step::Synced => {
                    self.table.write().end_relist();
                    if printed.is_none() {
                        print(self, Wave::All)?;
                        printed = Some(self.table.read().seq());
                    }
                    if !watch {
                        return Ok(());
                    }
                    continue;
                }
            }
            if let Some(seq) = printed {
                print(self, Wave::Since(seq))?;
                printed = Some(self.table.read().seq());
            }
        }
    }

    fn put(&self, table: &mut Table, row: &mut RowBuf, node: Node<'_>) {
        match self.program.run(node, row) {
            Ok(()) => {
                table.apply(row);
            }
            Err(partial) => {
                let object = format!("{}/{}", row.namespace(), row.name());
                self.damage.lock().note(&self.kind.id, object.trim_start_matches('/'), &partial.reason());
                if partial.named {
                    row.mark(&partial.reason());
                    table.apply(row);
                }
            }
        }
    }

    fn print(&self, desk: &Desk, args: &GetArgs, wave: Wave, out: &mut impl Write) -> Result<(), Error> {
        let now =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(0));
        let output = desk.global.output;
        self.view.read(now, |reading| self.write(reading, args, output, wave, now, out)).map_err(Error::of)??;
        // Whoever watches reads each wave when it comes.
        out.flush()?;
        Ok(())
    }

    fn write(
        &self,
        reading: &Reading<'_>,
        args: &GetArgs,
        output: Output,
        wave: Wave,
        now: i64,
        out: &mut impl Write,
    ) -> Result<(), Error> {
        let mut rows = reading.window(0, reading.total());
        if let (Wave::Since(seq), Some(table)) = (wave, reading.table(0)) {
            rows.retain(|place| table.changed_at(place.row) > seq);
        } else if rows.is_empty() && matches!(output, Output::Table | Output::Wide) {
            let place = self.namespace.as_ref().map_or_else(String::new, |name| format!(" in {name} namespace"));
            eprintln!("No resources found{place}.");
            return Ok(());
        }
        if output == Output::Name {
            for place in rows {
                writeln!(out, "{}/{}", self.kind.id, reading.name(place))?;
            }
            return Ok(());
        }
        if output == Output::Jsonl {
            return self.lines(reading, &rows, out);
        }
        let columns: Vec<(usize, &Column)> =
            self.view.columns().iter().enumerate().filter(|(_, column)| shown(column, output)).collect();
        let mut grid = Grid::new(columns.len() + usize::from(args.show_labels));
        if !args.no_headers && matches!(wave, Wave::All) {
            columns.iter().for_each(|(_, column)| grid.push(&column.title.to_uppercase()));
            if args.show_labels {
                grid.push("LABELS");
            }
        }
        for place in rows {
            for (at, column) in &columns {
                cell(reading, place, *at, column, now, &mut grid);
            }
            if let (true, Some(table)) = (args.show_labels, reading.table(place.source)) {
                let labels: Vec<String> =
                    table.labels(place.row).map(|(key, value)| format!("{key}={value}")).collect();
                let joined = labels.join(",");
                grid.push(if joined.is_empty() { "<none>" } else { &joined });
            }
        }
        if output == Output::Csv {
            grid.csv(out)?
        } else {
            grid.aligned(out)?
        }
        Ok(())
    }

    /// Our rows, one JSON object a line, with every column.
    fn lines(&self, reading: &Reading<'_>, rows: &[Place], out: &mut impl Write) -> Result<(), Error> {
        for place in rows {
            let mut line = serde_json::Map::new();
            line.insert("namespace".to_owned(), Value::from(reading.namespace(*place)));
            line.insert("name".to_owned(), Value::from(reading.name(*place)));
            for (at, column) in self.view.columns().iter().enumerate() {
                let value = serde_json::to_value(reading.cell(*place, at)).unwrap_or(Value::Null);
                line.insert(column.id.clone(), value);
            }
            writeln!(out, "{}", Value::Object(line))?;
        }
        Ok(())
    }
}

fn shown(column: &Column, output: Output) -> bool {
    match output {
        Output::Table => !column.wide && !column.extra,
        Output::Wide => !column.extra,
        _ => true,
    }
}

fn cell(reading: &Reading<'_>, place: Place, at: usize, column: &Column, now: i64, grid: &mut Grid) {
    let cell = reading.cell(place, at);
    match cell {
        api::Cell::Absent => grid.push(&column.absent),
        api::Cell::Text(text) | api::Cell::Status(text, _) => grid.push(text),
        other => grid.push(&other.display(column.ty, now)),
    }
    debug_assert!(column.ty != ColumnType::Text || matches!(cell, api::Cell::Text(_) | api::Cell::Absent));
}
