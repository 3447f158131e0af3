#include "coordinator/store/schema.h"

#include <iterator>
#include <string>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

constexpr char kVersion1[] = R"sql(
CREATE TABLE jobs (
  id TEXT PRIMARY KEY NOT NULL,
  state TEXT NOT NULL
    CHECK (state IN ('queued', 'running', 'assembling', 'done', 'failed', 'cancelled')),
  settings BLOB NOT NULL,
  input TEXT NOT NULL,
  main_output TEXT NOT NULL,
  replace_outputs INTEGER NOT NULL CHECK (replace_outputs IN (0, 1)),
  priority INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  source_identity TEXT NOT NULL DEFAULT '',
  model_files TEXT NOT NULL DEFAULT '',
  fingerprint TEXT NOT NULL DEFAULT '',
  range_begin INTEGER NOT NULL DEFAULT 0,
  range_end INTEGER NOT NULL DEFAULT 0,
  planned INTEGER NOT NULL DEFAULT 0 CHECK (planned IN (0, 1)),
  tasks_run INTEGER NOT NULL DEFAULT 0,
  tasks_reused INTEGER NOT NULL DEFAULT 0,
  created_micros INTEGER NOT NULL,
  started_micros INTEGER NOT NULL,
  ended_micros INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX jobs_by_output ON jobs (main_output, created_micros);
CREATE INDEX jobs_by_state ON jobs (state);

CREATE TABLE shots (
  job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  begin_frame INTEGER NOT NULL,
  end_frame INTEGER NOT NULL CHECK (end_frame > begin_frame),
  state TEXT NOT NULL CHECK (state IN ('planned', 'depth_done', 'reconciled')),
  depth_low REAL NOT NULL DEFAULT 0,
  depth_high REAL NOT NULL DEFAULT 1,
  numeric_class TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (job, begin_frame)
) STRICT, WITHOUT ROWID;

CREATE TABLE shards (
  job TEXT NOT NULL,
  core_begin INTEGER NOT NULL,
  core_end INTEGER NOT NULL CHECK (core_end > core_begin),
  full_begin INTEGER NOT NULL CHECK (full_begin <= core_begin),
  full_end INTEGER NOT NULL CHECK (full_end >= core_end),
  shot_begin INTEGER NOT NULL,
  scale REAL NOT NULL DEFAULT 1,
  shift REAL NOT NULL DEFAULT 0,
  PRIMARY KEY (job, core_begin),
  FOREIGN KEY (job, shot_begin) REFERENCES shots (job, begin_frame) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX shards_by_shot ON shards (job, shot_begin);

CREATE TABLE seams (
  job TEXT NOT NULL,
  frame INTEGER NOT NULL,
  shot_begin INTEGER NOT NULL,
  residual_percent REAL NOT NULL,
  PRIMARY KEY (job, frame),
  FOREIGN KEY (job, shot_begin) REFERENCES shots (job, begin_frame) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX seams_by_shot ON seams (job, shot_begin);

-- shot_begin is -1 for scan tasks. A result is found by others once it is done and published.
CREATE TABLE tasks (
  job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('scan', 'depth', 'render', 'warp', 'inpaint', 'encode')),
  rank INTEGER NOT NULL,
  core_begin INTEGER NOT NULL,
  core_end INTEGER NOT NULL CHECK (core_end > core_begin),
  shot_begin INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (
    state IN ('waiting', 'ready', 'leased', 'done', 'failed', 'superseded', 'cancelled')),
  wanted INTEGER NOT NULL CHECK (wanted IN (0, 1)),
  epoch INTEGER NOT NULL DEFAULT 0,
  lease_id TEXT NOT NULL DEFAULT '',
  worker TEXT NOT NULL DEFAULT '',
  numeric_class TEXT NOT NULL DEFAULT '',
  avoid_worker TEXT NOT NULL DEFAULT '',
  attempts INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  stage_basis TEXT NOT NULL DEFAULT '',
  stage_key TEXT NOT NULL DEFAULT '',
  committed_directory TEXT NOT NULL DEFAULT '',
  published INTEGER NOT NULL DEFAULT 0 CHECK (published IN (0, 1)),
  seconds REAL NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (job, name),
  CHECK (state <> 'leased' OR (lease_id <> '' AND worker <> '' AND epoch > 0)),
  CHECK (published = 0 OR state = 'done')
) STRICT;
CREATE INDEX tasks_ready ON tasks (job, rank, core_begin) WHERE state = 'ready';
CREATE INDEX tasks_leased ON tasks (job, name) WHERE state = 'leased';
CREATE INDEX tasks_unfinished ON tasks (job, shot_begin, kind) WHERE wanted = 1 AND published = 0;
CREATE INDEX tasks_unpublished ON tasks (job, core_begin, name) WHERE state = 'done' AND published = 0;
CREATE INDEX tasks_by_shot ON tasks (job, shot_begin);

CREATE TABLE workers (
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  device TEXT NOT NULL,
  numeric_class TEXT NOT NULL,
  build TEXT NOT NULL,
  tags TEXT NOT NULL,
  registered_micros INTEGER NOT NULL
) STRICT;

CREATE TABLE remarks (
  id INTEGER PRIMARY KEY,
  job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX remarks_by_job ON remarks (job);
)sql";

constexpr char kVersion2[] = R"sql(
ALTER TABLE jobs ADD COLUMN paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1));
ALTER TABLE jobs ADD COLUMN max_workers INTEGER NOT NULL DEFAULT 0 CHECK (max_workers >= 0);
ALTER TABLE jobs ADD COLUMN tags TEXT NOT NULL DEFAULT '';

