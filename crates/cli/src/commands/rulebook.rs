//! `svala rulebook …`

use std::process::ExitCode;

use app::Adoption;
use rulebook::{RuleInfo, Rulebook};
use serde_json::json;

use crate::args::{Format, RulebookCommand};
use crate::cells;
use crate::connect::{Place, read_rulebook};
use crate::output::{Failure, heading, listing, object, remark, say};

pub async fn run(place: &Place, format: Format, command: RulebookCommand) -> Result<ExitCode, Failure> {
    match command {
        RulebookCommand::Show { id, document } => {
            let book = in_force(place).await?;
            match id {
                _ if document => say(book.document().trim_end())?,
                Some(id) => show_one(format, &book, &id)?,
                None => {
                    show_all(format, &book)?;
                    tell_proposed(place).await?;
                }
            }
        }
        RulebookCommand::Check { file } => {
            let book = match file {
                Some(file) => read_rulebook(&file)?,
                None => in_force(place).await?,
            };
            say(format!(
                "rulebook {} is sound: {} rules, no gap, no overlap (sha256 {})",
                book.version(),
                ids(&book).len(),
                event_log::hex::encode(&book.digest())
            ))?;
        }
        RulebookCommand::Adopt { file } => {
            let book = match (file, place.given_rulebook()?) {
                (Some(file), _) => read_rulebook(&file)?,
                (None, Some(given)) => given,
                (None, None) => Rulebook::embedded()?,
            };
            let mut ledger = place.open_live().await?;
            let version = book.version().to_owned();
            say(match ledger.adopt(book).await? {
                Adoption::Now => format!("rulebook {version} is in force from now on"),
                Adoption::Already => format!("rulebook {version} is in force already"),
                Adoption::Proposed => format!(
                    "rulebook {version} is proposed: another person must adopt the same file, by `svala rulebook adopt` of their own"
                ),
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Says which rulebook waits for a second person.
async fn tell_proposed(place: &Place) -> Result<(), Failure> {
    if let Some(ledger) = place.open_if_there().await?
        && let Some(proposed) = ledger.proposed_rulebook().await?
    {
        remark(format!(
            "rulebook {} (sha256 {}) is proposed by {}: another person brings it into force with `svala rulebook adopt`",
            proposed.version, proposed.sha256, proposed.proposed_by
        ));
    }
    Ok(())
}

/// The rulebook given, or the ledger's, or without a ledger the one in this program.
async fn in_force(place: &Place) -> Result<Rulebook, Failure> {
    if let Some(book) = place.given_rulebook()? {
        return Ok(book);
    }
    match place.open_if_there().await? {
        Some(ledger) => Ok(ledger.rulebook().clone()),
        None => Ok(Rulebook::embedded()?),
    }
}

/// Every rule that decides something, in the order of the book.
fn ids(book: &Rulebook) -> Vec<&str> {
    let mut ids: Vec<&str> = Vec::new();
    ids.extend(book.entitlements().iter().map(|r| r.id.as_str()));
    ids.extend(book.conditions().iter().map(|r| r.id.as_str()));
    ids.extend(book.checks().iter().map(|r| r.id.as_str()));
    ids.extend(book.exclusions().iter().map(|r| r.id.as_str()));
    ids.extend(book.pauses().iter().map(|r| r.id.as_str()));
    ids.extend(book.destinations().iter().map(|r| r.id.as_str()));
    ids.extend(book.categories().iter().map(|r| r.id.as_str()));
    ids.extend(book.parameter_entries().iter().map(|r| r.id.as_str()));
    ids.extend(book.programmes().iter().map(|r| r.id.as_str()));
    ids
}

fn as_json(rule: &RuleInfo<'_>) -> serde_json::Value {
    json!({
        "id": rule.id,
        "kind": rule.kind.code(),
        "valid_from": rule.valid_from,
        "valid_until": rule.valid_until,
        "says": rule.text,
        "sentence": rule.sentence,
        "meaning": rule.meaning,
        "note": rule.note,
        "source": {"publisher": rule.source.publisher, "title": rule.source.title, "date": rule.source.date, "note": rule.source.note},
    })
}

fn show_all(format: Format, book: &Rulebook) -> Result<(), Failure> {
    let rules: Vec<RuleInfo<'_>> = ids(book).into_iter().filter_map(|id| book.rule(id)).collect();
    if format == Format::Json {
        return object(&rules.iter().map(as_json).collect::<Vec<_>>());
    }
    if format == Format::Table {
        say(format!("{} {}, version {}\n", heading("rulebook"), book.title(), book.version()))?;
    }
    let rows: Vec<_> = rules
        .iter()
        .map(|r| (r.id, r.kind.code(), r.text.clone(), r.source.id.clone(), r.source.date))
        .collect();
    listing(
        format,
        &["id", "kind", "says", "source", "source_date"],
        &rows,
        |(id, kind, says, source, date)| cells![*id, *kind, says, source, *date],
    )
}

fn show_one(format: Format, book: &Rulebook, id: &str) -> Result<(), Failure> {
    let rule = book.rule(id).ok_or_else(|| {
        Failure::usage(format!("the rulebook has no rule {id}; `svala rulebook show` lists them"))
    })?;
    if format == Format::Json {
        return object(&as_json(&rule));
    }
    if format == Format::Csv {
        let row = (rule.id, rule.kind.code(), rule.text.clone(), rule.source.id.clone(), rule.source.date);
        return listing(
            format,
            &["id", "kind", "says", "source", "source_date"],
            &[row],
            |(id, kind, says, source, date)| cells![*id, *kind, says, source, *date],
        );
    }
    let mut out =
        vec![format!("{} ({})", heading(rule.id), rule.kind.code()), format!("  says     {}", rule.text)];
    if let Some(sentence) = rule.sentence {
        out.push(format!("  source   \u{201d}{sentence}\u{201d}"));
        out.push(format!(
            "           {}, {}, {}",
            rule.source.publisher, rule.source.title, rule.source.date
        ));
    } else {
        out.push(format!(
            "  source   {}, {}, {}",
            rule.source.publisher, rule.source.title, rule.source.date
        ));
    }
    for (name, text) in
        [("meaning", rule.meaning), ("note", rule.note), ("dated", rule.source.note.as_deref())]
    {
        if let Some(text) = text {
            out.push(format!("  {name:<8} {text}"));
        }
    }
    say(out.join("\n"))
}
