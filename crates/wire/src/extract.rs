//! Captures the values at many paths of an object in one pass over its bytes.
//!
//! The paths form a tree. For protobuf the tree is compiled against the message type once: field numbers, no names;
//! everything off the tree is skipped by its length (`managedFields` among it). For JSON the tree is walked by names.
//! A path ends at any node; below a list it cannot go on: capture the list and run another `Extract` on its items.

use crate::error::Error;
use crate::node::read::single;
use crate::node::{Node, Repr};
use crate::proto::{Records, bytes_of};
use crate::schema::{Cardinality, Field, Message};
use crate::text::Json;
use smallvec::SmallVec;

/// A compiled set of paths.
#[derive(Debug)]
pub struct Extract {
    /// The message that `plan` is for.
    message: Option<&'static Message>,
    plan: Vec<Step>,
    names: Vec<Name>,
    paths: usize,
}

/// The captured nodes, in the order of the paths. Lives on the stack for up to 24 paths.
#[derive(Clone, Debug, Default)]
pub struct Slots<'a>(SmallVec<[Option<Node<'a>>; 24]>);

impl<'a> Slots<'a> {
    /// The value of path number `at`.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<Node<'a>> {
        self.0.get(at).copied().flatten()
    }

    fn reset(&mut self, len: usize) {
        self.0.clear();
        self.0.resize(len, None);
    }

    fn set(&mut self, at: Option<u16>, node: Option<Node<'a>>) {
        if let Some(slot) = at.and_then(|at| self.0.get_mut(usize::from(at))) {
            *slot = node;
        }
    }
}

/// A message in the plan: what to do at which field.
#[derive(Debug, Default)]
struct Step {
    at: SmallVec<[Turn; 8]>,
    /// A bit for each field number of `at`, the last one for all from 63 on: most records are of no interest.
    wanted: u64,
}

impl Step {
    #[inline]
    fn turn(&self, number: u32) -> Option<&Turn> {
        if self.wanted >> number.min(63) & 1 == 0 {
            return None;
        }
        self.at.iter().find(|turn| turn.number == number)
    }
}

#[derive(Debug)]
struct Turn {
    number: u32,
    field: &'static Field,
    slot: Option<u16>,
    /// The step for the message in this field.
    next: Option<u16>,
    /// Keys of a map whose values are captured, with what is left of their paths.
    keys: Vec<(Box<str>, Vec<Box<str>>, u16)>,
}

/// An object in the tree of names; the root is the first.
#[derive(Debug, Default)]
struct Name {
    slot: Option<u16>,
    children: SmallVec<[(Box<str>, u16); 4]>,
}

impl Extract {
    /// Compiles paths, for protobuf of `message` and for JSON.
    #[must_use]
    pub fn new(message: Option<&'static Message>, paths: &[&[&str]]) -> Self {
        let mut this = Self { message, plan: vec![Step::default()], names: vec![Name::default()], paths: paths.len() };
        for (slot, path) in paths.iter().enumerate() {
            let Ok(slot) = u16::try_from(slot) else { break };
            this.add_names(path, slot);
            if let Some(message) = message {
                this.add_fields(0, message, path, slot);
            }
        }
        this
    }

