//! Statements at work: on threads of their own, so that this one can watch signals and the clock.

use crate::error::told;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use hindsight::{CliError, Failure};
use query::{Answer, Meter, Note, QueryError, Session};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// How long to wait for a batch before signals and progress are looked at.
const TICK: Duration = Duration::from_millis(50);
/// How long a statement that is stopped may take to let go of its files.
const PATIENCE: Duration = Duration::from_secs(2);
/// Batches that wait for the output.
const AHEAD: usize = 4;
/// What to do about a table that is not there because nothing is.
const NO_PLACE: &str = "no log, store or file was named, and none was found: name one with `--log DIR`, `--store DIR` or \
                        `FILE`";

/// A session and the threads that work for it.
#[derive(Debug)]
pub(crate) struct Engine {
    session: Arc<Session>,
    /// There until the engine is dropped.
    runtime: Option<Runtime>,
    /// Whether there is any place of data.
    has_places: bool,
}

/// What a statement says.
#[derive(Debug)]
pub(crate) enum Word {
    /// Its columns, and how far it is; always first.
    Columns(SchemaRef, Meter),
    /// Rows.
    Rows(RecordBatch),
    /// The end, with what is not in the answer.
    End(Vec<Note>),
    /// No word within a tick.
    Quiet,
}

/// A statement at work; dropped, it stops.
#[derive(Debug)]
pub(crate) struct Running {
    words: Option<Receiver<Result<Word, QueryError>>>,
    task: Option<JoinHandle<()>>,
}

impl Engine {
    pub(crate) fn new(session: Session, threads: usize, has_places: bool) -> Result<Self, Failure> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .thread_name("query")
            .enable_time()
            .build()
            .map_err(|e| CliError::reading(Path::new("threads"), e))?;
        Ok(Self { session: Arc::new(session), runtime: Some(runtime), has_places })
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// An error of a statement, with its place in the text that the user wrote; see [`told`].
    pub(crate) fn told(
        &self,
        error: &QueryError,
        name: &str,
        text: &str,
        before: usize,
    ) -> Failure {
        let mut report = told(error, name, text, before);
        if !self.has_places && report.code == "query/unknown-table" {
            let near = report.help.take().map(|near| format!("{near} "));
            report.help = Some(near.unwrap_or_default() + NO_PLACE);
        }
        report.into()
    }

    /// Starts to answer a statement.
    pub(crate) fn start(&self, sql: String) -> Running {
        let (sender, words) = sync_channel(AHEAD);
        let session = Arc::clone(&self.session);
        let task = self.runtime.as_ref().map(|runtime| {
            runtime.spawn(async move {
                let last = match session.query(&sql).await {
                    Ok(answer) => pass_on(answer, &sender).await,
                    Err(error) => Some(Err(error)),
                };
                // Nobody listens any more once the statement is stopped.
                let _ = last.map(|word| sender.send(word));
            })
        });
        Running { words: Some(words), task }
    }

    /// The columns of a statement, for completion; `None` when it has an error or takes too long to plan.
    pub(crate) fn columns(&self, sql: String) -> Option<SchemaRef> {
        let mut running = self.start(sql);
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            match running.next() {
                Ok(Word::Columns(schema, _)) => return Some(schema),
                Ok(Word::Quiet) => {}
                Ok(_) | Err(_) => return None,
            }
        }
        None
    }
}

/// Sends an answer batch by batch; what is left to say at its end comes back.
async fn pass_on(
    mut answer: Answer,
    sender: &SyncSender<Result<Word, QueryError>>,
) -> Option<Result<Word, QueryError>> {
    // A full channel holds this thread up, and with it the work: the output sets the pace.
    sender.send(Ok(Word::Columns(answer.schema(), answer.meter()))).ok()?;
    loop {
        match answer.next().await {
            Ok(Some(batch)) => sender.send(Ok(Word::Rows(batch))).ok()?,
            Ok(None) => return Some(Ok(Word::End(answer.notes()))),
            Err(error) => return Some(Err(error)),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A thread in the middle of a long step is not waited for: the process ends without it.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Running {
    /// What the statement says next; waits for a moment.
    pub(crate) fn next(&mut self) -> Result<Word, QueryError> {
        let gone = || QueryError::Bug { message: "the statement ended without a word".to_owned() };
        let Some(words) = &self.words else { return Err(gone()) };
        match words.recv_timeout(TICK) {
            Ok(word) => word,
            Err(RecvTimeoutError::Timeout) => Ok(Word::Quiet),
            Err(RecvTimeoutError::Disconnected) => Err(gone()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.words = None;
        let Some(task) = &self.task else { return };
        task.abort();
        // Its intermediate files are removed when the work is dropped, which a thread does at the next batch.
        let until = Instant::now() + PATIENCE;
        while !task.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
