//! Group commit: the commands that wait in this process are written together.
//!
//! One flush to disk then serves all of them, and that flush is most of what a small command costs. Each command
//! still succeeds or fails alone ([`crate::decide`]), and each caller sees only its own outcomes. While a group is
//! being written the next one gathers, so groups grow with the load. A command that finds nobody writing waits for
//! nobody.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::request;
use crate::store::{Append, AppendOutcome, StoreError};

/// Longest wait for those who were just answered; a larger batch would have to be waited for longer than it saves.
const JOIN_MAX: Duration = Duration::from_micros(100);
/// A group takes no further batch once it has this many events; one batch is never divided.
const GROUP_EVENTS_MAX: usize = 1_000;

type Outcomes = Result<Vec<AppendOutcome>, StoreError>;

/// Writes batches of commands in one transaction each; see [`crate::Store::append`].
pub trait WriteBatch: Send + Sync + 'static {
    /// Writes the commands, in order; answers with one outcome for each.
    fn write_batch(&self, batch: Vec<Append>) -> impl Future<Output = Outcomes> + Send;
}

/// Gathers what waits and gives it to a writer, group by group.
#[derive(Debug)]
pub struct GroupCommit<W> {
    shared: Arc<Shared<W>>,
}

#[derive(Debug)]
struct Shared<W> {
    writer: W,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// A task is writing, and will take what waits when it is done.
    writing: bool,
}

#[derive(Debug)]
struct Waiting {
    batch: Vec<Append>,
    answer: oneshot::Sender<Outcomes>,
}

impl<W: WriteBatch> GroupCommit<W> {
    /// Groups for this writer.
    pub fn new(writer: W) -> Self {
        Self { shared: Arc::new(Shared { writer, queue: Mutex::default() }) }
    }

    /// The writer, for what is not an append.
    pub fn writer(&self) -> &W {
        &self.shared.writer
    }

    /// Writes a batch, together with what others are waiting to write. A request that breaks the contract is refused
    /// before it meets anybody else's. Who stops waiting stops nobody's writing, not even of the own batch.
    pub async fn append(&self, batch: Vec<Append>) -> Outcomes {
        request::check(&batch)?;
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let (answer, answered) = oneshot::channel();
        let start = {
            let mut queue = self.shared.queue();
            queue.waiting.push_back(Waiting { batch, answer });
            !std::mem::replace(&mut queue.writing, true)
        };
        if start {
            let mut running = Running { shared: self.shared.clone(), ended: false };
            tokio::spawn(async move { write_all(&mut running).await });
        }
        answered.await.unwrap_or_else(|_| {
            Err(StoreError::Database(
                "writing was broken off: the same command again tells what became of it".into(),
            ))
        })
    }
}

impl<W> Shared<W> {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nobody panics while holding it, and what is in it is whole at any time.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives those who were just answered the chance to bring their next command, so that all write together and not
    /// one half while the other waits. Ends when as many came as were answered, and in any case after an eighth of
    /// the time that their writing took or [`JOIN_MAX`], whichever is less.
    async fn let_join(&self, answered: usize, took: Duration) {
        let all = self.queue().waiting.len() + answered;
        let (begun, at_most) = (Instant::now(), (took / 8).min(JOIN_MAX));
        while self.queue().waiting.len() < all && begun.elapsed() < at_most {
            tokio::task::yield_now().await;
        }
    }

    /// Everything that waits, up to the size of a group; `None`, and the end of this task, if nothing does.
    fn next_group(&self) -> Option<Vec<Waiting>> {
        let mut queue = self.queue();
        let (mut group, mut events) = (Vec::new(), 0);
        while events < GROUP_EVENTS_MAX {
            let Some(waiting) = queue.waiting.pop_front() else { break };
            events += waiting.batch.iter().map(|append| append.events.len()).sum::<usize>();
            group.push(waiting);
        }
        queue.writing = !group.is_empty();
        queue.writing.then_some(group)
    }
}

