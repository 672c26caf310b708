//! The flags of settings.

use clap::{Arg, ArgMatches, Args, FromArgMatches};

use crate::config::{About, settings};

/// The flags of settings, made of the table of settings: given with any command, before or after its name.
#[derive(Debug, Clone, Default)]
pub(super) struct SettingFlags(Vec<(&'static About, String)>);

/// The settings that have a flag, each with its flag.
fn flags() -> impl Iterator<Item = (&'static About, &'static str)> {
    settings().filter_map(|about| about.flag.map(|flag| (about, flag)))
}

impl SettingFlags {
    /// Those that were given, with their texts.
    pub(super) fn given(&self) -> &[(&'static About, String)] {
        &self.0
    }
}

impl Args for SettingFlags {
    fn augment_args(command: clap::Command) -> clap::Command {
        flags().fold(command, |command, (about, flag)| {
            let help = about.doc.trim_end_matches('.');
            let long_help = format!("{help}\n\n[env: {}]\n[default: {}]", about.env(), about.default);
            let argument = Arg::new(about.key)
                .long(flag)
                .value_name(about.placeholder)
                .help(help)
                .long_help(long_help)
                .help_heading("Settings")
                .global(true);
            // With `=` alone, so that what follows the bare flag is not taken for its value.
            let bare = |argument: Arg| argument.num_args(0..=1).require_equals(true).default_missing_value("true");
            command.arg(if about.is_switch { bare(argument) } else { argument })
        })
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given =
            |(about, _): (&'static About, _)| matches.get_one::<String>(about.key).map(|text| (about, text.clone()));
        Ok(Self(flags().filter_map(given).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
