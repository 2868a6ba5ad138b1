//! The one hand that writes the ledger: it gathers what all connections have to write, and tells what is safe to tell.

use std::collections::VecDeque;
use std::time::Duration;

use appel_core::outcome::Status;
use appel_messages::{Message, msg};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

use super::event::{Event, Listener, Verdict};
use super::ledger::{Claimed, Durability, Entry, LedgerError, LedgerWriter};

/// How long an outcome may wait, unsynced and untold, for something else to write with.
const LINGER: Duration = Duration::from_millis(20);
/// How many outcomes may wait so, times the connections.
const MAX_UNTOLD: usize = 64;
/// And in all.
const MAX_UNTOLD_OF_ALL: usize = 256;
/// The writer is gone: the ledger could not be written. Nothing more may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerLost;

#[derive(Debug, Default)]
struct Request {
    entries: Vec<Entry>,
    durability: Option<Durability>,
    event: Option<Event>,
    done: Option<oneshot::Sender<Vec<Claimed>>>,
    last: bool,
}

/// A handle to write with; every connection has one.
#[derive(Clone, Debug)]
pub struct Journal {
    requests: mpsc::UnboundedSender<Request>,
}

/// The writing end.
#[derive(Debug)]
pub struct Writer {
    requests: mpsc::UnboundedReceiver<Request>,
    gathers: bool,
    max_untold: usize,
}

/// A journal and its writer, for one connection or for several whose writes it gathers.
#[must_use]
pub fn journal(connections: usize) -> (Journal, Writer) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (
        Journal { requests: sender },
        Writer {
            requests: receiver,
            gathers: connections > 1,
            max_untold: (MAX_UNTOLD * connections).min(MAX_UNTOLD_OF_ALL),
        },
    )
}

impl Journal {
    /// Writes entries and waits until they are as safe as asked, and with them all that was submitted before. Gives what
    /// became of each claim among them, in order.
    ///
    /// # Errors
    /// When the ledger could not be written.
    pub async fn record(&self, entries: Vec<Entry>, durability: Durability) -> Result<Vec<Claimed>, LedgerLost> {
        let (done, wait) = oneshot::channel();
        let request = Request {
            entries,
            durability: Some(durability),
            event: None,
            done: Some(done),
            last: false,
        };
        self.requests.send(request).map_err(|_| LedgerLost)?;
        wait.await.map_err(|_| LedgerLost)
    }

    /// Has an entry written soon, and its event told as soon as it is durable.
    ///
    /// # Errors
    /// When the ledger could not be written.
    pub fn submit(&self, entry: Option<Entry>, event: Option<Event>) -> Result<(), LedgerLost> {
        let request = Request {
            entries: entry.into_iter().collect(),
            durability: None,
            event,
            ..Request::default()
        };
        self.requests.send(request).map_err(|_| LedgerLost)
    }

    /// Whether the ledger could not be written: nothing that is handed over now reaches anybody.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.requests.is_closed()
    }

    /// Nothing more will come: the writer ends as soon as all is durable and told.
    pub fn close(&self) {
        // A writer that is gone needs not be told.
        let _ = self.requests.send(Request {
            last: true,
            ..Request::default()
        });
    }
}

