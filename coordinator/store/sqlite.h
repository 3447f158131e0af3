#ifndef STEREOFARM_COORDINATOR_STORE_SQLITE_H_
#define STEREOFARM_COORDINATOR_STORE_SQLITE_H_

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace stereofarm {

class Statement;

// Above this a log is cut back.
inline constexpr int64_t kMostLogBytes = int64_t{4} << 20;

// Asked before each statement runs; when it isn't OK, the statement doesn't run and that's its
// error. The farm's simulator lets the coordinator die between two statements with it.
using StatementGate = std::function<absl::Status(const char* sql)>;

// One connection to a SQLite file. Not thread-safe: whoever shares it holds a lock.
class Database {
 public:
  enum class Mode { kCreate, kExisting };

  // Opens `path` in WAL mode with synchronous=NORMAL and foreign keys on, and checks that each
  // took; creates it only if asked to (NotFound). The log beside it is cut back to kMostLogBytes
  // whenever all of it has gone into the file. Unavailable when another process holds the file,
  // DataLoss when it is no database; FindDamage reads the whole of it.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::filesystem::path& path,
                                                        Mode mode = Mode::kCreate);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void SetGate(StatementGate gate) { gate_ = std::move(gate); }
  // `sql` must be a constant: it's prepared once, and found again by its address. One use of a
  // statement ends before the next begins.
  Statement Prepare(const char* sql);
  // Runs statements that give no rows.
  absl::Status Execute(const char* sql);
  // Rows that the last INSERT, UPDATE or DELETE touched.
  int64_t Changes() const;
  bool InTransaction() const;
  // Moves the log's content into the file and empties the log, as far as no reader needs it.
  absl::Status Checkpoint();
  // What is wrong with the file's pages, indexes and foreign keys, a line each, at most `most`.
  // Reads all of it: some 15 ms for each MB.
  absl::StatusOr<std::vector<std::string>> FindDamage(int most);
  // Copies all of it, as of one moment, over what `target` has. Other connections may go on
  // reading and writing.
  absl::Status CopyTo(Database* target);

 private:
  friend class Statement;
  explicit Database(sqlite3* connection) : connection_(connection) {}
  absl::Status Error(int code, const char* sql) const;
  absl::Status AskGate(const char* sql) const { return gate_ ? gate_(sql) : absl::OkStatus(); }

  sqlite3* connection_;
  StatementGate gate_;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

// One run of a prepared statement: bind the values in their order, then step. An error on the way
// is kept and comes out of Step or Run.
class Statement {
 public:
  Statement(Database* database, sqlite3_stmt* statement, const char* sql, absl::Status status);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  template <std::integral Integer>
  Statement& Bind(Integer value) {
    return BindInt(static_cast<int64_t>(value));
  }
  Statement& Bind(double value);
  Statement& Bind(const std::string& text);
  Statement& BindBlob(const std::string& bytes);

  // True: a row is there. False: no more.
  absl::StatusOr<bool> Step();
  // Steps to the end.
  absl::Status Run();

  // Columns of the row, from 0.
  int64_t Int(int column) const;
  bool Bool(int column) const { return Int(column) != 0; }
  double Real(int column) const;
  std::string Text(int column) const;
  std::string Blob(int column) const;

 private:
  Statement& BindInt(int64_t value);
  void Check(int code);

  Database* database_;
  sqlite3_stmt* statement_;
  const char* sql_;
  absl::Status status_;
  int next_ = 1;
  bool begun_ = false;
};

// From its begin to Commit; without it the destructor rolls back.
class Transaction {
 public:
  enum Kind { kWrites, kReads };
  // One that writes takes the file's only write lock at once (BEGIN IMMEDIATE).
  explicit Transaction(Database* database, Kind kind = kWrites);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  // Nothing may be written unless this is OK.
  const absl::Status& begun() const { return begun_; }
  absl::Status Commit();

 private:
  Database* database_;
  absl::Status begun_;
  bool open_ = false;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_STORE_SQLITE_H_
