//! Members of a tar archive, found by name. The archive is one that we made: names are short and sizes octal.

/// The bytes of a member.
pub(super) fn find<'a>(archive: &'a [u8], wanted: &str) -> Option<&'a [u8]> {
    let mut rest = archive;
    loop {
        let (header, after) = rest.split_at_checked(BLOCK)?;
        let name = header.get(..100)?.split(|byte| *byte == 0).next()?;
        if name.is_empty() {
            return None;
        }
        let size = header.get(124..136)?.split(|byte| *byte == 0 || *byte == b' ').next()?;
        let size = usize::from_str_radix(std::str::from_utf8(size).ok()?, 8).ok()?;
        let bytes = after.get(..size)?;
        if name == wanted.as_bytes() {
            return Some(bytes);
        }
        rest = after.get(size.checked_next_multiple_of(BLOCK)?..)?;
    }
}

const BLOCK: usize = 512;
