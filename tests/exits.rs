//! Exit codes, the shape of what is printed, and starts that must fail with a word on what to do.

use std::fs;

use crate::support::{Ledger, Run, fixtures, on_postgres};

#[test]
fn each_exit_code_means_what_the_help_says() {
    let ledger = Ledger::small("cases");
    ledger.ok("balance");
    let refused = ledger.fail(1, "case approve FX-2041 --on 2023-09-21");
    assert_eq!(
        refused,
        "error: refused: already-decided: the case is approved already; a decision cannot be appealed, a new application may be filed\n"
    );
    ledger.fail(2, "case show FX-9999");
    ledger.fail(2, "case shwo FX-2041");
    ledger.fail(2, "");
    ledger.alter_as_owner(
        "UPDATE events SET body = replace(body, '3000.00', '3000.01') WHERE event_type = 'Approved'",
    );
    ledger.fail(3, "verify");
    let help = ledger.ok("--help").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("Exit codes: 0 done, 1 refused by a rule or a check, 2 wrong usage or input, 3 the ledger is damaged or unreachable."));
}

#[test]
fn without_a_ledger_every_command_says_how_to_make_one() {
    let ledger = Ledger::none();
    for line in ["balance", "verify", "case list", "import cases cases.csv", "doctor"] {
        let message = ledger.fail(3, line);
        assert!(
            message.contains("there is no ledger at ") && message.contains("`svala init`"),
            "{line}: {message}"
        );
    }
    assert!(!ledger.path("svala.db").exists(), "a command that reads makes no file");
    let message = ledger.fail(2, "--ledger mysql://localhost/x balance");
    assert!(message.contains("a ledger is named sqlite:FILE"), "{message}");
    let message = ledger.fail(3, "--ledger postgres://anna:secret@127.0.0.1:1/x balance");
    assert!(message.contains("the ledger is unreachable: ") && !message.contains("secret"), "{message}");
    ledger.ok("rulebook show");
}

#[test]
fn a_file_that_is_no_ledger_is_not_touched() {
    if on_postgres() {
        return;
    }
    let ledger = Ledger::none();
    for content in
        ["", "this is text", "SQLite format 3\0 but not really a database, only its first sixteen bytes"]
    {
        ledger.write("svala.db", content);
        ledger.fail(3, "balance");
        assert_eq!(ledger.read("svala.db"), content);
    }
}

#[test]
fn the_key_file_must_be_there_right_and_private() {
    let ledger = Ledger::small("cases");
    let key = ledger.path("svala.key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |mode: u32| fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600, "as init makes it");
        if !on_postgres() {
            assert_eq!(fs::metadata(ledger.path("svala.db")).unwrap().permissions().mode() & 0o777, 0o600);
        }
        for open in [0o644, 0o640, 0o604] {
            mode(open);
            let message = ledger.fail(3, "balance");
            assert!(
                message.contains(&format!("has mode {open:04o}")) && message.contains("chmod 600"),
                "{message}"
            );
        }
        mode(0o600);
        ledger.ok("balance");
    }
    let other = Ledger::new();
    let foreign = other.path("svala.key").display().to_string();
    let message = ledger.fail(3, &format!("--key-file '{foreign}' balance"));
    assert!(message.contains("belongs to another ledger") && message.contains("--key-file"), "{message}");
    fs::rename(&key, ledger.path("moved.key")).unwrap();
    let message = ledger.fail(3, "balance");
    assert!(
        message.contains("There is no key file at ") && message.contains("Restore it from your backup"),
        "{message}"
    );
    ledger.ok("--key-file moved.key balance");
    ledger.write("moved.key", "svala-ledger-key-1:0123\n");
    let message = ledger.fail(3, "--key-file moved.key balance");
    assert!(message.contains("is not a key file of this ledger"), "{message}");
    assert!(!message.contains("0123"), "{message}");
}

#[test]
fn init_twice_refuses_and_changes_nothing() {
    let ledger = Ledger::small("cases");
    let key = || fs::read(ledger.path("svala.key")).unwrap();
    // Of a file every byte counts; of a database on a server, what is in the ledger.
    let there = || (fs::read(ledger.path("svala.db")).ok(), ledger.root(), ledger.state(), key());
    let before = there();
    let message = ledger.fail(2, "init");
    assert!(
        message.contains("there is a ledger at ") && message.contains("nothing was changed"),
        "{message}"
    );
    assert!(there() == before);

    ledger.remove_database();
    let message = ledger.run("init");
    assert_ne!(message.code, Some(0), "a key that may belong to a ledger elsewhere is not overwritten");
    assert!(key() == before.3);
    assert!(!ledger.path("svala.db").exists());
}

