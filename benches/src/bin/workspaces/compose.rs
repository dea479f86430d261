//! WP-10: five layers of blueprints with expressions, composed and checked, beside a chart of the same values rendered by
//! Helm's own engine, which is built here, in a temporary module, from `benches/peers/helm`.

use anyhow::{Context, Result, ensure};
use bench::build::output;
use bench::table::{Figures, median};
use blueprint::{Beside, Given, LayerKind, Library, Request, Settings, User, compose};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

pub(crate) fn run(rounds: usize, figures: &mut Figures) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let peer = peer(folder.path())?;
    let layers: Vec<(String, String)> = (0..LAYERS).map(layer).collect();
    let lines: usize = layers.iter().map(|(blueprint, _)| blueprint.lines().count()).sum();
    let chart = chart(folder.path(), &layers)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(composed(&layers)?);
        let text = output(Command::new(&peer).arg(ROUNDS.to_string()).args(&chart))?;
        theirs.push(text.trim().parse::<f64>().context("the peer's figure")?);
    }
    let (ours, theirs) = (median(&ours), median(&theirs));
    let what = format!("WP-10 {LAYERS} layers, {lines} lines, composed, ms");
    figures.add(&what, format!("{:.3}", ours * 1_000.0), "<= 1", ours <= 0.001);
    figures.add("WP-10 helm template ÷ the same", format!("{:.1}", theirs / ours), ">= 50", theirs / ours >= 50.0);
    reload(figures)
}

/// WP-10, its second part: a thousand blueprints read again.
fn reload(figures: &mut Figures) -> Result<()> {
    let text: String = (0..1_000).map(|at| format!("---\n{}", layer_named(at, &format!("b{at}"), None))).collect();
    let files = BTreeMap::from([("all.yaml".to_owned(), text)]);
    let began = Instant::now();
    let mut library = Library::default();
    let problems = library.add(&files, &["all.yaml".to_owned()], LayerKind::Platform);
    let took = began.elapsed().as_secs_f64() * 1_000.0;
    ensure!(library.all().count() == 1_000, "{} blueprints: {problems:?}", library.all().count());
    figures.add("WP-10 1,000 blueprints read ms", format!("{took:.0}"), "<= 300", took <= 300.0);
    Ok(())
}

/// Seconds of one composition.
fn composed(layers: &[(String, String)]) -> Result<f64> {
    let text: String = layers.iter().map(|(blueprint, _)| format!("---\n{blueprint}")).collect();
    let files = BTreeMap::from([("layers.yaml".to_owned(), text)]);
    let mut library = Library::default();
    let problems = library.add(&files, &["layers.yaml".to_owned()], LayerKind::Platform);
    ensure!(problems.is_empty(), "{problems:?}");
    let (user, params, settings, env) = (User::plain("ada"), Given::new(), Settings::default(), BTreeMap::new());
    let last = format!("l{}", LAYERS - 1);
    let request = Request {
        library: &library,
        name: Some(&last),
        user: &user,
        repo: None,
        overrides: None,
        params: &params,
        preset: None,
        beside: Beside::default(),
        patches: &[],
        settings: &settings,
        env: &env,
        workspace: "w",
        cluster: "dev",
    };
    let effective = compose(&request)?;
    let told = effective.node.get("env").map_or(0, |env| env.entries().len());
    ensure!(told == LAYERS * VARIABLES, "{told} variables");
    let began = Instant::now();
    for _ in 0..ROUNDS {
        compose(&request)?;
    }
    Ok(began.elapsed().as_secs_f64() / ROUNDS as f64)
}

/// A layer as a blueprint, and as a file of values.
fn layer(at: usize) -> (String, String) {
    let below = at.checked_sub(1).map(|below| format!("l{below}"));
    (layer_named(at, &format!("l{at}"), below.as_deref()), values(at))
}

fn layer_named(at: usize, name: &str, template: Option<&str>) -> String {
    let mut text = format!("blueprint:\n  name: {name}\n");
    if let Some(template) = template {
        let _ = writeln!(text, "  template: {template}");
    }
    let _ = write!(
        text,
        "  description: Layer {at}\n  image: tools/layer:{at}\n  resources:\n    cpu: {}m\n  env:\n",
        500 + at
    );
    for variable in 0..VARIABLES {
        let _ = if variable % 10 == 0 {
            writeln!(text, "    V{at}_{variable}: !cel \"'/home/' + user.username + '/{variable}'\"")
        } else {
            writeln!(text, "    V{at}_{variable}: value-{variable}")
        };
    }
    let _ = write!(text, "  initScripts:\n  - name: step{at}\n    script: |\n");
    for line in 0..SCRIPT {
        let _ = writeln!(text, "      echo {line}");
    }
    text
}

fn values(at: usize) -> String {
    let mut text = format!("image: tools/layer:{at}\nresources:\n  cpu: {}m\nenv:\n", 500 + at);
    for variable in 0..VARIABLES {
        let _ = if variable % 10 == 0 {
            writeln!(text, "  V{at}_{variable}: '/home/{{{{ .Values.user }}}}/{variable}'")
        } else {
            writeln!(text, "  V{at}_{variable}: value-{variable}")
        };
    }
    let _ = write!(text, "initScripts:\n  step{at}: |\n");
    for line in 0..SCRIPT {
        let _ = writeln!(text, "    echo {line}");
    }
    text
}

/// The chart in a folder, and its files of values.
fn chart(folder: &Path, layers: &[(String, String)]) -> Result<Vec<PathBuf>> {
    let chart = folder.join("chart");
    std::fs::create_dir_all(chart.join("templates"))?;
    std::fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: workspace\nversion: 1.0.0\n")?;
    std::fs::write(chart.join("values.yaml"), "user: ada\nimagePullPolicy: IfNotPresent\n")?;
    std::fs::write(chart.join("templates/pod.yaml"), TEMPLATE)?;
    let mut all = vec![chart];
    for (at, (_, values)) in layers.iter().enumerate() {
        let path = folder.join(format!("values{at}.yaml"));
        std::fs::write(&path, values)?;
        all.push(path);
    }
    Ok(all)
}

/// Helm's engine as a program.
fn peer(folder: &Path) -> Result<PathBuf> {
    let module = folder.join("helm");
    std::fs::create_dir_all(&module)?;
    std::fs::write(module.join("main.go"), include_str!("../../../peers/helm/main.go"))?;
    std::fs::write(module.join("go.mod"), format!("module peer\n\ngo 1.24\n\nrequire {HELM}\n"))?;
    for words in [&["mod", "tidy"][..], &["build", "-o", "peer", "."]] {
        output(Command::new("go").current_dir(&module).args(words))?;
    }
    Ok(module.join("peer"))
}

const HELM: &str = "helm.sh/helm/v3 v3.18.6";
const LAYERS: usize = 5;
/// Of a layer; one of ten is an expression.
const VARIABLES: usize = 50;
/// Lines of a layer's script.
const SCRIPT: usize = 20;
const ROUNDS: usize = 200;
const TEMPLATE: &str = r"apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}
spec:
  containers:
  - name: main
    image: {{ .Values.image }}
    imagePullPolicy: {{ .Values.imagePullPolicy }}
    resources: {{ toJson .Values.resources }}
    env:
    {{- range $name, $value := .Values.env }}
    - name: {{ $name }}
      value: {{ tpl $value $ | quote }}
    {{- end }}
  initContainers:
  {{- range $name, $script := .Values.initScripts }}
  - name: {{ $name }}
    image: {{ $.Values.image }}
    command: [sh, -c, {{ $script | quote }}]
  {{- end }}
";
