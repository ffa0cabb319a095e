-- One ledger in one file: the log, its head, the vault and the rows of the read models.
--
-- Every table is STRICT, so a value of another type is refused instead of converted. Times are UTC microseconds
-- since 1970; hashes and digests are 32 bytes, identifiers 16.
--
-- The triggers stop accidents and casual changes, also by hand and also by INSERT OR REPLACE, which deletes the
-- old row without firing a DELETE trigger. Whoever owns the file can drop them; what is changed then is found by
-- verifying the hashes.

-- Who this ledger is. One row, written when the ledger is created.
CREATE TABLE ledger (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    ledger_id   BLOB    NOT NULL CHECK (length(ledger_id) = 16),
    key_id      BLOB    NOT NULL CHECK (length(key_id) BETWEEN 1 AND 64),
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TRIGGER ledger_one_row BEFORE INSERT ON ledger
WHEN EXISTS (SELECT 1 FROM ledger)
BEGIN
    SELECT RAISE(ABORT, 'a ledger gets its identity once');
END;

CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the identity of a ledger never changes');
END;

CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the identity of a ledger is never deleted');
END;

-- The log: one row for each event, for ever. The body is the exact canonical JSON that was hashed.
CREATE TABLE events (
    position        INTEGER PRIMARY KEY CHECK (position > 0),
    stream_id       TEXT    NOT NULL CHECK (length(CAST(stream_id AS BLOB)) BETWEEN 3 AND 80),
    stream_version  INTEGER NOT NULL CHECK (stream_version > 0),
    event_type      TEXT    NOT NULL CHECK (length(CAST(event_type AS BLOB)) BETWEEN 1 AND 80),
    schema_version  INTEGER NOT NULL CHECK (schema_version BETWEEN 0 AND 4294967295),
    command_id      BLOB    NOT NULL CHECK (length(command_id) = 16),
    actor           TEXT    NOT NULL CHECK (length(CAST(actor AS BLOB)) BETWEEN 1 AND 200),
    recorded_at     INTEGER NOT NULL,
    body            TEXT    NOT NULL CHECK (length(CAST(body AS BLOB)) BETWEEN 1 AND 1048576),
    leaf_hash       BLOB    NOT NULL CHECK (length(leaf_hash) = 32),
    -- Two writers that decided on the same version cannot both succeed; also the index that loads a stream and
    -- finds its version.
    UNIQUE (stream_id, stream_version)
) STRICT;

-- Positions and stream versions are dense, and no existing row is ever the target of an insert (REPLACE, UPSERT).
CREATE TRIGGER events_only_at_the_end BEFORE INSERT ON events
BEGIN
    SELECT RAISE(ABORT, 'an event can only be added at the position after the last one')
    WHERE NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM events);
    SELECT RAISE(ABORT, 'an event can only extend its stream by one version')
    WHERE NEW.stream_version IS NOT
        (SELECT coalesce(max(stream_version), 0) + 1 FROM events WHERE stream_id = NEW.stream_id);
END;

CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event is never changed');
END;

CREATE TRIGGER events_no_delete BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'an event is never deleted');
END;

-- How long the log is and what it hashes to. One row, moved in the transaction that adds the events.
CREATE TABLE log_head (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    position  INTEGER NOT NULL CHECK (position >= 0),
    root      BLOB    NOT NULL CHECK (length(root) = 32),
    -- One hash of 32 bytes for each bit that is set in position.
    frontier  BLOB    NOT NULL CHECK (length(frontier) % 32 = 0)
) STRICT;

CREATE TRIGGER log_head_one_row BEFORE INSERT ON log_head
WHEN EXISTS (SELECT 1 FROM log_head)
BEGIN
    SELECT RAISE(ABORT, 'a log has one head');
END;

-- The same position with another root would rewrite history, so even standing still is refused.
CREATE TRIGGER log_head_only_forward BEFORE UPDATE ON log_head
BEGIN
    SELECT RAISE(ABORT, 'the head of the log only moves forward')
    WHERE NEW.id IS NOT OLD.id OR NEW.position IS NULL OR NEW.position <= OLD.position;
    SELECT RAISE(ABORT, 'the head of the log is its last event')
    WHERE NEW.position IS NOT (SELECT max(position) FROM events);
END;

CREATE TRIGGER log_head_no_delete BEFORE DELETE ON log_head
BEGIN
    SELECT RAISE(ABORT, 'the head of the log is never deleted');
