# What can be done here. Everything CI does is `just check`, `just test` and `just deny`.

# List the recipes.
default:
    @just --list

# Build Svala and show what it is for: an invented year, imported and summed up.
demo *options:
    cargo run --release --bin svala -- demo {{options}}

# The demo on a PostgreSQL server that is made for it; at a terminal, with a shell to look around before it is gone.
demo-postgres *options:
    cargo build --release --bin svala
    env -u SVALA_TEST_POSTGRES scripts/postgres run sh -ec ' \
        export SVALA_LEDGER="$SVALA_TEST_POSTGRES"; \
        target/release/svala demo {{options}}; \
        if [ -t 0 ] && [ -t 1 ]; then echo; echo "The server ends with this shell."; "${SHELL:-sh}" || true; fi'

# All that CI checks and tests; installs what is missing.
test:
    scripts/test

# Formatting, lints, documentation, dependencies: fails on the first finding.
check:
    scripts/check

# Licences, sources and duplicate versions of all dependencies.
deny:
    cargo deny --all-features check bans licenses sources

# Known vulnerabilities in dependencies (needs the public advisory database).
advisories:
    cargo deny check advisories

# Import, append, replay and verify rates beside raw baselines from the same run.
bench *options:
    scripts/postgres run cargo run --release -p bench -- {{options}}

# How fast 10 000 and 100 000 lines of the bank come in and are matched, beside the bare reading of the same file.
bench-matching *options:
    cargo run --release -p bench -- --matching {{options}}

# The tests that take minutes: 50 months whose truth is known, a 100 000 row import with its memory measured, 10 000 rows
# of a workbook, 1 GiB of CSV; then what CI runs with ledgers in files only, on PostgreSQL.
long:
    SVALA_LONG=1 cargo test --release -p cli --test end_to_end -- long month:: --nocapture
    SVALA_TEST_LEDGER=postgres scripts/postgres run cargo test --release -p cli --test end_to_end -- \
        month:: hostile:: a_template_holds reconcile::every_figure

# The long campaigns of faults, on both databases: 200 kills at any moment, a crash at every named place, full disks,
# restored backups; 20 races of 64 partners; connections cut at every message.
faults:
    SVALA_LONG=1 scripts/postgres run sh -ec ' \
        cargo test -p cli --test faults; \
        SVALA_TEST_LEDGER=postgres cargo test -p cli --test faults; \
        cargo test -p app --test it -- last_euros --test-threads=1; \
        cargo test -p store-postgres --test postgres -- cuts'

# Every property test with so many times its usual number of random cases: parsers, money, rules, decisions, stores.
fuzz times="50":
    PROPTEST_CASES=$((256 * {{times}})) PROPTEST_MAX_GLOBAL_REJECTS=$((1024 * {{times}})) scripts/postgres run cargo test --workspace --exclude cli -- --test-threads=2

# The readers of files alone, each with so many times its usual number of random files; these need no database.
fuzz-csv times="200":
    PROPTEST_CASES=$((256 * {{times}})) PROPTEST_MAX_GLOBAL_REJECTS=$((1024 * {{times}})) cargo test -p interchange --test it -- properties
fuzz-xlsx times="200":
    PROPTEST_CASES=$((256 * {{times}})) PROPTEST_MAX_GLOBAL_REJECTS=$((1024 * {{times}})) cargo test -p interchange -- workbook
fuzz-rates times="200":
    PROPTEST_CASES=$((256 * {{times}})) PROPTEST_MAX_GLOBAL_REJECTS=$((1024 * {{times}})) cargo test -p interchange --test it -- rates
fuzz-camt times="200":
    PROPTEST_CASES=$((256 * {{times}})) PROPTEST_MAX_GLOBAL_REJECTS=$((1024 * {{times}})) cargo test -p interchange --test it -- camt::

# Write the golden messages and the recipes' output anew; look at the difference before committing it.
golden:
    SVALA_UPDATE_GOLDEN=1 cargo test -p cli --test end_to_end
    SVALA_UPDATE_DOCS=1 cargo test -p cli --test recipes

# The API documentation of all crates.
doc:
    cargo doc --workspace --no-deps --open
