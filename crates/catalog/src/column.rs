//! How the table of built-in kinds says what a column is: heading, type, and where its cells come from.

use crate::cells::Out;
use api::cell::ColumnType;
use api::socket::Column;
use wire::{Node, Slots};

/// A path of member names from the object's root.
pub(crate) type Path = &'static [&'static str];

/// A column of a built-in kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Col {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) ty: ColumnType,
    pub(crate) wide: bool,
    pub(crate) extra: bool,
    pub(crate) absent: &'static str,
    pub(crate) width: u16,
    pub(crate) help: &'static str,
    pub(crate) read: Read,
}

/// Where the cells of a column come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Read {
    /// `metadata.name`.
    Name,
    /// A string, number or boolean as text.
    Text(Path),
    /// A number; 0 when it is absent.
    Int(Path),
    /// How many elements or entries.
    Count(Path),
    /// A moment.
    Time(Path),
    /// A boolean, with what an absent one means.
    Bool(Path, bool),
    /// Have and want; 0 when absent.
    Ratio(Path, Path),
    /// A function of the values at some paths.
    With(&'static [Path], fn(&Args<'_, '_>, &mut Out<'_>)),
    /// Written by the kind's `fill`.
    Filled,
}

/// The values that a column asked for.
pub(crate) struct Args<'s, 'a> {
    pub(crate) slots: &'s Slots<'a>,
    pub(crate) at: &'s [u16],
}

impl<'a> Args<'_, 'a> {
    /// The value of the column's path number `at`.
    pub(crate) fn get(&self, at: usize) -> Option<Node<'a>> {
        self.slots.get(usize::from(*self.at.get(at)?))
    }

    pub(crate) fn int(&self, at: usize) -> i64 {
        self.get(at).and_then(Node::as_i64).unwrap_or(0)
    }

    pub(crate) fn text(&self, at: usize) -> std::borrow::Cow<'a, str> {
        self.get(at).and_then(Node::as_str).unwrap_or_default()
    }
}

impl Col {
    const fn new(id: &'static str, title: &'static str, ty: ColumnType, width: u16, read: Read) -> Self {
        Self { id, title, ty, wide: false, extra: false, absent: "", width, help: "", read }
    }

    /// Only with `-o wide`.
    pub(crate) const fn wide(self) -> Self {
        Self { wide: true, ..self }
    }

    /// Ours, not kubectl's.
    pub(crate) const fn extra(self) -> Self {
        Self { extra: true, ..self }
    }

    /// What kubectl prints for nothing.
    pub(crate) const fn absent(self, absent: &'static str) -> Self {
        Self { absent, ..self }
    }

    /// `<none>`.
    pub(crate) const fn none(self) -> Self {
        self.absent("<none>")
    }

    /// Characters.
    pub(crate) const fn width(self, width: u16) -> Self {
        Self { width, ..self }
    }

    /// A tooltip.
    pub(crate) const fn help(self, help: &'static str) -> Self {
        Self { help, ..self }
    }

    /// For the wire.
    pub(crate) fn head(&self) -> Column {
        Column {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            ty: self.ty,
            wide: self.wide,
            extra: self.extra,
            absent: self.absent.to_owned(),
            width: self.width,
            help: self.help.to_owned(),
        }
    }
}

/// The name, for the few kinds where it does not simply stand first: rows have it as their identity.
pub(crate) const fn name() -> Col {
    Col::new("name", "Name", ColumnType::Text, 32, Read::Name)
}

/// The age of the object.
pub(crate) const fn age() -> Col {
    Col::new("age", "Age", ColumnType::Age, 7, Read::Time(CREATED)).absent("<unknown>")
}

/// The moment of creation as kubectl prints it for kinds without columns of their own.
pub(crate) const fn created_at() -> Col {
    Col::new("created_at", "Created At", ColumnType::Text, 20, Read::Text(CREATED))
}

pub(crate) const fn text(id: &'static str, title: &'static str, path: Path) -> Col {
    Col::new(id, title, ColumnType::Text, 16, Read::Text(path))
}

pub(crate) const fn int(id: &'static str, title: &'static str, path: Path) -> Col {
    Col::new(id, title, ColumnType::Int, 8, Read::Int(path))
}

pub(crate) const fn count(id: &'static str, title: &'static str, path: Path) -> Col {
    Col::new(id, title, ColumnType::Int, 8, Read::Count(path))
}

pub(crate) const fn bool(id: &'static str, title: &'static str, path: Path, default: bool) -> Col {
    Col::new(id, title, ColumnType::Bool, 8, Read::Bool(path, default))
}

pub(crate) const fn time(id: &'static str, title: &'static str, path: Path) -> Col {
    Col::new(id, title, ColumnType::Age, 8, Read::Time(path))
}

pub(crate) const fn ratio(id: &'static str, title: &'static str, have: Path, want: Path) -> Col {
    Col::new(id, title, ColumnType::Ratio, 8, Read::Ratio(have, want))
}

pub(crate) const fn with(
    id: &'static str,
    title: &'static str,
    ty: ColumnType,
    paths: &'static [Path],
    read: fn(&Args<'_, '_>, &mut Out<'_>),
) -> Col {
    let width = match ty {
        ColumnType::Text => 16,
        ColumnType::Status => 14,
        _ => 8,
    };
    Col::new(id, title, ty, width, Read::With(paths, read))
}

pub(crate) const fn filled(id: &'static str, title: &'static str, ty: ColumnType) -> Col {
    let width = match ty {
        ColumnType::Text => 16,
        ColumnType::Status => 18,
        _ => 8,
    };
    Col::new(id, title, ty, width, Read::Filled)
}

/// `metadata.creationTimestamp`.
pub(crate) const CREATED: Path = &["metadata", "creationTimestamp"];
/// `metadata.deletionTimestamp`.
pub(crate) const DELETED: Path = &["metadata", "deletionTimestamp"];
