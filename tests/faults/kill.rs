//! Killed at any moment, the program loses nothing it acknowledged, and the same command finishes the work.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::{Ledger, find};
use crate::{ledger_before_the_spend, rounds};

const IMPORT: &str = "import spend spend.csv --accept";

/// Starts a command and kills it after a time; answers whether it had ended well before.
pub fn killed_after(ledger: &Ledger, line: &str, time: Duration) -> bool {
    let mut child = ledger.start(line);
    sleep(time);
    // On Unix this is SIGKILL.
    child.kill().unwrap();
    let status = child.wait().unwrap();
    // Killed, it has no code; one that failed by itself was not killed.
    assert!(matches!(status.code(), None | Some(0)), "{line}: {status}");
    status.success()
}

/// How long a command takes here and now, and what it leaves.
fn ran_through(ledger: &Ledger, line: &str) -> Duration {
    let began = Instant::now();
    ledger.ok(line);
    began.elapsed()
}

/// The kills are spread evenly over the time that the command takes.
pub fn moment(round: u32, rounds: u32, duration: Duration) -> Duration {
    duration * (round + 1) / (rounds + 1)
}

#[test]
fn an_import_that_is_repeated_after_kills_ends_like_one_that_ran_through() {
    // Ledgers that take the kills in turns: an import that has come far leaves little to the next kill.
    let (kills, ledgers) = (rounds(6, 100), rounds(2, 10));
    // Enough rows for two batches where there are enough kills to come between them.
    let before = ledger_before_the_spend(rounds(400, 1_200) as usize);
    let (empty, _) = before.root();
    let whole = before.twin();
    let duration = ran_through(&whole, IMPORT);
    let (full, _) = whole.root();
    let reversals_too = whole.twin();
    reversals_too.ok("import reversals reversals.csv");

    let (mut killed, mut halfway) = (0, 0);
    for turn in 0..ledgers {
        let ledger = before.twin();
        for round in (0..kills).filter(|round| round % ledgers == turn) {
            killed += u32::from(!killed_after(&ledger, IMPORT, moment(round, kills, duration)));
            let (position, _) = ledger.root();
            halfway += u32::from(position > empty && position < full);
        }
        ledger.ok(IMPORT);
        assert_eq!(ledger.state(), whole.state());
        ledger.ok("import reversals reversals.csv");
        assert_eq!(ledger.state(), reversals_too.state());
        ledger.is_sound();
    }
    // A few kills may all miss the moments between two batches; the crash points never do.
    assert!(
        killed >= kills / 4 && (halfway > 0 || kills < 50),
        "{killed} of {kills} were killed, {halfway} halfway: too few to show anything"
    );
}

#[test]
fn what_a_command_acknowledged_is_there_and_what_it_did_not_can_be_given_again() {
    let kills = rounds(4, 60);
    let ledger = ledger_before_the_spend(40);
    ledger.ok("import spend spend.csv");
    let whole = ledger.twin();
    let reported = |ledger: &Ledger| ledger.csv("claim list --state reported");
    let claims: Vec<String> =
        reported(&ledger).into_iter().map(|claim| claim["claim"].clone()).take(kills as usize + 1).collect();
    assert_eq!(claims.len(), kills as usize + 1);
    let mut duration = ran_through(&ledger, &format!("claim accept {}", claims[0]));

    let mut killed = 0;
    for (round, claim) in (0..kills).zip(&claims[1..]) {
        let line = format!("claim accept {claim}");
        let acknowledged = killed_after(&ledger, &line, moment(round, kills, duration * 5 / 4));
        killed += u32::from(!acknowledged);
        // A number that was decided already is refused; a second decision would show in the sums. How long one takes changes
        // with what else the machine does.
        let begun = Instant::now();
        let again = ledger.run(&line);
        duration = begun.elapsed();
        if acknowledged {
            assert_eq!(again.code, Some(1), "an acknowledged decision is not there: {again}");
        }
        assert!(matches!(again.code, Some(0 | 1)), "{again}");
        let decided = find(ledger.csv("claim list"), "claim", claim);
        assert_ne!(decided["state"], "reported", "{decided:?}");
    }
    for claim in &claims {
        whole.run(&format!("claim accept {claim}"));
    }
    assert_eq!(ledger.state(), whole.state());
    ledger.is_sound();
    assert!(killed >= kills / 4, "{killed} of {kills} were killed: too few to show anything");
}

/// Money that came back has no number of its own: whoever did not see the answer gives the whole command again.
#[test]
fn a_return_that_is_given_again_after_a_kill_counts_once() {
    let kills = rounds(3, 40);
    let ledger = ledger_before_the_spend(40);
    let paid = ledger.csv("grant list").into_iter().find(|grant| grant["state"] == "paid").unwrap();
    let (grant, on) = (&paid["grant"], &paid["paid_on"]);
    let line = |round: u32| format!("grant return {grant} --amount 1.00 --on {on} --reason 'parcel {round}'");
    let duration = ran_through(&ledger, &line(0));
    let mut killed = 0;
    for round in 1..=kills {
        killed += u32::from(!killed_after(&ledger, &line(round), moment(round - 1, kills, duration * 5 / 4)));
        ledger.ok(&line(round));
        ledger.ok(&line(round - 1));
        assert_eq!(find(ledger.csv("grant list"), "grant", grant)["returned"], format!("{}.00", round + 1));
    }
    ledger.is_sound();
    assert!(killed >= kills / 4, "{killed} of {kills} were killed: too few to show anything");
}

#[test]
fn read_models_that_were_being_filled_are_what_the_events_give() {
    let kills = rounds(4, 40);
    let filled = ledger_before_the_spend(400);
    filled.ok(IMPORT);
    let empty = filled.twin();
    empty.alter("DELETE FROM projection_rows");
    empty.alter("DELETE FROM projections");
    let once = empty.twin();
    let duration = ran_through(&once, "balance");

    let mut killed = 0;
    for round in 0..kills {
        let ledger = empty.twin();
        killed += u32::from(!killed_after(&ledger, "balance", moment(round, kills, duration)));
        assert_eq!(ledger.state(), filled.state());
        ledger.is_sound();
    }
    assert!(killed >= kills / 4, "{killed} of {kills} were killed: too few to show anything");
}

#[test]
fn a_killed_init_can_be_repeated_or_says_what_is_there() {
    for wait_ms in [1_u64, 3, 6, 10, 20, 40] {
        let ledger = Ledger::none();
        killed_after(&ledger, "init", Duration::from_millis(wait_ms));
        ledger.ends_in_one_ledger();
    }
}

impl Ledger {
    /// What was made before `init` was broken off is either whole, or named and in nobody's way once removed.
    pub fn ends_in_one_ledger(&self) {
        let again = self.run("init");
        match again.code {
            Some(0) => self.is_sound(),
            _ if self.run("verify").code == Some(0) => {}
            _ => {
                assert!(again.err.contains("svala.key") || again.err.contains("svala.db"), "{again}");
                for name in ["svala.key", "svala.db", "svala.db-wal", "svala.db-shm"] {
                    let _ = std::fs::remove_file(self.path(name));
                }
                self.ok("init");
            }
        }
    }
}
