-- The roles of every ledger on a server. `svala init` runs this first; whoever may not create roles asks an administrator
-- to run it once. It may be run again. The schema that the roles share belongs to a database, and is not made here.
--
--   svala_owner   owns the schema; only for creating and migrating it
--   svala_append  what the running program needs: it adds to the log and can change nothing of it
--   svala_read    reads everything and writes nothing
DO $$
DECLARE
    -- Since version 16 a member may be one that cannot act as the role, such as whoever created it.
    new_server CONSTANT boolean := current_setting('server_version_num')::int >= 160000;
    act_as CONSTANT text := CASE WHEN new_server THEN 'SET' ELSE 'MEMBER' END;
    with_set CONSTANT text := CASE WHEN new_server THEN ' WITH SET TRUE' ELSE '' END;
    role text;
    member text;
BEGIN
    FOREACH role IN ARRAY ARRAY['svala_owner', 'svala_append', 'svala_read'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- Somebody else created it at the same moment.
            END;
        END IF;
    END LOOP;
    -- Whoever may do more may do less: the owner fills and opens what it makes, who appends also reads.
    FOR member, role IN VALUES
        ('svala_append', 'svala_read'), ('svala_owner', 'svala_append'), (current_user::text, 'svala_owner')
    LOOP
        IF NOT pg_has_role(member, role, act_as) THEN
            BEGIN
                EXECUTE format('GRANT %I TO %I%s', role, member, with_set);
            EXCEPTION WHEN unique_violation THEN
                NULL; -- Somebody else granted it at the same moment.
            END;
        END IF;
    END LOOP;
END
$$;
