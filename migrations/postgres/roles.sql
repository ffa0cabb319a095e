-- Run by `svala init` before the migrations, as whoever creates the ledger. Roles belong to the whole server, so they
-- may be there already; whoever may not create roles asks an administrator to run this file once.
--
--   svala_owner   owns the schema; only for creating and migrating it
--   svala_append  what the running program needs: it adds to the log and can change nothing of it
--   svala_read    reads everything and writes nothing
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['svala_owner', 'svala_append', 'svala_read'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- Somebody else created it at the same moment.
            END;
        END IF;
        IF NOT pg_has_role(current_user, role, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO %I', role, current_user);
        END IF;
    END LOOP;
    IF NOT pg_has_role('svala_append', 'svala_read', 'MEMBER') THEN
        BEGIN
            GRANT svala_read TO svala_append;
        EXCEPTION WHEN unique_violation THEN
            NULL;
        END;
    END IF;
END
$$;

CREATE SCHEMA IF NOT EXISTS svala AUTHORIZATION svala_owner;
