//! Reading ahead, working on several threads, in order.
//!
//! Reading waits for the database, decoding and hashing keep a processor busy, and what is done with the events must
//! be done in their order. So the three happen at the same time: while one page is folded, the next ones are decoded
//! and those after them are read. A page can be folded by the thread that decoded it, once its [`Turn`] has come: what
//! it was decoded into is then still at hand there, and is let go there.

use std::collections::{BTreeSet, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinHandle;

use crate::store::StoreError;

/// What was read after a position: some pages, and the position of the last event in them. Without a page, the end.
pub type Pages<R> = (Vec<R>, u64);

type Reading<R, E> = Pin<Box<dyn Future<Output = Result<Pages<R>, E>> + Send>>;
type Read<R, E> = dyn Fn(u64) -> Reading<R, E> + Send + Sync;
type Work<R, T, E> = dyn Fn(R, &Turn) -> Result<T, E> + Send + Sync;

/// Pages of a log: read as `R`, worked on until they are a `T`, given in order.
pub struct Pipeline<R, T, E> {
    read: Box<Read<R, E>>,
    work: Arc<Work<R, T, E>>,
    workers: usize,
    /// What was read last ends here; `None` after the end.
    after: Option<u64>,
    reading: Option<JoinHandle<Result<Pages<R>, E>>>,
    waiting: VecDeque<R>,
    working: VecDeque<JoinHandle<Result<T, E>>>,
    /// Number of the next page.
    number: u64,
    turns: Arc<Turns>,
}

/// The place of a page among the others.
pub struct Turn {
    number: u64,
    turns: Arc<Turns>,
}

#[derive(Default)]
struct Turns {
    done: Mutex<Done>,
    changed: Condvar,
}

#[derive(Default)]
struct Done {
    /// All pages before this one are done.
    next: u64,
    /// Later pages that are done.
    later: BTreeSet<u64>,
    /// The first page that could not be done: none after it is.
    failed: Option<u64>,
}

impl Turn {
    /// Waits until all pages before this one are done.
    ///
    /// # Errors
    /// One of them failed; its error is the one that counts.
    pub fn wait(&self) -> Result<(), StoreError> {
        let mut done = self.turns.lock();
        loop {
            if done.failed.is_some_and(|failed| failed < self.number) {
                return Err(interrupted());
            }
            if done.next == self.number {
                return Ok(());
            }
            done = self.turns.changed.wait(done).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn end(&self, well: bool) {
        let mut done = self.turns.lock();
        if !well && done.failed.is_none_or(|failed| self.number < failed) {
            done.failed = Some(self.number);
        }
        done.later.insert(self.number);
        while let Some(number) = done.later.pop_first() {
            if number != done.next {
                done.later.insert(number);
                break;
            }
            done.next += 1;
        }
        self.turns.changed.notify_all();
    }
}

/// A page whose thread ended without an answer failed as well, so that nobody waits for it.
impl Drop for Turn {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.end(false);
        }
    }
}

impl Turns {
    fn lock(&self) -> MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R, T, E> Pipeline<R, T, E>
where
    R: Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    /// Pages after a position, worked on by so many threads.
    pub fn new<F>(
        after: u64,
        workers: usize,
        read: impl Fn(u64) -> F + Send + Sync + 'static,
        work: impl Fn(R, &Turn) -> Result<T, E> + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Pages<R>, E>> + Send + 'static,
    {
        Self {
            read: Box::new(move |after| Box::pin(read(after))),
            work: Arc::new(work),
            workers: workers.max(1),
            after: Some(after),
            reading: None,
            waiting: VecDeque::new(),
            working: VecDeque::new(),
            number: 0,
            turns: Arc::default(),
        }
    }

    /// The next page; `None` after the last. An error is given where its page would have been; it is the end.
    pub async fn next(&mut self) -> Result<Option<T>, E> {
        loop {
            if let (Some(after), None) = (self.after, &self.reading)
                && self.waiting.len() <= self.workers
            {
                self.reading = Some(tokio::spawn((self.read)(after)));
            }
            // What is worked on comes before what is read; the latter is taken as soon as it is there.
            let idle = self.working.is_empty() && self.waiting.is_empty();
            if let Some(reading) = self.reading.take_if(|reading| idle || reading.is_finished()) {
                let (pages, last) = joined(reading.await)??;
                self.after = (!pages.is_empty()).then_some(last);
                self.waiting.extend(pages);
            }
            // One more than there are threads, so that none waits for the caller.
            while self.working.len() <= self.workers
                && let Some(page) = self.waiting.pop_front()
            {
                let work = self.work.clone();
                let turn = Turn { number: self.number, turns: self.turns.clone() };
                self.number += 1;
                self.working.push_back(tokio::task::spawn_blocking(move || {
                    let result = work(page, &turn);
                    turn.end(result.is_ok());
                    result
                }));
            }
            match self.working.pop_front() {
                Some(page) => return joined(page.await)?.map(Some),
                None if self.after.is_none() => return Ok(None),
                None => {}
            }
        }
    }
}

/// A part of the work that did not end: the program is shutting down, or has an error.
fn joined<T, E: From<StoreError>>(result: Result<T, tokio::task::JoinError>) -> Result<T, E> {
    result.map_err(|_| interrupted().into())
}

fn interrupted() -> StoreError {
    StoreError::BadRequest("the work on a page was interrupted".into())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Numbers up to `end`, three pages of up to four at a time.
    fn numbers(end: u64, workers: usize, bad: u64) -> Pipeline<Vec<u64>, Vec<u64>, StoreError> {
        let read = move |after: u64| async move {
            let last = (after + 10).min(end);
            let all: Vec<u64> = (after + 1..=last).collect();
            Ok((all.chunks(4).map(<[u64]>::to_vec).collect(), last))
        };
        let work = move |page: Vec<u64>, _: &Turn| {
            // Earlier pages take longer.
            std::thread::sleep(std::time::Duration::from_micros(300 / (page[0] + 1)));
            if page.contains(&bad) { Err(StoreError::Damaged(bad.to_string())) } else { Ok(page) }
        };
        Pipeline::new(0, workers, read, work)
    }

    #[tokio::test]
    async fn pages_come_in_order_and_all_of_them() {
        for workers in [1, 2, 7] {
            for end in [0, 1, 4, 10, 57] {
                let mut pipeline = numbers(end, workers, u64::MAX);
                let mut seen = Vec::new();
                while let Some(page) = pipeline.next().await.unwrap() {
                    seen.extend(page);
                }
                assert_eq!(seen, (1..=end).collect::<Vec<_>>(), "{workers} threads");
                assert!(pipeline.next().await.unwrap().is_none());
            }
        }
    }

    #[tokio::test]
    async fn an_error_comes_after_everything_before_it() {
        let mut pipeline = numbers(57, 3, 30);
        let mut seen = 0;
        let error = loop {
            match pipeline.next().await {
                Ok(page) => seen = *page.unwrap().last().unwrap(),
                Err(error) => break error,
            }
        };
        assert_eq!((seen, error.to_string()), (28, "the ledger is damaged: 30".into()));
    }

    #[tokio::test]
    async fn little_is_read_ahead_of_a_slow_caller() {
        let read = Arc::new(AtomicU64::new(0));
        let counted = read.clone();
        let mut pipeline: Pipeline<u64, u64, StoreError> = Pipeline::new(
            0,
            2,
            move |after| {
                counted.store(after, Ordering::Relaxed);
                async move { Ok((vec![after + 1], after + 1)) }
            },
            |page, _| Ok(page),
        );
        for expected in 1..100 {
            assert_eq!(pipeline.next().await.unwrap(), Some(expected));
            tokio::task::yield_now().await;
            let ahead = read.load(Ordering::Relaxed);
            assert!(ahead <= expected + 10, "{ahead} was asked for when {expected} was taken");
        }
    }

    #[tokio::test]
    async fn what_is_done_in_turn_is_done_in_order_and_not_after_an_error() {
        for (workers, bad) in [(1, u64::MAX), (4, u64::MAX), (4, 30)] {
            let seen = Arc::new(Mutex::new(Vec::new()));
            let shared = seen.clone();
            let read = |after: u64| async move {
                let last = (after + 3).min(100);
                Ok(((after + 1..=last).collect(), last))
            };
            let mut pipeline: Pipeline<u64, (), StoreError> =
                Pipeline::new(0, workers, read, move |page, turn| {
                    std::thread::sleep(std::time::Duration::from_micros(page * 7 % 5 * 100));
                    turn.wait()?;
                    if page == bad {
                        return Err(StoreError::Damaged("bad".into()));
                    }
                    shared.lock().unwrap().push(page);
                    Ok(())
                });
            let error = loop {
                match pipeline.next().await {
                    Ok(Some(())) => {}
                    Ok(None) => break None,
                    Err(error) => break Some(error.to_string()),
                }
            };
            drop(pipeline);
            let last = bad.saturating_sub(1).min(100);
            assert_eq!(error, (bad == 30).then(|| "the ledger is damaged: bad".to_owned()));
            assert_eq!(*seen.lock().unwrap(), (1..=last).collect::<Vec<_>>());
        }
    }

    #[tokio::test]
    async fn a_page_whose_thread_panics_ends_the_others() {
        let read = |after: u64| async move { Ok((vec![after + 1], after + 1)) };
        let mut pipeline: Pipeline<u64, u64, StoreError> = Pipeline::new(0, 4, read, |page, turn| {
            assert!(page != 5, "this panic is part of the test");
            turn.wait()?;
            Ok(page)
        });
        for expected in 1..5 {
            assert_eq!(pipeline.next().await.unwrap(), Some(expected));
        }
        assert!(pipeline.next().await.is_err());
    }
}