    /// Captures. What is absent leaves its slot empty.
    ///
    /// # Errors
    /// When protobuf bytes on the way are damaged; the slots then hold what was found before.
    pub fn run<'a>(&self, node: Node<'a>, slots: &mut Slots<'a>) -> Result<(), Error> {
        slots.reset(self.paths);
        match node.0 {
            Repr::Message { bytes, message } => match self.message {
                Some(own) if std::ptr::eq(own, message) => self.messages(bytes, 0, slots),
                _ => {
                    self.by_name(node, 0, slots);
                    Ok(())
                }
            },
            Repr::Json(json) => {
                self.json(json, 0, slots);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn add_names(&mut self, path: &[&str], slot: u16) {
        let mut at = 0_usize;
        for name in path {
            let known = self.names.get(at).and_then(|own| own.children.iter().find(|(child, _)| **child == **name));
            at = match known {
                Some((_, child)) => usize::from(*child),
                None => {
                    let new = self.names.len();
                    self.names.push(Name::default());
                    if let (Some(own), Ok(child)) = (self.names.get_mut(at), u16::try_from(new)) {
                        own.children.push(((*name).into(), child));
                    }
                    new
                }
            };
        }
        if let Some(end) = self.names.get_mut(at) {
            end.slot = Some(slot);
        }
    }

    fn add_fields(&mut self, step: usize, message: &'static Message, path: &[&str], slot: u16) {
        let Some((name, rest)) = path.split_first() else { return };
        let Some((outer, field)) = message.find(name) else { return };
        // An inlined field: go through the message it stands in, with the path unchanged.
        let (field, inlined) = outer.map_or((field, false), |outer| (outer, true));
        let new = self.plan.len();
        let Some(own) = self.plan.get_mut(step) else { return };
        let at = own.at.iter().position(|turn| turn.number == field.number()).unwrap_or_else(|| {
            own.wanted |= 1 << field.number().min(63);
            own.at.push(Turn { number: field.number(), field, slot: None, next: None, keys: Vec::new() });
            own.at.len() - 1
        });
        let Some(turn) = own.at.get_mut(at) else { return };
        match (rest.split_first(), field.message()) {
            (None, _) if !inlined => turn.slot = Some(slot),
            (Some((key, below)), _) if !inlined && field.cardinality() == Cardinality::Map => {
                turn.keys.push(((*key).into(), below.iter().map(|name| (*name).into()).collect(), slot));
            }
            (_, Some(inner)) if field.cardinality() == Cardinality::One => {
                let next = usize::from(*turn.next.get_or_insert(u16::try_from(new).unwrap_or(u16::MAX)));
                if next == new {
                    self.plan.push(Step::default());
                }
                self.add_fields(next, inner, if inlined { path } else { rest }, slot);
            }
            _ => {}
        }
    }

    fn messages<'a>(&self, bytes: &'a [u8], step: u16, slots: &mut Slots<'a>) -> Result<(), Error> {
        let Some(step) = self.plan.get(usize::from(step)) else { return Ok(()) };
        let mut records = Records::new(bytes);
        loop {
            let before = records.rest();
            let Some(record) = records.next()? else { return Ok(()) };
            let Some(turn) = step.turn(record.number) else { continue };
            if turn.field.cardinality() == Cardinality::One {
                if turn.slot.is_some() {
                    slots.set(turn.slot, single(record.value, turn.field));
                }
                if let (Some(next), Some(inner)) = (turn.next, record.value.bytes()) {
                    self.messages(inner, next, slots)?;
                }
                continue;
            }
            // A list or map starts here: the first record wins, its node reaches to the end of the message.
            if let Some(slot) = turn.slot
                && slots.get(usize::from(slot)).is_none()
            {
                slots.set(Some(slot), Some(Node(Repr::Many { bytes: before, field: turn.field })));
            }
            if !turn.keys.is_empty()
                && let Some(entry) = record.value.bytes()
            {
                let key = bytes_of(entry, 1).unwrap_or_default();
                for (_, below, slot) in turn.keys.iter().filter(|(own, _, _)| own.as_bytes() == key) {
                    let map = Node(Repr::Many { bytes: before, field: turn.field });
                    let value = map.entries().next().map(|(_, value)| value);
                    slots.set(Some(*slot), below.iter().try_fold(value, |node, name| Some(node?.get(name))).flatten());
                }
            }
        }
    }

    fn json<'a>(&self, json: Json<'a>, name: u16, slots: &mut Slots<'a>) {
        let Some(own) = self.names.get(usize::from(name)) else { return };
        for (key, value) in json.entries() {
            if let Some((_, child)) = own.children.iter().find(|(child, _)| **child == *key) {
                if value.is_null() {
                    continue;
                }
                slots
                    .set(self.names.get(usize::from(*child)).and_then(|name| name.slot), Some(Node(Repr::Json(value))));
                self.json(value, *child, slots);
            }
        }
    }

    /// Protobuf of another type than the compiled one: slower, same answer.
    fn by_name<'a>(&self, node: Node<'a>, name: u16, slots: &mut Slots<'a>) {
        let Some(own) = self.names.get(usize::from(name)) else { return };
        for (child, at) in &own.children {
            if let Some(value) = node.get(child) {
                if let Some(slot) = self.names.get(usize::from(*at)).and_then(|name| name.slot) {
                    slots.set(Some(slot), Some(value));
                }
                self.by_name(value, *at, slots);
            }
        }
    }
}

#[cfg(test)]
mod tests;
