//! Deterministic simulation: delivery, pace, retry, journal and SMTP session, over a simulated server, line and disk.
//!
//! One seed decides everything. The production code runs in it, from `deliver` down to the bytes of the dialogue; only
//! what is outside the program is simulated: the clock (tokio's, paused), the line and the server (`wire`, `server`,
//! `fault_model`), and the disk behind the ledger's trait (`disk`, `ledger`). Runs follow each other on one disk, killed, interrupted, cut
//! off from power, until nothing is due any more; `watch` and `ends` hold every step against what is promised.
//!
//! A seed that fails is printed with the command that runs it alone.

mod dice;
mod disk;
mod ends;
mod fault_model;
mod ledger;
mod letters;
mod model;
mod provider;
mod record;
mod scenario;
mod server;
mod tests;
mod watch;
mod wire;
mod world;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use appel_core::address::Address;
use appel_core::letter::{Decision, Resend};
use secrecy::SecretString;
use tokio::sync::watch::channel;
use tokio::time::{Instant, sleep, sleep_until};

use self::dice::Dice;
use self::disk::Slip;
use self::fault_model::FaultModel;
use self::ledger::Ledger;
use self::letters::Outgoing;
use self::record::Watch;
use self::scenario::{Death, Scenario, Trouble};
use self::server::Service;
use self::world::{Counts, Fuse, World, timed};
use crate::input::config::Security;
use crate::outbox::delivery::{Ended, Interrupt, Options, TriedLast, deliver};
use crate::outbox::quota::Quota;
use crate::transport::smtp::{Login, Manner, Settings, SmtpSession, over};
use crate::transport::{ConnectError, Reply, Transport, Watcher};

/// No run takes longer: what does, hangs.
const LONGEST: Duration = Duration::from_hours(24 * 60);
/// Nor is any woken more often.
const MOST_POLLS: u64 = 300_000;

/// What came of one seed.
pub struct Story {
    /// Everything that happened, a line each.
    pub trace: String,
    pub counts: Counts,
    /// The first promise that was not kept.
    pub broken: Option<String>,
}

/// Runs one seed to its end.
pub fn simulate(scenario: Scenario, slip: Option<Slip>) -> Story {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut dice = Dice::new(!scenario.seed);
        let world = World::new(scenario);
        world.lock().disk.slip = slip;
        let broken = all_runs(&world, &mut dice).await.err();
        let mut world = world.lock();
        Story {
            broken,
            trace: world.take_trace(),
            counts: world.counts,
        }
    })
}

async fn all_runs(world: &World, dice: &mut Dice) -> Result<(), String> {
    let scenario = world.lock().scenario.clone();
    let mut death = None;
    for number in 0..scenario.most_runs() {
        let trouble = scenario.trouble(number);
        sleep(trouble.pause).await;
        let power_was_cut = death == Some(Death::PowerCut) || trouble.power_was_cut;
        let decisions = plan(world, number, &trouble, power_was_cut, dice);
        kept(world)?;
        let nothing_due = world.lock().run.due.is_empty();
        if nothing_due && scenario.is_quiet(number) {
            world.lock().over();
            return kept(world);
        }
        death = run(world, decisions, &trouble, dice).await;
        kept(world)?;
    }
    Err(format!("after {} runs letters are still due", scenario.most_runs()))
}

fn kept(world: &World) -> Result<(), String> {
    world.lock().take_broken().map_or(Ok(()), Err)
}

/// The next run opens the ledger and finds out what is due.
fn plan(world: &World, number: usize, trouble: &Trouble, power_was_cut: bool, dice: &mut Dice) -> TriedLast {
    let mut world = world.lock();
    let world = &mut *world;
    let scenario = &world.scenario;
    let now = world.clock().now();
    let resend = Resend {
        in_doubt: scenario.resend_from.is_some_and(|from| number >= from),
        refused: trouble.retry_refused,
    };
    if power_was_cut {
        let survive = *dice.pick(&[0, 50, 90, 100]);
        if let Err(wrong) = world.disk.lose(|| dice.percent(survive)) {
            world.broken(format_args!("the ledger cannot be opened again: {wrong}"));
        }
    }
    let all_known = !power_was_cut && world.scenario.boots_are_known;
    let in_doubt = world.disk.open_again(all_known, now);
    world.opened_again(&in_doubt, power_was_cut);
    world.disk.fails = trouble.disk;
    let decisions = letters::decisions(&world.scenario, &world.disk.live, now, resend);
    let due = decisions.iter().filter_map(|decision| match decision {
        Decision::Due(letter) => Some(letter.line()),
        _ => None,
    });
    world.run = Watch {
        number,
        due: due.collect(),
        resend_in_doubt: resend.in_doubt,
        retry_refused: resend.refused,
        ..Watch::default()
    };
    world.run.skipped = decisions.len() - world.run.due.len();
    world.note(format_args!("{} due of {}", world.run.due.len(), decisions.len()));
    let tried = world.run.due.iter();
    let last_tries = tried
        .filter_map(|id| Some((*id, world.disk.live.last_try(*id)?)))
        .collect();
    TriedLast::new(decisions.into_iter(), last_tries)
}