ALTER TABLE tasks ADD COLUMN free_failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN memory_step INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN warm_worker TEXT NOT NULL DEFAULT '';
CREATE INDEX tasks_warm ON tasks (job, warm_worker, rank, core_begin) WHERE state = 'ready';
CREATE INDEX tasks_failed ON tasks (job, core_begin) WHERE state = 'failed';

ALTER TABLE workers ADD COLUMN memory_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN state TEXT NOT NULL DEFAULT 'active'
  CHECK (state IN ('active', 'draining', 'aside'));
ALTER TABLE workers ADD COLUMN reason TEXT NOT NULL DEFAULT '';

-- One row for each attempt that failed, whatever became of the task.
CREATE TABLE failures (
  job TEXT NOT NULL,
  task TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  lease_id TEXT NOT NULL,
  worker TEXT NOT NULL,
  worker_name TEXT NOT NULL,
  class TEXT NOT NULL,
  message TEXT NOT NULL,
  wall_micros INTEGER NOT NULL,
  PRIMARY KEY (job, task, epoch, lease_id),
  FOREIGN KEY (job, task) REFERENCES tasks (job, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
)sql";

// Empty: submitted where callers aren't known.
constexpr char kVersion3[] = R"sql(
ALTER TABLE jobs ADD COLUMN owner TEXT NOT NULL DEFAULT '';
)sql";

// Empty: registered where callers aren't known.
constexpr char kVersion4[] = R"sql(
ALTER TABLE workers ADD COLUMN certificate TEXT NOT NULL DEFAULT '';
)sql";

// A shard's alignment has two ends; those of before had one value throughout.
constexpr char kVersion5[] = R"sql(
ALTER TABLE shards ADD COLUMN scale_to REAL NOT NULL DEFAULT 1;
ALTER TABLE shards ADD COLUMN shift_to REAL NOT NULL DEFAULT 0;
UPDATE shards SET scale_to = scale, shift_to = shift;
)sql";

// How much of a shot's depth is measured; of those of before it isn't known. Damaged results are
// counted by themselves.
constexpr char kVersion6[] = R"sql(
ALTER TABLE tasks ADD COLUMN damages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE shots ADD COLUMN measured REAL NOT NULL DEFAULT 1;
)sql";

// A list of values in a CHECK is a table of its own, made at each write of the column; comparisons
// take no time. Nothing that is stored changes, so that it's done in the schema's text.
constexpr char kVersion7[] = R"sql(
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(sql,
  'state IN (''waiting'', ''ready'', ''leased'', ''done'', ''failed'', ''superseded'', ''cancelled'')',
  'state = ''waiting'' OR state = ''ready'' OR state = ''leased'' OR state = ''done'''
  || ' OR state = ''failed'' OR state = ''superseded'' OR state = ''cancelled'''),
  'kind IN (''scan'', ''depth'', ''render'', ''warp'', ''inpaint'', ''encode'')',
  'kind = ''scan'' OR kind = ''depth'' OR kind = ''render'' OR kind = ''warp'''
  || ' OR kind = ''inpaint'' OR kind = ''encode''')
  WHERE type = 'table' AND name = 'tasks';
PRAGMA writable_schema = RESET;
)sql";

// Where the depth of a shot's first and last frame lies; of those of before it isn't known.
constexpr char kVersion8[] = R"sql(
ALTER TABLE shots ADD COLUMN first_far REAL NOT NULL DEFAULT 0.5;
ALTER TABLE shots ADD COLUMN first_middle REAL NOT NULL DEFAULT 0.5;
ALTER TABLE shots ADD COLUMN first_near REAL NOT NULL DEFAULT 0.5;
ALTER TABLE shots ADD COLUMN last_far REAL NOT NULL DEFAULT 0.5;
ALTER TABLE shots ADD COLUMN last_middle REAL NOT NULL DEFAULT 0.5;
ALTER TABLE shots ADD COLUMN last_near REAL NOT NULL DEFAULT 0.5;
)sql";

// Entry i makes version i + 1 out of version i. Entries are only ever added.
constexpr const char* kMigrations[] = {kVersion1, kVersion2, kVersion3, kVersion4,
                                       kVersion5, kVersion6, kVersion7, kVersion8};

constexpr char kReadVersion[] = "PRAGMA user_version";

}  // namespace

int SchemaVersion() { return static_cast<int>(std::size(kMigrations)); }

absl::Status Migrate(Database* database) {
  Transaction transaction(database);
  SF_RETURN_IF_ERROR(transaction.begun());
  int64_t version = 0;
  {
    Statement query = database->Prepare(kReadVersion);
    SF_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (row) version = query.Int(0);
  }
  if (version > SchemaVersion()) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the database has version %d, this program knows versions up to %d; use the newer "
        "stereofarm-coordinator that wrote it",
        version, SchemaVersion()));
  }
  if (version == SchemaVersion()) return transaction.Commit();
  for (; version < SchemaVersion(); ++version) {
    SF_RETURN_IF_ERROR(database->Execute(kMigrations[version]));
  }
  // user_version belongs to the transaction; a PRAGMA takes no bound values.
  SF_RETURN_IF_ERROR(
      database->Execute(absl::StrFormat("PRAGMA user_version = %d", SchemaVersion()).c_str()));
  return transaction.Commit();
}

}  // namespace stereofarm
