#!/bin/sh
# The first start makes the database, with the password that the secret's file holds.
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb -U shop --pwfile="$PASSWORD_FILE" --auth=scram-sha-256 --no-sync -E UTF8 --locale=C >/dev/null
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
fi
exec "$@"
