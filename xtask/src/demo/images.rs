//! The demo's three images: its own program, and Redis and PostgreSQL as Debian packages them.
//!
//! A root file system is made once for each state of its recipe and kept in the user's cache folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::kubectl::{Kubectl, items};
use crate::image::{self, File, ImageSpec, Layer};
use crate::tasks::proc;
use crate::{cluster, paths};

/// A root file system from Debian packages.
struct Recipe {
    name: &'static str,
    packages: &'static str,
    /// Scripts of `dev/demo/images`, run in this order on the extracted packages.
    scripts: &'static [&'static str],
    entrypoint: &'static [&'static str],
    user: &'static str,
}

const RECIPES: [Recipe; 2] = [
    Recipe {
        name: "redis",
        packages: "redis-server,dash,coreutils,grep",
        scripts: &["trim.sh"],
        entrypoint: &["redis-server"],
        user: "999:999",
    },
    Recipe {
        name: "postgres",
        packages: "postgresql,dash,coreutils,grep",
        scripts: &["trim.sh", "postgres.sh"],
        entrypoint: &["start-postgres"],
        user: "999:999",
    },
];

/// What a plain shell needs: the image that workspaces are tried with.
const SHELL: Recipe = Recipe {
    name: "shell",
    packages: "bash,dash,coreutils,findutils,grep,sed,procps,less,ncurses-base",
    scripts: &["trim.sh"],
    entrypoint: &["bash"],
    user: "0:0",
};

/// Builds the image of a plain shell unless it is in the cache; its archive.
pub(crate) fn shell() -> Result<PathBuf> {
    Ok(debian(&SHELL).context("image shell")?.archive)
}

/// One image on disk.
struct Image {
    archive: PathBuf,
    /// Short digest of what it holds.
    mark: String,
}

/// All images of the demo.
pub(crate) struct Images {
    program: PathBuf,
    built: BTreeMap<&'static str, Image>,
}

impl Images {
    /// Builds what is not in the cache.
    pub(crate) fn build() -> Result<Self> {
        let program = build_program()?;
        let mut built = BTreeMap::from([("demo", own(&program)?)]);
        for recipe in &RECIPES {
            built.insert(recipe.name, debian(recipe).with_context(|| format!("image {}", recipe.name))?);
        }
        Ok(Self { program, built })
    }

    /// The demo's program, which runs on this machine as well.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Loads those that the cluster lacks, and says how many. The mark of a loaded image stands in the annotations of a
    /// node, which ends with the node's own store of images.
    pub(crate) fn load(&self, cluster: &str, kubectl: &Kubectl) -> Result<usize> {
        let nodes = kubectl.json(&["get", "nodes", "--selector=!quarterdeck.dev/simulated"])?;
        let node = items(&nodes).first().context("the cluster has no node that runs pods")?;
        let name = node.pointer("/metadata/name").and_then(|name| name.as_str()).context("a node without a name")?;
        let mut loaded = 0;
        for (image, built) in &self.built {
            let key = format!("demo.quarterdeck.dev/{image}-image");
            let there =
                node.pointer("/metadata/annotations").and_then(|all| all.get(&key)).and_then(|mark| mark.as_str());
            if there == Some(built.mark.as_str()) {
                continue;
            }
            cluster::load_image(cluster, &built.archive).with_context(|| format!("image {image}"))?;
            kubectl.json(&["annotate", "--overwrite", "node", name, &format!("{key}={}", built.mark)])?;
            loaded += 1;
        }
        Ok(loaded)
    }

    /// The mark of each image, by its short name.
    pub(crate) fn marks(&self) -> BTreeMap<&'static str, String> {
        self.built.iter().map(|(name, image)| (*name, image.mark.clone())).collect()
    }

    /// Names and sizes for people.
    pub(crate) fn summary(&self) -> Result<String> {
        let mut words = Vec::new();
        for (name, image) in &self.built {
            let bytes = fs::metadata(&image.archive).context("an image is gone from the cache")?.len();
            words.push(format!("{name} {} MB", bytes / 1_000_000));
        }
        Ok(words.join(", "))
    }
}

/// The demo's program for this machine and for its image alike.
pub(crate) fn build_program() -> Result<PathBuf> {
    cluster::go_build(&paths::root().join("dev/demo"), "demo")
}

fn own(program: &Path) -> Result<Image> {
    let bytes = fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    let accounts = "root:x:0:0:root:/:/none\nservice:x:999:999:service:/tmp:/none\n";
    let spec = ImageSpec {
        name: "images.invalid/demo:1".to_owned(),
        entrypoint: vec!["/usr/bin/demo".to_owned()],
        layers: vec![Layer::Files(vec![
            File::Copy { from: program.to_owned(), to: "/usr/bin/demo".to_owned(), mode: 0o755 },
            File::Text { content: accounts.to_owned(), to: "/etc/passwd".to_owned(), mode: 0o644 },
        ])],
        ..ImageSpec::default()
    };
    write("demo", &short(&Sha256::new().chain_update(bytes).chain_update(accounts)), &spec)
}

