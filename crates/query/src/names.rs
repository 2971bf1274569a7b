//! Names in SQL: which shelf a table name means.

use crate::catalogue::{PUBLIC, SYSTEM};
use crate::error::QueryError;
use crate::shelf::{AsOf, Shelf};
use async_trait::async_trait;
use contract::Diagnostic as _;
use datafusion::catalog::view::ViewTable;
use datafusion::catalog::{CatalogProvider, SchemaProvider, TableProvider};
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{LogicalPlan, TableType};
use futures::FutureExt as _;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

/// All shelves of a statement, by the name of their schema, and the views of its session.
#[derive(Default)]
pub(crate) struct Shelves {
    shelves: Vec<Arc<dyn Shelf>>,
    /// Questions by the name of their view.
    views: BTreeMap<String, String>,
    /// What plans views; weak, because the state holds the shelves.
    state: OnceLock<Weak<SessionState>>,
    /// Views that are being planned: one that leads back to itself would never end.
    planning: Mutex<Vec<String>>,
}

impl std::fmt::Debug for Shelves {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelves").field("schemas", &self.schemas()).finish_non_exhaustive()
    }
}

impl Shelves {
    pub(crate) fn new(shelves: Vec<Arc<dyn Shelf>>, views: BTreeMap<String, String>) -> Self {
        Self { shelves, views, ..Self::default() }
    }

    /// Lends the state of the statement, which plans views.
    pub(crate) fn lend(&self, state: &Arc<SessionState>) {
        let _ = self.state.set(Arc::downgrade(state));
    }

    pub(crate) fn schemas(&self) -> Vec<String> {
        let own = self.shelves.iter().map(|s| s.schema().to_owned());
        own.chain([PUBLIC.to_owned()]).collect()
    }

    fn shelf(&self, schema: &str) -> Option<&Arc<dyn Shelf>> {
        self.shelves.iter().find(|s| s.schema() == schema)
    }

    /// Whether a schema is that of a store of datasets.
    pub(crate) fn is_store(&self, schema: &str) -> bool {
        self.shelf(schema).is_some_and(|s| s.is_store())
    }

    /// Shelves that an unqualified name may mean.
    fn open(&self) -> impl Iterator<Item = &Arc<dyn Shelf>> {
        self.shelves.iter().filter(|s| s.schema() != SYSTEM)
    }

    /// Names of a schema; those that two shelves have are left out of `public`.
    pub(crate) fn names(&self, schema: &str) -> Vec<String> {
        if schema != PUBLIC {
            return self.shelf(schema).map(|s| s.names()).unwrap_or_default();
        }
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for name in self.open().flat_map(|s| s.names()) {
            *count.entry(name).or_default() += 1;
        }
        count.retain(|_, n| *n == 1);
        count.extend(self.views.keys().map(|name| (name.clone(), 1)));
        count.into_keys().collect()
    }

    /// Names that are near one that nothing has, as a statement would write them.
    pub(crate) fn near(&self, name: &str) -> Vec<String> {
        let mut names = self.names(PUBLIC);
        for schema in self.schemas().into_iter().filter(|schema| schema != PUBLIC) {
            names.extend(self.names(&schema).into_iter().map(|name| format!("{schema}.{name}")));
        }
        let mut near: Vec<String> = contract::nearest(name, names.iter().map(String::as_str))
            .into_iter()
            .map(str::to_owned)
            .collect();
        if near.is_empty()
            && let Some((_, table)) = name.split_once('.')
        {
            // The table may be right and its schema wrong.
            let is_same = |known: &&String| known.split_once('.').is_some_and(|(_, t)| t == table);
            near = names.iter().filter(is_same).take(3).cloned().collect();
        }
        near
    }

