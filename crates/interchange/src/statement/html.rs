//! The statement as a page to read and to print.

use std::fmt::Write;

use domain::Period;
use domain::statement::Disallowed;
use money::Eur;

use super::{Open, STATEMENT_COLUMNS, StatementDocument, StatementLine, is_figure};

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
    let mut page = Page::begin("Statement", &statement.partner, &statement.name, statement.period);
    let rows = statement.rows();
    page.figures(statement.figures()?.into_iter().map(|figure| {
        let named = rows.iter().any(|line| line.movement == figure.rows).then_some(figure.rows);
        (named, figure.english, figure.swedish, figure.eur)
    }));
    page.reasons(&statement.totals.disallowed);
    for movement in domain::statement::MovementKind::ALL {
        let lines = statement.lines.iter().filter(|line| line.movement == movement.code());
        page.lines(movement.code(), movement.code(), lines);
    }
    for Open { code, title, lines, .. } in statement.open() {
        page.lines(code, title, lines.iter());
    }
    let said = "A movement stands in the period in which it was recorded.";
    Ok(page.end(said, &statement.partner, statement.period, "", statement.position, &statement.root))
}

/// A page while it is written.
pub(super) struct Page(String);

impl Page {
    pub(super) fn begin(what: &str, partner: &str, name: &str, period: Period) -> Self {
        let title = match name {
            "" => format!("{what} {partner} {period}"),
            name => format!("{what} {name} ({partner}) {period}"),
        };
        let title = escaped(&title);
        Self(format!(
            "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title>\n\
             <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head>\n<body>\n\
             <h1>{title}</h1>\n<p>{} – {}, in EUR</p>\n",
            period.first(),
            period.last()
        ))
    }

    /// Figures in English and Swedish, each with the table of the rows it adds up, if there is one.
    pub(super) fn figures<'a>(
        &mut self,
        figures: impl Iterator<Item = (Option<&'a str>, String, &'a str, Eur)>,
    ) {
        let Self(page) = self;
        page.push_str(
            "<table><caption>Figures / Belopp</caption><thead><tr><th scope=\"col\">English</th>\
             <th scope=\"col\" lang=\"sv\">Svenska</th><th scope=\"col\" class=\"n\">EUR</th></tr></thead><tbody>\n",
        );
        for (rows, english, swedish, eur) in figures {
            let english = escaped(&english);
            let named = match rows {
                Some(rows) => format!("<a href=\"#{rows}\">{english}</a>"),
                None => english,
            };
            let _ = writeln!(
                page,
                "<tr><th scope=\"row\">{named}</th><td lang=\"sv\">{swedish}</td><td class=\"n\">{eur}</td></tr>"
            );
        }
        page.push_str("</tbody></table>\n");
    }

    pub(super) fn reasons(&mut self, parts: &[Disallowed]) {
        let Self(page) = self;
        if parts.is_empty() {
            return;
        }
        page.push_str(
            "<table><caption>Disallowed, by reason / Ej godkänt, per skäl</caption><thead><tr>\
             <th scope=\"col\">reason</th><th scope=\"col\" class=\"n\">EUR</th></tr></thead><tbody>\n",
        );
        for part in parts {
            let _ = writeln!(
                page,
                "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td></tr>",
                escaped(&part.reason),
                part.eur
            );
        }
        page.push_str("</tbody></table>\n");
    }

    fn lines<'a>(&mut self, id: &str, title: &str, lines: impl Iterator<Item = &'a StatementLine>) {
        self.rows(id, title, &STATEMENT_COLUMNS, lines.map(StatementLine::cells));
    }

    /// A table of rows, unless there are none.
    pub(super) fn rows<const N: usize>(
        &mut self,
        id: &str,
        title: &str,
        columns: &[&str; N],
        rows: impl Iterator<Item = [String; N]>,
    ) {
        let Self(page) = self;
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return;
        }
        let class = |name: &str| if is_figure(name) { " class=\"n\"" } else { "" };
        let _ = write!(page, "<table id=\"{id}\"><caption>{title}</caption><thead><tr>");
        for name in columns {
            let _ = write!(page, "<th scope=\"col\"{}>{name}</th>", class(name));
        }
        page.push_str("</tr></thead><tbody>\n");
        for row in rows {
            page.push_str("<tr>");
            for (name, cell) in columns.iter().zip(&row) {
                let _ = write!(page, "<td{}>{}</td>", class(name), escaped(cell));
            }
            page.push_str("</tr>\n");
        }
        page.push_str("</tbody></table>\n");
    }

    /// The whole page, with what it proves.
    pub(super) fn end(
        self,
        said: &str,
        partner: &str,
        period: Period,
        options: &str,
        position: u64,
        root: &str,
    ) -> String {
        let Self(mut page) = self;
        let _ = write!(
            page,
            "<p class=\"proof\">{said} Log position {position}, root {root}. The same ledger gives this statement again with \
             <code>svala partner statement {} --period {period}{options} --at {position}</code>.</p>\n</body>\n</html>\n",
            escaped(partner)
        );
        page
    }
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
