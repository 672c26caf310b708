//! The command line: its definition and nothing else. What the commands do is the composition root's.

mod arguments;
mod flags;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

pub use arguments::{
    CacheCommand, ConfigArgs, EventsCommand, ExplainArgs, LinkArgs, OutboxCommand, ReportFormat, SchemaArgs, SeedArgs,
    VerifyArgs,
};

use crate::config::{Config, ConfigError};
use flags::SettingFlags;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is done.
    Ok = 0,
    /// It was tried, and failed.
    Failed = 1,
    /// It was not tried: the command line or the configuration is wrong. clap ends with this code, too.
    Usage = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

const AFTER_HELP: &str = "\
Examples:
  polygraph                                     Serve on http://127.0.0.1:4000 with embedded stores and demo data
  polygraph --listen 0.0.0.0:8080               The same, for other machines on port 8080
  DATABASE_URL=postgres://… polygraph migrate   Bring a PostgreSQL database to the current version
  polygraph config                              Show every setting in force, and where it comes from

Stores are chosen by environment variables, each on its own; without one, an embedded store plays its part:
  DATABASE_URL        users and follows      postgres://, sqlite://             else SQLite in the data directory
  MONGODB_URL         posts and likes        mongodb://, mongodb+srv://         else the SQL store
  ELASTICSEARCH_URL   search and analytics   http://, https://                  else an index in the data directory
  REDIS_URL           resolved results       redis://, rediss://                else memory of this process
  EVENTS_URL          events                 redis://, rediss://, amqp(s)://    else that Redis, or this process

Settings come from polygraph.toml, the environment (POLYGRAPH_LISTEN, …) and flags; the later of these wins.
polygraph.example.toml has them all.

Exit codes:
  0  done
  1  tried and failed; the message says what to do next
  2  not tried: the command line or the configuration is wrong";

/// One GraphQL API over PostgreSQL, MongoDB, Elasticsearch and Redis, joined in one request.
///
/// Every store has an embedded stand-in, so `polygraph` alone is a complete gateway: it makes its data directory,
/// fills it with demo data and serves. Without a command it does what `polygraph serve` does.
#[derive(Debug, Parser)]
#[command(name = "polygraph", version, after_long_help = AFTER_HELP, max_term_width = 120)]
pub struct Cli {
    /// What to do; `serve` where nothing is said.
    #[command(subcommand)]
    command: Option<Command>,

    /// Configuration file to read
    ///
    /// [env: POLYGRAPH_CONFIG]
    /// [default: polygraph.toml, if it is there]
    #[arg(verbatim_doc_comment, long, value_name = "PATH", global = true, help_heading = "Settings")]
    config: Option<PathBuf>,

    #[command(flatten)]
    settings: SettingFlags,
}

impl Cli {
    /// The command that was given, or `serve`.
    pub fn requested(&self) -> Command {
        self.command.clone().unwrap_or(Command::Serve)
    }

    /// The configuration that this command line, `env` and the configuration file come to.
    ///
    /// # Errors
    /// [`ConfigError`] with every fault; the process should then end with [`Exit::Usage`].
    pub fn load_config(&self, env: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Config, ConfigError> {
        Config::load(self.config.as_deref(), env, self.settings.given())
    }
}

/// What can be done.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve the API (the default).
    ///
    /// Brings the stores to the current version, fills embedded ones with demo data at their first start, and serves
    /// until SIGINT or SIGTERM; requests in flight are then finished. Once it accepts requests, stdout has the line
    /// `Listening on http://ADDRESS`; the log goes to stderr. It starts with any store down and heals when that returns.
    #[command(after_long_help = "\
Examples:
  polygraph serve --listen 127.0.0.1:0          Take a free port and print it
  polygraph serve --demo-data false             Start with empty stores
  REDIS_URL=redis://localhost polygraph serve   Keep resolved results in Redis

Exit codes: 0 stopped as asked, 1 failed, 2 wrong command line or configuration")]
    Serve,

    /// Bring every store to the current version.
    ///
    /// Applies what is pending in each store that is configured, and prints the name of each migration. Safe to run
    /// again, and from several machines at once.
    #[command(after_long_help = "\
Examples:
  DATABASE_URL=postgres://user:password@localhost/polygraph polygraph migrate
  polygraph migrate && polygraph serve --migrate-on-start false

Exit codes: 0 every store is current, 1 a store could not be migrated, 2 wrong command line or configuration")]
    Migrate,

