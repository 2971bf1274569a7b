//! One reader's way to ask.

use crate::answer::{Answer, Notes};
use crate::catalogue::{Catalogue, PUBLIC};
use crate::error::QueryError;
use crate::names::{Shelves, SqlCatalogue};
use crate::options::Options;
use crate::shelf::Shelf;
use crate::{dataset, file, functions, log, system};
use datafusion::catalog::{CatalogProviderList, MemoryCatalogProviderList};
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SessionConfig;
use durable::Fs;
use std::sync::Arc;

/// The name of the one SQL catalogue.
const CATALOGUE: &str = "hindsight";

/// Answers statements over a catalogue, one moment a statement.
///
/// It never writes: a statement that would is refused. What it holds between statements is limits on memory and disk,
/// and what it learned about sealed files.
#[derive(Debug)]
pub struct Session {
    shared: Arc<Shared>,
    runtime: Arc<RuntimeEnv>,
}

/// What every shelf of a session is opened with.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) fs: Arc<dyn Fs>,
    pub(crate) catalogue: Catalogue,
    pub(crate) options: Options,
    /// What was learnt about files that never change.
    pub(crate) learnt: log::Learnt,
}

/// A table that SQL can name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableInfo {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
}

impl Session {
    /// A session over these places. Nothing is opened yet.
    ///
    /// # Errors
    /// [`QueryError::Fs`] when the spill folder cannot be used.
    pub fn new(
        fs: Arc<dyn Fs>,
        catalogue: Catalogue,
        options: Options,
    ) -> Result<Self, QueryError> {
        let disk = match &options.spill_folder {
            Some(folder) => DiskManagerMode::Directories(vec![folder.clone()]),
            None => DiskManagerMode::Disabled,
        };
        let disk = DiskManagerBuilder::default()
            .with_mode(disk)
            .with_max_temp_directory_size(options.spill_bytes);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(options.memory_bytes)))
            .with_disk_manager_builder(disk)
            .build_arc()
            .map_err(|e| QueryError::from_engine(e, ""))?;
        let learnt = log::Learnt::default();
        Ok(Self { shared: Arc::new(Shared { fs, catalogue, options, learnt }), runtime })
    }

    /// Plans a statement and starts to answer it.
    ///
    /// - **Point in time:** all tables of a place show one moment: what was durable when the statement was planned.
    /// - **Cost:** a log's manifest and the footers of the files that can hold rows of the answer are read here, rows
    ///   when the answer is.
    ///
    /// # Errors
    /// [`QueryError`]: nothing was read that the gate refused, and nothing was written.
    pub async fn query(&self, sql: &str) -> Result<Answer, QueryError> {
        let notes = Notes::default();
        let shelves = Arc::new(self.shelves(&notes));
        let state = self.state(&shelves);
        let wrong = |e| QueryError::from_engine(e, sql);
        let plan = state.create_logical_plan(sql).await.map_err(wrong)?;
        let reading = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        reading.verify_plan(&plan).map_err(wrong)?;
        let plan = state.create_physical_plan(&plan).await.map_err(wrong)?;
        let stream = execute_stream(Arc::clone(&plan), state.task_ctx()).map_err(wrong)?;
        Ok(Answer { stream, plan, notes })
    }

    /// Every table that has a name now, for completion and listings.
    ///
    /// # Errors
    /// [`QueryError`] when a place cannot be read.
    pub fn tables(&self) -> Result<Vec<TableInfo>, QueryError> {
        let shelves = self.shelves(&Notes::default());
        let mut tables: Vec<TableInfo> = shelves
            .schemas()
            .into_iter()
            .filter(|schema| schema != PUBLIC)
            .flat_map(|schema| {
                let names = shelves.names(&schema);
                names.into_iter().map(move |name| TableInfo { schema: schema.clone(), name })
            })
            .collect();
        tables.sort();
        Ok(tables)
    }

    fn shelves(&self, notes: &Notes) -> Shelves {
        let catalogue = &self.shared.catalogue;
        let mut shelves: Vec<Arc<dyn Shelf>> = Vec::new();
        for entry in &catalogue.logs {
            shelves.push(Arc::new(log::LogShelf::new(&self.shared, entry.clone(), notes.clone())));
        }
        for entry in &catalogue.stores {
            shelves.push(Arc::new(dataset::StoreShelf::new(&self.shared, entry.clone())));
        }
        if !catalogue.files.is_empty() {
            shelves.push(Arc::new(file::FileShelf::new(&self.shared)));
        }
        let system = system::SystemShelf::new(shelves.clone());
        shelves.push(Arc::new(system));
        Shelves(shelves)
    }

    fn state(&self, shelves: &Arc<Shelves>) -> SessionState {
        let options = &self.shared.options;
        let mut config = SessionConfig::new()
            .with_target_partitions(options.threads.max(1))
            .with_batch_size(options.batch_rows.max(1))
            .with_default_catalog_and_schema(CATALOGUE, PUBLIC)
            .with_create_default_catalog_and_schema(false)
            .with_information_schema(true);
        let settings = config.options_mut();
        // Text stays Utf8: a view type would leak into the contract.
        settings.execution.parquet.schema_force_view_types = false;
        settings.sql_parser.map_string_types_to_utf8view = false;
        settings.sql_parser.collect_spans = true;
        // Rows are tested while they are decoded, so that pages without a hit are not read.
        settings.execution.parquet.pushdown_filters = true;
        settings.execution.parquet.reorder_filters = true;
        let list = Arc::new(MemoryCatalogProviderList::new());
        list.register_catalog(CATALOGUE.to_owned(), Arc::new(SqlCatalogue(Arc::clone(shelves))));
        let mut state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(Arc::clone(&self.runtime))
            .with_default_features()
            .with_catalog_list(list)
            .build();
        functions::register(&mut state, shelves);
        state
    }
}
