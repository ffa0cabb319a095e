//! 64 partners race for the last euros of 60 people, in one process and in two.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use app::{Ledger, StartUp};
use domain::claim::ClaimReason;
use domain::{CaseEvent, CaseId, ClaimId, Event};
use event_log::Store;
use store_testing::contract::Random;
use store_testing::{Faults, Faulty};
use tokio::sync::Barrier;

use crate::homes::{Home, PostgresHome, SqliteHome};
use crate::support::*;

const PEOPLE: u32 = 60;
const PARTNERS: u32 = 64;
/// Of a voluntary return, in cents.
const CAP: i64 = 300_000;
/// What each claim in the race is about, in euro: of the 100 that are left, three fit and a third of one.
const AMOUNT: &str = "30.00";

/// How many people each partner has a claim for: some thirteen claims meet at each person.
const CLAIMS_EACH: u32 = 12;

fn runs() -> u32 {
    if store_testing::long() { 20 } else { 1 }
}

fn name(person: u32) -> String {
    format!("MV-{person}")
}

/// The claims of one partner: people, each in another order for each partner, and receipts of its own.
fn rows(partner: u32) -> Vec<String> {
    let mut people: Vec<u32> = (0..CLAIMS_EACH).map(|nth| (partner * 7 + nth * 7) % PEOPLE).collect();
    let mut random = Random(partner.into());
    for at in (1..people.len()).rev() {
        people.swap(at, random.below(at as u64 + 1) as usize);
    }
    let receipt_of =
        |person: u32| receipt("caritas", &name(person), (partner + 1) * 1_000 + person, "2024-04-01", AMOUNT);
    people.into_iter().map(receipt_of).collect()
}

/// Every second partner uploads a file and has it accepted at once; the claims of the others were reported before, and
/// are accepted one by one.
fn uploads(partner: u32) -> bool {
    partner.is_multiple_of(2)
}

/// Everybody at home with 100 euro left.
async fn prepared<P: Home>() -> Option<Book<P>> {
    let book = Book::<P>::made(1).await?;
    let people: Vec<String> = (0..PEOPLE).map(|n| person(&name(n))).collect();
    book.import(Kind::Cases, "cases.csv", &people).await;
    let spent: Vec<String> =
        (0..PEOPLE).map(|n| receipt("caritas", &name(n), n, "2024-03-20", "2900.00")).collect();
    let path = book.write(Kind::Spend, "spent.csv", &spent);
    assert_eq!(import(&book.ledger, Kind::Spend, path, How::Accepting).await.unwrap().errors, []);
    let reported: Vec<String> = (0..PARTNERS).filter(|p| !uploads(*p)).flat_map(rows).collect();
    book.import(Kind::Spend, "reported.csv", &reported).await;
    Some(book)
}

/// The partners of one process, over two stores. Answers with every error that is not the decision on a claim.
async fn race(
    stores: [Arc<dyn Store>; 2],
    folder: &Path,
    partners: std::ops::Range<u32>,
    ready: impl FnOnce() + Send + 'static,
) -> Vec<String> {
    let count = partners.len();
    let start_line = Arc::new(Barrier::new(count + 1));
    let partners: Vec<_> = partners
        .map(|partner| {
            let (store, start_line) = (stores[partner as usize % 2].clone(), start_line.clone());
            let folder = folder.to_owned();
            tokio::spawn(async move {
                let actor = format!("partner-{partner}").parse().unwrap();
                let start = StartUp { actor, ..start(store, u64::from(partner) + 1_000, &folder) };
                let ledger = Ledger::open(start).await.unwrap();
                let claims = if uploads(partner) { Vec::new() } else { own_claims(&ledger, partner).await };
                let path = write(&folder, Kind::Spend, &format!("partner-{partner}.csv"), &rows(partner));
                start_line.wait().await;
                let mut errors = Vec::new();
                if uploads(partner) {
                    match import(&ledger, Kind::Spend, path, How::Accepting).await {
                        Ok(report) => errors.extend(report.errors.iter().map(|error| format!("{error:?}"))),
                        Err(error) => errors.push(format!("partner {partner}: {error:?}")),
                    }
                }
                for (case, claim) in claims {
                    if let Err(error) = ledger.accept_claim(case, claim).await {
                        errors.push(format!("partner {partner}: {error:?}"));
                    }
                }
                errors
            })
        })
        .collect();
    tokio::task::spawn_blocking(ready).await.unwrap();
    start_line.wait().await;
    let mut errors = Vec::new();
    for partner in partners {
        errors.extend(partner.await.unwrap());
    }
    errors
}

/// The claims a partner has reported, in the order of its rows.
async fn own_claims(ledger: &Ledger, partner: u32) -> Vec<(CaseId, ClaimId)> {
    let mut claims = HashMap::new();
    for item in ledger.claims(&Default::default()).await.unwrap() {
        claims.insert(item.receipt_no.clone(), (item.case_id, item.id));
    }
    let number = |row: &String| row.split(',').nth(7).unwrap().to_owned();
    rows(partner).iter().map(|row| claims[&number(row)]).collect()
}