    /// Fill the stores with made-up data.
    ///
    /// The same seed number gives the same data: ids, texts and times. One user is `demo`, whose password is
    /// `demo-demo-demo`. The stores are migrated first.
    #[command(after_long_help = "\
Examples:
  polygraph seed                                            The demo data
  polygraph seed --users 10000 --posts 100000 --seed 7      More, and other

Exit codes: 0 done, 1 a store failed, 2 wrong command line or configuration")]
    Seed(SeedArgs),

    /// Print the API's schema in GraphQL's schema language.
    ///
    /// Needs no store.
    #[command(after_long_help = "\
Examples:
  polygraph schema > schema.graphql
  polygraph schema --federation     With entities marked, as routers of a federated graph compose it

Exit codes: 0 done, 1 failed, 2 wrong command line")]
    Schema(SchemaArgs),

    /// Examine the configuration and every store, and say what to mend.
    ///
    /// Prints for each store what it is, whether it answers and how fast, its version and what is pending there.
    /// Changes nothing.
    #[command(after_long_help = "\
Example:
  DATABASE_URL=postgres://localhost/polygraph polygraph doctor

Exit codes: 0 all is well, 1 something is to be mended, 2 wrong command line or configuration")]
    Doctor,

    /// Compare the truth with everything derived from it, and print each difference.
    ///
    /// Walks over users, posts and likes, the search index and every count, with bounded memory. Differences go to
    /// stdout, a line each: what kind, whose, what the truth says and what is there. What is on its way to the index is
    /// waited for, and told of only where nobody carries it. An embedded index is examined while no gateway uses it, and
    /// what waits for it is carried to it first.
    ///
    /// With --repair, counts and orphans are mended in the truth, and each mended thing leaves an event, by which the
    /// index and all else that is derived is brought up to it. Then everything is compared again.
    #[command(after_long_help = "\
Examples:
  polygraph verify
  polygraph verify --repair && echo 'all is well'

Exit codes: 0 there is no difference (any more), 1 there is one, or a store failed, 2 wrong command line or configuration")]
    Verify(VerifyArgs),

    /// Build the search index anew from the truth.
    ///
    /// Fills a new index beside the one that answers, and then lets it take that one's place at once. Searches and
    /// writes go on meanwhile, on all gateways. It is also how another search language, or a new version's index, comes
    /// into force. Safe to interrupt and to run again. An embedded index is built while no gateway uses it.
    #[command(after_long_help = "\
Example:
  polygraph reindex

Exit codes: 0 done, 1 a store failed or it was interrupted, 2 wrong command line or configuration")]
    Reindex,

    /// Run a query, and print what it asks of the stores.
    ///
    /// Prints the store calls level by level: which store and which lookup, how many keys were asked for together, how
    /// many rows came, how long it took, and what was left unread since nothing selects it. A running gateway says the
    /// same beside a response to a request with the header `x-explain: 1`.
    #[command(after_long_help = "\
Examples:
  polygraph explain query.graphql
  polygraph explain feed.graphql --as demo --variables '{\"first\": 50}'

Exit codes: 0 done, 1 the query is refused, or a store failed, 2 wrong command line or configuration")]
    Explain(ExplainArgs),

    /// Say which user a subject of the outside issuer is.
    ///
    /// Whoever comes with a JWT of the issuer (jwt_issuer) for this subject is that user from then on. A subject that is
    /// linked stays linked, until the user's account is deleted.
    #[command(after_long_help = "\
Example:
  polygraph link demo 'auth0|1234567890'

Exit codes: 0 they are linked, 1 there is no such user, the subject is somebody else, or a store failed, 2 wrong command \
line or configuration")]
    Link(LinkArgs),

    /// Show, retry or drop events that were given up on.
    ///
    /// Every write leaves an event; a projection that fails to handle one ten times parks it and goes on with others.
    #[command(
        subcommand,
        after_long_help = "\
Examples:
  polygraph outbox list
  polygraph outbox retry
  polygraph outbox drop 019aa3d1-0000-7000-8000-000000000001

Exit codes: 0 done, 1 a store failed or there is no such event, 2 wrong command line or configuration"
    )]
    Outbox(OutboxCommand),

    /// Show what happens, as it happens.
    ///
    /// Reads the event bus of all gateways together (EVENTS_URL, else REDIS_URL). A bus in a gateway's own process is
    /// heard there alone.
    #[command(
        subcommand,
        after_long_help = "\
Examples:
  polygraph events tail
  polygraph events tail --group mailer | ./send-mails      Each event for one of all that say so