#[test]
fn a_ledger_may_be_anywhere_and_named_by_the_environment() {
    if on_postgres() {
        return;
    }
    let ledger = Ledger::none();
    fs::create_dir(ledger.path("a b")).unwrap();
    ledger.ok("--ledger 'sqlite:a b/år.db' init");
    assert!(ledger.path("a b/år.db").exists() && ledger.path("a b/år.key").exists());
    let output = ledger.command("verify").env("SVALA_LEDGER", "sqlite://a b/år.db").output().unwrap();
    let run = Run::of("verify", output);
    assert_eq!(run.code, Some(0), "{run}");
    ledger.fail(3, "--ledger 'sqlite:nowhere/år.db' verify");
    let message = ledger.run("--ledger 'sqlite:nowhere/år.db' init");
    assert_eq!(message.code, Some(3), "{message}");
}

#[test]
fn the_help_of_every_command_has_an_example_or_says_what_it_does() {
    let ledger = Ledger::none();
    for command in [
        "init",
        "import",
        "case",
        "claim",
        "report",
        "grant",
        "partner",
        "partner payment-details",
        "partner fee",
        "hold",
        "hold place",
        "balance",
        "history",
        "explain",
        "rulebook",
        "demo",
        "verify",
        "checkpoint",
        "prove",
    ] {
        let help = ledger.ok(&format!("{command} --help"));
        assert!(help.contains("Example") && help.contains(&format!("svala {command}")), "{command}: {help}");
    }
    for command in
        ["replay", "doctor", "summary", "import spend", "case change-mode", "claim accept", "grant return"]
    {
        let help = ledger.ok(&format!("{command} --help"));
        assert!(
            help.contains("Usage: svala") && help.lines().next().is_some_and(|line| line.len() > 20),
            "{command}: {help}"
        );
    }
    assert!(ledger.ok("--version").starts_with("svala "));
}

/// The columns that other programs rely on.
const LISTINGS: &[(&str, &str)] = &[
    (
        "balance",
        "external_ref,case,budget_line,rule_id,currency,cap,committed,pending,estimated,disbursed,disallowed,remaining,available,waiting,waiting_amounts",
    ),
    (
        "claim list",
        "claim,external_ref,case,partner,receipt_no,supplier,category,delivered_on,amount,currency,rate,rate_date,rate_source,eur,at_most,eligible,disallowed,reversed,to_reverse,reason,state,proposed_by,report,reported_on,receipt,words,answer,description",
    ),
    (
        "case list",
        "external_ref,case,stage,destination,return_mode,applied_on,decided_on,departed_on,arrived_on,partner,reasons",
    ),
    (
        "case show FX-2041",
        "external_ref,case,stage,destination,return_mode,applied_on,decided_on,departed_on,arrived_on,partner,reasons",
    ),
    ("grant list", "grant,external_ref,case,payment_ref,paid_on,method,eur,returned,reason,state"),
    ("grant due", "external_ref,case,destination,partner,arrived_on,last_day,days_late,eur,held_by"),
    (
        "partner list",
        "partner,name,agreements,payment_details,holds,open_cases,claims,pending,disbursed,held,disallowed,fees",
    ),
    (
        "partner show irara",
        "partner,name,agreements,payment_details,holds,open_cases,claims,pending,disbursed,held,disallowed,fees",
    ),
    (
        "partner agreement list irara",
        "partner,agreement,programme,countries,valid_from,valid_until,fee,in_force",
    ),
    (
        "partner fee list",
        "fee,partner,agreement,terms,charged_on,receipt_no,supplier,amount,currency,rate,eur,reversed,to_reverse,state,decided_by,words,answer,flags,report",
    ),
    ("partner fee flags", "fee,partner,receipt_no,charged_on,eur,state,flag,detail"),
    ("partner history irara", "position,recorded_at,actor,event,what"),
    (
        "hold list",
        "hold,scope,value,from,released_on,placed_by,placed_at,released_by,claims,fees,grants,people,eur,oldest,reason,release_reason",
    ),
    ("hold history", "position,recorded_at,actor,event,what"),
    (
        "import list",
        "position,recorded_at,actor,kind,file,rows,applied,cut,proposed,refused,recognised,rejected,sha256",
    ),
    (
        "report list",
        "report,recorded_at,actor,partner,first_day,last_day,file,rows,recognised,rejected,claims,accepted,cut,refused,queried,pending,waiting,eur,eligible,disallowed,undecided,reversed,flagged,fees,fees_eur,sha256",
    ),
    ("history FX-2041", "position,recorded_at,actor,event,what"),
    ("explain FX-2041", "about,number,eligible,disallowed,reason,because"),
    ("rulebook show", "id,kind,says,source,source_date"),
    ("rulebook show jrs.arrival-grant", "id,kind,says,source,source_date"),
    ("summary", "programme,country,people,entitled,disbursed,pending,remaining,disallowed"),
    ("replay", "read_model,position,rows,live_and_rebuilt,digest"),
    ("verify", "events,streams,keys,texts,erased,root,checkpoints,vouched"),
    ("doctor", "check,found,ok"),
    (
        "claim accept --all --dry-run",
        "claim,partner,external_ref,receipt_no,category,delivered_on,eur,eligible,disallowed,reason,state,agrees_to,flags",
    ),
    ("claim flags", "claim,partner,external_ref,receipt_no,category,eur,state,flag,detail"),
    ("case transfer caritas --on 2024-06-01 --from irara --all --dry-run", "case,from,to,on,refused"),
    (
        "claim queries",
        "claim,fee,partner,external_ref,case,receipt_no,eur,reason,asked_on,age_days,age,question,answered_on,answer",
    ),
    (
        "import spend spend.csv --dry-run",
        "row,case_ref,receipt_no,category,amount,currency,outcome,state,eur,eligible,disallowed,reason,flags",
    ),
    ("import grants grants.csv --dry-run", "outcome,rows"),
    ("import rates inforeuro-2024-07.json --dry-run", "file,source,month,from,to,new,changed,known,errors"),
    ("rate list", "source,currency,rate_date,rate,version,published_at,published_by,position"),
    ("rate show IQD 2024-06-14", "source,currency,rate_date,rate,version,published_at,published_by,position"),
];

