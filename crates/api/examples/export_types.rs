//! Writes the TypeScript declarations of every body and frame to stdout: `web/src/wire/api.ts`.

#![allow(clippy::print_stdout)]

use api::{error, rest, socket};
use ts_rs::{Config, TS};

fn main() {
    let config = Config::default();
    println!("// Generated from the crate `api`. Do not edit: run `cargo xtask gen`.\n");
    println!("export type CellValue = string | number | boolean | null | Array<string | number | null>;\n");
    macro_rules! write {
        ($($ty:ty),* $(,)?) => { $( println!("{}export {}\n", <$ty>::docs().unwrap_or_default(), <$ty>::decl(&config)); )* };
    }
    write!(api::ColumnType, error::ErrorBody);
    write!(
        rest::ObjectRef,
        rest::ObjectDetail,
        rest::SecretKey,
        rest::RevealRequest,
        rest::Revealed,
        rest::Act,
        rest::Propagation,
        rest::PlanRequest,
        rest::Plan,
        rest::PlanStep,
        rest::Verdict,
        rest::Need,
        rest::Answers,
        rest::CommitRequest,
        rest::Committed,
        rest::StepResult,
        rest::Session,
        rest::AuditPage,
    );
    write!(
        socket::ClientFrame,
        socket::Sub,
        socket::What,
        socket::RowsQuery,
        socket::Sort,
        socket::CountsQuery,
        socket::Resume,
        socket::Move,
        socket::Ack,
        socket::Unsub,
        socket::ServerFrame,
        socket::Hello,
        socket::Column,
        socket::Row,
        socket::Snap,
        socket::Delta,
        socket::Source,
        socket::SourceState,
        socket::Counts,
        socket::Clusters,
        socket::Cluster,
        socket::Kind,
        socket::End,
    );
}
