//! A finished version as its readers see it: the manifest and the directory behind it.

use crate::canonical::Sha256;
use crate::folder::{Folder, FolderError};
use crate::layout::file;
use crate::manifest::{DataFile, Manifest};
use crate::role::Split;
use arrow_array::cast::AsArray as _;
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{
    Array, ArrayRef, FixedSizeBinaryArray, ListArray, PrimitiveArray, RecordBatch, StringArray,
};
use arrow_schema::SchemaRef;
use contract::EventId;

/// A version that is read: its manifest and its directory.
///
/// It checks no hash: that the files are those of the manifest is the store's word.
#[derive(Debug, Clone, Copy)]
pub struct VersionView<'a> {
    /// What the version says of itself.
    pub manifest: &'a Manifest,
    /// Where its files stand.
    pub folder: &'a Folder,
}

impl<'a> VersionView<'a> {
    /// The version of this manifest in this directory.
    #[must_use]
    pub const fn new(manifest: &'a Manifest, folder: &'a Folder) -> Self {
        Self { manifest, folder }
    }

    /// The version's name: the SHA-256 of the bytes of `manifest.json`.
    ///
    /// # Errors
    /// [`FolderError::Fs`].
    pub fn hash(&self) -> Result<Sha256, FolderError> {
        self.folder.bytes(file::MANIFEST).map(|bytes| Sha256::of(&bytes))
    }

    /// Columns of the data files, as the first of them has them; `None` for a version without data files.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn schema(&self) -> Result<Option<SchemaRef>, FolderError> {
        let Some(first) = self.manifest.files.first() else { return Ok(None) };
        Ok(Some(self.folder.batches(&first.path, None)?.schema()))
    }

    /// Rows in all splits.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.manifest.files.iter().map(|file| file.rows).sum()
    }

    /// The data files of a split, in order of time.
    pub fn files(&self, split: Split) -> impl Iterator<Item = &'a DataFile> + use<'a> {
        self.manifest.files.iter().filter(move |file| file.split == split.word())
    }

    /// Whether the manifest knows of this document.
    pub(crate) fn has(&self, document: &str) -> bool {
        self.manifest.documents.contains_key(document)
    }
}

/// Columns of a batch by name and type, with an error that names the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns<'a> {
    batch: &'a RecordBatch,
    path: &'a str,
}

impl<'a> Columns<'a> {
    pub(crate) const fn of(batch: &'a RecordBatch, path: &'a str) -> Self {
        Self { batch, path }
    }

    pub(crate) fn any(self, column: &str) -> Result<&'a ArrayRef, FolderError> {
        self.batch
            .column_by_name(column)
            .ok_or_else(|| self.wrong(column, "a column of this name", "none".to_owned()))
    }

    pub(crate) fn numbers<T: ArrowPrimitiveType>(
        self,
        column: &str,
    ) -> Result<&'a PrimitiveArray<T>, FolderError> {
        let array = self.any(column)?;
        array.as_primitive_opt::<T>().ok_or_else(|| {
            self.wrong(column, &T::DATA_TYPE.to_string(), array.data_type().to_string())
        })
    }

    pub(crate) fn binary(
        self,
        column: &str,
        width: i32,
    ) -> Result<&'a FixedSizeBinaryArray, FolderError> {
        let array = self.any(column)?;
        array.as_fixed_size_binary_opt().filter(|array| array.value_length() == width).ok_or_else(
            || {
                let expected = format!("FixedSizeBinary({width})");
                self.wrong(column, &expected, array.data_type().to_string())
            },
        )
    }

    pub(crate) fn ids(self, column: &str) -> Result<IdColumn<'a>, FolderError> {
        self.binary(column, 16).map(IdColumn)
    }

    pub(crate) fn text(self, column: &str) -> Result<&'a StringArray, FolderError> {
        let array = self.any(column)?;
        array
            .as_string_opt::<i32>()
            .ok_or_else(|| self.wrong(column, "Utf8", array.data_type().to_string()))
    }

    pub(crate) fn list(self, column: &str) -> Result<&'a ListArray, FolderError> {
        let array = self.any(column)?;
        array
            .as_list_opt::<i32>()
            .ok_or_else(|| self.wrong(column, "List(UInt64)", array.data_type().to_string()))
    }

    pub(crate) fn wrong(self, column: &str, expected: &str, found: String) -> FolderError {
        FolderError::Column {
            path: self.path.to_owned(),
            column: column.to_owned(),
            expected: expected.to_owned(),
            found,
        }
    }
}

/// A column of ids.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IdColumn<'a>(&'a FixedSizeBinaryArray);

impl IdColumn<'_> {
    pub(crate) fn id(self, row: usize) -> EventId {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(self.0.value(row));
        EventId::from_bytes(bytes)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = EventId> {
        (0..self.0.len()).map(move |row| self.id(row))
    }
}

/// The cell, unless it is null.
pub(crate) fn cell<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    row: usize,
) -> Option<T::Native> {
    array.is_valid(row).then(|| array.value(row))
}
