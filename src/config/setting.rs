//! What a setting is: its names, its default, its sentence of documentation, and how its text is read.

/// Everything about a setting but its type: what the sources, the report and the documentation go by.
#[derive(Debug)]
pub struct About {
    /// Its name in `polygraph.toml`, and the stem of its other names.
    pub key: &'static str,
    /// Its flag without the dashes, where it has one.
    pub flag: Option<&'static str>,
    /// Its value where no source gives one; empty where that means "absent".
    pub default: &'static str,
    /// What its absence means, where `default` is empty.
    pub unset: &'static str,
    /// A value to show in the documentation, where `default` is empty.
    pub example: &'static str,
    /// What stands for the value in the help, e.g. `ADDRESS`.
    pub placeholder: &'static str,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
    /// Whether it may hold a secret: it is then masked wherever it is shown.
    pub secret: bool,
    /// Whether its flag may stand without a value, for `true`.
    pub is_switch: bool,
    fixed_env: Option<&'static str>,
}

impl About {
    /// The environment variable that gives this setting.
    pub fn env(&self) -> String {
        self.fixed_env.map_or_else(|| format!("POLYGRAPH_{}", self.key.to_uppercase()), str::to_owned)
    }
}

/// How the text of a setting becomes a value. The error is the rest of a sentence, and says what to write instead.
/// The sentence starts with the setting's name, and quotes its text unless the setting is a secret one.
pub(super) type Read<T> = fn(&str) -> Result<T, String>;

/// A setting with its type: an entry of the one table that drives every source, the report and the documentation.
pub(super) struct Setting<T: 'static> {
    pub(super) about: About,
    pub(super) read: Read<T>,
}

impl<T> Setting<T> {
    /// A setting that is absent unless a source gives it.
    pub(super) const fn new(key: &'static str, placeholder: &'static str, read: Read<T>, doc: &'static str) -> Self {
        let about = About {
            key,
            flag: None,
            default: "",
            unset: "",
            example: "",
            placeholder,
            doc,
            secret: false,
            fixed_env: None,
            is_switch: false,
        };
        Self { about, read }
    }

    /// Gives it a default, written as a source would write it.
    pub(super) const fn default(mut self, text: &'static str) -> Self {
        self.about.default = text;
        self
    }

    /// Says what its absence means, and shows a value.
    pub(super) const fn unset(mut self, meaning: &'static str, example: &'static str) -> Self {
        self.about.unset = meaning;
        self.about.example = example;
        self
    }

    /// Gives it a flag: its key with dashes.
    pub(super) const fn flag(mut self, flag: &'static str) -> Self {
        self.about.flag = Some(flag);
        self
    }

    /// Lets its flag stand for `true` where no value follows; one that does is joined by `=`.
    pub(super) const fn switch(mut self) -> Self {
        self.about.is_switch = true;
        self
    }

    /// Gives it an environment variable outside the pattern, because that name is customary.
    pub(super) const fn env(mut self, name: &'static str) -> Self {
        self.about.fixed_env = Some(name);
        self
    }

    /// Marks it as one that may hold a secret.
    pub(super) const fn secret(mut self) -> Self {
        self.about.secret = true;
        self
    }
}

/// Settings that belong together, as the documentation groups them.
#[derive(Debug)]
pub struct Section {
    /// The heading.
    pub title: &'static str,
    /// Its settings, in the order in which they are listed.
    pub settings: &'static [&'static About],
}
