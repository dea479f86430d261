//! Descriptors of gRPC's messages from the user's files: `.proto` sources are compiled, anything else is a set of
//! descriptors as `protoc --descriptor_set_out` and `buf build` write it.

use std::path::{Path, PathBuf};

use protox::Compiler;

use super::error::{TapError, called};
use crate::error::Error;

/// Tells an engine of each file.
pub(super) fn tell(engine: &mut flow::Engine, files: &[PathBuf]) -> Result<(), Error> {
    for file in files {
        if !engine.protos(&set(file)?) {
            return Err(wrong(
                file,
                "it is neither a .proto file nor a set of descriptors, or has more than 4 MiB of names",
            ));
        }
    }
    Ok(())
}

fn set(file: &Path) -> Result<Vec<u8>, Error> {
    if file.extension().is_some_and(|ending| ending == "proto") {
        return compiled(file);
    }
    let name = called(file);
    let read = |source| Error::of(TapError::read(&name, source));
    if std::fs::metadata(file).map_err(read)?.len() > LONGEST {
        return Err(wrong(file, "a set of descriptors has at most 64 MiB"));
    }
    std::fs::read(file).map_err(read)
}

/// Imports are looked for in the folder of the file and in those above it: in one of them the names in `import` begin.
fn compiled(file: &Path) -> Result<Vec<u8>, Error> {
    let file = file.canonicalize().map_err(|source| Error::of(TapError::read(&called(file), source)))?;
    let folders = file.ancestors().skip(1).take(ABOVE);
    let failed = |error: protox::Error| wrong(&file, &error.to_string());
    let mut compiler = Compiler::new(folders).map_err(failed)?;
    compiler.include_imports(true).open_file(&file).map_err(failed)?;
    Ok(compiler.encode_file_descriptor_set())
}

fn wrong(file: &Path, why: &str) -> Error {
    Error::of(TapError::Protos { file: called(file), why: why.to_owned() })
}

/// Bytes of a set of descriptors.
const LONGEST: u64 = 64 << 20;
/// Folders that imports are looked for in.
const ABOVE: usize = 8;

#[cfg(test)]
mod tests;
