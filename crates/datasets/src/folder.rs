//! The files of one version, wherever they stand: a finished version, or one that is being built.

use arrow_array::{RecordBatch, RecordBatchReader as _};
use arrow_schema::SchemaRef;
use bytes::Bytes;
use contract::{Diagnostic, Fault};
use durable::{Access, Fs, FsError, FsErrorKind, read_exact_at};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A directory with the layout of a version.
#[derive(Debug, Clone)]
pub struct Folder {
    fs: Arc<dyn Fs>,
    root: PathBuf,
}

/// Why a file of a version could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The file system.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// The file is no Parquet, or none that this code reads.
    #[error("{path}: expected a Parquet file of a dataset")]
    Parquet {
        /// Its place in the version.
        path: String,
        /// What the reader says.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// A column is missing or has another type.
    #[error("{path}, column `{column}`: expected {expected}, found {found}")]
    Column {
        /// The file's place in the version.
        path: String,
        /// The column.
        column: String,
        /// The type that it should have.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A document does not say what it must.
    #[error("{path}: expected a document of format 1")]
    Document {
        /// Its place in the version.
        path: String,
        /// What the parser says.
        #[source]
        source: serde_json::Error,
    },
    /// A document is no text.
    #[error("{path}: expected UTF-8 text")]
    Text {
        /// Its place in the version.
        path: String,
    },
}

impl Diagnostic for FolderError {
    fn code(&self) -> &'static str {
        "datasets/version-file"
    }

    /// What is missing or unreadable in a version is damage; the rest is the machine's.
    fn fault(&self) -> Fault {
        match self {
            Self::Fs(error)
                if !matches!(error.kind, FsErrorKind::NotFound | FsErrorKind::UnexpectedEnd) =>
            {
                Fault::Environment { retry: error.is_transient() }
            }
            _ => Fault::Integrity,
        }
    }
}

impl Folder {
    /// The directory of this path.
    #[must_use]
    pub fn new(fs: Arc<dyn Fs>, root: impl Into<PathBuf>) -> Self {
        Self { fs, root: root.into() }
    }

    /// Its path.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Its file system.
    #[must_use]
    pub fn fs(&self) -> &Arc<dyn Fs> {
        &self.fs
    }

    /// All bytes of a file.
    ///
    /// # Errors
    /// [`FolderError::Fs`].
    pub fn bytes(&self, path: &str) -> Result<Bytes, FolderError> {
        let file = self.fs.open(&self.root.join(path), Access::Read)?;
        let length = usize::try_from(file.len()?).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length];
        read_exact_at(file.as_ref(), &mut bytes, 0)?;
        Ok(Bytes::from(bytes))
    }

    /// A text.
    ///
    /// # Errors
    /// [`FolderError::Fs`], [`FolderError::Text`].
    pub fn text(&self, path: &str) -> Result<String, FolderError> {
        let bytes = self.bytes(path)?;
        String::from_utf8(bytes.into()).map_err(|_| FolderError::Text { path: path.to_owned() })
    }

    /// A document of JSON.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn document<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, FolderError> {
        let bytes = self.bytes(path)?;
        serde_json::from_slice(&bytes)
            .map_err(|source| FolderError::Document { path: path.to_owned(), source })
    }

    /// The rows of a Parquet file, in batches of at most 65,536, and of its columns only these (all, when `None`).
    ///
    /// # Errors
    /// [`FolderError`]; a batch can fail later, by [`Batches`].
    pub fn batches(&self, path: &str, columns: Option<&[&str]>) -> Result<Batches, FolderError> {
        let bytes = self.bytes(path)?;
        let failed = |source| FolderError::Parquet { path: path.to_owned(), source };
        let mut builder = ParquetRecordBatchReaderBuilder::try_new(bytes)
            .map_err(failed)?
            .with_batch_size(65_536);
        if let Some(columns) = columns {
            // By place, since the names of targets hold dots, which Parquet reads as levels.
            let mut places = Vec::with_capacity(columns.len());
            for column in columns {
                let Some((place, _)) = builder.schema().column_with_name(column) else {
                    return Err(FolderError::Column {
                        path: path.to_owned(),
                        column: (*column).to_owned(),
                        expected: "a column of this name".to_owned(),
                        found: "none".to_owned(),
                    });
                };
                places.push(place);
            }
            let mask = ProjectionMask::roots(builder.parquet_schema(), places);
            builder = builder.with_projection(mask);
        }
        let reader = builder.build().map_err(failed)?;
        Ok(Batches { reader, path: path.to_owned() })
    }
}

/// Batches of a Parquet file.
#[derive(Debug)]
pub struct Batches {
    reader: ParquetRecordBatchReader,
    path: String,
}

impl Batches {
    /// The columns that are read.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        self.reader.schema()
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, FolderError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.reader.next()?;
        Some(batch.map_err(|error| FolderError::Parquet {
            path: self.path.clone(),
            source: error.into(),
        }))
    }
}