END;

-- What each command wrote, so that the same command again gets the same answer. The fingerprint is a keyed digest
-- of the request. The events of a command are those between its two positions.
CREATE TABLE commands (
    command_id      BLOB    PRIMARY KEY CHECK (length(command_id) = 16),
    fingerprint     BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    first_position  INTEGER NOT NULL CHECK (first_position > 0),
    last_position   INTEGER NOT NULL CHECK (last_position >= first_position)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER commands_once BEFORE INSERT ON commands
WHEN EXISTS (SELECT 1 FROM commands WHERE command_id = NEW.command_id)
BEGIN
    SELECT RAISE(ABORT, 'a command is recorded once');
END;

CREATE TRIGGER commands_no_update BEFORE UPDATE ON commands
BEGIN
    SELECT RAISE(ABORT, 'a recorded command is never changed');
END;

CREATE TRIGGER commands_no_delete BEFORE DELETE ON commands
BEGIN
    SELECT RAISE(ABORT, 'a recorded command is never deleted');
END;

-- Facts that may exist once (a receipt of a supplier, a bank line), reserved with the event that states them.
-- Digests are keyed. A reservation never changes hands; it can be removed, because erasing a person removes the
-- digests of what they were known by.
CREATE TABLE unique_keys (
    scope      TEXT    NOT NULL CHECK (length(CAST(scope AS BLOB)) BETWEEN 1 AND 40),
    digest     BLOB    NOT NULL CHECK (length(digest) = 32),
    stream_id  TEXT    NOT NULL,
    entity     BLOB    NOT NULL CHECK (length(entity) = 16),
    position   INTEGER NOT NULL CHECK (position > 0),
    PRIMARY KEY (scope, digest)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER unique_keys_once BEFORE INSERT ON unique_keys
WHEN EXISTS (SELECT 1 FROM unique_keys WHERE scope = NEW.scope AND digest = NEW.digest)
BEGIN
    SELECT RAISE(ABORT, 'a unique fact is reserved once');
END;

CREATE TRIGGER unique_keys_no_update BEFORE UPDATE ON unique_keys
BEGIN
    SELECT RAISE(ABORT, 'a reserved fact is never changed');
END;

-- A person's key, wrapped by the ledger's key. Deleting the row erases the person: their texts go with it, and
-- copies of the texts in old backups can no longer be opened by this ledger.
CREATE TABLE vault_subjects (
    subject_id   BLOB NOT NULL PRIMARY KEY CHECK (length(subject_id) = 16),
    wrapped_key  BLOB NOT NULL CHECK (length(wrapped_key) BETWEEN 1 AND 1024)
) STRICT, WITHOUT ROWID;

-- Encrypted texts, named by the hash of their encrypted bytes; never part of an event.
CREATE TABLE vault_texts (
    text_id     BLOB NOT NULL PRIMARY KEY CHECK (length(text_id) = 32),
    subject_id  BLOB NOT NULL REFERENCES vault_subjects (subject_id) ON DELETE CASCADE,
    sealed      BLOB NOT NULL CHECK (length(sealed) BETWEEN 1 AND 1048576)
) STRICT;

-- Erasing a person finds all their texts without reading everybody's.
CREATE INDEX vault_texts_of_subject ON vault_texts (subject_id);

-- How far each generation of each read model has come.
CREATE TABLE projections (
    name        TEXT    NOT NULL CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 80),
    generation  INTEGER NOT NULL CHECK (generation > 0),
    version     INTEGER NOT NULL CHECK (version BETWEEN 0 AND 4294967295),
    position    INTEGER NOT NULL CHECK (position >= 0),
    live        INTEGER NOT NULL CHECK (live IN (0, 1)),
    -- Why it stands still: the event after position could not be folded.
    stopped     TEXT,
    PRIMARY KEY (name, generation)
) STRICT, WITHOUT ROWID;

-- Queries read exactly one generation.
CREATE UNIQUE INDEX projections_one_live ON projections (name) WHERE live = 1;

-- The read models: thrown away and rebuilt at will. Text is compared byte by byte (BINARY).
CREATE TABLE projection_rows (
    name        TEXT    NOT NULL,
    generation  INTEGER NOT NULL,
    row_key     TEXT    NOT NULL,
    row_value   BLOB    NOT NULL,
    PRIMARY KEY (name, generation, row_key)
) STRICT, WITHOUT ROWID;
