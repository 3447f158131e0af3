#include "coordinator/store/worker_table.h"

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "coordinator/store/sqlite.h"

namespace stereofarm {

constexpr char kPutWorker[] =
    "INSERT INTO workers (id, name, device, numeric_class, build, tags, registered_micros)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET name = excluded.name, device = excluded.device,"
    " numeric_class = excluded.numeric_class, build = excluded.build, tags = excluded.tags,"
    " registered_micros = excluded.registered_micros";
absl::Status WorkerTable::Put(const WorkerRecord& worker, int64_t registered_micros) {
  return database_->Prepare(kPutWorker)
      .Bind(worker.id)
      .Bind(worker.name)
      .Bind(worker.device)
      .Bind(worker.numeric_class)
      .Bind(worker.build)
      .Bind(absl::StrJoin(worker.tags, ","))
      .Bind(registered_micros)
      .Run();
}

constexpr char kRemoveWorker[] = "DELETE FROM workers WHERE id = ?";
absl::Status WorkerTable::Remove(const std::string& id) {
  return database_->Prepare(kRemoveWorker).Bind(id).Run();
}

constexpr char kRemoveWorkers[] = "DELETE FROM workers";
absl::Status WorkerTable::RemoveAll() { return database_->Prepare(kRemoveWorkers).Run(); }

constexpr char kAllWorkers[] =
    "SELECT id, name, device, numeric_class, build, tags FROM workers ORDER BY name, id";
absl::StatusOr<std::vector<WorkerRecord>> WorkerTable::All() {
  Statement query = database_->Prepare(kAllWorkers);
  std::vector<WorkerRecord> workers;
  while (true) {
    SF_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return workers;
    const std::vector<std::string> tags = absl::StrSplit(query.Text(5), ',', absl::SkipEmpty());
    workers.push_back(
        {query.Text(0), query.Text(1), query.Text(2), query.Text(3), query.Text(4), tags});
  }
}

}  // namespace stereofarm