Exit codes: 0 stopped as asked, 1 the bus can't be read, 2 wrong command line or configuration"
    )]
    Events(EventsCommand),

    /// Show how the result cache is doing, or empty it.
    ///
    /// Acts on the cache in Redis, for all gateways at once. One in a gateway's own memory goes with the gateway.
    #[command(
        subcommand,
        after_long_help = "Exit codes: 0 done, 1 the cache failed, 2 wrong command line or configuration"
    )]
    Cache(CacheCommand),

    /// Print every setting in force and where it comes from.
    ///
    /// Passwords in URLs are masked.
    #[command(after_long_help = "\
Examples:
  polygraph config
  polygraph config --format json
  POLYGRAPH_LISTEN=0.0.0.0:80 polygraph config --listen 127.0.0.1:0     Which one wins?

Exit codes: 0 the configuration is valid, 2 it is not, or the command line is wrong")]
    Config(ConfigArgs),

    /// Print a script that completes commands and flags in your shell.
    #[command(after_long_help = "\
Examples:
  polygraph completions bash > ~/.local/share/bash-completion/completions/polygraph
  polygraph completions zsh  > ~/.zfunc/_polygraph        (with fpath+=~/.zfunc before compinit)
  polygraph completions fish > ~/.config/fish/completions/polygraph.fish

Exit codes: 0 done, 2 wrong command line")]
    Completions {
        /// The shell to write it for.
        shell: clap_complete::Shell,
    },
}

/// Writes the completion script of `shell`.
pub fn write_completions(shell: clap_complete::Shell, out: &mut dyn Write) {
    clap_complete::generate(shell, &mut Cli::command(), "polygraph", out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(arguments: &[&str]) -> String {
        let shown = Cli::command().term_width(120).try_get_matches_from(arguments).expect_err("help is no command");
        assert_eq!(shown.exit_code(), 0);
        shown.to_string()
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_teaches() {
        insta::assert_snapshot!("help", help(&["polygraph", "--help"]));
        insta::assert_snapshot!("help_serve", help(&["polygraph", "serve", "--help"]));
    }

    #[test]
    fn every_command_is_in_the_help_and_tells_its_exit_codes() {
        let all = help(&["polygraph", "--help"]);
        for name in [
            "serve",
            "migrate",
            "seed",
            "schema",
            "doctor",
            "verify",
            "reindex",
            "explain",
            "link",
            "outbox",
            "cache",
            "config",
            "completions",
        ] {
            assert!(all.contains(&format!("\n  {name} ")), "{name}");
            assert!(help(&["polygraph", name, "--help"]).contains("Exit codes: 0 "), "{name}");
        }
    }

    #[test]
    fn no_command_means_serve_and_flags_go_before_or_after_it() {
        for arguments in [
            vec!["polygraph", "--listen", "127.0.0.1:0"],
            vec!["polygraph", "--listen", "127.0.0.1:0", "serve"],
            vec!["polygraph", "serve", "--listen=127.0.0.1:0"],
        ] {
            let cli = Cli::try_parse_from(&arguments).expect("a valid command line");
            assert_eq!(cli.requested(), Command::Serve);
            let given: Vec<_> = cli.settings.given().iter().map(|(about, text)| (about.key, text.as_str())).collect();
            assert_eq!(given, [("listen", "127.0.0.1:0")], "{arguments:?}");
        }
    }

    #[test]
    fn seed_makes_the_demo_data_unless_told_otherwise() {
        let seed = |arguments: &[&str]| Cli::try_parse_from(arguments).map(|cli| cli.requested());
        assert_eq!(
            seed(&["polygraph", "seed", "--posts", "7"]).expect("a valid command line"),
            Command::Seed(SeedArgs { users: 100, posts: 7, likes: 10_000, follows: 2_000, seed: 42 })
        );
        let refused = seed(&["polygraph", "seed", "--users", "0"]).expect_err("nobody could post");
        assert_eq!(refused.exit_code(), Exit::Usage as i32);
    }

    #[test]
    fn shells_get_their_completions() {
        use clap_complete::Shell::{Bash, Fish, Zsh};
        for shell in [Bash, Zsh, Fish] {
            let mut script = Vec::new();
            write_completions(shell, &mut script);
            let script = String::from_utf8(script).expect("text");
            for word in ["migrate", "doctor", "result-cache-ttl"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }
}
