//! `cargo xtask gateway`: `qd` in an image that holds nothing else but the libraries that it loads: what `deploy/gateway` runs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::metadata::Metadata;
use super::{build, doctor, proc, web};
use crate::image::{self, File, ImageSpec, Layer};

/// Arguments of `cargo xtask gateway`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A `qd` that was built before; else the release is built, with the console in it.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Where the archive goes; else beside the program's build.
    #[arg(long)]
    archive: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    doctor::ensure(&[doctor::Need::Build])?;
    let metadata = Metadata::load()?;
    let program = match &args.program {
        Some(program) => program.clone(),
        None => {
            doctor::ensure(&[doctor::Need::Web])?;
            web::build()?;
            build::qd(&metadata)?
        }
    };
    let archive = args.archive.clone().unwrap_or_else(|| Path::new(&metadata.target_directory).join("qd.tar"));
    let loaded = proc::output(Command::new("ldd").arg(&program)).context("ldd tells what qd loads")?;
    let mut files = vec![File::Copy { from: program, to: "/qd".to_owned(), mode: 0o755 }];
    files.extend(libraries(&loaded).into_iter().map(|path| File::Copy {
        from: PathBuf::from(&path),
        to: path,
        mode: 0o755,
    }));
    let spec = ImageSpec {
        name: format!("{IMAGE}:{}", env!("CARGO_PKG_VERSION")),
        entrypoint: vec!["/qd".to_owned()],
        cmd: vec!["serve".to_owned()],
        user: Some("65532:65532".to_owned()),
        layers: vec![Layer::Files(files)],
        ..ImageSpec::default()
    };
    image::write(&spec, &archive)?;
    println!("{}", archive.display());
    Ok(())
}

/// The files among what `ldd` says: `name => path (address)`, or the path of the loader alone. A static program has none.
fn libraries(said: &str) -> Vec<String> {
    let of = |line: &str| {
        let path = line.split_once("=> ").map_or(line, |(_, path)| path);
        let path = path.trim().split(' ').next().unwrap_or_default();
        path.starts_with('/').then(|| path.to_owned())
    };
    said.lines().filter_map(of).collect()
}

const IMAGE: &str = "images.invalid/quarterdeck/qd";

#[cfg(test)]
mod tests {
    use super::libraries;

    #[test]
    fn what_is_loaded_is_found_and_what_is_no_file_is_not() {
        let said = "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f)\n\
                    \tlibnone.so => not found\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n";
        assert_eq!(libraries(said), ["/lib/x86_64-linux-gnu/libm.so.6", "/lib64/ld-linux-x86-64.so.2"]);
        assert!(libraries("\tstatically linked\n").is_empty());
    }
}