/// The writing task's hold on the queue: a task that is broken off leaves it open for the next one.
struct Running<W> {
    shared: Arc<Shared<W>>,
    /// It gave the queue back itself; what is in the queue now is another task's.
    ended: bool,
}

impl<W> Drop for Running<W> {
    fn drop(&mut self) {
        if !self.ended {
            let mut queue = self.shared.queue();
            queue.waiting.clear();
            queue.writing = false;
        }
    }
}

async fn write_all<W: WriteBatch>(running: &mut Running<W>) {
    while let Some(group) = running.shared.next_group() {
        let (answered, begun) = (group.len(), Instant::now());
        write_group(&running.shared.writer, group).await;
        running.shared.let_join(answered, begun.elapsed()).await;
    }
    running.ended = true;
}

async fn write_group<W: WriteBatch>(writer: &W, mut group: Vec<Waiting>) {
    if group.len() == 1 {
        for Waiting { batch, answer } in group {
            // Nobody may be waiting any more.
            let _ = answer.send(writer.write_batch(batch).await);
        }
        return;
    }
    let together = group.iter().flat_map(|waiting| waiting.batch.iter().cloned()).collect();
    match writer.write_batch(together).await {
        Ok(mut outcomes) => {
            for Waiting { batch, answer } in group {
                let rest = outcomes.split_off(batch.len().min(outcomes.len()));
                let _ = answer.send(Ok(std::mem::replace(&mut outcomes, rest)));
            }
        }
        // What holds for all of them.
        Err(
            error @ (StoreError::Unreachable(_)
            | StoreError::Busy(_)
            | StoreError::Unsafe(_)
            | StoreError::Denied(_)),
        ) => {
            for Waiting { answer, .. } in group {
                let _ = answer.send(Err(error.clone()));
            }
        }
        // What one of them may have brought on is no reason to refuse the others.
        Err(_) => {
            for Waiting { batch, answer } in group.drain(..) {
                let _ = answer.send(writer.write_batch(batch).await);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use uuid::Uuid;

    use super::*;

    /// Notes the sizes of the batches it gets; refuses those with command 13, and is busy for those with command 14.
    #[derive(Debug, Default)]
    struct Noting {
        sizes: Mutex<Vec<usize>>,
        gate: tokio::sync::Mutex<()>,
    }

    impl WriteBatch for Noting {
        async fn write_batch(&self, batch: Vec<Append>) -> Outcomes {
            let _open = self.gate.lock().await;
            self.sizes.lock().unwrap().push(batch.len());
            if batch.iter().any(|append| append.command_id == Uuid::from_u128(13)) {
                return Err(StoreError::BadRequest("13".into()));
            }
            if batch.iter().any(|append| append.command_id == Uuid::from_u128(14)) {
                return Err(StoreError::Busy("14".into()));
            }
            Ok(batch
                .iter()
                .map(|append| {
                    let at = append.command_id.as_u128() as u64;
                    AppendOutcome::Appended { first: at, last: at }
                })
                .collect())
        }
    }

    fn command(id: u128) -> Append {
        crate::decide::tests::on(id, "case-1", 0)
    }

    fn at(position: u64) -> AppendOutcome {
        AppendOutcome::Appended { first: position, last: position }
    }

    #[tokio::test]
    async fn what_waits_is_written_together_and_each_gets_its_own_answer() {
        let group = Arc::new(GroupCommit::new(Noting::default()));
        let gate = group.writer().gate.lock().await;
        let mut callers = Vec::new();
        for id in [1, 2, 13, 4, 5] {
            let group = group.clone();
            callers
                .push(tokio::spawn(async move { group.append(vec![command(id), command(id + 100)]).await }));
            // Each comes to wait before the next one, and the first is being written.
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        }
        // Who gives up waiting does not take anybody along.
        callers[3].abort();
        drop(gate);
        let mut answers = Vec::new();
        for (place, caller) in callers.into_iter().enumerate() {
            if place != 3 {
                answers.push(caller.await.unwrap());
            }
        }
        assert_eq!(*answers[0].as_ref().unwrap(), [at(1), at(101)]);
        assert_eq!(*answers[1].as_ref().unwrap(), [at(2), at(102)]);
        assert!(matches!(&answers[2], Err(StoreError::BadRequest(_))));
        assert_eq!(*answers[3].as_ref().unwrap(), [at(5), at(105)]);
        // The first alone; the four that waited together; then, because one of them was refused, each alone.
        assert_eq!(*group.writer().sizes.lock().unwrap(), [2, 8, 2, 2, 2, 2]);
    }

    #[tokio::test]
    async fn what_holds_for_all_is_told_to_all_and_tried_once() {
        let group = Arc::new(GroupCommit::new(Noting::default()));
        let gate = group.writer().gate.lock().await;
        let mut callers = Vec::new();
        for id in [1, 2, 14, 4] {
            let group = group.clone();
            callers.push(tokio::spawn(async move { group.append(vec![command(id)]).await }));
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        }
        drop(gate);
        let mut busy = Vec::new();
        for caller in callers {
            busy.push(matches!(caller.await.unwrap(), Err(StoreError::Busy(_))));
        }
        assert_eq!(busy, [false, true, true, true]);
        assert_eq!(*group.writer().sizes.lock().unwrap(), [1, 3]);
    }

    /// An import that gives its next batch as soon as one is written keeps nobody waiting longer than for one batch.
    #[tokio::test]
    async fn whoever_comes_beside_an_import_is_in_the_next_group() {
        let group = Arc::new(GroupCommit::new(Noting::default()));
        let gate = group.writer().gate.lock().await;
        let import = tokio::spawn({
            let group = group.clone();
            async move {
                for batch in 0..4 {
                    let rows =
                        (0..GROUP_EVENTS_MAX as u128).map(|row| command(1_000_000 * (batch + 1) + row));
                    group.append(rows.collect()).await.unwrap();
                }
            }
        });
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        let person = tokio::spawn({
            let group = group.clone();
            async move { group.append(vec![command(1)]).await }
        });
        tokio::task::yield_now().await;
        drop(gate);
        assert_eq!(person.await.unwrap().unwrap(), [at(1)]);
        import.await.unwrap();
        let sizes = group.writer().sizes.lock().unwrap().clone();
        let after = sizes.iter().position(|size| size % GROUP_EVENTS_MAX == 1);
        assert!(after.is_some_and(|place| place <= 1), "{sizes:?}");
    }

    #[tokio::test]
    async fn a_task_that_ended_takes_nothing_from_the_next_one() {
        let shared = Arc::new(Shared { writer: Noting::default(), queue: Mutex::default() });
        for ended in [true, false] {
            let mut running = Running { shared: shared.clone(), ended: false };
            if ended {
                write_all(&mut running).await;
            }
            // The next caller comes before the task is gone.
            let (answer, mut answered) = oneshot::channel();
            {
                let mut queue = shared.queue();
                queue.waiting.push_back(Waiting { batch: vec![command(1)], answer });
                queue.writing = true;
            }
            drop(running);
            let mut queue = shared.queue();
            assert_eq!((queue.writing, queue.waiting.len()), (ended, usize::from(ended)));
            assert_eq!(matches!(answered.try_recv(), Err(oneshot::error::TryRecvError::Empty)), ended);
            queue.waiting.clear();
        }
    }

    #[tokio::test]
    async fn a_malformed_request_meets_nobody_else() {
        let group = GroupCommit::new(Noting::default());
        let malformed = Append { events: Vec::new(), ..command(1) };
        assert!(matches!(group.append(vec![malformed]).await, Err(StoreError::BadRequest(_))));
        assert_eq!(group.append(Vec::new()).await.unwrap(), []);
        assert!(group.writer().sizes.lock().unwrap().is_empty());
    }
}
