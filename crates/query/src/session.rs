//! One reader's way to ask.

use crate::answer::{Answer, Notes};
use crate::catalogue::{Catalogue, PUBLIC};
use crate::error::QueryError;
use crate::literals::Literals;
use crate::names::{Shelves, SqlCatalogue};
use crate::options::Options;
use crate::reads::Reads;
use crate::shelf::Shelf;
use crate::statement::{self, Statement};
use crate::{causality, checked, dataset, file, functions, log, repeatable, system, units};
use arrow_array::temporal_conversions::timestamp_ns_to_datetime;
use arrow_schema::Schema;
use datafusion::catalog::{CatalogProviderList, MemoryCatalogProviderList};
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{FunctionRegistry as _, SessionState, SessionStateBuilder};
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::optimizer::{Analyzer, AnalyzerRule};
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::{EmptyRecordBatchStream, execute_stream};
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement as Parsed;
use durable::Fs;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The name of the one SQL catalogue.
const CATALOGUE: &str = "hindsight";

/// Memory that one more row in a batch asks for: a sort holds some dozens of batches of rows of some hundred bytes.
const BYTES_PER_ROW_OF_BATCH: usize = 64 << 10;
/// Smaller batches cost more than they save.
const SMALLEST_BATCH: usize = 128;

/// Answers statements over a catalogue, one moment a statement.
///
/// It never writes: a statement that would is refused. What it holds between statements is limits on memory and disk,
/// and what it learned about sealed files.
#[derive(Debug)]
pub struct Session {
    shared: Arc<Shared>,
    runtime: Arc<RuntimeEnv>,
    /// Questions by the name of their view.
    views: Mutex<BTreeMap<String, String>>,
}

/// One statement's places, all as of one moment.
struct Moment {
    shelves: Arc<Shelves>,
    state: Arc<SessionState>,
    notes: Notes,
    reads: Reads,
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

/// Rows of a batch: fewer where memory is small, so that a sort has room for several wide ones and can spill the rest.
fn batch_rows(options: &Options) -> usize {
    let room = (options.memory_bytes / BYTES_PER_ROW_OF_BATCH).max(SMALLEST_BATCH);
    options.batch_rows.clamp(1, room)
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
        let shared = Shared { fs, catalogue, options, learnt };
        Ok(Self { shared: Arc::new(shared), runtime, views: Mutex::default() })
    }

    /// Plans a statement and starts to answer it.
    ///
    /// A statement reads, or it is `CREATE VIEW name AS SELECT ..` or `DROP VIEW name`: the session keeps the text of a
    /// view and plans it anew for each statement that names it, so that it never shows an old moment.
    ///
    /// - **Point in time:** all tables of a place show one moment: what was durable when the statement was planned.
    /// - **Cost:** a log's manifest and the footers of the files that can hold rows of the answer are read here, rows
    ///   when the answer is.
    ///
    /// # Errors
    /// [`QueryError`]: nothing was read that the gate refused, and nothing was written.
    pub async fn query(&self, sql: &str) -> Result<Answer, QueryError> {
        match statement::parse(sql)? {
            Statement::Read(statement) => self.read(*statement, sql).await,
            Statement::CreateView { name, query, replace, keep } => {
                self.create_view(name, query, replace, keep)
            }
            Statement::DropView { names, missing_is_fine } => {
                self.drop_views(&names, missing_is_fine)
            }
        }
    }

    async fn read(&self, statement: Parsed, sql: &str) -> Result<Answer, QueryError> {
        let Moment { shelves, state, notes, reads } = self.moment();
        let wrong = |e| QueryError::from_engine(e, sql).with_names(&shelves);
        let plan = state.statement_to_plan(statement).await.map_err(wrong)?;
        // The statement was held to its first word; this holds the whole of it.
        let reading = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        reading.verify_plan(&plan).map_err(wrong)?;
        let is_hindsight = causality::reads_hindsight(&plan).map_err(wrong)?;
        let meant = Arc::clone(plan.schema().inner());
        let plan = state.create_physical_plan(&plan).await.map_err(wrong)?;
        let stream = execute_stream(Arc::clone(&plan), state.task_ctx()).map_err(wrong)?;
        let mut schema = units::of_both(&stream.schema(), &meant);
        if is_hindsight {
            causality::mark(&mut schema.metadata);
        }
        Ok(Answer { stream, schema: Arc::new(schema), plan, notes, reads, sql: sql.to_owned() })
    }

