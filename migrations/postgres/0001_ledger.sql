-- One ledger in one schema: the log, its head, the vault and the rows of the read models.
--
-- The same tables as in migrations/sqlite. Nothing in here, and nothing that writes to it, needs a sequence, an
-- advisory lock, LISTEN, a domain or the number of a transaction: order comes from the one row of log_head, which
-- every append moves. Times are UTC microseconds since 1970; hashes and digests are 32 bytes. Texts are compared
-- byte by byte (COLLATE "C").
--
-- The running program acts as svala_append, which can add to the log and change nothing of it. The triggers stop
-- accidents and casual changes of those who have more rights; what an owner changes without them is found by
-- verifying the hashes.

CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is never allowed', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

-- Who this ledger is. One row, written when the ledger is created.
CREATE TABLE ledger (
    id          BIGINT  PRIMARY KEY CHECK (id = 1),
    ledger_id   UUID    NOT NULL,
    key_id      BYTEA   NOT NULL CHECK (octet_length(key_id) BETWEEN 1 AND 64),
    created_at  BIGINT  NOT NULL
);

CREATE TRIGGER ledger_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger EXECUTE FUNCTION never();

-- The log: one row for each event, for ever. The body is the exact canonical JSON that was hashed: text, never jsonb.
CREATE TABLE events (
    position        BIGINT  PRIMARY KEY CHECK (position > 0),
    stream_id       TEXT    COLLATE "C" NOT NULL CHECK (octet_length(stream_id) BETWEEN 3 AND 80),
    stream_version  BIGINT  NOT NULL CHECK (stream_version > 0),
    event_type      TEXT    COLLATE "C" NOT NULL CHECK (octet_length(event_type) BETWEEN 1 AND 80),
    schema_version  BIGINT  NOT NULL CHECK (schema_version BETWEEN 0 AND 4294967295),
    command_id      UUID    NOT NULL,
    actor           TEXT    COLLATE "C" NOT NULL CHECK (octet_length(actor) BETWEEN 1 AND 200),
    recorded_at     BIGINT  NOT NULL,
    body            TEXT    COLLATE "C" NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 1048576),
    leaf_hash       BYTEA   NOT NULL CHECK (octet_length(leaf_hash) = 32),
    -- Two writers that decided on the same version cannot both succeed; also the index that loads a stream and
    -- finds its version.
    UNIQUE (stream_id, stream_version)
);

CREATE TRIGGER events_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON events EXECUTE FUNCTION never();

-- How long the log is and what it hashes to. One row, moved in the transaction that adds the events: whoever moves it
-- holds its lock until the commit, so positions become visible in their order and no reader can miss one.
CREATE TABLE log_head (
    id        BIGINT  PRIMARY KEY CHECK (id = 1),
    position  BIGINT  NOT NULL CHECK (position >= 0),
    root      BYTEA   NOT NULL CHECK (octet_length(root) = 32),
    -- One hash of 32 bytes for each bit that is set in position.
    frontier  BYTEA   NOT NULL CHECK (octet_length(frontier) % 32 = 0)
);

CREATE FUNCTION log_head_only_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The same position with another root would rewrite history, so even standing still is refused.
    IF NEW.position <= OLD.position THEN
        RAISE EXCEPTION 'the head of the log only moves forward' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER log_head_only_forward BEFORE UPDATE ON log_head
    FOR EACH ROW EXECUTE FUNCTION log_head_only_forward();
CREATE TRIGGER log_head_never_goes BEFORE DELETE OR TRUNCATE ON log_head EXECUTE FUNCTION never();

-- What each command wrote, so that the same command again gets the same answer. The fingerprint is a keyed digest
-- of the request. The events of a command are those between its two positions.
CREATE TABLE commands (
    command_id      UUID    PRIMARY KEY,
    fingerprint     BYTEA   NOT NULL CHECK (octet_length(fingerprint) = 32),
    first_position  BIGINT  NOT NULL CHECK (first_position > 0),
    last_position   BIGINT  NOT NULL CHECK (last_position >= first_position)
);

