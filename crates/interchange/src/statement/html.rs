//! The statement as a page to read and to print.

use std::fmt::Write;

use super::{STATEMENT_COLUMNS, StatementDocument, StatementLine, is_figure};

const STYLE: &str = "\
@page{size:A4 landscape;margin:14mm}\
body{font:10pt/1.4 system-ui,sans-serif;color:#111;max-width:70rem;margin:1rem auto;padding:0 1rem}\
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:1.5rem 0 .3rem;break-after:avoid}\
table{border-collapse:collapse;width:100%;margin:.3rem 0 1rem}\
caption{text-align:left;font-weight:600;padding:.3rem 0}\
th,td{border-bottom:1px solid #bbb;padding:.2rem .4rem;text-align:left;vertical-align:top}\
thead{display:table-header-group}tr{break-inside:avoid}\
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
.proof{font-size:.8rem;overflow-wrap:anywhere;border-top:2px solid #111;padding-top:.5rem}\
a{color:inherit}";

/// A whole page: no scripts, nothing from elsewhere. Figures link to the rows they add up.
///
/// # Errors
/// [`money::Overflow`] where what was disallowed cannot be added up.
pub fn html(statement: &StatementDocument) -> Result<String, money::Overflow> {
    let mut page = String::new();
    let title = match statement.name.as_str() {
        "" => format!("Statement {} {}", statement.partner, statement.period),
        name => format!("Statement {name} ({}) {}", statement.partner, statement.period),
    };
    let title = escaped(&title);
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head>\n<body>\n\
         <h1>{title}</h1>\n<p>{} – {}, in EUR</p>\n",
        statement.period.first(),
        statement.period.last()
    );
    figures(&mut page, statement)?;
    reasons(&mut page, statement);
    for movement in domain::statement::MovementKind::ALL {
        let lines: Vec<&StatementLine> =
            statement.lines.iter().filter(|line| line.movement == movement.code()).collect();
        rows(&mut page, movement.code(), movement.code(), &lines);
    }
    let undecided: Vec<&StatementLine> = statement.undecided.iter().collect();
    rows(&mut page, "undecided", "undecided at the end of the period", &undecided);
    let waiting: Vec<&StatementLine> = statement.waiting.iter().collect();
    rows(&mut page, "waiting", "waiting for an exchange rate, and so in no figure", &waiting);
    let _ = write!(
        page,
        "<p class=\"proof\">A movement stands in the period in which it was recorded. Log position {}, root {}. The same ledger gives this statement again with \
         <code>svala partner statement {} --period {} --at {}</code>.</p>\n</body>\n</html>\n",
        statement.position,
        statement.root,
        escaped(&statement.partner),
        statement.period,
        statement.position
    );
    Ok(page)
}

fn figures(page: &mut String, statement: &StatementDocument) -> Result<(), money::Overflow> {
    page.push_str(
        "<table><caption>Figures / Belopp</caption><thead><tr><th scope=\"col\">English</th>\
         <th scope=\"col\" lang=\"sv\">Svenska</th><th scope=\"col\" class=\"n\">EUR</th></tr></thead><tbody>\n",
    );
    for figure in statement.figures()? {
        let english = escaped(&figure.english);
        let named = match figure.movement {
            Some(movement) if statement.lines.iter().any(|line| line.movement == movement) => {
                format!("<a href=\"#{movement}\">{english}</a>")
            }
            None if figure.english == "undecided at the end" && !statement.undecided.is_empty() => {
                format!("<a href=\"#undecided\">{english}</a>")
            }
            _ => english,
        };
        let _ = writeln!(
            page,
            "<tr><th scope=\"row\">{named}</th><td lang=\"sv\">{}</td><td class=\"n\">{}</td></tr>",
            figure.swedish, figure.eur
        );
    }
    page.push_str("</tbody></table>\n");
    Ok(())
}

fn reasons(page: &mut String, statement: &StatementDocument) {
    if statement.totals.disallowed.is_empty() {
        return;
    }
    page.push_str(
        "<table><caption>Disallowed, by reason / Ej godkänt, per skäl</caption><thead><tr>\
         <th scope=\"col\">reason</th><th scope=\"col\" class=\"n\">EUR</th></tr></thead><tbody>\n",
    );
    for part in &statement.totals.disallowed {
        let _ = writeln!(
            page,
            "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td></tr>",
            escaped(&part.reason),
            part.eur
        );
    }
    page.push_str("</tbody></table>\n");
}

fn rows(page: &mut String, id: &str, title: &str, lines: &[&StatementLine]) {
    if lines.is_empty() {
        return;
    }
    let _ = write!(page, "<table id=\"{id}\"><caption>{title}</caption><thead><tr>");
    for name in STATEMENT_COLUMNS {
        let class = if is_figure(name) { " class=\"n\"" } else { "" };
        let _ = write!(page, "<th scope=\"col\"{class}>{name}</th>");
    }
    page.push_str("</tr></thead><tbody>\n");
    for line in lines {
        page.push_str("<tr>");
        for (column, cell) in STATEMENT_COLUMNS.iter().zip(&line.cells()) {
            let class = if is_figure(column) { " class=\"n\"" } else { "" };
            let _ = write!(page, "<td{class}>{}</td>", escaped(cell));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table>\n");
}

/// Text as it may stand in an element or an attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