    /// The names of the views, sorted.
    #[must_use]
    pub fn views(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    fn create_view(
        &self,
        name: String,
        query: String,
        replace: bool,
        keep: bool,
    ) -> Result<Answer, QueryError> {
        let taken = |what: &str| {
            let message = format!("view `{name}`: expected a name of its own, found one of {what}");
            QueryError::Plan { message, place: None }
        };
        let is_view = self.lock().contains_key(&name);
        if is_view && keep {
            return Ok(Self::nothing());
        }
        if is_view && !replace {
            return Err(taken("a view; `CREATE OR REPLACE VIEW` takes its place"));
        }
        let Moment { shelves, state, .. } = self.moment();
        if !is_view && shelves.names(PUBLIC).contains(&name) {
            return Err(taken("a table"));
        }
        // Planned once for its errors; what it shows is planned when it is asked.
        Shelves::plan(&state, &query).map_err(|error| error.with_names(&shelves))?;
        self.lock().insert(name, query);
        Ok(Self::nothing())
    }

    fn drop_views(&self, names: &[String], missing_is_fine: bool) -> Result<Answer, QueryError> {
        let mut views = self.lock();
        if let Some(name) = names.iter().find(|name| !views.contains_key(*name))
            && !missing_is_fine
        {
            let near = contract::nearest(name, views.keys().map(String::as_str));
            let near = near.into_iter().map(str::to_owned).collect();
            return Err(QueryError::UnknownTable { name: name.clone(), near, place: None });
        }
        views.retain(|name, _| !names.contains(name));
        drop(views);
        Ok(Self::nothing())
    }

    /// An answer without columns or rows.
    fn nothing() -> Answer {
        let schema = Arc::new(Schema::empty());
        Answer {
            stream: Box::pin(EmptyRecordBatchStream::new(Arc::clone(&schema))),
            plan: Arc::new(EmptyExec::new(Arc::clone(&schema))),
            schema,
            notes: Notes::default(),
            reads: Reads::default(),
            sql: String::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every table that has a name now, and every view under `public`, for completion and listings. Nothing is opened
    /// that a gate would be asked for.
    ///
    /// # Errors
    /// [`QueryError`] when a place cannot be read.
    pub fn tables(&self) -> Result<Vec<TableInfo>, QueryError> {
        let shelves = self.moment().shelves;
        let mut tables: Vec<TableInfo> = shelves
            .schemas()
            .into_iter()
            .flat_map(|schema| {
                let names = match schema.as_str() {
                    PUBLIC => self.views(),
                    other => shelves.names(other),
                };
                names.into_iter().map(move |name| TableInfo { schema: schema.clone(), name })
            })
            .collect();
        tables.sort();
        Ok(tables)
    }

    /// The places as they are now, and what plans over them.
    fn moment(&self) -> Moment {
        let (notes, reads) = (Notes::default(), Reads::default());
        let catalogue = &self.shared.catalogue;
        let mut shelves: Vec<Arc<dyn Shelf>> = Vec::new();
        for entry in &catalogue.logs {
            shelves.push(Arc::new(log::LogShelf::new(&self.shared, entry.clone(), notes.clone())));
        }
        for entry in &catalogue.stores {
            shelves.push(Arc::new(dataset::StoreShelf::new(
                &self.shared,
                entry.clone(),
                reads.clone(),
            )));
        }
        if !catalogue.files.is_empty() {
            shelves.push(Arc::new(file::FileShelf::new(&self.shared)));
        }
        let system = system::SystemShelf::new(shelves.clone());
        shelves.push(Arc::new(system));
        let shelves = Arc::new(Shelves::new(shelves, self.lock().clone()));
        let state = Arc::new(self.state(&shelves));
        shelves.lend(&state);
        Moment { shelves, state, notes, reads }
    }

    fn state(&self, shelves: &Arc<Shelves>) -> SessionState {
        let options = &self.shared.options;
        let mut config = SessionConfig::new()
            .with_target_partitions(options.threads.max(1))
            .with_batch_size(batch_rows(options))
            .with_default_catalog_and_schema(CATALOGUE, PUBLIC)
            .with_create_default_catalog_and_schema(false)
            .with_information_schema(true);
        let settings = config.options_mut();
        // Text stays Utf8: a view type would leak into the contract.
        settings.execution.parquet.schema_force_view_types = false;
        settings.sql_parser.map_string_types_to_utf8view = false;
        settings.sql_parser.collect_spans = true;
        // Every instant of the contract is in UTC, those that functions make as well.
        settings.execution.time_zone = Some("UTC".to_owned());
        // A sort keeps this much back for its merge; a small limit must leave room for the sort itself.
        let back = settings.execution.sort_spill_reservation_bytes;
        settings.execution.sort_spill_reservation_bytes = back.min(options.memory_bytes / 8);
        // Joins and unions of two contract tables have another order of metadata in the physical plan than in the logical
        // one, which this check would take for a defect. Names and types are checked elsewhere.
        settings.execution.skip_physical_aggregate_schema_check = true;
        // Rows are tested while they are decoded, so that pages without a hit are not read.
        settings.execution.parquet.pushdown_filters = true;
        settings.execution.parquet.reorder_filters = true;
        let mut props = ExecutionProps::new();
        // Leap seconds and years beyond 262,000 aside, every instant of the contract has one.
        props.query_execution_start_time = options
            .now
            .and_then(|now| timestamp_ns_to_datetime(now.nanos()))
            .map(|now| now.and_utc());
        let list = Arc::new(MemoryCatalogProviderList::new());
        list.register_catalog(CATALOGUE.to_owned(), Arc::new(SqlCatalogue(Arc::clone(shelves))));
        let builder = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(Arc::clone(&self.runtime))
            .with_default_features()
            .with_catalog_list(list)
            .with_execution_props(props);
        // Texts are read before types have to agree, operators are replaced once they do.
        let mut rules: Vec<Arc<dyn AnalyzerRule + Send + Sync>> = vec![Arc::new(Literals)];
        rules.extend(Analyzer::new().rules);
        let builder = builder.with_analyzer_rules(rules);
        let builder = builder.with_analyzer_rule(Arc::new(units::Unions));
        let mut state = checked::plan_with(builder).build();
        // The state of a statement takes every planner.
        let _ = state.register_expr_planner(Arc::new(Literals));
        checked::register(&mut state);
        units::register(&mut state);
        repeatable::restrict(&mut state, options.now.is_some());
        functions::register(&mut state, shelves);
        state
    }
}
