//! Where the functions' output goes.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::template::Template;

/// Where the functions' output goes: a file for each, or the stack's own output.
#[derive(Debug, Clone, Default)]
pub enum Logs {
    /// Files in a folder that goes with the stack.
    #[default]
    Temporary,
    /// Files in this folder, in place of those of an earlier stack.
    Folder(PathBuf),
    /// Where the stack's own output goes.
    Inherited,
}

/// The folder with the log files, if there is one.
pub(crate) enum LogFolder {
    None,
    Kept(PathBuf),
    Temporary(TempDir),
}

impl LogFolder {
    /// Makes the folder ready, without files of these functions.
    pub(crate) fn open(logs: &Logs, template: &Template) -> io::Result<Self> {
        let folder = match logs {
            Logs::Inherited => return Ok(Self::None),
            Logs::Temporary => return TempDir::with_prefix("local-stack-").map(Self::Temporary),
            Logs::Folder(folder) => folder,
        };
        std::fs::create_dir_all(folder)?;
        for function in &template.functions {
            std::fs::File::create(file(folder, &function.name))?;
        }
        Ok(Self::Kept(folder.clone()))
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::None => None,
            Self::Kept(folder) => Some(folder),
            Self::Temporary(folder) => Some(folder.path()),
        }
    }
}

/// The log file of a function.
pub(crate) fn file(folder: &Path, function: &str) -> PathBuf {
    folder.join(format!("{function}.log"))
}
