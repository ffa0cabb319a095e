//! Many rows into one table with few statement texts.

use event_log::StoreError;

use crate::connection::Script;

/// Numbers of rows a statement exists for. Fewer rows are filled up with empty ones, which the statement leaves
/// out, so the statement cache holds five texts for each table and a batch of any size finds them there.
const SIZES: [usize; 4] = [1, 4, 16, 64];
const ROWS_MAX: usize = SIZES[SIZES.len() - 1];
/// Rows of a statement that is always full, and so need not be told from empty ones.
const FULL_ROWS: usize = 200;

/// The smallest size that takes `rows`, or the largest there is.
pub(crate) fn size_for(rows: usize) -> usize {
    SIZES.into_iter().find(|size| rows <= *size).unwrap_or(ROWS_MAX)
}

/// The target of an insert.
pub(crate) struct Table {
    /// `INSERT INTO table (columns)`; the first column is never null.
    pub(crate) into: &'static str,
    pub(crate) columns: usize,
    /// What follows the rows, such as `ON CONFLICT DO NOTHING`.
    pub(crate) then: &'static str,
}

impl Table {
    fn statement(&self, size: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns].join(","));
        let rows = vec![row; size].join(",");
        match size {
            1 | FULL_ROWS => format!("{} VALUES {rows} {};", self.into, self.then),
            _ => format!(
                "{} SELECT * FROM (VALUES {rows}) WHERE column1 IS NOT NULL {};",
                self.into, self.then
            ),
        }
    }

    /// Adds rows to a script, in order.
    pub(crate) fn insert<T>(
        &self,
        script: &mut Script,
        rows: Vec<T>,
        bind: impl Fn(&mut Script, T) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let size = if rows.len() >= FULL_ROWS { FULL_ROWS } else { size_for(rows.len()) };
            if size >= ROWS_MAX {
                script.part();
            }
            script.push(&self.statement(size));
            let missing = size.saturating_sub(rows.len());
            for row in rows.by_ref().take(size) {
                bind(script, row)?;
            }
            for _ in 0..missing * self.columns {
                script.bind(None::<i64>)?;
            }
            if size >= ROWS_MAX {
                script.part();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_exists_for_few_sizes_only() {
        assert_eq!([1, 2, 4, 5, 16, 17, 64, 65, 1_000].map(size_for), [1, 4, 4, 16, 16, 64, 64, 64, 64]);
        let table = Table { into: "INSERT INTO t (a, b)", columns: 2, then: "ON CONFLICT DO NOTHING" };
        assert_eq!(table.statement(1), "INSERT INTO t (a, b) VALUES (?,?) ON CONFLICT DO NOTHING;");
        assert_eq!(
            table.statement(4),
            "INSERT INTO t (a, b) SELECT * FROM (VALUES (?,?),(?,?),(?,?),(?,?)) WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING;"
        );
    }
}
