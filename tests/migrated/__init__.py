"""A database of an earlier version of the site, with every state in it, that each later version must migrate.

`states.sqlite3.gz` and `states.sql.gz` (PostgreSQL) hold the same; `states.py` says what, and made them.
`test_migrated` restores the one of the database that tests run on, does what operators do after an update (`migrate`,
`rebuild_listing`, `update_index`), looks at it as the public and as each role (`seen.py`), goes on with the work that
had begun, and compares all of it with `expected/`, which was recorded at the version that the dumps are of.
Each database has its own there: rows that compare equal, and keys of JSON, come in the order that it has them in.

Where a later version changes what is shown on purpose, record it anew, and read the difference before you commit it:

    python -m tests.migrated.record
    git diff tests/migrated/expected

A word or a link that changed on purpose may differ there; a number, a state, a name or a date that is another was lost
or mended by a migration, and needs a reason.
"""