impl Writer {
    /// Writes until the journal is closed, or every handle to it gone, and all is durable and told.
    ///
    /// # Errors
    /// The first error of the ledger. Outcomes that were not durable by then are told as in doubt: the next run will
    /// find out from the ledger what they are.
    pub async fn run(mut self, ledger: &mut dyn LedgerWriter, listener: &mut dyn Listener) -> Result<(), LedgerError> {
        let mut untold = VecDeque::new();
        let mut entries = Vec::new();
        let mut waiting = Vec::new();
        let mut unsynced = false;
        // One timer for the whole run, set when something begins to wait: setting one for every request would wake
        // the runtime each time.
        let linger = sleep(LINGER);
        tokio::pin!(linger);
        loop {
            let first = tokio::select! {
                biased;
                first = self.requests.recv() => first,
                () = &mut linger, if !untold.is_empty() => {
                    Some(Request { durability: Some(Durability::Power), ..Request::default() })
                }
            };
            let mut ended = first.is_none();
            let were_untold = !untold.is_empty();
            let mut durability = Durability::Process;
            let mut next = first;
            if !ended && self.gathers {
                // Whoever is ready at this moment may have something to write too: one commit serves all.
                tokio::task::yield_now().await;
            }
            while let Some(request) = next {
                let claims = request.entries.iter().filter(|entry| matches!(entry, Entry::Claim(_)));
                waiting.extend(request.done.map(|done| (claims.count(), done)));
                entries.extend(request.entries);
                durability = durability.max(request.durability.unwrap_or(Durability::Process));
                untold.extend(request.event);
                ended |= request.last;
                next = self.requests.try_recv().ok();
            }
            if ended || untold.len() >= self.max_untold {
                durability = Durability::Power;
            }
            unsynced |= !entries.is_empty();
            // What was written last may have nobody to tell of it: it is synced all the same before the end.
            let idle = entries.is_empty() && untold.is_empty() && waiting.is_empty() && !(ended && unsynced);
            let mut answers = Vec::new();
            if !idle {
                match ledger.write(std::mem::take(&mut entries), durability).await {
                    Ok(claimed) => answers = claimed,
                    Err(error) => {
                        // What came while the ledger was at it is told as well.
                        self.requests.close();
                        while let Ok(request) = self.requests.try_recv() {
                            untold.extend(request.event);
                        }
                        tell_in_doubt(&mut untold, listener);
                        return Err(error);
                    }
                }
            }
            let mut answers = answers.into_iter();
            for (claims, done) in waiting.drain(..) {
                // Nobody waits any more when a connection was told to stop at once.
                let _ = done.send(answers.by_ref().take(claims).collect());
            }
            if durability == Durability::Power {
                unsynced = false;
                for event in untold.drain(..) {
                    listener.hear(&event);
                }
                listener.pause();
            } else if !were_untold && !untold.is_empty() {
                linger.as_mut().reset(Instant::now() + LINGER);
            }
            if ended {
                return Ok(());
            }
        }
    }
}

