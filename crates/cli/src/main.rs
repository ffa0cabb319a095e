//! `svala`: the event-sourced ledger for reintegration support, on the command line.
//!
//! Exit codes: 0 done, 1 refused by a rule or a check, 2 wrong usage or input, 3 the ledger is damaged or
//! unreachable.

mod args;
mod checkpoints;
mod commands;
mod connect;
mod output;
mod progress;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;
use crate::output::Failure;

/// Events, rows and texts are many small allocations, made on one thread and freed on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::usage(format!("the program could not start: {error}")).report(),
    };
    match runtime.block_on(commands::run(args)) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
