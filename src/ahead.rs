//! An iterator that works ahead on a thread of its own.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::vec;

/// Handed over together, because each time costs more than the work for one.
const CHUNK: usize = 64;
/// How many chunks wait at most.
const WAITING: usize = 2;

/// What an iterator yields, in order; it runs in a thread, a few hundred items ahead.
///
/// A panic over there becomes one here. Dropped, it waits until that thread has ended.
#[derive(Debug)]
pub struct Ahead<T> {
    at_hand: vec::IntoIter<T>,
    /// Gone before the thread is waited for: that is how it learns that nobody listens any more.
    coming: Option<Receiver<Vec<T>>>,
    worker: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Ahead<T> {
    /// Begins at once, when the system has a thread to give; otherwise the items come one by one.
    pub fn or_not(items: impl Iterator<Item = T> + Send + 'static) -> Box<dyn Iterator<Item = T> + Send> {
        let (sender, coming) = sync_channel(WAITING);
        // Handed over when there is somebody to take them: a thread that cannot begin would drop them.
        let (hand_over, handed_over) = sync_channel(1);
        let worker = thread::Builder::new().spawn(move || {
            let Ok(mut items) = handed_over.recv() else { return };
            work(&mut items, &sender);
        });
        let Ok(worker) = worker else {
            return Box::new(items);
        };
        if let Err(unheard) = hand_over.send(items) {
            return Box::new(unheard.0);
        }
        Box::new(Self {
            at_hand: Vec::new().into_iter(),
            coming: Some(coming),
            worker: Some(worker),
        })
    }
}

fn work<T>(items: &mut impl Iterator<Item = T>, to: &SyncSender<Vec<T>>) {
    loop {
        let chunk: Vec<T> = items.take(CHUNK).collect();
        if chunk.is_empty() || to.send(chunk).is_err() {
            return;
        }
    }
}

impl<T> Iterator for Ahead<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        loop {
            if let Some(item) = self.at_hand.next() {
                return Some(item);
            }
            if let Ok(chunk) = self.coming.as_ref()?.recv() {
                self.at_hand = chunk.into_iter();
                continue;
            }
            self.coming = None;
            if let Some(worker) = self.worker.take()
                && let Err(panic) = worker.join()
            {
                std::panic::resume_unwind(panic);
            }
            return None;
        }
    }
}

impl<T> Drop for Ahead<T> {
    fn drop(&mut self) {
        self.coming = None;
        if let Some(worker) = self.worker.take() {
            // Nobody wants to know any more how it ended.
            let _ = worker.join();
        }
    }
}

/// Whether there is a processor for another thread.
pub fn has_room() -> bool {
    thread::available_parallelism().is_ok_and(|processors| processors.get() > 1)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn everything_comes_once_and_in_order() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 10 * CHUNK + 7] {
            let mut ahead = Ahead::or_not(0..length);
            assert!(ahead.by_ref().eq(0..length));
            assert_eq!(ahead.next(), None);
        }
    }

    #[test]
    fn it_is_never_far_ahead_and_ends_when_nobody_listens() {
        let made = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&made);
        let mut ahead = Ahead::or_not((0..1_000_000).inspect(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
        }));
        assert_eq!(ahead.next(), Some(0));
        drop(ahead);
        // One chunk is at hand, some wait, one is offered, and the one after it may have been begun.
        assert!(made.load(Ordering::SeqCst) <= (WAITING + 3) * CHUNK);
    }

    #[test]
    #[should_panic(expected = "the ninth")]
    fn a_panic_is_not_the_end_of_the_list() {
        let ahead = Ahead::or_not((0..20).inspect(|number| assert!(*number != 9, "the ninth")));
        let _: Vec<i32> = ahead.collect();
    }
}