    /// The table of a schema, `public` meaning the one place that has it.
    pub(crate) fn table(
        &self,
        schema: &str,
        name: &str,
        as_of: Option<AsOf>,
    ) -> Result<Option<Arc<dyn TableProvider>>, QueryError> {
        let look = |shelf: &Arc<dyn Shelf>| match as_of {
            Some(as_of) => shelf.table_as_of(name, as_of),
            None => shelf.table(name),
        };
        if schema != PUBLIC {
            return self.shelf(schema).map_or(Ok(None), look);
        }
        if let Some(query) = self.views.get(name) {
            return match as_of {
                Some(_) => Err(QueryError::NoAsOf { table: name.to_owned() }),
                None => self.view(name, query).map(Some),
            };
        }
        let mut found = Vec::new();
        let mut places = Vec::new();
        let mut unknown = None;
        for shelf in self.open() {
            // A file that was named for this run and the log may both have it: then the statement has to say which.
            match look(shelf) {
                Ok(Some(table)) => {
                    places.push(format!("{}.{name}", shelf.schema()));
                    found.push(table);
                }
                Ok(None) => {}
                // One store does not know the version; another may.
                Err(error) if is_unknown(&error) => unknown = unknown.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        match found.len() {
            0 => unknown.map_or(Ok(None), Err),
            1 => Ok(found.pop()),
            _ => Err(QueryError::Ambiguous { name: name.to_owned(), places }),
        }
    }

    /// Plans a question of its own inside a statement, over the same moment.
    pub(crate) fn plan(state: &SessionState, sql: &str) -> Result<LogicalPlan, QueryError> {
        let wrong = |e| QueryError::from_engine(e, sql);
        let crate::statement::Statement::Read(statement) = crate::statement::parse(sql)? else {
            return Err(QueryError::NotReading { found: "a view".to_owned() });
        };
        // Nothing on the way waits for anything: places are read where they are asked for.
        let planned = state.statement_to_plan(*statement).now_or_never();
        planned
            .ok_or_else(|| QueryError::Bug { message: "a plan inside a plan waits".to_owned() })?
            .map_err(wrong)
    }

    fn view(&self, name: &str, query: &str) -> Result<Arc<dyn TableProvider>, QueryError> {
        let Some(state) = self.state.get().and_then(Weak::upgrade) else {
            return Err(QueryError::Bug { message: "a view outlives its statement".to_owned() });
        };
        {
            let mut planning = self.planning.lock().unwrap_or_else(PoisonError::into_inner);
            if planning.iter().any(|other| other == name) {
                let message =
                    format!("view `{name}`: expected other tables, found the view itself");
                return Err(QueryError::Plan { message, place: None });
            }
            planning.push(name.to_owned());
        }
        let plan = Self::plan(&state, query);
        self.planning.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(Arc::new(ViewTable::new(plan?, Some(query.to_owned()))))
    }
}

/// Whether a store says that it has no such version.
fn is_unknown(error: &QueryError) -> bool {
    matches!(error.code(), "datasets/unknown-dataset" | "datasets/unknown-version")
}

/// The one catalogue of SQL names.
#[derive(Debug)]
pub(crate) struct SqlCatalogue(pub(crate) Arc<Shelves>);

impl CatalogProvider for SqlCatalogue {
    fn schema_names(&self) -> Vec<String> {
        self.0.schemas()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        self.0.schemas().iter().any(|s| s == name).then(|| {
            let schema: Arc<dyn SchemaProvider> =
                Arc::new(SqlSchema { shelves: Arc::clone(&self.0), name: name.to_owned() });
            schema
        })
    }
}

#[derive(Debug)]
struct SqlSchema {
    shelves: Arc<Shelves>,
    name: String,
}

#[async_trait]
impl SchemaProvider for SqlSchema {
    fn table_names(&self) -> Vec<String> {
        self.shelves.names(&self.name)
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        Ok(self.shelves.table(&self.name, name, None)?)
    }

    /// Said without opening anything, so that a list of tables needs no grant.
    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        if self.name == PUBLIC && self.shelves.views.contains_key(name) {
            return Ok(Some(TableType::View));
        }
        Ok(self.table_exist(name).then_some(TableType::Base))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.table_names().iter().any(|n| n == name)
    }
}