#[test]
fn every_listing_has_its_csv_header_and_parses_as_json() {
    let ledger = Ledger::small("grants");
    ledger.ok("import spend spend.csv");
    ledger.ok(&format!("claim query {} --reason why", ledger.claim("QX77-41001")));
    ledger.write("spend.csv", ledger.read("spend.csv") + "\n");
    ledger.write("inforeuro-2024-06.json", r#"[{"isoA3Code":"IQD","value":1385.7992}]"#);
    ledger.write("inforeuro-2024-07.json", r#"[{"isoA3Code":"IQD","value":1390.5}]"#);
    ledger.ok("import rates inforeuro-2024-06.json");
    ledger.ok("partner agreement sign irara 2024 --programme jrs --country ET --from 2024-01-01");
    ledger.ok("hold place --partner irara --from 2024-01-01 --reason 'receipts are missing'");
    ledger.write(
        "fees.csv",
        "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\n\
         irara,,partner-fee,2024-01-31,450.00,EUR,IRARA,F-1,,January\n",
    );
    ledger.ok("import spend fees.csv");
    for (line, header) in LISTINGS {
        let csv = ledger.ok(&format!("{line} --format csv"));
        assert_eq!(csv.lines().next(), Some(*header), "{line}");
        assert!(!crate::support::rows(&csv).is_empty(), "{line}: no rows in\n{csv}");
        let json = ledger.json(line);
        assert!(json.is_array() || json.is_object(), "{line}");
        assert!(!ledger.ok(line).is_empty());
    }
}

/// Objects carry the same facts as the columns; amounts are strings, exact in every reader.
#[test]
fn json_carries_the_columns_and_amounts_as_text() {
    let ledger = Ledger::small("spend");
    for line in ["balance", "claim list", "case list", "grant list", "import list", "history FX-2041"] {
        let (_, header) = LISTINGS.iter().find(|(listing, _)| *listing == line).unwrap();
        let first = ledger.json(line)[0].clone();
        for column in header.split(',') {
            assert!(first.get(column).is_some(), "{line}: {column} is not in {first}");
        }
    }
    let first = ledger.json("balance")[0].clone();
    assert_eq!((&first["cap"], &first["remaining"]), (&"615.00".into(), &"0.00".into()));
}

#[test]
fn an_empty_ledger_lists_nothing_and_is_sound() {
    let ledger = Ledger::new();
    for line in [
        "balance",
        "claim list",
        "case list",
        "grant list",
        "grant due",
        "import list",
        "partner list",
        "partner agreement list",
        "partner fee list",
        "hold list",
        "hold history",
    ] {
        assert_eq!(ledger.json(line), serde_json::json!([]), "{line}");
        assert_eq!(ledger.ok(&format!("{line} --format csv")).lines().count(), 1, "{line}");
        ledger.ok(line);
    }
    ledger.ok("summary");
    ledger.ok("doctor");
    ledger.is_sound();
}

#[test]
fn colours_only_for_terminals_and_never_with_no_color() {
    let ledger = Ledger::small("cases");
    let with = |variables: &[(&str, &str)]| {
        let output = ledger.command("explain FX-2041").envs(variables.iter().copied()).output().unwrap();
        Run::of("explain", output).out.contains('\u{1b}')
    };
    assert!(!with(&[]), "no colours into a pipe");
    assert!(with(&[("CLICOLOR_FORCE", "1")]), "colours when forced: or this test could not go red");
    assert!(!with(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!ledger.fail(2, "case show FX-9999").contains('\u{1b}'));
}

/// `svala claim list | head -1` is no failure.
#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let ledger = Ledger::new();
    ledger.take_files(&fixtures());
    let mut child = ledger.start("rulebook show --document");
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}