/// One run, until it ends by itself or dies.
async fn run(world: &World, decisions: TriedLast, trouble: &Trouble, dice: &mut Dice) -> Option<Death> {
    let (sender, interrupt) = channel(Interrupt::None);
    let begun = Instant::now();
    let mut timers = Vec::new();
    let mut fuses = Vec::new();
    let interrupts = trouble.interrupts.iter().map(|when| (*when, Fuse::Interrupt));
    let deaths = trouble.death.iter().map(|(when, death)| (*when, Fuse::Death(*death)));
    for (when, fuse) in interrupts.chain(deaths) {
        match when {
            scenario::When::Step(step) => fuses.push((step, fuse)),
            scenario::When::After(_) => timers.push((begun + timed(when).unwrap_or_default(), fuse)),
        }
    }
    timers.push((begun + LONGEST, Fuse::Death(Death::Killed)));
    timers.sort_by_key(|(at, _)| *at);
    let (options, road) = account(world, trouble, dice);
    world.lock().run_begins(fuses, sender);
    let death = Arc::clone(&world.lock().death);

    let mut ledger = Ledger { world: world.clone() };
    let mut listener = world.clone();
    let letters = Box::new(Outgoing { decisions });
    let ended: Option<Ended> = {
        let mut delivery = pin!(deliver(
            Arc::new(road),
            &mut ledger,
            letters,
            options,
            interrupt,
            &mut listener
        ));
        let mut polls = 0;
        let mut counted = poll_fn(|context| {
            polls += 1;
            if polls > MOST_POLLS {
                world.lock().broken("the run is woken without an end");
            }
            delivery.as_mut().poll(context)
        });
        let mut timers = timers.into_iter();
        let mut next = timers.next();
        loop {
            let (at, fuse) = next.unwrap_or((begun + 2 * LONGEST, Fuse::Death(Death::Killed)));
            tokio::select! {
                biased;
                () = death.notified() => break None,
                () = sleep_until(at) => {
                    next = timers.next();
                    if at == begun + LONGEST {
                        world.lock().broken("the run takes for ever");
                    }
                    world.lock().burn(fuse);
                }
                ended = &mut counted => break Some(ended),
            }
        }
    };
    // What the process had open is closed by the system: its tasks are dropped as the runtime comes to them.
    for _ in 0..1000 {
        if world.lock().open == 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    let mut world = world.lock();
    if world.open > 0 {
        world.broken("a connection outlives its run");
    }
    world.run_is_over();
    let died = world.dead;
    match (died, ended) {
        (Some(Death::Killed), _) => world.counts.kills += 1,
        (Some(Death::PowerCut), _) => world.counts.power_cuts += 1,
        (None, Some(ended)) => {
            let quiet = world.scenario.is_quiet(world.run.number);
            world.ended(&ended, quiet);
        }
        (None, None) => {}
    }
    died
}

/// The account, as the program knows it, and the way to its server.
fn account(world: &World, trouble: &Trouble, dice: &mut Dice) -> (Options, Road) {
    let shared = world.lock();
    let scenario = &shared.scenario;
    let clock = shared.clock();
    let sender = Address::parse("ann@home.example").unwrap();
    let since = Quota::since(clock.now());
    let sent = shared.disk.live.handed_over_since(&sender, since);
    let options = Options {
        letters_per_connection: None,
        signs_in: scenario.login,
        campaign: "test".to_owned(),
        sender,
        connections: scenario.connections,
        rate: scenario.rate,
        retry_for: scenario.retry_for,
        deadline: scenario.deadline,
        quota: Quota::new(scenario.daily_limit, sent),
        kept: None,
        clock,
        seed: scenario.seed,
    };
    let road = Road {
        world: world.clone(),
        settings: Settings {
            host: "mx.example".to_owned(),
            port: 25,
            security: Security::None,
            login: scenario
                .login
                .then(|| Login::password("ann".to_owned(), SecretString::from("secret"))),
            timeout: scenario.timeout,
            proxy: None,
            manner: Manner::default(),
        },
        run: shared.run.number,
        faults: trouble.faults,
        dice: std::sync::Mutex::new(dice.apart()),
    };
    drop(shared);
    (options, road)
}

/// The way to the simulated server.
struct Road {
    world: World,
    settings: Settings,
    run: usize,
    faults: FaultModel,
    dice: std::sync::Mutex<Dice>,
}

impl Road {
    fn dice(&self) -> Dice {
        self.dice
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .apart()
    }
}

impl Transport for Road {
    type Session = SmtpSession;

    async fn connect(&self, _: &dyn Watcher) -> Result<SmtpSession, ConnectError> {
        let mut dice = self.dice();
        if dice.permille(self.faults.unreachable) {
            self.world.lock().note("cannot connect");
            if dice.percent(30) {
                sleep(self.settings.timeout).await;
            }
            return Err(ConnectError::Temporary(Reply::none(
                appel_core::outcome::Reason::NotConnected,
                "connection refused",
            )));
        }
        let number = {
            let mut world = self.world.lock();
            world.connections += 1;
            world.counts.connections += 1;
            let number = world.connections;
            world.note(format_args!("connects c{number}"));
            number
        };
        let (client, wire) = wire::connection(&self.world, self.run, number, &self.faults, &mut dice);
        tokio::spawn(
            Service {
                world: self.world.clone(),
                wire,
                run: self.run,
                number,
                faults: self.faults,
                dice: dice.apart(),
                sound: true,
                served: 0,
            }
            .serve(),
        );
        over(Box::new(client), &self.settings, None).await
    }
}