CREATE TRIGGER commands_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON commands EXECUTE FUNCTION never();

-- Facts that may exist once (a receipt of a supplier, a bank line), reserved with the event that states them.
-- Digests are keyed. A reservation never changes hands; it can be removed, because erasing a person removes the
-- digests of what they were known by.
CREATE TABLE unique_keys (
    scope      TEXT    COLLATE "C" NOT NULL CHECK (octet_length(scope) BETWEEN 1 AND 40),
    digest     BYTEA   NOT NULL CHECK (octet_length(digest) = 32),
    stream_id  TEXT    COLLATE "C" NOT NULL,
    entity     UUID    NOT NULL,
    position   BIGINT  NOT NULL CHECK (position > 0),
    PRIMARY KEY (scope, digest)
);

CREATE TRIGGER unique_keys_never_change BEFORE UPDATE OR TRUNCATE ON unique_keys EXECUTE FUNCTION never();

-- A person's key, wrapped by the ledger's key. Deleting the row erases the person: their texts go with it, and
-- copies of the texts in old backups can no longer be opened by this ledger.
CREATE TABLE vault_subjects (
    subject_id   UUID   PRIMARY KEY,
    wrapped_key  BYTEA  NOT NULL CHECK (octet_length(wrapped_key) BETWEEN 1 AND 1024)
);

-- Encrypted texts, named by the hash of their encrypted bytes; never part of an event.
CREATE TABLE vault_texts (
    text_id     BYTEA  PRIMARY KEY CHECK (octet_length(text_id) = 32),
    subject_id  UUID   NOT NULL REFERENCES vault_subjects (subject_id) ON DELETE CASCADE,
    sealed      BYTEA  NOT NULL CHECK (octet_length(sealed) BETWEEN 1 AND 1048576)
);

-- Erasing a person finds all their texts without reading everybody's.
CREATE INDEX vault_texts_of_subject ON vault_texts (subject_id);

-- How far each generation of each read model has come.
CREATE TABLE projections (
    name        TEXT     COLLATE "C" NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 80),
    generation  BIGINT   NOT NULL CHECK (generation > 0),
    version     BIGINT   NOT NULL CHECK (version BETWEEN 0 AND 4294967295),
    position    BIGINT   NOT NULL CHECK (position >= 0),
    live        BOOLEAN  NOT NULL,
    -- Why it stands still: the event after position could not be folded.
    stopped     TEXT     COLLATE "C",
    PRIMARY KEY (name, generation)
);

-- Queries read exactly one generation.
CREATE UNIQUE INDEX projections_one_live ON projections (name) WHERE live;

-- The read models: thrown away and rebuilt at will.
CREATE TABLE projection_rows (
    name        TEXT    COLLATE "C" NOT NULL,
    generation  BIGINT  NOT NULL,
    row_key     TEXT    COLLATE "C" NOT NULL,
    row_value   BYTEA   NOT NULL,
    PRIMARY KEY (name, generation, row_key)
);

-- Sealed runs: 1024 consecutive events packed into one value, for reading the whole log fast. Derived from the log,
-- compared with it by verification, and made anew when removed; never the truth.
CREATE TABLE sealed_runs (
    -- Run n holds the positions from 1024 n + 1 to 1024 (n + 1).
    run     BIGINT  PRIMARY KEY CHECK (run >= 0),
    packed  BYTEA   NOT NULL CHECK (octet_length(packed) > 0)
);

-- What each role may do.
GRANT USAGE ON SCHEMA svala TO svala_append, svala_read;
GRANT SELECT ON ALL TABLES IN SCHEMA svala TO svala_read;
GRANT INSERT ON events, commands, unique_keys, vault_subjects, vault_texts TO svala_append;
GRANT UPDATE ON log_head TO svala_append;
GRANT INSERT, UPDATE, DELETE ON projections, projection_rows, sealed_runs TO svala_append;