/// Everything that is wrong with what was decided, judged anew from the log: each claim gets exactly what was left for
/// it when its turn came.
async fn wrongs(store: &dyn Store) -> Vec<String> {
    let mut wrongs = Vec::new();
    let mut reported: HashMap<ClaimId, i64> = HashMap::new();
    let mut spent: BTreeMap<String, i64> = BTreeMap::new();
    for recorded in store.read_log(0, u32::MAX).await.unwrap() {
        let Event::Case(event) = Event::decode(&recorded).unwrap() else { continue };
        let (position, spent) = (recorded.position, spent.entry(recorded.stream_id.to_string()).or_default());
        let left = (CAP - *spent).max(0);
        match event {
            CaseEvent::SpendReported(event) => {
                reported.insert(event.claim, event.eur.unwrap().cents());
            }
            CaseEvent::ClaimAccepted(event) => {
                let asked = reported.remove(&event.claim);
                let given = event.eligible.cents();
                if asked.map(|asked| asked.min(left)) != Some(given) || given == 0 {
                    wrongs.push(format!("{position}: {given} of {asked:?} given where {left} were left"));
                }
                *spent += given;
            }
            CaseEvent::ClaimRefused(event) => {
                let asked = reported.remove(&event.claim);
                if asked.is_none() || left > 0 || event.reason != ClaimReason::OverCap {
                    wrongs.push(format!(
                        "{position}: {asked:?} refused where {left} were left: {:?}",
                        event.reason
                    ));
                }
            }
            CaseEvent::CommandRefused(event) => wrongs.push(format!("{position}: {event:?}")),
            _ => {}
        }
    }
    wrongs.extend(reported.keys().map(|claim| format!("claim {claim} was never decided")));
    wrongs.extend(
        spent.iter().filter(|(_, spent)| **spent != CAP).map(|(case, spent)| format!("{case}: {spent}")),
    );
    if spent.len() != PEOPLE as usize {
        wrongs.push(format!("{} people", spent.len()));
    }
    wrongs
}

async fn two_stores<P: Home>(address: &str) -> [Arc<dyn Store>; 2] {
    [P::at(address).await, P::at(address).await]
}

/// All partners in this process.
fn in_one_process<P: Home>() {
    many_threads().block_on(async {
        for _ in 0..runs() {
            let Some(book) = prepared::<P>().await else { return };
            let stores = two_stores::<P>(&book.home.address()).await;
            assert_eq!(race(stores, book.folder.path(), 0..PARTNERS, || ()).await, [""; 0]);
            assert_eq!(wrongs(&**book.ledger.store()).await, [""; 0]);
            book.sound().await;
        }
    });
}

const ADDRESS: &str = "SVALA_TEST_RACE_ADDRESS";
const FOLDER: &str = "SVALA_TEST_RACE_FOLDER";
const READY: &str = "the second process is ready";

/// Half of the partners in a second process, which starts when this one does.
fn in_two_processes<P: Home>(second: &str) {
    many_threads().block_on(async {
        for _ in 0..runs() {
            let Some(book) = prepared::<P>().await else { return };
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args([second, "--exact", "--ignored", "--nocapture"])
                .env(ADDRESS, book.home.address())
                .env(FOLDER, book.folder.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let (mut go, said) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
            let ready = move || {
                let mut said = said.lines().map(Result::unwrap);
                assert!(said.any(|line| line.contains(READY)), "the second process did not start");
                go.write_all(b"go\n").unwrap();
                // What it says is read to its end, or it could not go on.
                std::thread::spawn(move || said.for_each(|line| eprintln!("{line}")));
            };
            let stores = two_stores::<P>(&book.home.address()).await;
            assert_eq!(race(stores, book.folder.path(), 0..PARTNERS / 2, ready).await, [""; 0]);
            let ended = tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap();
            assert!(ended.success(), "{ended}");
            assert_eq!(wrongs(&**book.ledger.store()).await, [""; 0]);
            book.sound().await;
        }
    });
}

/// The second process.
fn the_other_half<P: Home>() {
    let var = |name| std::env::var(name).expect("this test is started by another one, as a second process");
    let (address, folder) = (var(ADDRESS), var(FOLDER));
    many_threads().block_on(async {
        let wait = || {
            println!("{READY}");
            std::io::stdin().lock().lines().next().unwrap().unwrap();
        };
        let stores = two_stores::<P>(&address).await;
        assert_eq!(race(stores, folder.as_ref(), PARTNERS / 2..PARTNERS, wait).await, [""; 0]);
    });
}

#[test]
fn nobody_over_the_cap_and_nobody_wrongly_refused_on_sqlite() {
    in_one_process::<SqliteHome>();
}

#[test]
fn nobody_over_the_cap_and_nobody_wrongly_refused_on_postgres() {
    in_one_process::<PostgresHome>();
}

#[test]
fn two_processes_race_on_sqlite() {
    in_two_processes::<SqliteHome>("last_euros::second_process_on_sqlite");
}

#[test]
fn two_processes_race_on_postgres() {
    in_two_processes::<PostgresHome>("last_euros::second_process_on_postgres");
}

#[test]
#[ignore = "started by the race as its second process"]
fn second_process_on_sqlite() {
    the_other_half::<SqliteHome>();
}

#[test]
#[ignore = "started by the race as its second process"]
fn second_process_on_postgres() {
    the_other_half::<PostgresHome>();
}

/// The same race over a store that does not check versions ends with people over the cap: the race would find it.
fn is_red_without_the_check<P: Home>() {
    many_threads().block_on(async {
        let Some(book) = prepared::<P>().await else { return };
        let stores = two_stores::<P>(&book.home.address()).await;
        let stores = stores.map(|store| -> Arc<dyn Store> {
            Faulty::new(store, 1, Faults { unchecked: true, ..Faults::none() })
        });
        let errors = race(stores, book.folder.path(), 0..PARTNERS, || ()).await;
        let wrongs = wrongs(&**book.ledger.store()).await;
        let over = wrongs.iter().filter(|wrong| wrong.contains("given where")).count();
        assert!(over > 0, "without the check of versions nobody was given too much: {errors:?} {wrongs:?}");
    });
}

#[test]
fn without_the_version_check_the_race_is_lost_on_sqlite() {
    is_red_without_the_check::<SqliteHome>();
}

#[test]
fn without_the_version_check_the_race_is_lost_on_postgres() {
    is_red_without_the_check::<PostgresHome>();
}