fn debian(recipe: &Recipe) -> Result<Image> {
    let scripts: Vec<PathBuf> =
        recipe.scripts.iter().map(|name| paths::root().join("dev/demo/images").join(name)).collect();
    let suite = suite()?;
    let mut key =
        Sha256::new().chain_update(&suite).chain_update(recipe.packages).chain_update(recipe.entrypoint.join(" "));
    for script in &scripts {
        key.update(fs::read(script).with_context(|| format!("cannot read {}", script.display()))?);
    }
    let mark = short(&key);
    // gone when it is dropped, as the archive then holds it; no other run of ours writes to the same file
    let mut root = None;
    if !archive(recipe.name, &mark).exists() {
        root = Some(extract(recipe, &suite, &scripts)?);
    }
    let spec = ImageSpec {
        name: format!("images.invalid/{}:1", recipe.name),
        entrypoint: recipe.entrypoint.iter().map(|&word| word.to_owned()).collect(),
        env: vec![("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())],
        user: Some(recipe.user.to_owned()),
        layers: root.iter().map(|root| Layer::Tar(root.path().to_owned())).collect(),
        ..ImageSpec::default()
    };
    write(recipe.name, &mark, &spec)
}

/// Makes the root file system: packages are extracted, none of their scripts runs.
fn extract(recipe: &Recipe, suite: &str, scripts: &[PathBuf]) -> Result<NamedTempFile> {
    proc::say(&format!("making the root file system of {} from Debian packages", recipe.name));
    fs::create_dir_all(cache())?;
    let root = tempfile::Builder::new().suffix(".tar").tempfile_in(cache()).context("no temporary file")?;
    let log_path = cache().join(format!("{}.log", recipe.name));
    let log = fs::File::create(&log_path).with_context(|| format!("cannot write {}", log_path.display()))?;
    let mut command = Command::new("mmdebstrap");
    command.args(["--variant=extract", "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"]);
    command.arg(format!("--include={}", recipe.packages));
    for script in scripts {
        command.arg(format!("--extract-hook={}", script.display()));
    }
    command.arg(suite).arg(root.path()).stdout(Stdio::null()).stderr(log);
    if let Err(error) = proc::run(&mut command) {
        let text = fs::read_to_string(&log_path).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let last = lines.iter().skip(lines.len().saturating_sub(5)).copied().collect::<Vec<_>>().join("\n");
        return Err(error.context(format!("mmdebstrap (all of its words: {}):\n{last}", log_path.display())));
    }
    Ok(root)
}

/// The Debian release of this machine, so that packages come from where its own do.
fn suite() -> Result<String> {
    let text = fs::read_to_string("/etc/os-release").context("cannot read /etc/os-release")?;
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).map(|value| value.trim_matches('"'));
    match (value("ID="), value("VERSION_CODENAME=")) {
        (Some("debian"), Some(suite)) => Ok(suite.to_owned()),
        _ => bail!(
            "the images of Redis and PostgreSQL are made from Debian packages, and this machine is no Debian release"
        ),
    }
}

fn write(name: &str, mark: &str, spec: &ImageSpec) -> Result<Image> {
    let archive = archive(name, mark);
    if !archive.exists() {
        image::write(spec, &archive)?;
        forget_old(&cache(), name)?;
    }
    Ok(Image { archive, mark: mark.to_owned() })
}

/// Keeps the newest archives of an image only, and none of the files that a killed run left half written.
fn forget_old(folder: &Path, name: &str) -> Result<()> {
    let mut archives = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let modified = entry.metadata()?.modified()?;
        let mark = file.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')?.strip_suffix(".tar"));
        if mark.is_some_and(|mark| mark.len() == 16) {
            archives.push((modified, entry.path()));
        } else if file.starts_with(".tmp") && modified.elapsed().is_ok_and(|age| age > HALF_WRITTEN) {
            fs::remove_file(entry.path())?;
        }
    }
    archives.sort();
    for (_, old) in archives.iter().rev().skip(KEPT) {
        fs::remove_file(old)?;
    }
    Ok(())
}

fn archive(name: &str, mark: &str) -> PathBuf {
    cache().join(format!("{name}-{mark}.tar"))
}

fn cache() -> PathBuf {
    paths::cache().join("images")
}

fn short(hash: &Sha256) -> String {
    hex::encode(hash.clone().finalize()).chars().take(16).collect()
}

/// So that going back and forth between two states of the sources builds nothing.
const KEPT: usize = 2;
/// No archive takes so long to write.
const HALF_WRITTEN: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{HALF_WRITTEN, KEPT, forget_old};
    use std::fs::{self, File};
    use std::time::{Duration, SystemTime};

    #[test]
    fn old_archives_go_and_those_of_other_images_stay() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, age: Duration| {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        };
        for hours in 1..=4 {
            make(&format!("demo-000000000000000{hours}.tar"), Duration::from_secs(hours * 3600));
        }
        make("redis-0000000000000001.tar", HALF_WRITTEN * 9);
        make(".tmpOld.tar", HALF_WRITTEN * 2);
        make(".tmpNew.tar", Duration::ZERO);
        forget_old(folder.path(), "demo").unwrap();
        let mut left: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        let expected =
            [".tmpNew.tar", "demo-0000000000000001.tar", "demo-0000000000000002.tar", "redis-0000000000000001.tar"];
        assert_eq!(left, expected);
        assert_eq!(KEPT, 2);
    }
}
