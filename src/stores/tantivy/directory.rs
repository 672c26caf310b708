//! The directory of the index: whose it is, and which version made what is in it.
//!
//! ```text
//! DIRECTORY/lock            locked as long as an index is open
//! DIRECTORY/index/          tantivy's files
//! DIRECTORY/index/schema    the version of the schema; written last when an index is made
//! DIRECTORY/index/filled    is there once the index holds all of the truth
//! DIRECTORY/index.next/     an index that is being built to take its place
//! DIRECTORY/index.replaced/ the one whose place was taken, until it is removed
//! DIRECTORY/index.old/      what was moved away last
//! ```
//!
//! A place is taken by two renamings. Where only the first came to be, the next start makes the second.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tantivy::directory::MmapDirectory;
use tantivy::directory::error::OpenReadError;
use tantivy::{Index, IndexSettings, TantivyError};
use tracing::warn;

use super::schema::{self, Fields};

/// Why an index could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open, or this one a second time.
    #[error(
        "The search index in {} is in use by another process. An embedded index serves one gateway: stop the other one, \
         use another data directory, or let the gateways share an index by ELASTICSEARCH_URL.", .0.display()
    )]
    InUse(PathBuf),
    /// The directory can't be read or written.
    #[error("The directory of the search index, {}, can't be used.", .0.display())]
    Directory(PathBuf, #[source] io::Error),
    /// There is none, or none of this version.
    #[error(
        "There is no search index in {} that this version can read. `polygraph serve` makes one.", .0.display()
    )]
    Missing(PathBuf),
    /// The engine refused.
    #[error("The search index can't be opened.")]
    Engine(#[from] TantivyError),
}

/// The directory.
pub(super) struct Home {
    index: PathBuf,
    /// None where it is only read, maybe beside a process that has the lock.
    lock: Option<File>,
}

impl Home {
    /// Locks the directory and opens the index in it, or makes one.
    pub(super) fn open(directory: PathBuf) -> Result<(Self, Index, Fields), OpenError> {
        let failed = |error| OpenError::Directory(directory.clone(), error);
        fs::create_dir_all(&directory).map_err(failed)?;
        let lock = File::create(directory.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(directory)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let home = Self { index: directory.join("index"), lock: Some(lock) };
        home.tidy().map_err(failed)?;
        let (index, fields) = match home.existing().map_err(failed)? {
            Some(opened) => opened,
            None => {
                home.move_away().map_err(failed)?;
                (make(&home.index)?, Fields::schema().1)
            }
        };
        Ok((home, index, fields))
    }

    /// Opens the index that is in the directory, without its lock.
    pub(super) fn open_to_read(directory: PathBuf) -> Result<(Self, Index, Fields), OpenError> {
        let home = Self { index: directory.join("index"), lock: None };
        match home.existing() {
            Ok(Some((index, fields))) => Ok((home, index, fields)),
            Ok(None) => Err(OpenError::Missing(directory)),
            Err(error) => Err(OpenError::Directory(directory, error)),
        }
    }

    /// Fails where the directory is only read.
    pub(super) fn require_lock(&self) -> io::Result<()> {
        match self.lock {
            Some(_) => Ok(()),
            None => Err(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "the search index is only read here")),
        }
    }

    fn next(&self) -> PathBuf {
        self.index.with_extension("next")
    }

    fn replaced(&self) -> PathBuf {
        self.index.with_extension("replaced")
    }

    /// Finishes what a crash interrupted: an index that was on its way to its place gets there, one that was still
    /// being built is removed.
    fn tidy(&self) -> io::Result<()> {
        if !self.index.exists() && self.next().join("filled").exists() {
            rename_durably(&self.next(), &self.index)?;
        }
        self.remove_next()?;
        self.remove_replaced()
    }

    /// Makes an empty index beside the one that answers, in place of any that is there.
    pub(super) fn begin_next(&self) -> tantivy::Result<Index> {
        self.remove_next()?;
        make(&self.next())
    }

    /// Puts the index that was built, which nobody may have open, in the place of the one that answers.
    pub(super) fn swap(&self) -> tantivy::Result<Index> {
        write_durably(&self.next().join("filled"), "")?;
        rename_durably(&self.index, &self.replaced())?;
        rename_durably(&self.next(), &self.index)?;
        Ok(open_index(&self.index)?.0)
    }

    pub(super) fn remove_next(&self) -> io::Result<()> {
        remove(&self.next())
    }

    pub(super) fn remove_replaced(&self) -> io::Result<()> {
        remove(&self.replaced())
    }

    /// Whether [`Self::mark_filled`] was called since the index was made.
    pub(super) fn is_filled(&self) -> bool {
        self.index.join("filled").exists()
    }

    /// Remembers that the index was filled.
    pub(super) fn mark_filled(&self) -> io::Result<()> {
        write_durably(&self.index.join("filled"), "")
    }

    /// The index that is there, if it is one of this version and can be read.
    fn existing(&self) -> io::Result<Option<(Index, Fields)>> {
        match fs::read_to_string(self.index.join("schema")) {
            Ok(version) if version == schema::VERSION => {}
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        match open_index(&self.index) {
            Ok(opened) => Ok(Some(opened)),
            Err(error) if is_unreadable(&error) => {
                warn!(%error, "the search index can't be read");
                Ok(None)
            }
            Err(error) => Err(io::Error::other(error)),
        }
    }

    fn move_away(&self) -> io::Result<()> {
        if !self.index.exists() {
            return Ok(());
        }
        let old = self.index.with_extension("old");
        if old.exists() {
            fs::remove_dir_all(&old)?;
        }
        warn!(to = %old.display(), "a search index of another version is moved away; it will be filled anew");
        fs::rename(&self.index, &old)
    }
}

fn open_index(path: &Path) -> tantivy::Result<(Index, Fields)> {
    let (schema, fields) = Fields::schema();
    // Documents are small and written by one thread: another one to compress them would only wait.
    let settings = IndexSettings { docstore_compress_dedicated_thread: false, ..IndexSettings::default() };
    let builder = Index::builder().schema(schema).settings(settings).tokenizers(schema::tokenizers());
    Ok((builder.open_or_create(MmapDirectory::open(path)?)?, fields))
}

/// Makes an empty index in a directory of its own.
fn make(path: &Path) -> tantivy::Result<Index> {
    fs::create_dir(path)?;
    let (index, _) = open_index(path)?;
    write_durably(&path.join("schema"), schema::VERSION)?;
    Ok(index)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn rename_durably(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    to.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

/// Whether the fault lies in the files, and not in the access to them.
fn is_unreadable(error: &TantivyError) -> bool {
    matches!(
        error,
        TantivyError::DataCorruption(_)
            | TantivyError::IncompatibleIndex(_)
            | TantivyError::SchemaError(_)
            | TantivyError::OpenReadError(OpenReadError::FileDoesNotExist(_) | OpenReadError::IncompatibleIndex(_))
    )
}

fn write_durably(path: &Path, content: &str) -> io::Result<()> {
    fs::write(path, content)?;
    File::open(path)?.sync_all()?;
    path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}