fn tell_in_doubt(untold: &mut VecDeque<Event>, listener: &mut dyn Listener) {
    for mut event in untold.drain(..) {
        if let Event::Letter(letter) | Event::Copy(letter) = &mut event
            && letter.outcome == Verdict::Accepted
        {
            letter.outcome = Verdict::InDoubt;
            let reply = letter.reply.take().unwrap_or_else(|| Message::quote(""));
            letter.reply = Some(msg!("reply-not-recorded", reply = reply));
            for recipient in &mut letter.recipients {
                if recipient.outcome == Status::Accepted {
                    recipient.outcome = Status::InDoubt;
                }
            }
        }
        listener.hear(&event);
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::{Arc, Mutex};

    use appel_core::letter::LetterId;

    use super::*;
    use crate::outbox::event::LetterEvent;
    use crate::outbox::ledger::Answer;
    use crate::outbox::ledger::Doing;

    /// What happened, in its order: what was written, and what was told.
    #[derive(Clone, Default)]
    struct Story(Arc<Mutex<Vec<String>>>);

    impl Story {
        fn push(&self, what: String) {
            self.0.lock().unwrap().push(what);
        }

        fn is(&self, expected: &[&str]) {
            assert_eq!(*self.0.lock().unwrap(), expected);
        }
    }

    impl Listener for Story {
        fn hear(&mut self, event: &Event) {
            if let Event::Letter(letter) = event {
                self.push(format!("told: {} {}", letter.to, letter.outcome.told().in_english()));
            }
        }
    }

    /// Says what is written, and fails from the Nth write on.
    struct Paper {
        story: Story,
        left: usize,
    }

    impl LedgerWriter for Paper {
        fn write(&mut self, entries: Vec<Entry>, durability: Durability) -> Answer<'_, Vec<Claimed>> {
            if self.left == 0 {
                self.story.push("cannot be written".to_owned());
                return Box::pin(ready(Err(LedgerError::Unusable {
                    path: "paper".to_owned(),
                    doing: Doing::Write,
                    cause: Message::quote("the disk is full"),
                })));
            }
            self.left -= 1;
            let synced = match durability {
                Durability::Process => "unsynced",
                Durability::Power => "synced",
            };
            self.story.push(format!("written: {}, {synced}", entries.len()));
            Box::pin(ready(Ok(Vec::new())))
        }
    }

    /// Takes its time to fail.
    struct FarAway;

    impl LedgerWriter for FarAway {
        fn write(&mut self, _: Vec<Entry>, _: Durability) -> Answer<'_, Vec<Claimed>> {
            Box::pin(async {
                tokio::time::sleep(LINGER).await;
                Err(LedgerError::Unusable {
                    path: "far away".to_owned(),
                    doing: Doing::Write,
                    cause: Message::quote("the line broke"),
                })
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_handed_over_while_the_ledger_is_failing_is_told_too() {
        let (journal, writer) = journal(2);
        let story = Story::default();
        let work = async {
            let claim = journal.record(vec![begin()], Durability::Power);
            let meanwhile = async {
                tokio::time::sleep(LINGER / 2).await;
                journal.submit(Some(begin()), Some(accepted("a"))).unwrap();
            };
            tokio::join!(claim, meanwhile).0.unwrap_err();
        };
        let mut ledger = FarAway;
        let mut listener = story.clone();
        let (ended, ()) = tokio::join!(writer.run(&mut ledger, &mut listener), work);
        ended.unwrap_err();
        story.is(&["told: a in doubt"]);
        assert!(journal.is_lost());
    }

    fn accepted(to: &str) -> Event {
        let id = LetterId::from_bytes([0; 16]);
        let at = jiff::Timestamp::UNIX_EPOCH;
        Event::Letter(Box::new(LetterEvent::new(id, "protest", to, Verdict::Accepted, at)))
    }

    fn begin() -> Entry {
        Entry::Begin(LetterId::from_bytes([0; 16]))
    }

    #[tokio::test(start_paused = true)]
    async fn what_connections_write_at_one_moment_is_one_commit() {
        let (journal, writer) = journal(5);
        let story = Story::default();
        let mut paper = Paper {
            story: story.clone(),
            left: 99,
        };
        let work = async {
            let all = (0..5).map(|_| journal.record(vec![begin()], Durability::Process));
            futures_util::future::join_all(all).await;
            drop(journal);
        };
        let mut listener = story.clone();
        let (ended, ()) = tokio::join!(writer.run(&mut paper, &mut listener), work);
        ended.unwrap();
        story.is(&["written: 5, unsynced", "written: 0, synced"]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_is_told_of_is_synced_at_the_end_all_the_same() {
        let (journal, writer) = journal(1);
        let story = Story::default();
        let mut paper = Paper {
            story: story.clone(),
            left: 9,
        };
        let work = async {
            journal.submit(Some(begin()), None).unwrap();
            tokio::time::sleep(LINGER * 2).await;
            journal.close();
        };
        let mut listener = story.clone();
        let (ended, ()) = tokio::join!(writer.run(&mut paper, &mut listener), work);
        ended.unwrap();
        story.is(&["written: 1, unsynced", "written: 0, synced"]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_outcome_is_told_only_when_it_is_durable() {
        let (journal, writer) = journal(5);
        let story = Story::default();
        let mut paper = Paper {
            story: story.clone(),
            left: 3,
        };
        let work = async {
            journal.submit(Some(begin()), Some(accepted("a"))).unwrap();
            // Waits for something else to be synced with, or for its time.
            journal.record(vec![begin()], Durability::Process).await.unwrap();
            tokio::time::sleep(LINGER * 2).await;
            // Taken along by what has to be synced now.
            journal.submit(Some(begin()), Some(accepted("b"))).unwrap();
            journal.record(vec![begin()], Durability::Power).await.unwrap();
            // Not synced, and so not told for what it is.
            journal.submit(Some(begin()), Some(accepted("c"))).unwrap();
            assert_eq!(journal.record(vec![begin()], Durability::Power).await, Err(LedgerLost));
        };
        let mut listener = story.clone();
        let (ended, ()) = tokio::join!(writer.run(&mut paper, &mut listener), work);
        ended.unwrap_err();
        story.is(&[
            "written: 2, unsynced",
            "written: 0, synced",
            "told: a accepted",
            "written: 2, synced",
            "told: b accepted",
            "cannot be written",
            "told: c in doubt",
        ]);
    }
}
