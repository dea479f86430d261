//! `qd`: see and run your Kubernetes clusters.

fn main() -> std::process::ExitCode {
    app::main(env!("QD_COMMIT"))
}
