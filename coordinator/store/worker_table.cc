#include "coordinator/store/worker_table.h"

#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "coordinator/store/sqlite.h"

namespace stereofarm {
namespace {

constexpr std::pair<WorkerState, const char*> kStates[] = {
    {WorkerState::kActive, "active"},
    {WorkerState::kDraining, "draining"},
    {WorkerState::kAside, "aside"},
};

std::string WorkerStateName(WorkerState state) {
  for (const auto& [value, name] : kStates) {
    if (value == state) return name;
  }
  return "";
}

absl::StatusOr<WorkerState> ParseWorkerState(const std::string& name) {
  for (const auto& [value, known] : kStates) {
    if (name == known) return value;
  }
  return absl::DataLossError("'" + name + "' is not a state of a worker");
}

}  // namespace

constexpr char kPutWorker[] =
    "INSERT INTO workers (id, name, device, numeric_class, build, tags, registered_micros,"
    " memory_bytes, state, reason, certificate) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET name = excluded.name, device = excluded.device,"
    " numeric_class = excluded.numeric_class, build = excluded.build, tags = excluded.tags,"
    " registered_micros = excluded.registered_micros, memory_bytes = excluded.memory_bytes,"
    " state = excluded.state, reason = excluded.reason, certificate = excluded.certificate";
absl::Status WorkerTable::Put(const WorkerRecord& worker, int64_t registered_micros) {
  return database_->Prepare(kPutWorker)
      .Bind(worker.id)
      .Bind(worker.name)
      .Bind(worker.device)
      .Bind(worker.numeric_class)
      .Bind(worker.build)
      .Bind(absl::StrJoin(worker.tags, ","))
      .Bind(registered_micros)
      .Bind(worker.memory_bytes)
      .Bind(WorkerStateName(worker.state))
      .Bind(worker.reason)
      .Bind(worker.certificate)
      .Run();
}

constexpr char kRemoveWorker[] = "DELETE FROM workers WHERE id = ?";
absl::Status WorkerTable::Remove(const std::string& id) {
  return database_->Prepare(kRemoveWorker).Bind(id).Run();
}

constexpr char kRemoveWorkers[] = "DELETE FROM workers";
absl::Status WorkerTable::RemoveAll() { return database_->Prepare(kRemoveWorkers).Run(); }

constexpr char kAllWorkers[] =
    "SELECT id, name, device, numeric_class, build, tags, memory_bytes, state, reason, certificate"
    " FROM workers ORDER BY name, id";
absl::StatusOr<std::vector<WorkerRecord>> WorkerTable::All() {
  Statement query = database_->Prepare(kAllWorkers);
  std::vector<WorkerRecord> workers;
  while (true) {
    SF_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return workers;
    WorkerRecord worker;
    worker.id = query.Text(0);
    worker.name = query.Text(1);
    worker.device = query.Text(2);
    worker.numeric_class = query.Text(3);
    worker.build = query.Text(4);
    worker.tags = absl::StrSplit(query.Text(5), ',', absl::SkipEmpty());
    worker.memory_bytes = query.Int(6);
    SF_ASSIGN_OR_RETURN(worker.state, ParseWorkerState(query.Text(7)));
    worker.reason = query.Text(8);
    worker.certificate = query.Text(9);
    workers.push_back(std::move(worker));
  }
}

}  // namespace stereofarm
