//! Reads descriptors: `FileDescriptorSet` and what hangs below, and the answers of server reflection.

use hashbrown::HashMap;

use super::wire::{Fields, Value, messages};
use super::{Body, Enum, Field, MOST, Message, Method, Protos, Source};

/// Takes every file of a set.
pub(super) fn set(protos: &mut Protos, set: &[u8], by: Source) -> bool {
    let mut fields = Fields::of(set);
    let mut all = true;
    for (number, value) in fields.by_ref() {
        match (number, value) {
            (1, Value::Bytes(one)) => all &= file(protos, one, by),
            _ => all = false,
        }
    }
    all && !fields.is_bad && !set.is_empty()
}

/// Takes the files of `ServerReflectionResponse.file_descriptor_response`.
pub(super) fn reflected(protos: &mut Protos, body: Body<'_>) {
    messages(body, |answer| {
        for files in Fields::of(answer).filter_map(|field| bytes(field, 4)) {
            for one in Fields::of(files).filter_map(|field| bytes(field, 1)) {
                file(protos, one, Source::Reflection);
            }
        }
    });
}

/// Takes a `FileDescriptorProto`.
fn file(protos: &mut Protos, file: &[u8], by: Source) -> bool {
    let package = text(file, 2);
    let mut is_whole = true;
    for (number, value) in Fields::of(file) {
        let Value::Bytes(part) = value else { continue };
        is_whole &= match number {
            4 => message(protos, part, package, by, 0),
            5 => names(protos, part, package, by),
            6 => service(protos, part, package, by),
            _ => true,
        };
    }
    is_whole
}

/// A `DescriptorProto` with those inside it.
fn message(protos: &mut Protos, descriptor: &[u8], outer: &str, by: Source, depth: u8) -> bool {
    let name = joined(outer, text(descriptor, 1));
    let mut own = Message { fields: HashMap::new(), is_entry: false, by };
    let (mut is_whole, mut heap) = (depth < DEEPEST, of_message(&name, &own));
    for (number, value) in Fields::of(descriptor) {
        let Value::Bytes(part) = value else { continue };
        match number {
            2 => {
                let number = number_of(part, 3).and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
                let field = Field {
                    name: text(part, 1).into(),
                    kind: number_of(part, 5).map_or(0, |kind| kind as u8),
                    is_repeated: number_of(part, 4) == Some(3),
                    of: text(part, 6).trim_start_matches('.').into(),
                };
                heap += of_field(&field);
                own.fields.insert(number, field);
            }
            3 if depth < DEEPEST => is_whole &= message(protos, part, &name, by, depth + 1),
            4 => is_whole &= names(protos, part, &name, by),
            7 => own.is_entry = number_of(part, 7) == Some(1),
            _ => {}
        }
        if protos.heap + heap > MOST {
            return false;
        }
    }
    if by.yields(protos.messages.get(name.as_str()).map(|old| old.by)) {
        return is_whole;
    }
    protos.heap += of_message(&name, &own);
    if let Some(old) = protos.messages.insert(name.as_str().into(), own) {
        protos.heap -= of_message(&name, &old);
    }
    is_whole
}

fn of_message(name: &str, message: &Message) -> usize {
    name.len() + size_of::<Message>() + ADDED + message.fields.values().map(of_field).sum::<usize>()
}

fn of_field(field: &Field) -> usize {
    field.name.len() + field.of.len() + size_of::<Field>() + ADDED
}

/// An `EnumDescriptorProto`.
fn names(protos: &mut Protos, descriptor: &[u8], outer: &str, by: Source) -> bool {
    let name = joined(outer, text(descriptor, 1));
    if by.yields(protos.enums.get(name.as_str()).map(|old| old.by)) {
        return true;
    }
    let mut own = Enum { names: HashMap::new(), by };
    let mut heap = of_enum(&name, &own);
    for value in Fields::of(descriptor).filter_map(|field| bytes(field, 2)) {
        let word: Box<str> = text(value, 1).into();
        heap += word.len() + ADDED;
        if protos.heap + heap > MOST {
            return false;
        }
        // The first of several names of a number is its name.
        own.names.entry(number_of(value, 2).unwrap_or(0) as i32).or_insert(word);
    }
    protos.heap += of_enum(&name, &own);
    if let Some(old) = protos.enums.insert(name.as_str().into(), own) {
        protos.heap -= of_enum(&name, &old);
    }
    true
}

fn of_enum(name: &str, own: &Enum) -> usize {
    name.len() + size_of::<Enum>() + ADDED + own.names.values().map(|name| name.len() + ADDED).sum::<usize>()
}

/// A `ServiceDescriptorProto`.
fn service(protos: &mut Protos, descriptor: &[u8], package: &str, by: Source) -> bool {
    let service = joined(package, text(descriptor, 1));
    for method in Fields::of(descriptor).filter_map(|field| bytes(field, 2)) {
        let name = format!("{service}/{}", text(method, 1));
        let own = |number| text(method, number).trim_start_matches('.').into();
        let method = Method { asks: own(2), answers: own(3), by };
        // What reflection said first stands too: a server says it again to everybody who asks.
        if by == Source::Reflection && protos.methods.contains_key(name.as_str()) {
            continue;
        }
        let heap = name.len() + method.asks.len() + method.answers.len() + size_of::<Method>() + ADDED;
        if protos.heap + heap > MOST {
            return false;
        }
        if protos.methods.insert(name.into(), method).is_none() {
            protos.heap += heap;
        }
    }
    true
}

fn joined(outer: &str, name: &str) -> String {
    if outer.is_empty() { name.to_owned() } else { format!("{outer}.{name}") }
}

/// The text of a field; empty when it is not there.
fn text(message: &[u8], number: u32) -> &str {
    let found = Fields::of(message).find_map(|field| bytes(field, number));
    found.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
}

fn number_of(message: &[u8], number: u32) -> Option<u64> {
    Fields::of(message).find_map(|(have, value)| match value {
        Value::Varint(value) if have == number => Some(value),
        _ => None,
    })
}

fn bytes<'a>((have, value): (u32, Value<'a>), number: u32) -> Option<&'a [u8]> {
    match value {
        Value::Bytes(bytes) if have == number => Some(bytes),
        _ => None,
    }
}

/// Messages inside each other.
const DEEPEST: u8 = 16;
/// What a table and the allocator add to an entry.
const ADDED: usize = 48;
