//! Runs a command beside a PostgreSQL that ends with it: `with-postgres COMMAND [ARGUMENT...]`. The command finds the
//! address in `TEST_POSTGRES`, without a database's name, and an empty database in `TEST_POSTGRES_DATABASE`.

use std::{
    env,
    process::{Command, ExitCode},
};

use profiles_test_cluster::cluster;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("usage: with-postgres COMMAND [ARGUMENT...]");
        return ExitCode::from(2);
    };
    let cluster = cluster();
    let mut command = Command::new(&program);
    command.args(arguments).env("TEST_POSTGRES", cluster.url("")).env("TEST_POSTGRES_DATABASE", cluster.database().url);
    match command.status() {
        Ok(status) => u8::try_from(status.code().unwrap_or(1)).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!("with-postgres: {}: {error}", program.display());
            ExitCode::FAILURE
        }
    }
}
