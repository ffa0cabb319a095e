-- Sealed runs: 1024 consecutive events packed into one value, for reading the whole log fast. Derived from the log,
-- compared with it by verification, and made anew when removed; never the truth.
CREATE TABLE sealed_runs (
    -- Run n holds the positions from 1024 n + 1 to 1024 (n + 1).
    run     INTEGER PRIMARY KEY CHECK (run >= 0),
    packed  BLOB    NOT NULL CHECK (length(packed) > 0)
) STRICT;
