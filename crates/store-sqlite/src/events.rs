//! One event as one value.
//!
//! Each value of a row costs an allocation on SQLite's side, a copy and a hand-over between threads, which for ten
//! columns is more than the work on the event itself. So SQLite joins the columns, and they are taken apart here.

use std::str::FromStr;

use event_log::{RecordedEvent, StoreError, StreamId};
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::columns::get;
use crate::errors::damaged;

/// Numbers in decimal, each followed by a space; then the fields of fixed length; then the texts whose lengths were
/// given, and the body to the end. Lengths and joining are by bytes, so no content can be mistaken for another. More columns
/// may follow.
macro_rules! select_events {
    () => {
        $crate::events::select_events!("")
    };
    ($more:literal) => {
        concat!(
            "SELECT position || ' ' || stream_version || ' ' || schema_version || ' ' || recorded_at || ' '
                 || octet_length(stream_id) || ' ' || octet_length(event_type) || ' ' || octet_length(actor) || ' '
                 || command_id || leaf_hash || stream_id || event_type || actor || body",
            $more,
            " FROM events "
        )
    };
}
pub(crate) use select_events;

/// Reads a row of [`select_events`]. What is not even an event any more is named by its position, as verification
/// names the rest.
pub(crate) fn event(row: &SqliteRow) -> Result<RecordedEvent, StoreError> {
    let mut joined = Joined(get(row, 0)?);
    let position = joined.number("position").map_err(damaged)?;
    joined.event(position).map_err(|what| damaged(format!("position {position}: {what}")))
}

/// What of a row has not been taken yet.
struct Joined<'r>(&'r [u8]);

impl<'r> Joined<'r> {
    fn event(mut self, position: u64) -> Result<RecordedEvent, String> {
        let stream_version = self.number("stream_version")?;
        let schema_version = self.number("schema_version")?;
        let recorded_at = self.number("recorded_at")?;
        let stream_id_bytes = self.number("length of stream_id")?;
        let event_type_bytes = self.number("length of event_type")?;
        let actor_bytes = self.number("length of actor")?;
        let command_id = Uuid::from_bytes(self.fixed("command_id")?);
        let leaf_hash = self.fixed("leaf_hash")?;
        let stream_id = self.text("stream_id", stream_id_bytes)?;
        Ok(RecordedEvent {
            position,
            stream_id: StreamId::try_from(stream_id).map_err(|what| what.to_string())?,
            stream_version,
            event_type: self.text("event_type", event_type_bytes)?,
            schema_version,
            command_id,
            actor: self.text("actor", actor_bytes)?,
            recorded_at,
            body: self.0.to_vec(),
            leaf_hash,
        })
    }

    /// The number before the next space.
    fn number<T: FromStr>(&mut self, what: &str) -> Result<T, String> {
        let end = self.0.iter().position(|c| *c == b' ');
        end.and_then(|end| self.take(end))
            .and_then(|digits| str::from_utf8(digits).ok()?.parse().ok())
            .and_then(|number| self.take(1).map(|_| number))
            .ok_or_else(|| format!("its {what} is no such number"))
    }

    fn fixed<const N: usize>(&mut self, what: &str) -> Result<[u8; N], String> {
        let bytes = self.take(N).and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| format!("its {what} is too short"))
    }

    fn text(&mut self, what: &str, bytes: usize) -> Result<String, String> {
        let text = self.take(bytes).and_then(|bytes| str::from_utf8(bytes).ok());
        text.map(str::to_owned).ok_or_else(|| format!("its {what} is not UTF-8"))
    }

    fn take(&mut self, bytes: usize) -> Option<&'r [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(row: &[u8]) -> Result<RecordedEvent, String> {
        let mut joined = Joined(row);
        let position = joined.number("position")?;
        joined.event(position)
    }

    /// Whatever stands in a row, taking it apart ends with an event or a reason.
    #[test]
    fn a_row_cut_anywhere_is_refused_or_shorter() {
        let mut row = b"7 2 1 -5 6 2 4 ".to_vec();
        row.extend([0; 16]);
        row.extend([b' '; 32]);
        row.extend("case-1A Zo\u{eb}{}".as_bytes());
        let event = joined(&row).unwrap();
        assert_eq!((event.position, event.stream_version, event.recorded_at), (7, 2, -5));
        assert_eq!((event.stream_id.as_str(), event.event_type.as_str()), ("case-1", "A "));
        assert_eq!((event.actor.as_str(), event.body.as_slice()), ("Zo\u{eb}", b"{}".as_slice()));
        assert_eq!((event.command_id, event.leaf_hash), (Uuid::nil(), [b' '; 32]));
        let header = row.len() - 2;
        for end in 0..row.len() {
            assert_eq!(joined(&row[..end]).is_ok(), end >= header, "{end}");
        }
        for bad in
            ["x 2 1 -5 6 2 4 ", "7 -2 1 -5 6 2 4 ", "7 2 4294967296 -5 6 2 4 ", "7 2 1 5 99999999999 2 4 "]
        {
            let mut bad_row = bad.as_bytes().to_vec();
            bad_row.extend(&row[15..]);
            assert!(joined(&bad_row).is_err(), "{bad}");
        }
    }
}
