#include "coordinator/store/sqlite.h"

#include <sqlite3.h>

#include "absl/strings/str_format.h"
#include "common/base/log.h"

namespace stereofarm {
namespace {

constexpr int kBusyMillis = 5000;

absl::Status StatusOf(int code, const std::string& message) {
  // The index of the write-ahead log gets its room when the database is opened.
  if (code == SQLITE_IOERR_SHMSIZE) return absl::ResourceExhaustedError(message);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(message);
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return absl::ResourceExhaustedError(message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(message);
    case SQLITE_CANTOPEN:
      return absl::NotFoundError(message);
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return absl::PermissionDeniedError(message);
    case SQLITE_IOERR:
      return absl::UnavailableError(message);
    default:
      return absl::InternalError(message);
  }
}

// A PRAGMA that doesn't take is ignored without an error, so each is read back.
absl::Status SetAndVerify(Database* database, const char* set, const char* get,
                          const std::string& wanted) {
  Statement setting = database->Prepare(set);
  SF_RETURN_IF_ERROR(setting.Run());
  Statement reading = database->Prepare(get);
  SF_ASSIGN_OR_RETURN(const bool row, reading.Step());
  if (!row || reading.Text(0) != wanted) {
    return absl::InternalError(absl::StrFormat("SQLite did not take '%s'", set));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::filesystem::path& path,
                                                         Mode mode) {
  // Figures that nobody asks for cost a lock at each allocation. Only before SQLite's first use.
  static const int no_figures = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(no_figures);
  sqlite3* connection = nullptr;
  const int create = mode == Mode::kCreate ? SQLITE_OPEN_CREATE : 0;
  const int code = sqlite3_open_v2(path.c_str(), &connection,
                                   SQLITE_OPEN_READWRITE | create | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Database> database(new Database(connection));
  if (code != SQLITE_OK) {
    return StatusOf(
        code, absl::StrFormat("cannot open the database %s: %s", path.string(),
                              connection == nullptr ? "no memory" : sqlite3_errmsg(connection)));
  }
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, kBusyMillis);
  const auto configure = [&]() -> absl::Status {
    SF_RETURN_IF_ERROR(
        SetAndVerify(database.get(), "PRAGMA journal_mode = WAL", "PRAGMA journal_mode", "wal"));
    SF_RETURN_IF_ERROR(
        SetAndVerify(database.get(), "PRAGMA synchronous = NORMAL", "PRAGMA synchronous", "1"));
    SF_RETURN_IF_ERROR(
        SetAndVerify(database.get(), "PRAGMA foreign_keys = ON", "PRAGMA foreign_keys", "1"));
    // Often enough to stay below the limit that it's cut back to.
    SF_RETURN_IF_ERROR(SetAndVerify(database.get(), "PRAGMA wal_autocheckpoint = 500",
                                    "PRAGMA wal_autocheckpoint", "500"));
    // The pages that a film's tasks of the moment and their indexes take, with room.
    SF_RETURN_IF_ERROR(
        SetAndVerify(database.get(), "PRAGMA cache_size = -16384", "PRAGMA cache_size", "-16384"));
    const std::string limit = absl::StrFormat("PRAGMA journal_size_limit = %d", kMostLogBytes);
    return database->Execute(limit.c_str());
  };
  if (absl::Status status = configure(); !status.ok()) {
    return Annotate(status, "the database " + path.string());
  }
  return database;
}

Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(connection_);
}

absl::Status Database::Checkpoint() {
  // A reader isn't waited for: it goes another time.
  sqlite3_busy_timeout(connection_, 0);
  const absl::Status status = Prepare("PRAGMA wal_checkpoint(TRUNCATE)").Run();
  sqlite3_busy_timeout(connection_, kBusyMillis);
  return status;
}

absl::StatusOr<std::vector<std::string>> Database::FindDamage(int most) {
  std::vector<std::string> damage;
  const auto is_enough = [&] { return static_cast<int>(damage.size()) >= most; };
  {
    Statement pages = Prepare("PRAGMA integrity_check");
    while (!is_enough()) {
      const absl::StatusOr<bool> row = pages.Step();
      if (!row.ok()) {
        // So damaged that it can't even be looked at.
        if (row.status().code() != absl::StatusCode::kDataLoss) return row.status();
        damage.emplace_back(row.status().message());
        return damage;
      }
      if (!*row) break;
      if (pages.Text(0) != "ok") damage.push_back(pages.Text(0));
    }
  }
  if (!damage.empty()) return damage;
  Statement keys = Prepare("PRAGMA foreign_key_check");
  while (!is_enough()) {
    SF_ASSIGN_OR_RETURN(const bool row, keys.Step());
    if (!row) break;
    damage.push_back(absl::StrFormat("a row of %s names a row of %s that isn't there", keys.Text(0),
                                     keys.Text(2)));
  }
  return damage;
}

absl::Status Database::CopyTo(Database* target) {
  sqlite3_backup* copy = sqlite3_backup_init(target->connection_, "main", connection_, "main");
  if (copy == nullptr) {
    return target->Error(sqlite3_errcode(target->connection_), "copying the database");
  }
  // In one step: a reader doesn't keep writers waiting, and the copy is of one moment.
  sqlite3_backup_step(copy, -1);
  const int code = sqlite3_backup_finish(copy);
  return code == SQLITE_OK ? absl::OkStatus() : target->Error(code, "copying the database");
}

Statement Database::Prepare(const char* sql) {
  sqlite3_stmt*& statement = statements_[sql];
  absl::Status status;
  if (statement == nullptr) {
    const int code =
        sqlite3_prepare_v3(connection_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) status = Error(code, sql);
  }
  return Statement(this, statement, sql, std::move(status));
}

absl::Status Database::Execute(const char* sql) {
  SF_RETURN_IF_ERROR(AskGate(sql));
  const int code = sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(code, sql);
}

int64_t Database::Changes() const { return sqlite3_changes64(connection_); }

bool Database::InTransaction() const { return sqlite3_get_autocommit(connection_) == 0; }

absl::Status Database::Error(int code, const char* sql) const {
  return StatusOf(code, absl::StrFormat("SQLite: %s (in: %s)", sqlite3_errmsg(connection_), sql));
}

Statement::Statement(Database* database, sqlite3_stmt* statement, const char* sql,
                     absl::Status status)
    : database_(database), statement_(statement), sql_(sql), status_(std::move(status)) {}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Statement::Check(int code) {
  if (code != SQLITE_OK && status_.ok()) status_ = database_->Error(code, sql_);
}

Statement& Statement::BindInt(int64_t value) {
  if (status_.ok()) Check(sqlite3_bind_int64(statement_, next_++, value));
  return *this;
}

Statement& Statement::Bind(double value) {
  if (status_.ok()) Check(sqlite3_bind_double(statement_, next_++, value));
  return *this;
}

Statement& Statement::Bind(const std::string& text) {
  if (status_.ok()) {
    Check(sqlite3_bind_text64(statement_, next_++, text.data(), text.size(), SQLITE_TRANSIENT,
                              SQLITE_UTF8));
  }
  return *this;
}

Statement& Statement::BindBlob(const std::string& bytes) {
  if (status_.ok()) {
    Check(sqlite3_bind_blob64(statement_, next_++, bytes.data(), bytes.size(), SQLITE_TRANSIENT));
  }
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  if (status_.ok() && !begun_) status_ = database_->AskGate(sql_);
  begun_ = true;
  if (!status_.ok()) return status_;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  status_ = database_->Error(code, sql_);
  return status_;
}

absl::Status Statement::Run() {
  while (true) {
    SF_ASSIGN_OR_RETURN(const bool row, Step());
    if (!row) return absl::OkStatus();
  }
}

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::Real(int column) const { return sqlite3_column_double(statement_, column); }

std::string Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text == nullptr
             ? std::string()
             : std::string(text, static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
}

std::string Statement::Blob(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  return bytes == nullptr
             ? std::string()
             : std::string(static_cast<const char*>(bytes),
                           static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
}

constexpr char kBegin[] = "BEGIN IMMEDIATE";
constexpr char kBeginReading[] = "BEGIN";
Transaction::Transaction(Database* database, Kind kind)
    : database_(database),
      begun_(database->Prepare(kind == kWrites ? kBegin : kBeginReading).Run()),
      open_(begun_.ok()) {}

Transaction::~Transaction() {
  // A full disk may have taken it back already.
  if (!open_ || !database_->InTransaction()) return;
  if (absl::Status status = database_->Execute("ROLLBACK"); !status.ok()) {
    SF_LOG(kError) << "cannot roll back: " << status.message();
  }
}

constexpr char kCommit[] = "COMMIT";
absl::Status Transaction::Commit() {
  SF_RETURN_IF_ERROR(begun_);
  SF_RETURN_IF_ERROR(database_->Prepare(kCommit).Run());
  open_ = false;
  return absl::OkStatus();
}

}  // namespace stereofarm
